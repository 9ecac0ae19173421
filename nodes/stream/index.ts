/** The live side of a flow: streams, what they are fed from, and what they tell. */
export { whenFlowsStart } from './flows-started';
export { serveMicrophones } from './microphone-endpoint';
export { isAudioAlone } from './requests';
export { RepeatedFailures } from '../../src/supervision';
export { StreamSession } from './session';
export type { StreamConfig, StreamCredentials } from './settings';
