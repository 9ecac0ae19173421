/** The engine's side of a flow: one engine for all nodes that name it, its state, and its endpoints for the editor. */
export { connectEngine, engineStatus, type EngineConnection, type EngineNode } from './connection';
export { serveEngineFacts } from './endpoints';
export { serveRuntimeInstall } from './install-endpoints';
export type { EngineMaker } from './own-engine';
export { EngineHub, type EngineState } from './hub';
export { openEngine, type EngineSettings } from './open-engine';
