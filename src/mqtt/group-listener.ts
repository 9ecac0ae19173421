/** The sound of the devices that a member of a group has, over any connection to a broker; see `DeviceGroup` for how it is shared. */
import { thrownError } from '../thrown';
import type { BrokerConnection, BrokerState, MqttPacket } from './broker-connection';
import { DeviceGroup } from './group/device-group';
import type { GroupEvent, GroupSetup } from './group/group-setup';
import { GROUPS_PREFIX } from './group/group-messages';
import type { TakenOver } from './group/shared-topic';
import { isNoSound, messageOf, reserveResultPrefix, type MqttAudioMessage } from './mqtt-source';
import type { Sharing } from './mqtt-results';
import type { Publication } from './outbox';
import { parseFilter, type TopicFilter } from './topics';
import { marksIn } from '../streams';

export interface GroupListenerSettings extends Pick<
  GroupSetup<never>,
  'name' | 'id' | 'filter' | 'deviceOf' | 'agreement' | 'lostMs'
> {
  readonly qos: 0 | 1 | 2;
  /** Each message begins with its number and time, as `HubSetup.markPrefix` says. */
  readonly markPrefix?: boolean;
}

export interface GroupListenerEvents {
  /** One message with sound in it; with `takenOver` the first one after another member. */
  heard(message: MqttAudioMessage, takenOver: TakenOver | undefined): void;
  /** Who is a member, and which topics come and go. */
  told(event: Exclude<GroupEvent, { readonly kind: 'warning' }>): void;
  /** Worth a word, once. */
  warn(text: string): void;
}

/** Milliseconds for the last words to be written. */
const LAST_WORDS_WITHIN_MS = 1_000;

/**
 * Listens as a member of a group. Whoever holds the connection says every new state of it to {@link turned}, and calls {@link leave} before
 * it is closed.
 */
export class GroupListener implements Sharing {
  readonly #connection: BrokerConnection;
  readonly #settings: GroupListenerSettings;
  readonly #events: GroupListenerEvents;
  readonly #group: DeviceGroup<MqttAudioMessage>;
  readonly #timer: NodeJS.Timeout;
  readonly #release: () => void;
  #subscribed: ReadonlySet<string> = new Set();
  #unwritten = 0;
  #written: (() => void) | undefined;
  #hasLeft = false;

