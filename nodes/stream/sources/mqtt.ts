/** What a stream node has to do with MQTT: its source, and the results that it publishes, on one connection. */
import { InvalidArgumentError, type LiveEvent } from '../../../src';
import {
  listenToTopics,
  MqttResults,
  parseFilter,
  resultPrefixOver,
  type BrokerConnection,
  type GroupListener,
  type TopicFilter,
} from '../../../src/mqtt';
import { packageVersion } from '../../../src/version';
import { connectBroker } from '../mqtt-broker';
import { joinGroup } from './mqtt-group';
import { guarded } from '../../shared/failure';
import { PACKAGE, type NodeStatus } from '../../shared/node-red';
import { streamOptions } from '../settings';
import { fieldNumbers, textIn } from '../../shared/fields';
import type { StreamAttachment, StreamNode } from '../attachments';
import { say } from '../../../src/sentence';
import { spoken } from '../../shared/language';

const DEFAULT_PREFIX = 'deeptone';
const DEFAULT_DISCOVERY_PREFIX = 'homeassistant';
const STATUS = `${PACKAGE}/deeptone-stream:deeptone-stream.status`;
const DAY_MS = 24 * 3_600_000;
/** Other nodes of a deploy have subscribed by then. */
const OVERLAP_CHECK_MS = 2_000;

/**
 * Listens to topics where the node's source is MQTT, and publishes results where that is switched on.
 *
 * @throws InvalidArgumentError naming a setting that is missing or not accepted
 */
export function attachMqtt(node: StreamNode): StreamAttachment | undefined {
  const { source, publish } = node.config;
  return source === 'mqtt' || publish === true ? new StreamMqtt(node) : undefined;
}

class StreamMqtt implements StreamAttachment {
  readonly #node: StreamNode;
  readonly #connection: BrokerConnection;
  readonly #results: MqttResults | undefined;
  readonly #group: GroupListener | undefined;
  readonly #overlapTimer: NodeJS.Timeout | undefined;

  constructor(node: StreamNode) {
    this.#node = node;
    const { RED, config } = node;
    // Settings are looked at before the connection is taken, so that a wrong one leaves nothing behind.
    const filter = config.source === 'mqtt' ? parseFilter(config.mqttTopic ?? '') : undefined;
    this.#connection = connectBroker(RED, node.node, config.broker, (state) => {
      this.#group?.turned(state);
      this.#results?.turned(state);
      node.changed();
    });
    try {
      this.#group = filter && this.#join(filter);
      if (config.publish === true) this.#results = this.#openResults(filter?.filter);
    } catch (error) {
      void this.#leave(true);
      throw error;
    }
    this.#explainWill();
    if (!filter) return;
    if (!this.#group) this.#listen(filter);
    const check = guarded(node.node, () => {
      this.#warnOfDeafness(filter.filter);
      this.#warnOfOverlap(filter.subscription);
    });
    this.#overlapTimer = setTimeout(check, OVERLAP_CHECK_MS).unref();
  }

  /** As long as all is well the streams have the line. */
  get status(): NodeStatus | undefined {
    switch (this.#connection.state) {
      case 'connected':
        return this.#group?.members.length === 0
          ? { fill: 'yellow', shape: 'ring', text: `${STATUS}.joining` }
          : undefined;
      case 'connecting':
        return { fill: 'yellow', shape: 'ring', text: `${STATUS}.connectingBroker` };
      case 'disconnected':
        return { fill: 'red', shape: 'ring', text: `${STATUS}.disconnected` };
    }
  }

  get note(): string | undefined {
    if (!this.#group || this.#group.members.length === 0) return undefined;
    const members = String(this.#group.members.length);
    return this.#node.RED._(`${STATUS}.members`, { members });
  }

  readonly told = (event: LiveEvent): void => {
    this.#results?.hear(event);
  };

  readonly forget = (what: {
    readonly device?: string | undefined;
    readonly stream?: string | undefined;
  }): void => {
    this.#results?.forget(what);
  };

  /** The last words leave before the first wait, because the core broker node closes right after its users. */
  async close(removed: boolean): Promise<void> {
    clearTimeout(this.#overlapTimer);
    await this.#leave(removed);
  }

  async #leave(removed: boolean): Promise<void> {
    // That its devices are heard no more is said before the others know that they may hear them.
    const said = this.#results?.close();
    const left = this.#group?.leave(removed ? 'for-good' : 'maybe-back');
    await Promise.all([said, left]);
    await this.#connection.close(removed);
  }

  #listen(filter: TopicFilter): void {
    listenToTopics(
      this.#connection,
      { filter: filter.subscription, qos: qualityOfService(this.#node.config.mqttQos) },
      {
        heard: (message) => void this.#node.hear({ ...message, _msgid: this.#node.RED.util.generateId() }),
        warn: (text) => {
          this.#node.warn(text);
        },
      },
    );
  }

  #join(filter: TopicFilter): GroupListener | undefined {
    const { config } = this.#node;
    const name = textIn(config.group);
    if (name === undefined) return undefined;
    const qos = qualityOfService(config.mqttQos);
    return joinGroup(this.#node, this.#connection, { name, filter, qos, results: () => this.#results });
  }

  #openResults(filter: string | undefined): MqttResults {
    const { config, engine } = this.#node;
    const numbers = fieldNumbers('deeptone-stream', config);
    return new MqttResults(
      this.#connection,
      {
        prefix: textIn(config.publishPrefix) ?? DEFAULT_PREFIX,
        devicePattern: config.publishDevice,
        maxDevices: numbers.publishDevices,
        expireMs: numbers.publishExpiry * DAY_MS,
        filter,
        sharing: this.#group,
        worker: this.#group?.id,
        models: () => {
          const wanted = new Set(streamOptions(config).models);
          return engine
            .deeptone()
            .describeModels()
            .filter(({ name }) => wanted.has(name));
        },
        discovery:
          config.discovery === true
            ? {
                prefix: textIn(config.discoveryPrefix) ?? DEFAULT_DISCOVERY_PREFIX,
                version: packageVersion(),
              }
            : undefined,
      },
      (text) => {
        this.#node.warn(text);
      },
    );
  }

  #explainWill(): void {
    const will = this.#results?.missingWill;
    if (will === undefined || this.#group) return; // The other members say it.
    this.#node.node.log(
      spoken(
        say`When the connection breaks, only the broker can say so. Set in the broker configuration, as message on unexpected disconnection: topic ${will}, payload offline, retain.`,
      ),
    );
  }

  #warnOfDeafness(filter: string): void {
    const prefix = resultPrefixOver(filter);
    if (prefix === undefined) return;
    this.#node.fail(
      new InvalidArgumentError(
        say`Nothing of "${filter}" is heard, because results are published under "${prefix}/" and are never taken for sound. Publish them under another topic, or let the devices send theirs elsewhere.`,
      ),
    );
  }

  #warnOfOverlap(subscription: string): void {
    if (!this.#connection.mqtt5) return;
    const others = this.#connection.overlapping(parseFilter(subscription));
    if (others.length === 0) return;
    this.#node.warn(
      spoken(
        say`Other nodes on this MQTT 5 connection subscribe to ${others.map((other) => `"${other}"`)}, which overlaps "${subscription}". Brokers such as mosquitto then send each message once per filter, and every node hears all copies. Use the same filter in all of them, or give this node a broker configuration of its own.`,
      ),
    );
  }
}

function qualityOfService(value: number | string | undefined): 0 | 1 | 2 {
  const number = Number(value ?? 0);
  return number === 1 || number === 2 ? number : 0;
}
