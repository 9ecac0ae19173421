/** What a live widget remembers: the last minutes as small items, which pages put together, late ones too. Pure but for the clock. */
import { clientOf, fieldsOf, labelIn, numberOf, textOf, type Fields } from './reading';

/** Something that was heard, or happened. Times in epoch milliseconds. */
export interface LiveItem {
  readonly stream: string;
  readonly time: number;
  /** The browser that alone may see it. */
  readonly client?: string;
  /** Of a step: dBFS, and the label of each model. */
  readonly level?: readonly [mean: number, peak: number];
  readonly labels?: Readonly<Record<string, string>>;
  /** Of a phase: null while it lasts. */
  readonly end?: number | null;
  readonly model?: string;
  readonly label?: string;
  /** Of an event: its kind, and a sentence. */
  readonly event?: string;
  readonly text?: string;
}

/** However short steps are, and however many streams there are. */
const MOST_ITEMS = 20_000;
/** Streams whose clocks are known. */
const MOST_STREAMS = 1_000;

export class LiveBoard {
  readonly #keepMs: number;
  readonly #now: () => number;
  /** Per stream and browser: when its first sound was. */
  readonly #origins = new Map<string, number>();
  #items: LiveItem[] = [];

  /** @param keepMs how far back late viewers see */
  constructor(keepMs: number, now: () => number = Date.now) {
    this.#keepMs = keepMs;
    this.#now = now;
  }

  /** Remembers what a message says. @returns what pages are to be told, undefined where there is nothing */
  take(message: object): LiveItem | undefined {
    const fields = fieldsOf(message);
    const insight = fieldsOf(fields['insight']);
    const stream = textOf(insight['stream']) ?? textOf(fields['topic']) ?? '';
    const client = clientOf(message);
    const about = { stream, ...(client === undefined ? {} : { client }) };
    const origin = this.#originOf(about, insight);
    const item = itemOf(fields, insight, origin, this.#now());
    if (!item) return undefined;
    const kept = { ...about, ...item };
    this.#items.push(kept);
    this.#forgetOld();
    return kept;
  }

  /** What a browser may see, in the order in which it came. */
  of(client: string | undefined): readonly LiveItem[] {
    this.#forgetOld();
    return this.#items.filter((item) => item.client === undefined || item.client === client);
  }

  clear(): void {
    this.#items = [];
    this.#origins.clear();
  }

  /** Sound that carries no time is as old as the stream is long. */
  #originOf({ stream, client = '' }: { stream: string; client?: string }, insight: Fields): number {
    const key = `${client}/${stream}`;
    const duration = numberOf(insight['duration']) ?? 0;
    const known = this.#origins.get(key);
    // A stream that begins anew under its name is shorter than it was.
    if (known !== undefined && this.#now() - known - duration < this.#keepMs) return known;
    if (this.#origins.size >= MOST_STREAMS) this.#origins.clear();
    const origin = this.#now() - duration;
    this.#origins.set(key, origin);
    return origin;
  }

  #forgetOld(): void {
    const oldest = this.#now() - this.#keepMs;
    const first = this.#items.findIndex(({ time, end }) => (end ?? time) >= oldest);
    const tooMany = this.#items.length - MOST_ITEMS;
    const old = Math.max(first < 0 ? this.#items.length : first, tooMany);
    // Not one by one: an array is moved for each.
    if (old > 500 || first < 0 || tooMany > 0) this.#items.splice(0, old);
  }
}

type News = Omit<LiveItem, 'stream' | 'client'>;

function itemOf(message: Fields, insight: Fields, origin: number, now: number): News | undefined {
  const payload = fieldsOf(message['payload']);
  const timestamp = numberOf(payload['timestamp']) ?? numberOf(payload['timestamp_start']);
  const time = numberOf(payload['time']) ?? (timestamp === undefined ? now : origin + timestamp);
  switch (insight['kind']) {
    case 'step':
    case 'chunk':
      return stepItem(payload, time);
    case 'transition':
      return insight['raw'] === true ? undefined : phaseItem(payload, time);
    case 'event': {
      const [event, text] = [textOf(payload['kind']), textOf(insight['text'])];
      return event === undefined ? undefined : { time: now, event, text: text ?? event };
    }
    default:
      return undefined;
  }
}

function stepItem({ results, level }: Fields, time: number): News {
  const { mean, peak } = fieldsOf(level);
  const labels = Object.entries(fieldsOf(results)).flatMap(([model, result]) => {
    const label = labelIn(result);
    return label === undefined ? [] : [[model, label] as const];
  });
  const [average, highest] = [numberOf(mean), numberOf(peak)];
  return {
    time,
    labels: Object.fromEntries(labels),
    ...(average === undefined ? {} : { level: [average, highest ?? average] as const }),
  };
}

function phaseItem(payload: Fields, time: number): News | undefined {
  const [model, label] = [textOf(payload['model']), textOf(payload['result'])];
  if (model === undefined || label === undefined) return undefined;
  const [start, end] = [numberOf(payload['timestamp_start']), numberOf(payload['timestamp_end'])];
  return { time, model, label, end: start === undefined || end === undefined ? null : time + end - start };
}
