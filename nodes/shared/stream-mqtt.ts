/** What a stream node has to do with MQTT: its source, and the results that it publishes, on one connection. */
import { parseFilter, type AnnouncedModel, type LiveEvent } from '../../src/live';
import { connectBroker, type BrokerConnection, type BrokerState } from './mqtt-broker';
import { MqttResults } from './mqtt-results';
import { listenToTopics, type MqttAudioMessage, type MqttSourceCounts } from './mqtt-source';
import type { Node, NodeAPI } from './node-red';

/** The MQTT part of the dialog. */
export interface StreamMqttConfig {
  /** `mqtt` makes the node listen to topics itself. */
  readonly source?: string;
  /** Id of a core `mqtt-broker` node. */
  readonly broker?: string;
  /** Topic filter of the source. */
  readonly mqttTopic?: string;
  readonly mqttQos?: number | string;
  /** Publish results. */
  readonly publish?: boolean;
  readonly publishPrefix?: string;
  /** Where the key of a stream holds the device, `audio/{device}/pcm`; empty: what the wildcards of the filter match. */
  readonly publishDevice?: string;
  /** Announce devices to Home Assistant. */
  readonly discovery?: boolean;
  readonly discoveryPrefix?: string;
}

export interface StreamMqttListener {
  /** One message with sound in it, as the core `mqtt in` node would send it. */
  heard(message: MqttAudioMessage): void;
  /** The connection has another state. */
  changed(state: BrokerState): void;
  /** Worth a word in the log. */
  warn(text: string): void;
  /** For announcements and the classes of the board. */
  models(): readonly AnnouncedModel[];
}

export const DEFAULT_PREFIX = 'deeptone';
export const DEFAULT_DISCOVERY_PREFIX = 'homeassistant';
/** Other nodes of a deploy have subscribed by then. */
const OVERLAP_CHECK_MS = 2_000;
const NO_COUNTS: MqttSourceCounts = { retained: 0, results: 0 };

/** Whether a stream node needs a broker at all. */
export function usesMqtt(config: StreamMqttConfig): boolean {
  return config.source === 'mqtt' || config.publish === true;
}

export class StreamMqtt {
  readonly #connection: BrokerConnection;
  readonly #results: MqttResults | undefined;
  readonly #listener: StreamMqttListener;
  readonly #overlapTimer: NodeJS.Timeout | undefined;
  #counts: () => MqttSourceCounts = () => NO_COUNTS;

  /** @throws InvalidArgumentError naming a setting that is missing or not accepted */
  constructor(
    RED: NodeAPI,
    node: Node,
    config: StreamMqttConfig,
    version: string,
    listener: StreamMqttListener,
  ) {
    this.#listener = listener;
    // Settings are looked at before the connection is taken, so that a wrong one leaves nothing behind.
    const filter = config.source === 'mqtt' ? parseFilter(config.mqttTopic ?? '') : undefined;
    this.#connection = connectBroker(RED, node, config.broker, (state) => {
      this.#results?.turned(state);
      listener.changed(state);
    });
    try {
      this.#results =
        config.publish === true ? this.#openResults(config, filter?.filter, version) : undefined;
    } catch (error) {
      void this.#connection.close(false);
      throw error;
    }
    const will = this.#results?.missingWill;
    if (will !== undefined) {
      node.log(
        `When the connection breaks, only the broker can say so. Set in the broker configuration, as message on ` +
          `unexpected disconnection: topic ${will}, payload offline, retain.`,
      );
    }
    if (!filter) return;
    const qos = qualityOfService(config.mqttQos);
    this.#counts = listenToTopics(this.#connection, { filter: filter.subscription, qos }, listener);
    this.#overlapTimer = setTimeout(() => {
      this.#warnOfOverlap(filter.subscription);
    }, OVERLAP_CHECK_MS).unref();
  }

  get state(): BrokerState {
    return this.#connection.state;
  }

  /** Messages that were passed over. */
  get counts(): MqttSourceCounts {
    return this.#counts();
  }

  /** Takes what the streams have to tell. */
  hear(event: LiveEvent): void {
    this.#results?.hear(event);
  }

  /** Call it first of all when the node closes: what it says must leave before the broker node closes too. */
  async close(removed: boolean): Promise<void> {
    clearTimeout(this.#overlapTimer);
    await this.#results?.close();
    await this.#connection.close(removed);
  }

  #openResults(config: StreamMqttConfig, filter: string | undefined, version: string): MqttResults {
    const results = new MqttResults(
      this.#connection,
      {
        prefix: filled(config.publishPrefix) ?? DEFAULT_PREFIX,
        devicePattern: config.publishDevice,
        filter,
        models: () => this.#listener.models(),
        discovery:
          config.discovery === true
            ? { prefix: filled(config.discoveryPrefix) ?? DEFAULT_DISCOVERY_PREFIX, version }
            : undefined,
      },
      (text) => {
        this.#listener.warn(text);
      },
    );
    return results;
  }

  #warnOfOverlap(subscription: string): void {
    if (!this.#connection.mqtt5) return;
    const others = this.#connection.overlapping(parseFilter(subscription));
    if (others.length === 0) return;
    this.#listener.warn(
      `Other nodes on this MQTT 5 connection subscribe to ${others.map((other) => `"${other}"`).join(', ')}, which overlaps ` +
        `"${subscription}". Brokers such as mosquitto then send each message once per filter, and every node hears all ` +
        'copies. Use the same filter in all of them, or give this node a broker configuration of its own.',
    );
  }
}

function filled(text: string | undefined): string | undefined {
  const trimmed = text?.trim();
  return trimmed === '' ? undefined : trimmed;
}

function qualityOfService(value: number | string | undefined): 0 | 1 | 2 {
  const number = Number(value ?? 0);
  return number === 1 || number === 2 ? number : 0;
}
