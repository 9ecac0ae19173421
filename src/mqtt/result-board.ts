/**
 * The board of results that stands on a broker: what every device hears at this moment, as retained messages that are
 * sent only when they change.
 *
 *     <prefix>/availability                  online | offline   (whoever publishes; `availability/<worker>` for one of several)
 *     <prefix>/<device>/availability         online | offline   (the stream of the device)
 *     <prefix>/<device>/state                {"device", "stream", "timestamp", "time", "results", "level"}
 *     <prefix>/<device>/<model>/<class>      ON | OFF
 *
 * What stands there has a limit, is removed when it is old, and can be forgotten.
 *
 * Pure: no clock and no network.
 */
import { GATE_LABELS, type Level } from '../insight';
import { KnownDevices } from './known-devices';
import type { Publication } from './outbox';
import { topicLevel } from './topics';

/** Turn of one model of one stream to another result. */
export interface ResultChange {
  readonly model: string;
  readonly result: string;
  readonly confidence: number;
  /** Milliseconds on the clock of the stream at which the result begins. */
  readonly timestampStart: number;
}

export interface BoardSettings {
  /** First levels of every topic, without a slash at the end. */
  readonly prefix: string;
  /** Name of the device that a stream belongs to; undefined for a stream that is not shown. */
  readonly deviceOf: (stream: string) => string | undefined;
  /** Classes of a model, which are `OFF` from the start; a model that is not known has none yet. */
  readonly classesOf: (model: string) => readonly string[];
  /** Models that a device may have topics of although it has not been heard yet, for it to be forgotten. Default: none. */
  readonly models?: () => readonly string[];
  /** Name of whoever publishes, where several share a prefix: each has an availability of its own. Default: there is one. */
  readonly worker?: string | undefined;
  /** Devices that may stand on the board, open or not. Default 256. */
  readonly maxDevices?: number;
  /** Message that makes a device known elsewhere (Home Assistant), sent before its first state. */
  readonly announce?: ((device: string) => Publication) | undefined;
}

interface ShownResult {
  readonly result: string;
  readonly confidence: number;
  readonly since: number;
}

interface ShownDevice {
  readonly stream: string;
  readonly results: Map<string, ShownResult>;
  /** Every class that has a topic, per model. */
  readonly classes: Map<string, Set<string>>;
  /** Of the latest complete period. */
  level?: Level;
  /** What the state last said, and when on the clock of the stream. */
  told?: { readonly level: Level; readonly timestamp: number };
}

/** What came of opening a stream. */
export type OpenedStream =
  | { readonly kind: 'shown'; readonly device: string; readonly publications: readonly Publication[] }
  | { readonly kind: 'unnamed' }
  /** There are as many devices as there may be. */
  | { readonly kind: 'full'; readonly device: string; readonly maxDevices: number }
  | { readonly kind: 'taken'; readonly device: string; readonly by: string };

/** Classes have no limit for a model that finds its own (`speaker-map`); topics have. */
const MOST_CLASSES_PER_MODEL = 64;
/** Change of a level that is worth a state of its own, in dB: what one clearly hears. */
const LEVEL_CHANGE_DB = 3;
/** Milliseconds of a stream between two states that only its level brings about. */
const LEVEL_EVERY_MS = 1_000;

/** Labels of models that find their classes themselves. */
const SPEAKERS = Array.from({ length: MOST_CLASSES_PER_MODEL }, (_, n) => `speaker_${n + 1}`);
/** Devices that are removed in one go: each has some hundred topics. */
const MOST_EXPIRED = 16;

export class ResultBoard {
  private readonly settings: BoardSettings;
  private readonly devices = new Map<string, ShownDevice>();
  private readonly deviceByStream = new Map<string, string>();
  /** Devices that have topics on the broker. */
  private readonly known: KnownDevices;

  constructor(settings: BoardSettings) {
    this.settings = settings;
    this.known = new KnownDevices(settings.maxDevices);
  }

  /** Devices that have topics on the broker, open or not. */
  get knownDevices(): readonly string[] {
    return this.known.names;
  }

  /**
   * Somebody's topics of a device have been found on the broker, or have gone from it.
   *
   * @param availability what the broker has under its availability; empty: nothing any more
   * @param isRetained the broker had kept it, and it may be of any age
   * @param time epoch milliseconds
   */
  found(device: string, availability: string, isRetained: boolean, time: number): void {
    if (this.devices.has(device)) return;
    if (availability === '') this.known.delete(device);
    else this.known.seen(device, availability === 'online' && !isRetained ? Infinity : time);
  }

