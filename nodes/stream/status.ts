/** The one line under the stream node: streams, what they hear, and trouble of the last seconds. */
import type { HubStatistics } from '../../src';
import { failureStatus, guarded } from '../shared/failure';
import { PACKAGE, type Node, type NodeAPI, type NodeStatus } from '../shared/node-red';
import type { StatusLine } from '../shared/status-line';

/** Milliseconds between two looks at the streams. */
const INTERVAL_MS = 1_000;
/** Milliseconds that trouble stays in the line. */
const TROUBLE_MS = 10_000;
/** Audio waiting longer than this is worth a word. */
const LAG_MS = 1_000;

export interface StreamStatusParts {
  readonly node: Pick<Node, 'error'>;
  readonly RED: Pick<NodeAPI, '_'>;
  readonly line: StatusLine;
  readonly statistics: () => HubStatistics;
  /** What the streams hear now, in a few words; '' before anything was heard. */
  readonly heard: () => string;
  /** What a source has to say, which stands in front; undefined: nothing. */
  readonly source: () => NodeStatus | undefined;
  /** What a source adds to the line; undefined: nothing. */
  readonly note?: () => string | undefined;
  /** Why no stream can be opened at all, which stands where there is none; undefined: nothing is in the way. */
  readonly obstacle: () => NodeStatus | undefined;
}

/** Keeps the status line up to date while streams run. */
export class StreamStatus {
  readonly #parts: StreamStatusParts;
  readonly #timer: NodeJS.Timeout;
  #last: HubStatistics;
  #failure: { readonly error: unknown; readonly until: number; wasOvercome: boolean } | undefined;
  #lossUntil = { dropped: 0, gaps: 0 };

  constructor(parts: StreamStatusParts) {
    this.#parts = parts;
    this.#last = parts.statistics();
    const look = guarded(parts.node, () => {
      this.update();
    });
    this.#timer = setInterval(look, INTERVAL_MS).unref();
  }

  /** Something failed. */
  failed(error: unknown): void {
    this.#failure = { error, until: performance.now() + TROUBLE_MS, wasOvercome: false };
    this.update();
  }

  /** Shows the streams as they are. */
  update(): void {
    const now = performance.now();
    const present = this.#parts.statistics();
    if (present.droppedMs > this.#last.droppedMs) this.#lossUntil.dropped = now + TROUBLE_MS;
    if (present.gaps > this.#last.gaps) this.#lossUntil.gaps = now + TROUBLE_MS;
    const isNew = present.streams > 0 || this.#last.streams > 0;
    this.#last = present;
    const source = this.#parts.source();
    const failure = this.#failureAt(now, present);
    // A source that came to its end has no more to say than what went wrong.
    if (source && !(failure && source.fill === 'grey')) this.#parts.line.set(source);
    else if (failure) this.#parts.line.set(failureStatus(failure.error));
    // Before the first stream the engine has the line.
    else if (isNew || this.#failure || this.#parts.note?.() !== undefined)
      this.#parts.line.set(this.#noted(this.#status(present, now)));
  }

  /** What went wrong stands for some seconds, and where no stream came after it until one does. */
  #failureAt(now: number, { streams }: HubStatistics): { readonly error: unknown } | undefined {
    const failure = this.#failure;
    if (!failure) return undefined;
    if (streams > 0) failure.wasOvercome = true;
    const stands = !failure.wasOvercome && !this.#parts.obstacle();
    return failure.until > now || stands ? failure : undefined;
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #noted(status: NodeStatus): NodeStatus {
    const note = this.#parts.note?.();
    return note === undefined ? status : { ...status, text: `${status.text ?? ''}, ${note}` };
  }

  #status({ streams, lagMs, droppedMs, gaps }: HubStatistics, now: number): NodeStatus {
    if (streams === 0)
      return this.#parts.obstacle() ?? { fill: 'grey', shape: 'dot', text: this.#text('idle') };
    const values = {
      streams: String(streams),
      lag: (lagMs / 1_000).toFixed(1),
      dropped: (droppedMs / 1_000).toFixed(1),
      gaps: String(gaps),
    };
    if (this.#lossUntil.dropped > now)
      return { fill: 'yellow', shape: 'ring', text: this.#text('dropped', values) };
    if (lagMs > LAG_MS) return { fill: 'yellow', shape: 'dot', text: this.#text('lag', values) };
    if (this.#lossUntil.gaps > now) return { fill: 'yellow', shape: 'dot', text: this.#text('gaps', values) };
    const heard = this.#parts.heard();
    const text = this.#text(streams === 1 ? 'one' : 'many', values) + (heard === '' ? '' : `: ${heard}`);
    return { fill: 'green', shape: 'dot', text };
  }

  #text(key: string, values: Record<string, string> = {}): string {
    return this.#parts.RED._(`${PACKAGE}/deeptone-stream:deeptone-stream.status.${key}`, values);
  }
}
