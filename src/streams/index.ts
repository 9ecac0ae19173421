/** The live room: many streams of audio at once, in messages of any form, with gaps and more than there is time for. */
export type {
  About,
  Delivery,
  EndReason,
  GapEvidence,
  GapRemedy,
  HubStatistics,
  Listener,
  LiveEvent,
  LiveEventKind,
  StreamAudio,
  StreamFacts,
  StreamHandOver,
  WarningCode,
} from './events';
export {
  analysisOptions,
  DEFAULT_LIVE_SETTINGS,
  type GapAction,
  type LiveOptions,
  type LiveSettings,
  type PartialLiveSettings,
  type WhenFull,
} from './settings';
export { marksIn, MARK_PREFIX_BYTES } from './mark-prefix';
export type { SenderMarks } from './sender-marks';
export { StreamHub, type HubSetup } from './stream-hub';