  /**
   * Takes a device from the board and the broker, with all topics that it can have. It comes back with its next stream.
   *
   * @returns empty messages in the place of what is retained
   */
  forget(device: string): readonly Publication[] {
    const shown = this.devices.get(device);
    if (shown) this.deviceByStream.delete(shown.stream);
    this.devices.delete(device);
    this.known.delete(device);
    return this.topicsOf(device, shown).map((topic) => retained(topic, ''));
  }

  /** Forgets the device of a stream. */
  forgetStream(stream: string): readonly Publication[] {
    const device = this.settings.deviceOf(stream);
    return device === undefined ? [] : this.forget(device);
  }

  /**
   * Forgets devices that have been gone since before a time, the longest gone first, some at once.
   *
   * @param time epoch milliseconds
   * @param isOurs whether a device is this board's affair, where several share the prefix
   */
  expire(time: number, isOurs: (device: string) => boolean = () => true): readonly Publication[] {
    const gone = this.known.goneBefore(time, MOST_EXPIRED);
    return gone.filter(isOurs).flatMap((device) => this.forget(device));
  }

  /** Whether a topic is one of the board's own, so that it is never taken for sound. */
  owns(topic: string): boolean {
    return topic === this.settings.prefix || topic.startsWith(`${this.settings.prefix}/`);
  }

  /** Whoever publishes begins or ends. */
  availability(online: boolean): readonly Publication[] {
    const { prefix, worker } = this.settings;
    return [retained(availabilityTopic(prefix, worker), online ? 'online' : 'offline')];
  }

  /** A stream begins. Two streams of one device cannot both be shown: the first one is. */
  open(stream: string): OpenedStream {
    const device = this.settings.deviceOf(stream);
    if (device === undefined) return { kind: 'unnamed' };
    const shown = this.devices.get(device);
    if (shown && shown.stream !== stream) return { kind: 'taken', device, by: shown.stream };
    if (!this.known.seen(device, Infinity)) return { kind: 'full', device, maxDevices: this.known.most };
    if (!shown) this.devices.set(device, { stream, results: new Map(), classes: new Map() });
    this.deviceByStream.set(stream, device);
    return {
      kind: 'shown',
      device,
      publications: this.introduction(device),
    };
  }

  /**
   * Results of a stream turn.
   *
   * @param time epoch milliseconds
   * @returns nothing for a stream that is not shown, or where nothing is different from what the board says
   */
  change(stream: string, changes: readonly ResultChange[], time: number): readonly Publication[] {
    const device = this.deviceByStream.get(stream);
    const shown = device === undefined ? undefined : this.devices.get(device);
    if (device === undefined || !shown) return [];
    const publications: Publication[] = [];
    let latest: ResultChange | undefined;
    for (const change of changes) {
      if (shown.results.get(change.model)?.result === change.result) continue;
      publications.push(...this.switches(device, shown, change));
      const { result, confidence, timestampStart: since } = change;
      shown.results.set(change.model, { result, confidence, since });
      if (!latest || since > latest.timestampStart) latest = change;
    }
    if (latest) publications.push(this.state(device, shown, latest.timestampStart, time));
    return publications;
  }

  /**
   * A period of a stream is complete. Its level is in the next state; a state of its own tells one that has clearly changed.
   *
   * @param timestamp start of the period on the clock of the stream, in milliseconds
   * @param time epoch milliseconds
   */
  heard(stream: string, level: Level, timestamp: number, time: number): readonly Publication[] {
    const device = this.deviceByStream.get(stream);
    const shown = device === undefined ? undefined : this.devices.get(device);
    if (device === undefined || !shown) return [];
    shown.level = level;
    const { told } = shown;
    if (told) {
      const change = Math.max(Math.abs(level.mean - told.level.mean), Math.abs(level.peak - told.level.peak));
      if (change < LEVEL_CHANGE_DB || timestamp - told.timestamp < LEVEL_EVERY_MS) return [];
    }
    shown.told = { level, timestamp };
    return [this.state(device, shown, latestTurn(shown), time)];
  }

  /** Streams that are shown at this moment. */
  get streams(): readonly string[] {
    return [...this.deviceByStream.keys()];
  }

