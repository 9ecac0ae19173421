/** The supervision room: an engine that is kept running, how it is in one word, what it has done in numbers. */
export { withoutPaths } from './discreet';
export { CONTENT_TYPE, type Family } from './exposition';
export { healthOf, type Health } from './health';
export { EngineHub, type EngineListener, type EngineState, type OpenEngine } from './hub';
export { codeOf } from './failure-code';
export { EngineMeter, NO_READING, type Counts, type Histogram, type Reading } from './meter';
export { MeteredEngine } from './metered-engine';
export { metricsText, type MeasuredEngine } from './metrics';
export { RepeatedFailures } from './repeated-failures';
export { wordsOf } from './runtime-words';
export { Seldom } from './seldom';
