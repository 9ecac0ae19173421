/** A connection to a broker of its own, which comes back by itself; for where no Node-RED holds one. */
import type { IClientOptions, IConnackPacket, MqttClient } from 'mqtt';
import { BrokerError } from '../errors';
import {
  RESULT_MARK,
  filterMatches,
  type BrokerConnection,
  type BrokerState,
  type HeardMqtt,
  type MqttPacket,
  type Publication,
  type Publish,
  type SubscribeHow,
  type TopicFilter,
} from '../mqtt';
import { BackOff } from './back-off';
import type { BrokerSettings } from './broker-settings';
import type { MqttLibrary } from './mqtt-library';
import { isForGood, Refusals, troubleIn, type Concession } from './refusals';

/** Milliseconds for a connection to be made. */
const CONNECT_WITHIN_MS = 30_000;
/** Milliseconds for the last words to leave. */
const END_WITHIN_MS = 1_000;

export interface BrokerListener {
  changed(state: BrokerState): void;
  /** Good to know. */
  note(text: string): void;
  /** Needs somebody. */
  warn(text: string): void;
}

interface Subscription {
  readonly filter: TopicFilter;
  readonly qos: 0 | 1 | 2;
  readonly heard: HeardMqtt;
  readonly retained: boolean;
  isGranted: boolean;
}

/**
 * Each connection is made anew, with subscriptions and will: what the broker refused of the one before (MQTT 5, a will, retained
 * messages) is left out of the next.
 */
export class BrokerClient implements BrokerConnection {
  state: BrokerState = 'disconnected';
  readonly #library: MqttLibrary;
  readonly #settings: BrokerSettings;
  readonly #will: () => Publication | undefined;
  readonly #listener: BrokerListener;
  readonly #subscriptions = new Map<string, Subscription>();
  /** Those of them that stand for more than the one topic that they are. */
  #patterns: readonly Subscription[] = [];
  readonly #backOff = new BackOff();
  readonly #refusals: Refusals;
  #client: MqttClient | undefined;
  #timer: NodeJS.Timeout | undefined;
  #attempts = 0;
  #wasConnected = false;
  #isClosed = false;
  #lastTrouble: string | undefined;
  /** Who waits for the first connection. */
  #waiting: { readonly resolve: () => void; readonly reject: (error: Error) => void } | undefined;

  /** @param will what the broker says when the connection is lost; asked for each connection */
  constructor(
    library: MqttLibrary,
    settings: BrokerSettings,
    will: () => Publication | undefined,
    listener: BrokerListener,
  ) {
    this.#library = library;
    this.#settings = settings;
    this.#will = will;
    this.#listener = listener;
    this.#refusals = new Refusals(settings);
  }

