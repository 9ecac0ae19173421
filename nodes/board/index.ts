/** Widgets for Dashboard 2: what they remember, and what their pages ask this Node-RED for. */
export { socketOf } from './clients';
export type { WidgetConfig } from './dashboard';
export { LiveBoard } from './live-board';
export { microphoneMessage } from './microphone';
export { watchMissingDashboard } from './missing-dashboard';
export { clientOf } from './reading';
export { Takes } from './takes';
export { Uploads } from './uploads';
export { beWidget, shown } from './widget';
