/** The MQTT room: what every device hears at this moment as retained messages, and the topics that sound comes in on. */
export { announcement, type AnnouncedModel } from './home-assistant';
export { MqttOutbox, type Publication, type Publish } from './outbox';
export { ResultBoard, type BoardSettings, type OpenedStream, type ResultChange } from './result-board';
export { ShareSuspicion } from './share-suspicion';
export { deviceNames, filtersOverlap, parseFilter, parsePrefix, type TopicFilter } from './topics';