  /**
   * Begins to connect, and goes on until {@link close}; resolves with the first connection, however long that takes.
   *
   * @throws BrokerError when the broker refuses this client before it has ever let it in
   */
  connect(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#attempt();
    });
  }

  get mqtt5(): boolean {
    return this.#refusals.version === 5;
  }

  get lastWords(): BrokerConnection['lastWords'] {
    return { will: this.#will()?.topic, close: undefined };
  }

  /** Whether all that is subscribed to has been granted on this connection. */
  get isListening(): boolean {
    return (
      this.state === 'connected' && [...this.#subscriptions.values()].every(({ isGranted }) => isGranted)
    );
  }

  subscribe(
    filter: TopicFilter,
    qos: 0 | 1 | 2,
    heard: HeardMqtt,
    { retained = false }: SubscribeHow = {},
  ): void {
    const subscription = { filter, qos, heard, retained, isGranted: false };
    this.#subscriptions.set(filter.subscription, subscription);
    this.#findPatterns();
    if (this.state === 'connected' && this.#client) this.#ask(this.#client, subscription);
  }

  /** Hears a filter no longer. */
  unsubscribe({ subscription }: TopicFilter): void {
    if (!this.#subscriptions.delete(subscription)) return;
    this.#findPatterns();
    if (this.state === 'connected') this.#client?.unsubscribe(subscription);
  }

  /** There is nobody else on this connection. */
  overlapping(): readonly string[] {
    return [];
  }

  readonly publish: Publish = ({ topic, payload, retain }, done) => {
    const client = this.#client;
    if (this.state !== 'connected' || !client) {
      done();
      return;
    }
    const properties = this.mqtt5 ? { properties: { userProperties: { [RESULT_MARK]: 'true' } } } : {};
    client.publish(topic, payload, { qos: 0, retain: retain && this.#refusals.retain, ...properties }, done);
  };

  /** Says goodbye, so that the broker does not speak the will. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    const client = this.#client;
    if (!client) return;
    let patience: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      patience = setTimeout(resolve, END_WITHIN_MS);
    });
    await Promise.race([client.endAsync(!client.connected).catch(() => undefined), late]);
    clearTimeout(patience);
    client.end(true);
  }

  #attempt(): void {
    this.#turn('connecting');
    const { urls } = this.#settings;
    const url = urls[this.#attempts++ % urls.length] ?? '';
    const client = this.#library.connect(url, this.#options());
    this.#client = client;
    let error: unknown;
    let isLetIn = false;
    client.on('connect', (packet) => {
      isLetIn = true;
      this.#connected(client, packet);
    });
    client.on('message', (topic, payload, packet) => {
      this.#heard(topic, payload, packet);
    });
    client.on('disconnect', ({ reasonCode }) => {
      error = { code: reasonCode };
    });
    client.on('error', (thrown) => {
      error = thrown;
      if (!client.connected) client.end(true); // Its own timer may still run.
    });
    client.once('close', () => {
      client.removeAllListeners('message');
      client.on('error', () => undefined);
      if (this.#client === client) this.#lost(error, isLetIn);
    });
  }

  #options(): IClientOptions {
    const { clientId, username, password, ca, cert, key, keepalive } = this.#settings;
    const { version, retain, will } = this.#refusals;
    const said = will ? this.#will() : undefined;
    const lastWords = said && {
      topic: said.topic,
      payload: Buffer.from(said.payload),
      qos: 0 as const,
      retain: retain && said.retain,
    };
    return {
      ...{ clientId, username, password, ca, cert, key, keepalive },
      protocolVersion: version,
      clean: true,
      reconnectPeriod: 0,
      connectTimeout: CONNECT_WITHIN_MS,
      queueQoSZero: false,
      resubscribe: false,
      ...(lastWords ? { will: lastWords } : {}),
    };
  }

  #connected(client: MqttClient, { properties }: IConnackPacket): void {
    for (const concession of this.#refusals.letIn(properties?.retainAvailable)) this.#explain(concession);
    if (this.#lastTrouble !== undefined || !this.#wasConnected) {
      this.#listener.note(`Connected to the broker, with MQTT ${this.mqtt5 ? '5' : '3.1.1'}.`);
    }
    this.#wasConnected = true;
    this.#lastTrouble = undefined;
    for (const subscription of this.#subscriptions.values()) this.#ask(client, subscription);
    this.#turn('connected');
    this.#waiting?.resolve();
  }

  #ask(client: MqttClient, subscription: Subscription): void {
    const { filter, qos, retained } = subscription;
    subscription.isGranted = false;
    // Retain handling 2: retained messages are not sent at all. MQTT 3.1.1 has no such wish; they come and are marked.
    const options = this.mqtt5 ? ({ qos, rh: retained ? 0 : 2 } as const) : { qos };
    client.subscribe(filter.subscription, options, (error, granted) => {
      if (this.#client !== client || this.state === 'disconnected') return;
      subscription.isGranted = !error && (granted ?? []).every(({ qos: given }) => given < 128);
      if (!subscription.isGranted && client.connected) {
        this.#listener.warn(`The broker does not let this client listen to "${filter.subscription}".`);
      }
    });
  }

  #heard(topic: string, payload: Buffer, packet: MqttPacket): void {
    const exact = this.#subscriptions.get(topic)?.heard;
    exact?.(topic, payload, packet);
    for (const { filter, heard } of this.#patterns) {
      // Whoever listens to a topic and to a pattern that it matches hears a message once.
      if (heard !== exact && filterMatches(filter.filter, topic)) heard(topic, payload, packet);
    }
  }

  #findPatterns(): void {
    this.#patterns = [...this.#subscriptions.values()].filter(
      ({ filter: { subscription } }) => subscription.startsWith('$') || /[+#]/.test(subscription),
    );
  }

  #lost(error: unknown, isLetIn: boolean): void {
    this.#client = undefined;
    for (const subscription of this.#subscriptions.values()) subscription.isGranted = false;
    this.#turn('disconnected');
    if (this.#isClosed) return;
    if (isLetIn) this.#backOff.reset();
    else if (this.#refusals.concede(error)) {
      this.#attempts--; // The same server again.
      this.#timer = setTimeout(() => {
        this.#attempt();
      }, 0);
      return;
    }
    const words =
      troubleIn(error) ?? (isLetIn ? 'it was closed' : 'it was closed before the broker answered');
    if (!this.#wasConnected && isForGood(error)) {
      this.#isClosed = true;
      this.#waiting?.reject(new BrokerError(`The broker cannot be used: ${words}.`, { cause: error }));
      return;
    }
    if (words !== this.#lastTrouble)
      this.#listener.warn(`No connection to the broker (${words}); trying again.`);
    this.#lastTrouble = words;
    this.#timer = setTimeout(() => {
      this.#attempt();
    }, this.#backOff.next());
  }

  #explain(concession: Concession): void {
    switch (concession) {
      case 'version':
        this.#listener.note(
          'The broker does not know MQTT 5: there are no content types, seq and ts of messages.',
        );
        return;
      case 'will':
        this.#listener.warn(
          `The broker does not take the will "${this.#will()?.topic ?? ''}": should this worker die, nobody says that it is offline.`,
        );
        return;
      case 'retain':
        this.#listener.warn(
          'The broker keeps no messages (retain): who subscribes later hears of a result when it next changes.',
        );
        return;
    }
  }

  #turn(state: BrokerState): void {
    if (state === this.state) return;
    this.state = state;
    this.#listener.changed(state);
  }
}
