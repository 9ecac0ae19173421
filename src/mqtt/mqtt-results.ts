/** Tells a broker what the streams of a node hear; see `ResultBoard` for the topics. */
import type { LiveEvent } from '../streams';
import { thrownError } from '../thrown';
import type { BrokerConnection, BrokerState } from './broker-connection';
import { announcement, type AnnouncedModel } from './home-assistant';
import { reserveResultPrefix } from './mqtt-source';
import { MqttOutbox, type Publication } from './outbox';
import { availabilityTopic, ResultBoard, type ResultChange } from './result-board';
import { deviceNames, parseFilter, parsePrefix } from './topics';

export interface MqttResultsSettings {
  /** First levels of the topics of results. */
  readonly prefix: string;
  /** Where a stream's key holds the device, for example `audio/{device}/pcm`; empty: what the filter's wildcards match. */
  readonly devicePattern?: string | undefined;
  /** Filter of the MQTT source, where there is one, without `$share`. */
  readonly filter?: string | undefined;
  /** Where devices are shared with others that publish under the prefix too; see `GroupListener`. Default: all streams are ours. */
  readonly sharing?: Sharing | undefined;
  /** Name of this publisher, where several share the prefix; see {@link BoardSettings.worker}. */
  readonly worker?: string | undefined;
  /** Whether a device that stands on the broker can ever be this publisher's, where several share the prefix. Default: all can. */
  readonly isOurs?: ((device: string) => boolean) | undefined;
  /** Models that streams have; asked for when the first stream opens. */
  readonly models: () => readonly AnnouncedModel[];
  /** Devices that may be shown, those of earlier days included. */
  readonly maxDevices: number;
  /** Milliseconds after which a device that is gone is forgotten; 0: never. */
  readonly expireMs: number;
  /** Announces devices to Home Assistant under this prefix. */
  readonly discovery?: { readonly prefix: string; readonly version: string } | undefined;
}

/** What is ours at this moment. */
export interface Sharing {
  /** Whether a stream is heard here; what is said of others is not published. */
  hears(stream: string): boolean;
  /** Whether a device is ours, heard or not. */
  owns(device: string): boolean;
}

/** Longest wait for the last words to be written when the node closes, in milliseconds. */
const LAST_WORDS_WITHIN_MS = 1_000;
/** Milliseconds between two looks for devices that are gone for long, at most and at least. */
const LONGEST_EXPIRY_CHECK_MS = 60_000;
const SHORTEST_EXPIRY_CHECK_MS = 1_000;
/** Warnings about streams that cannot be shown; there may be as many as topics. */
const MOST_WARNINGS = 10;

export class MqttResults {
  readonly #connection: BrokerConnection;
  readonly #board: ResultBoard;
  readonly #outbox: MqttOutbox;
  readonly #warn: (text: string) => void;
  readonly #releases: readonly (() => void)[];
  readonly #prefix: string;
  readonly #sharing: Sharing | undefined;
  readonly #availability: string;
  readonly #isOurs: (device: string) => boolean;
  readonly #expiryTimer: NodeJS.Timeout | undefined;
  #warnings = 0;
  #closed = false;

