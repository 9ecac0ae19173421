/** Networks of others, from openly licensed weights that whoever measures or trains has; nothing of them ships. */
export { fireredvad, speechOfFireredvad } from './fireredvad';
export { perFrame, type Peer } from './peer';
export { silero, sileroAlone } from './silero';
export { yamnet, YAMNET_CLASSES, YAMNET_WINDOW } from './yamnet';
