/**
 * Sound from a broker straight into the engine: each concrete topic of a filter is a stream of its own. A message takes
 * no trip through wires, where Node-RED would copy it and route it.
 */
import { RESULT_MARK, type BrokerConnection, type MqttPacket } from './broker-connection';
import { ShareSuspicion } from './share-suspicion';
import { parseFilter } from './topics';

/** What the core `mqtt in` node would send with its output set to "a Buffer", and what it keeps to itself about deliveries. */
export interface MqttAudioMessage {
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: number;
  readonly retain: boolean;
  /** With a quality of service above 0: whether it may have been delivered before. */
  readonly dup?: boolean;
  readonly packetId?: number;
  readonly contentType?: string;
  readonly userProperties?: Readonly<Record<string, string | string[]>>;
}

export interface MqttSourceSettings {
  /** With wildcards; `$share/group/` in front is accepted. */
  readonly filter: string;
  readonly qos: 0 | 1 | 2;
}

export interface MqttSourceListener {
  /** One message with sound in it. */
  heard(message: MqttAudioMessage): void;
  /** Worth a word, once. */
  warn(text: string): void;
}

/** Topics whose sequence numbers are watched for a shared subscription; one is enough to know. */
const MOST_WATCHED_TOPICS = 16;

/** Topics under which nodes of this process publish results, with a slash at the end. */
const resultPrefixes = new Map<string, number>();

/**
 * Keeps every source of this process from taking what is published under a prefix for sound.
 *
 * @returns ends it
 */
export function reserveResultPrefix(prefix: string): () => void {
  const key = `${prefix}/`;
  resultPrefixes.set(key, (resultPrefixes.get(key) ?? 0) + 1);
  return () => {
    const users = (resultPrefixes.get(key) ?? 0) - 1;
    if (users > 0) resultPrefixes.set(key, users);
    else resultPrefixes.delete(key);
  };
}

/** The prefix of results under which everything lies that a filter can match; undefined where there is none. */
export function resultPrefixOver(filter: string): string | undefined {
  return [...resultPrefixes.keys()].find((prefix) => filter.startsWith(prefix))?.slice(0, -1);
}

function isResult(topic: string, packet: MqttPacket): boolean {
  if (packet.properties?.userProperties?.[RESULT_MARK] !== undefined) return true;
  for (const prefix of resultPrefixes.keys()) if (topic.startsWith(prefix)) return true;
  return false;
}

/**
 * Begins to listen. Messages that the broker had kept from an earlier time, and results that this package publishes, are
 * passed over.
 *
 * @throws InvalidArgumentError when the filter is none
 */
export function listenToTopics(
  connection: BrokerConnection,
  settings: MqttSourceSettings,
  listener: MqttSourceListener,
): void {
  const filter = parseFilter(settings.filter);
  const watched = new Map<string, ShareSuspicion>();
  let warnedOfSharing = false;

  const watch = (topic: string, packet: MqttPacket): void => {
    const sequence = Number(packet.properties?.userProperties?.['seq']);
    if (warnedOfSharing || filter.share === undefined || !Number.isInteger(sequence)) return;
    let suspicion = watched.get(topic);
    if (!suspicion) {
      if (watched.size >= MOST_WATCHED_TOPICS) return;
      suspicion = new ShareSuspicion();
      watched.set(topic, suspicion);
    }
    const members = suspicion.observe(sequence);
    if (members === undefined) return;
    warnedOfSharing = true;
    listener.warn(
      `The broker deals the messages of "${filter.subscription}" out among about ${members} subscribers, so that each ` +
        'hears a torn stream. Give each subscriber topics of its own (for example audio/1/+ and audio/2/+), or set the ' +
        'broker to keep a topic with one subscriber.',
    );
  };

  connection.subscribe(filter, settings.qos, (topic, payload, packet) => {
    if (isNoSound(topic, packet)) return;
    if (packet.dup !== true) watch(topic, packet);
    listener.heard(messageOf(topic, payload, packet));
  });
}

/** Whether a message is from an earlier time, or one that this package publishes. */
export function isNoSound(topic: string, packet: MqttPacket): boolean {
  return packet.retain === true || isResult(topic, packet);
}

export function messageOf(topic: string, payload: Buffer, packet: MqttPacket): MqttAudioMessage {
  const { contentType, userProperties } = packet.properties ?? {};
  const { qos = 0, dup = false, messageId } = packet;
  return {
    topic,
    payload,
    qos,
    retain: false,
    ...(qos === 0 ? {} : { dup, packetId: messageId }),
    ...(contentType === undefined ? {} : { contentType }),
    ...(userProperties === undefined ? {} : { userProperties }),
  };
}
