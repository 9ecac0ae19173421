import type { PredictionEngine } from './prediction-engine';

/** What an engine runs on, in a few words: `onnxruntime-web 1.30.0 (WebAssembly)`; for one that does not say, what it is called. */
export function describeEngine(engine: Pick<PredictionEngine, 'info'>): string {
  const { runtime, version, kind } = engine.info ?? {};
  const name = [runtime ?? engine.constructor.name, version].filter((part) => part !== undefined).join(' ');
  return kind === undefined || kind === 'native' ? name : `${name} (${kind})`;
}
