/**
 * A broker, members and devices on a simulated clock: deliveries take their time and keep their order, as they do over TCP, and
 * members can be stopped, cut off and continued.
 */
import { DeviceGroup, type GroupEvent, type GroupSetup, type TakenOver } from '../../../src/mqtt';
import { filterMatches } from '../../../src/mqtt/topics';
import type { Publication } from '../../../src/mqtt/outbox';

/** Milliseconds from a client to the broker, and from the broker to a client. */
const WAY_MS = 3;

interface Packet {
  readonly topic: string;
  readonly payload: string;
  readonly seq?: number | undefined;
  readonly isRetained: boolean;
}

export interface HeardSound {
  readonly member: string;
  readonly topic: string;
  readonly number: number;
  readonly at: number;
  readonly takenOver: TakenOver | undefined;
}

/** The clock, and what is due at each of its milliseconds. */
export class World {
  now = 0;
  readonly heard: HeardSound[] = [];
  readonly #due = new Map<number, (() => void)[]>();

  after(ms: number, act: () => void): void {
    const at = Math.round(this.now + ms);
    const acts = this.#due.get(at);
    if (acts) acts.push(act);
    else this.#due.set(at, [act]);
  }

  every(ms: number, act: () => boolean): void {
    this.after(ms, () => {
      if (act()) this.every(ms, act);
    });
  }

  run(ms: number): void {
    const until = this.now + ms;
    for (; ; this.now += 1) {
      // What is done may add to what is due now.
      const acts = this.#due.get(this.now) ?? [];
      for (const act of acts) act();
      this.#due.delete(this.now);
      if (this.now >= until) return;
    }
  }
}

export class SimulatedBroker {
  readonly published: Publication[] = [];
  /** It breaks the connection of whoever asks it to keep a message. */
  refusesRetained = false;
  /** It keeps nothing, and says nothing about it. */
  keepsNothing = false;
  readonly #retained = new Map<string, string>();
  readonly #clients = new Set<SimulatedMember>();

  get retained(): ReadonlyMap<string, string> {
    return this.#retained;
  }

  connect(client: SimulatedMember): void {
    this.#clients.add(client);
  }

  drop(client: SimulatedMember): void {
    this.#clients.delete(client);
  }

  /** It was restarted: whatever it kept is gone. */
  forget(): void {
    this.#retained.clear();
  }

  publish({ topic, payload, retain }: Publication, seq?: number): void {
    if (seq === undefined && !topic.startsWith('audio')) this.published.push({ topic, payload, retain });
    if (retain && payload === '') this.#retained.delete(topic);
    else if (retain && !this.keepsNothing) this.#retained.set(topic, payload);
    for (const client of this.#clients) {
      if (client.subscriptions.some((filter) => filterMatches(filter, topic))) {
        client.deliver({ topic, payload, seq, isRetained: false });
      }
    }
  }

  subscribed(client: SimulatedMember, filter: string): void {
    for (const [topic, payload] of this.#retained) {
      if (filterMatches(filter, topic)) client.deliver({ topic, payload, isRetained: true });
    }
  }
}

export class SimulatedMember {
  readonly group: DeviceGroup<string>;
  readonly events: GroupEvent[] = [];
  /** In force at the broker. */
  subscriptions: readonly string[] = [];
  isStopped = false;
  isGone = false;
  #wanted: readonly string[] = [];
  #isConnected = false;
  #inbox: Packet[] = [];
  readonly #world: World;
  readonly #broker: SimulatedBroker;

  constructor(world: World, broker: SimulatedBroker, id: string, setup: Partial<GroupSetup<string>> = {}) {
    this.#world = world;
    this.#broker = broker;
    this.group = new DeviceGroup<string>({
      ...{ name: 'home', id, filter: 'audio/+/pcm', now: () => world.now },
      publish: (publications) => {
        for (const publication of publications)
          this.#up(() => {
            this.#publish(publication);
          });
      },
      subscribe: (filters) => {
        this.#wanted = filters;
        this.#up(() => {
          this.subscriptions = [this.group.controlFilter, ...filters];
        });
      },
      hear: (topic, message, takenOver) => {
        world.heard.push({ member: this.group.id, topic, number: Number(message), at: world.now, takenOver });
      },
      tell: (event) => {
        this.events.push(event);
      },
      ...setup,
    });
    world.every(this.group.tickMs, () => {
      if (!this.isStopped && !this.isGone) this.group.tick();
      return !this.isGone;
    });
  }

  get warnings(): readonly string[] {
    return this.events.flatMap((event) => (event.kind === 'warning' ? [event.message] : []));
  }

  connect(): this {
    this.#isConnected = true;
    this.#broker.connect(this);
    const control = this.group.controlFilter;
    this.#up(() => {
      this.subscriptions = [control, ...this.#wanted];
      this.#broker.subscribed(this, control);
    });
    this.group.connected();
    return this;
  }

  disconnect(): void {
    this.#isConnected = false;
    this.#broker.drop(this);
    this.#inbox = [];
    this.group.disconnected();
  }

  /** Ends without a word. */
  kill(): void {
    this.isGone = true;
    this.#isConnected = false;
    this.#broker.drop(this);
  }

  /** Stands still as with SIGSTOP: what comes waits in the socket. */
  stop(): void {
    this.isStopped = true;
  }

  continue(): void {
    this.isStopped = false;
    for (const packet of this.#inbox.splice(0)) this.#take(packet);
  }

  deliver(packet: Packet): void {
    this.#world.after(WAY_MS, () => {
      if (!this.#isConnected) return;
      if (this.isStopped) this.#inbox.push(packet);
      else this.#take(packet);
    });
  }

  #take({ topic, payload, seq, isRetained }: Packet): void {
    if (this.isGone) return;
    if (filterMatches(this.group.controlFilter, topic)) this.group.control(topic, payload, isRetained);
    else this.group.sound(topic, payload, seq);
  }

  #publish(publication: Publication): void {
    if (publication.retain && this.#broker.refusesRetained) {
      this.disconnect();
      this.#world.after(200, () => {
        if (!this.isGone) this.connect();
      });
    } else this.#broker.publish(publication);
  }

  #up(act: () => void): void {
    this.#world.after(WAY_MS, () => {
      if (this.#isConnected) act();
    });
  }
}

/** Devices that say their numbers every 100 ms. */
export function startDevices(
  world: World,
  broker: SimulatedBroker,
  topics: readonly string[],
  isCounting = true,
): { stop: () => void } {
  let isStopped = false;
  for (const [index, topic] of topics.entries()) {
    let number = 0;
    world.after((index * 100) / topics.length, () => {
      world.every(100, () => {
        if (isStopped) return false;
        broker.publish({ topic, payload: String(number), retain: false }, isCounting ? number : undefined);
        number += 1;
        return true;
      });
    });
  }
  return {
    stop: () => {
      isStopped = true;
    },
  };
}
