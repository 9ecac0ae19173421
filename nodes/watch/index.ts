/** What can be seen of engines and live streams from outside while they run; recorded in bounded memory, and told only to who asks. */
export { LiveBoard, placeOf, type WatchedEngine, type WatchedNode } from './live-board';
export { RecordBudget } from './record-budget';
export { StreamRecord, type Timeline } from './stream-record';
export { WatchedStreams, type WatchedStream } from './watched-streams';
