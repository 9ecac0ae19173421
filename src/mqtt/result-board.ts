/**
 * The board of results that stands on a broker: what every device hears at this moment, as retained messages that are
 * sent only when they change.
 *
 *     <prefix>/availability                  online | offline   (whoever publishes)
 *     <prefix>/<device>/availability         online | offline   (the stream of the device)
 *     <prefix>/<device>/state                {"device", "stream", "timestamp", "time", "results", "level"}
 *     <prefix>/<device>/<model>/<class>      ON | OFF
 *
 * Pure: no clock and no network.
 */
import type { Level } from '../insight';
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
  | { readonly kind: 'taken'; readonly device: string; readonly by: string };

/** Classes have no limit for a model that finds its own (`speaker-map`); topics have. */
const MOST_CLASSES_PER_MODEL = 64;
/** Change of a level that is worth a state of its own, in dB: what one clearly hears. */
const LEVEL_CHANGE_DB = 3;
/** Milliseconds of a stream between two states that only its level brings about. */
const LEVEL_EVERY_MS = 1_000;

export class ResultBoard {
  private readonly settings: BoardSettings;
  private readonly devices = new Map<string, ShownDevice>();
  private readonly deviceByStream = new Map<string, string>();

  constructor(settings: BoardSettings) {
    this.settings = settings;
  }

  /** Whether a topic is one of the board's own, so that it is never taken for sound. */
  owns(topic: string): boolean {
    return topic === this.settings.prefix || topic.startsWith(`${this.settings.prefix}/`);
  }

  /** Whoever publishes begins or ends. */
  availability(online: boolean): readonly Publication[] {
    return [retained(`${this.settings.prefix}/availability`, online ? 'online' : 'offline')];
  }

  /** A stream begins. Two streams of one device cannot both be shown: the first one is. */
  open(stream: string): OpenedStream {
    const device = this.settings.deviceOf(stream);
    if (device === undefined) return { kind: 'unnamed' };
    const shown = this.devices.get(device);
    if (shown && shown.stream !== stream) return { kind: 'taken', device, by: shown.stream };
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
    return publications;
  }

  /** Everything that the board says, for a broker that came back and may have forgotten it. */
  all(time: number): readonly Publication[] {
    const publications = [...this.availability(true)];
    for (const [device, shown] of this.devices) {
      publications.push(...this.introduction(device));
      for (const [model, classes] of shown.classes) {
        const on = shown.results.get(model)?.result;
        for (const label of classes) {
          publications.push(retained(this.topic(device, model, label), label === on ? 'ON' : 'OFF'));
        }
      }
      if (shown.results.size === 0) continue;
      publications.push(this.state(device, shown, latestTurn(shown), time));
    }
    return publications;
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

function latestTurn(shown: ShownDevice): number {
  return Math.max(0, ...[...shown.results.values()].map((result) => result.since));
}

function retained(topic: string, payload: string): Publication {
  return { topic, payload, retain: true };
}
