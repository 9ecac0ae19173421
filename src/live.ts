/// <reference types="node" preserve="true" />
/**
 * What the author of a live source or of a board of results needs beside `StreamHub`. This is `@deeptone/node-red/live`.
 */
export {
  DEFAULT_PROTOCOLS,
  findFfmpeg,
  openLiveSource,
  type LiveInputOptions,
  type LiveSource,
  type LiveSourceEvent,
  type LiveSourceOptions,
  type RestartDelays,
} from './audio';
export type { Level } from './insight';
export {
  ResultBoard,
  type BoardSettings,
  type OpenedStream,
  type Publication,
  type ResultChange,
} from './mqtt';
