/** The serve room: live audio from a broker, answered and published there, without Node-RED. */
export { checkBrokerSettings, type BrokerSettings, type Protocol } from './broker-settings';
export { parseAddress } from './monitor';
export { loadMqtt } from './mqtt-library';
export { sourceFilter, type ResultSettings, type WorkerSettings } from './settings';
export { parseShard, type Shard } from './shard';
export { Worker, type WorkerSurroundings } from './worker';
