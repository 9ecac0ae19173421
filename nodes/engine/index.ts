/** The engine's side of a flow: one engine for all nodes that name it, its state, its counts, and its endpoints. */
export {
  connectEngine,
  engineLimits,
  engineStatus,
  type EngineConnection,
  type EngineLimits,
  type EngineNode,
} from './connection';
export { asksForDiagnostics, diagnosticsInsight, diagnosticsOf, type Diagnostics } from './diagnostics';
export { serveEngineFacts } from './endpoints';
export { serveRuntimeInstall } from './install-endpoints';
export type { EngineMaker } from './own-engine';
export { serveObservation } from './observation';
export { bodyOf, fromOwnPages, jsonOnly } from './requests';
export { serveVoices } from './voice-endpoints';
export { Voices } from './voices';
export { serveWatch } from './watch-endpoints';
export { openEngine, type EngineSettings } from './open-engine';