  /**
   * A stream ends: whatever is on goes off, so that no lamp burns for a device that is gone.
   *
   * @param timestamp place on the clock of the stream; that of the last turn where it is not known
   */
  close(stream: string, timestamp: number | undefined, time: number): readonly Publication[] {
    const device = this.deviceByStream.get(stream);
    const shown = device === undefined ? undefined : this.devices.get(device);
    if (device === undefined || !shown) return [];
    const publications = [...shown.results].map(([model, { result }]) =>
      retained(this.topic(device, model, result), 'OFF'),
    );
    const end = timestamp ?? latestTurn(shown);
    shown.results.clear();
    delete shown.level;
    publications.push(this.state(device, shown, end, time));
    publications.push(retained(this.topic(device, 'availability'), 'offline'));
    this.devices.delete(device);
    this.deviceByStream.delete(stream);
    this.known.seen(device, time);
    return publications;
  }

  /**
   * Everything that the board says, for a broker that came back and may have forgotten it.
   *
   * @param isWanted whether what is said of a stream is to be among it
   */
  all(time: number, isWanted: (stream: string) => boolean = () => true): readonly Publication[] {
    const streams = this.streams.filter(isWanted);
    return [...this.availability(true), ...streams.flatMap((stream) => this.allOf(stream, time))];
  }

  /** Everything that the board says of the device of a stream. */
  allOf(stream: string, time: number): readonly Publication[] {
    const device = this.deviceByStream.get(stream);
    const shown = device === undefined ? undefined : this.devices.get(device);
    if (device === undefined || !shown) return [];
    const publications = this.introduction(device);
    for (const [model, classes] of shown.classes) {
      const on = shown.results.get(model)?.result;
      for (const label of classes) {
        publications.push(retained(this.topic(device, model, label), label === on ? 'ON' : 'OFF'));
      }
    }
    if (shown.results.size === 0) return publications;
    return [...publications, this.state(device, shown, latestTurn(shown), time)];
  }

  /** All topics that a device can have. */
  private topicsOf(device: string, shown: ShownDevice | undefined): readonly string[] {
    const { announce, classesOf, models = () => [] } = this.settings;
    const names = new Set([...models(), ...(shown?.classes.keys() ?? [])]);
    const switches = [...names].flatMap((model) => {
      const classes = classesOf(model);
      const labels = [
        ...(classes.length > 0 ? classes : SPEAKERS),
        ...GATE_LABELS,
        ...(shown?.classes.get(model) ?? []),
      ];
      return [...new Set(labels)].map((label) => this.topic(device, model, label));
    });
    const own = ['availability', 'state'].map((name) => this.topic(device, name));
    return [...(announce ? [announce(device).topic] : []), ...own, ...switches];
  }

  private introduction(device: string): Publication[] {
    const { announce } = this.settings;
    return [...(announce ? [announce(device)] : []), retained(this.topic(device, 'availability'), 'online')];
  }

  /** ON and OFF of one turn; at a model's first one also OFF for its other classes. */
  private switches(device: string, shown: ShownDevice, change: ResultChange): Publication[] {
    const { model, result } = change;
    const publications: Publication[] = [];
    let classes = shown.classes.get(model);
    if (!classes) {
      classes = new Set(this.settings.classesOf(model));
      shown.classes.set(model, classes);
      for (const label of classes) {
        if (label !== result) publications.push(retained(this.topic(device, model, label), 'OFF'));
      }
    }
    const before = shown.results.get(model)?.result;
    if (before !== undefined && classes.has(before)) {
      publications.push(retained(this.topic(device, model, before), 'OFF'));
    }
    if (classes.has(result) || classes.size < MOST_CLASSES_PER_MODEL) {
      classes.add(result);
      publications.push(retained(this.topic(device, model, result), 'ON'));
    }
    return publications;
  }

  private state(device: string, shown: ShownDevice, timestamp: number, time: number): Publication {
    const state = {
      device,
      stream: shown.stream,
      timestamp,
      time,
      results: Object.fromEntries(shown.results),
      level: shown.level,
    };
    return retained(this.topic(device, 'state'), JSON.stringify(state));
  }

  private topic(...levels: readonly string[]): string {
    return [this.settings.prefix, ...levels.map(topicLevel)].join('/');
  }
}

/** Where whoever publishes says that it is there. */
export function availabilityTopic(prefix: string, worker: string | undefined): string {
  return [prefix, 'availability', ...(worker === undefined ? [] : [topicLevel(worker)])].join('/');
}

function latestTurn(shown: ShownDevice): number {
  return Math.max(0, ...[...shown.results.values()].map((result) => result.since));
}

function retained(topic: string, payload: string): Publication {
  return { topic, payload, retain: true };
}