  /** @throws InvalidArgumentError naming a setting that is not accepted */
  constructor(connection: BrokerConnection, settings: MqttResultsSettings, warn: (text: string) => void) {
    const { models, discovery } = settings;
    const prefix = parsePrefix(settings.prefix);
    const discoveryPrefix = discovery && parsePrefix(discovery.prefix);
    this.#prefix = prefix;
    this.#sharing = settings.sharing;
    this.#availability = availabilityTopic(prefix, settings.worker);
    this.#isOurs = settings.isOurs ?? (() => true);
    this.#connection = connection;
    this.#warn = warn;
    this.#board = new ResultBoard({
      prefix,
      worker: settings.worker,
      deviceOf: deviceNames(settings.devicePattern, settings.filter),
      maxDevices: settings.maxDevices,
      models: () => models().map(({ name }) => name),
      classesOf: (name) => models().find((model) => model.name === name)?.classes ?? [],
      announce:
        discovery &&
        ((device) =>
          announcement({
            discoveryPrefix: discoveryPrefix ?? '',
            prefix,
            device,
            availability: this.#availability,
            models: models(),
            version: discovery.version,
          })),
    });
    this.#outbox = new MqttOutbox(connection.publish);
    // What announces a device is as little sound as what it hears; taken for it, each would announce one more device.
    const own = [prefix, ...(discoveryPrefix === undefined ? [] : [`${discoveryPrefix}/device`])];
    this.#releases = own.map(reserveResultPrefix);
    this.#listenForDevices();
    const { expireMs } = settings;
    if (expireMs > 0) {
      const everyMs = Math.max(SHORTEST_EXPIRY_CHECK_MS, Math.min(LONGEST_EXPIRY_CHECK_MS, expireMs / 2));
      this.#expiryTimer = setInterval(() => {
        try {
          this.#add(
            this.#board.expire(Date.now() - expireMs, (device) => this.#sharing?.owns(device) ?? true),
          );
        } catch (thrown) {
          this.#warnOf(thrownError(thrown).message); // Nobody else would catch it.
        }
      }, everyMs).unref();
    }
    this.turned(connection.state);
  }

  /** Learns of the devices that the broker knows from earlier days, and from other nodes. */
  #listenForDevices(): void {
    const suffix = '/availability';
    const filter = parseFilter(`${this.#prefix}/+${suffix}`);
    this.#connection.subscribe(
      filter,
      0,
      (topic, payload, { retain }) => {
        const device = topic.slice(this.#prefix.length + 1, -suffix.length);
        if (this.#isOurs(device)) this.#board.found(device, payload.toString(), retain === true, Date.now());
      },
      { retained: true },
    );
  }

  /** Removes a device, or that of a stream, or all that are known, from the broker and from Home Assistant. */
  forget(what: { readonly device?: string | undefined; readonly stream?: string | undefined }): void {
    const { device, stream } = what;
    if (device !== undefined) this.#add(this.#board.forget(device));
    else if (stream !== undefined) this.#add(this.#board.forgetStream(stream));
    else for (const known of this.#board.knownDevices) this.#add(this.#board.forget(known));
  }

  /**
   * Topic on which the broker should say `offline` for us when the connection is lost; undefined where the broker
   * node's will says it already. The will belongs to the connection, so only the broker node can set it.
   */
  get missingWill(): string | undefined {
    return this.#connection.lastWords.will === this.#availability ? undefined : this.#availability;
  }

  /** The connection has another state. A broker that came back may have forgotten everything, so it is told again. */
  turned(state: BrokerState): void {
    if (state === 'connected') {
      this.#outbox.connected();
      this.#outbox.add(this.#board.all(Date.now(), (stream) => this.#isHeard(stream)));
    } else {
      this.#outbox.disconnected();
      // By the time that it could be sent, another may have said something newer.
      if (this.#sharing) this.#outbox.clear();
    }
  }

  /** Says that this publisher is there, which others may have doubted. */
  present(): void {
    this.#add(this.#board.availability(true));
  }

  /** Says for another publisher under the same prefix that it is gone. */
  mourn(worker: string): void {
    this.#add([{ topic: availabilityTopic(this.#prefix, worker), payload: 'offline', retain: true }]);
  }

  /** A stream is heard here again, and nobody else has heard it meanwhile. */
  resumed(stream: string): void {
    this.#add(this.#board.allOf(stream, Date.now()), stream);
  }

  /** Takes what a stream has to tell. The board turns where a steady transition begins. */
  hear(event: LiveEvent): void {
    const { key, receivedMs } = event.stream;
    switch (event.kind) {
      case 'opened':
        this.opened(key);
        break;
      case 'transition': {
        if (event.phase === 'ended' || !event.isSteady) break;
        const { model, result, confidence, timestamp_start: timestampStart } = event.transition;
        this.changed(key, [{ model, result, confidence, timestampStart }], event.time);
        break;
      }
      case 'closed':
        this.ended(key, receivedMs);
        break;
      case 'step':
        this.#add(this.#board.heard(key, event.step.level, event.step.timestamp, event.time), key);
        break;
      case 'segment':
      case 'summary':
      case 'gap':
      case 'dropped':
      case 'warning':
        break;
    }
  }

  /** A stream begins. */
  opened(stream: string): void {
    const opened = this.#board.open(stream);
    switch (opened.kind) {
      case 'shown':
        this.#add(opened.publications, stream);
        break;
      case 'unnamed':
        this.#warnOf(
          `The results of "${stream}" are not published: the pattern of the device does not fit it.`,
        );
        break;
      case 'taken':
        this.#warnOf(
          `The results of "${stream}" are not published: it names the same device "${opened.device}" as ` +
            `"${opened.by}" does.`,
        );
        break;
      case 'full':
        this.#warnOf(
          `The results of "${stream}" are not published: there are ${opened.maxDevices} devices already, as many as may be. ` +
            'Have some forgotten (msg.forget), or raise the limit.',
        );
        break;
    }
  }

  /** Models of a stream turn to another result; `time` is epoch milliseconds. */
  changed(stream: string, changes: readonly ResultChange[], time: number): void {
    this.#add(this.#board.change(stream, changes, time), stream);
  }

  /** A stream ends at a place on its own clock. */
  ended(stream: string, timestampMs?: number): void {
    this.#add(this.#board.close(stream, timestampMs, Date.now()), stream);
  }

  /**
   * Says that nothing is heard any more. What it says is handed to the connection before the first wait, because on a
   * full deploy the core node begins to close the connection right after.
   */
  async close(): Promise<void> {
    if (this.#closed) return;
    clearInterval(this.#expiryTimer);
    for (const stream of this.#board.streams) this.ended(stream);
    this.#add(this.#board.availability(false));
    this.#closed = true;
    this.#outbox.flush();
    for (const release of this.#releases) release();
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, LAST_WORDS_WITHIN_MS);
    });
    await Promise.race([this.#outbox.drained(), patience]);
    clearTimeout(timer);
  }

  #isHeard(stream: string): boolean {
    return this.#sharing?.hears(stream) ?? true;
  }

  /** @param stream that they are about; nothing is said of one that others hear */
  #add(publications: readonly Publication[], stream?: string): void {
    if (this.#closed || (stream !== undefined && !this.#isHeard(stream))) return;
    const before = this.#outbox.dropped;
    this.#outbox.add(publications);
    if (this.#outbox.dropped > before) {
      this.#warnOf('There are more results than the broker takes; some of them are not published.');
    }
  }

  #warnOf(text: string): void {
    this.#warnings += 1;
    if (this.#warnings <= MOST_WARNINGS) this.#warn(text);
  }
}
