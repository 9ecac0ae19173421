/** The streams of one node as a person looks at them: what is heard now, and the last two minutes. */
import type { Level, LiveEvent, StreamFacts, TimeSeriesStep } from '../../src';
import { saidLabels, type SaidLabel } from '../../src/insight';
import { RecordBudget } from './record-budget';
import { StreamRecord, type Timeline } from './stream-record';

/** A stream as it is now. */
export interface WatchedStream extends Pick<
  StreamFacts,
  'speed' | 'lagMs' | 'droppedMs' | 'gaps' | 'gapMs' | 'receivedMs'
> {
  /** Stays while the stream is open; no other stream of this Node-RED has it. */
  readonly id: number;
  /** For people: no control characters, and not too long. */
  readonly name: string;
  readonly heard: readonly SaidLabel[];
  readonly level: Level | null;
  /** Milliseconds since the last answer; null before there was one. */
  readonly agoMs: number | null;
}

/** What is remembered of a stream; of more streams than there is room for, only how they are now. */
interface Entry {
  readonly id: number;
  readonly record: StreamRecord | undefined;
  facts: StreamFacts;
  step: Pick<TimeSeriesStep, 'results' | 'level'> | undefined;
  /** By a clock that never goes back. */
  at: number;
}

/** Longest name that is shown. */
const MOST_LETTERS = 120;
/** One for all nodes: memory is the machine's. */
const SHARED = new RecordBudget();
let lastId = 0;

/** Remembers what the streams of a node tell. */
export class WatchedStreams {
  readonly #entries = new Map<string, Entry>();
  readonly #budget: RecordBudget;
  /** Keys of the streams that are open. */
  readonly #open: () => readonly string[];
  #isClosed = false;

  constructor(open: () => readonly string[], budget = SHARED) {
    this.#open = open;
    this.#budget = budget;
  }

  hear(event: LiveEvent): void {
    if (this.#isClosed) return;
    const { stream } = event;
    // One that begins anew after a gap goes on for who looks at it.
    if (event.kind === 'closed' && event.reason !== 'gap') {
      this.#forget(stream.key);
      return;
    }
    const entry = this.#entries.get(stream.key) ?? this.#begin(stream);
    entry.facts = stream;
    if (event.kind === 'step') {
      entry.step = event.step;
      entry.at = performance.now();
      entry.record?.hear(event.step);
    } else if (event.kind === 'gap') entry.record?.lost(event.timestamp);
    else if (event.kind === 'dropped') entry.record?.lost(stream.receivedMs);
  }

  /** Streams that are open and whose names hold a text, as far as they are wanted; `more`: how many others there are. */
  list(find: string, most: number): { readonly streams: readonly WatchedStream[]; readonly more: number } {
    this.#prune();
    const wanted = find.toLowerCase();
    const found = [...this.#entries].filter(([key]) => key.toLowerCase().includes(wanted));
    const streams = found.slice(0, most).map(([key, entry]) => watched(key, entry));
    return { streams, more: found.length - streams.length };
  }

  /** The last two minutes of a stream; null where there was no room for them; undefined where there is no such stream. */
  timelineOf(id: number): { readonly stream: WatchedStream; readonly timeline: Timeline | null } | undefined {
    this.#prune();
    for (const [key, entry] of this.#entries) {
      if (entry.id === id) return { stream: watched(key, entry), timeline: entry.record?.timeline ?? null };
    }
    return undefined;
  }

  close(): void {
    this.#isClosed = true;
    for (const key of [...this.#entries.keys()]) this.#forget(key);
  }

  #begin(facts: StreamFacts): Entry {
    const { key, models, outputPeriod } = facts;
    let record = StreamRecord.open(models, outputPeriod, this.#budget);
    if (!record) {
      this.#prune(); // Some may have ended without a word.
      record = StreamRecord.open(models, outputPeriod, this.#budget);
    }
    const entry: Entry = { id: ++lastId, record, facts, step: undefined, at: 0 };
    this.#entries.set(key, entry);
    return entry;
  }

  /** A stream that was closed by a gap and did not begin anew says nothing of its end. */
  #prune(): void {
    const open = new Set(this.#open());
    for (const key of [...this.#entries.keys()]) if (!open.has(key)) this.#forget(key);
  }

  #forget(key: string): void {
    this.#entries.get(key)?.record?.close();
    this.#entries.delete(key);
  }
}

function watched(key: string, { id, facts, step, at }: Entry): WatchedStream {
  const { speed, lagMs, droppedMs, gaps, gapMs, receivedMs } = facts;
  return {
    id,
    name: printable(key),
    heard: step ? saidLabels(step.results) : [],
    level: step?.level ?? null,
    agoMs: step ? Math.round(performance.now() - at) : null,
    ...{ speed, lagMs, droppedMs, gaps, gapMs, receivedMs },
  };
}

/** A name as it can be shown: what would change the direction of writing, or is no sign at all, is U+FFFD. */
function printable(name: string): string {
  const shown = name.replace(/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu, '\uFFFD');
  return shown.length <= MOST_LETTERS ? shown : `${shown.slice(0, MOST_LETTERS).replace(/\p{Cs}$/u, '')}…`;
}
