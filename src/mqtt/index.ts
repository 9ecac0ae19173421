/** The MQTT room: what every device hears at this moment as retained messages, and the topics that sound comes in on. */
export {
  RESULT_MARK,
  type BrokerConnection,
  type BrokerState,
  type HeardMqtt,
  type MqttPacket,
  type SubscribeHow,
} from './broker-connection';
export { groupAgreement } from './group/agreement';
export { DeviceGroup } from './group/device-group';
export { DEFAULT_LOST_MS, type GroupEvent, type GroupSetup } from './group/group-setup';
export { GROUPS_PREFIX, memberId, parseGroupName, type GroupAgreement } from './group/group-messages';
export { ownerOf } from './group/ownership';
export type { TakenOver } from './group/shared-topic';
export { GroupListener, type GroupListenerEvents, type GroupListenerSettings } from './group-listener';
export { announcement, type AnnouncedModel } from './home-assistant';
export { MqttResults, type MqttResultsSettings, type Sharing } from './mqtt-results';
export { listenToTopics, resultPrefixOver, type MqttAudioMessage } from './mqtt-source';
export { MqttOutbox, type Publication, type Publish } from './outbox';
export {
  availabilityTopic,
  ResultBoard,
  type BoardSettings,
  type OpenedStream,
  type ResultChange,
} from './result-board';
export { ShareSuspicion } from './share-suspicion';
export {
  deviceNames,
  filtersOverlap,
  parseFilter,
  parsePrefix,
  filterMatches,
  type TopicFilter,
} from './topics';