  /** @throws InvalidArgumentError for a filter or the name of a group that is none */
  constructor(connection: BrokerConnection, settings: GroupListenerSettings, events: GroupListenerEvents) {
    this.#connection = connection;
    this.#settings = settings;
    this.#events = events;
    this.#group = new DeviceGroup<MqttAudioMessage>({
      ...settings,
      now: () => performance.now(),
      publish: (publications) => {
        for (const publication of publications) this.#publish(publication);
      },
      subscribe: (filters) => {
        this.#subscribe(filters);
      },
      // The group goes on, whatever is done with what it says.
      hear: this.#guarded((_topic, message, takenOver) => {
        if (!this.#hasLeft) events.heard(message, takenOver);
      }),
      tell: this.#guarded((event) => {
        if (event.kind === 'warning') events.warn(event.message);
        else events.told(event);
      }),
    });
    this.#release = reserveResultPrefix(GROUPS_PREFIX);
    const control = parseFilter(this.#group.controlFilter);
    const hear = this.#guarded((topic: string, payload: Buffer, { retain }: MqttPacket) => {
      if (!this.#hasLeft) this.#group.control(topic, payload, retain === true);
    });
    connection.subscribe(control, 0, hear, { retained: true });
    const tick = this.#guarded(() => {
      this.#group.tick();
    });
    this.#timer = setInterval(tick, this.#group.tickMs).unref();
    this.turned(connection.state);
  }

  /** This member; another name than was asked for where somebody else has that. */
  get id(): string {
    return this.#group.id;
  }

  /** Who shares, this member included; empty as long as this member takes no part. */
  get members(): readonly string[] {
    return this.#group.members;
  }

  /** What the broker should publish when the connection is lost, where the connection is this member's own. */
  get will(): Publication {
    return this.#group.will;
  }

  /** Whether this member, and no other, hears a topic at this moment. */
  hears(topic: string): boolean {
    return this.#group.hears(topic);
  }

  /** Whether a device is this member's, whether it is heard at this moment or not. */
  owns(device: string): boolean {
    return this.#group.owns(device);
  }

  /** The connection has another state. */
  turned(state: BrokerState): void {
    if (state !== 'connected') {
      this.#group.disconnected();
      return;
    }
    // Whoever holds the connection may subscribe anew only after it has said so.
    setImmediate(
      this.#guarded(() => {
        if (this.#connection.state === 'connected' && !this.#hasLeft) this.#group.connected();
      }),
    );
  }

  /**
   * Hears nothing more, and says so to the others. What it says is handed to the connection before the first wait; resolves when it is
   * written, or after a second.
   *
   * @param how whether it may start again at once, so that the others wait a moment for it
   */
  async leave(how: 'for-good' | 'maybe-back'): Promise<void> {
    if (this.#hasLeft) return;
    clearInterval(this.#timer);
    this.#guarded(() => {
      this.#group.leave(how);
    })();
    this.#hasLeft = true;
    this.#release();
    for (const filter of this.#subscribed) this.#connection.unsubscribe(this.#filterOf(filter));
    this.#connection.unsubscribe(parseFilter(this.#group.controlFilter));
    if (this.#unwritten === 0 || this.#connection.state !== 'connected') return;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#written = resolve;
      timer = setTimeout(resolve, LAST_WORDS_WITHIN_MS);
    });
    clearTimeout(timer);
  }

  #publish(publication: Publication): void {
    this.#unwritten += 1;
    this.#connection.publish(publication, () => {
      this.#unwritten -= 1;
      if (this.#unwritten === 0) this.#written?.();
    });
  }

  /** New ones first, so that nothing is missed; the broker does both in this order. */
  #subscribe(filters: readonly string[]): void {
    const wanted = new Set(filters);
    const before = this.#subscribed;
    this.#subscribed = wanted;
    for (const filter of wanted) {
      if (!before.has(filter)) {
        this.#connection.subscribe(this.#filterOf(filter), this.#settings.qos, this.#hear);
      }
    }
    for (const filter of before) {
      if (!wanted.has(filter)) this.#connection.unsubscribe(this.#filterOf(filter));
    }
  }

  /** A topic is its own filter as it is, also where it begins or ends with a space. */
  #filterOf(text: string): TopicFilter {
    const isTopic = text !== this.#settings.filter;
    return isTopic ? { subscription: text, filter: text, share: undefined } : parseFilter(text);
  }

  readonly #hear = (topic: string, payload: Buffer, packet: MqttPacket): void => {
    if (this.#hasLeft || isNoSound(topic, packet)) return;
    const seq = this.#settings.markPrefix ? marksIn(payload)?.seq : sequenceOf(packet);
    this.#group.sound(topic, messageOf(topic, payload, packet), seq);
  };

  /** Nobody else would catch what is thrown out of a timer or a connection. */
  #guarded<Values extends unknown[]>(work: (...values: Values) => void): (...values: Values) => void {
    return (...values) => {
      try {
        work(...values);
      } catch (thrown) {
        this.#events.warn(thrownError(thrown).message);
      }
    };
  }
}

/** The user property `seq`, as it counts for gaps too. */
function sequenceOf({ properties }: MqttPacket): number | undefined {
  const { seq } = properties?.userProperties ?? {};
  const text = Array.isArray(seq) ? seq[0] : seq;
  const number = text === undefined || text.trim() === '' ? Number.NaN : Number(text);
  return Number.isSafeInteger(number) && number >= 0 ? number : undefined;
}
