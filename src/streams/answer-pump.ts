import type { AnalysisStream } from '../pipeline/analysis-stream';
import { SAMPLE_RATE } from '../clock';
import type { AnalysisEvents, Summary } from '../insight';
import type { Segment } from './gap-tracker';
import type { EndReason } from './events';
import type { Settle, Waiting, WaitingAudio } from './waiting-audio';

/** Audio in the hands of the engine per stream at most: enough to keep it busy, little enough to drop the rest. */
const IN_FLIGHT_MS = 256;

const NO_SAMPLES = new Float32Array(0);

/** What the pump does not know: the engine, and who hears the answers. */
export interface PumpHost {
  /** Opens the engine's stream. */
  open(): Promise<AnalysisStream>;
  opened(): void;
  /** `audioMs`: audio answered since the segment began. */
  answered(events: AnalysisEvents, segment: Segment, audioMs: number): void;
  /** The last answer of an analysis; `audioMs` is its true end. */
  finished(events: AnalysisEvents, segment: Segment, audioMs: number): void;
  /** A piece of audio went to the engine, and its answer came. */
  begin(): void;
  end(audioMs: number): void;
  /** `answeredMs`: audio answered since the segment began. */
  progressed(answeredMs: number, summary: () => Summary): void;
  summarized(cause: 'request' | 'end', summary: Summary): void;
  /** One analysis has ended; after `failed` the pump has stopped. */
  ended(reason: EndReason, error?: Error): void;
}

/** Takes one stream's waiting audio through the engine, in order, a little at a time. */
export class AnswerPump {
  readonly #line: WaitingAudio;
  readonly #host: PumpHost;
  #segment: Segment;
  #analysis: AnalysisStream | undefined;
  #answeredMs = 0;
  #isOpening = false;
  #settleStopped: ((waiting: Settle) => void) | undefined;
  #closing: Promise<unknown> = Promise.resolve();

  /** @param after opens nothing before this has settled */
  constructor(line: WaitingAudio, host: PumpHost, segment: Segment, after: Promise<unknown>) {
    this.#line = line;
    this.#host = host;
    this.#segment = segment;
    this.#closing = after;
  }

  /** Audio in the hands of the engine. */
  get inFlightMs(): number {
    return this.#analysis?.pendingMs ?? 0;
  }

  /** Settles when nothing of this stream is left in the engine. */
  get closing(): Promise<unknown> {
    return this.#closing;
  }

  /** Goes on; to be called whenever something was put in line. */
  run(): void {
    while (!this.#isStopped && !this.#isOpening) {
      const { first } = this.#line;
      if (!first) return;
      const isAudio = first.kind === 'audio' || first.kind === 'silence';
      if (isAudio && !this.#analysis) {
        this.#open();
        return;
      }
      if (isAudio && this.inFlightMs >= IN_FLIGHT_MS) return;
      this.#line.take();
      this.#do(first, this.#analysis);
    }
  }

  /** Stops at once and says nothing more; what waits, and what the engine has not answered, is settled by `settle`. */
  stop(settle: (waiting: Settle) => void): void {
    this.#settleStopped = settle;
    this.#analysis?.close();
    this.#analysis = undefined;
    for (const item of this.#line.clear()) {
      if ('settle' in item && item.settle) settle(item.settle);
    }
  }

  get #isStopped(): boolean {
    return this.#settleStopped !== undefined;
  }

  #open(): void {
    this.#isOpening = true;
    const opening = this.#closing.then(async () => {
      if (this.#isStopped) return;
      const analysis = await this.#host.open();
      if (this.#settleStopped) {
        analysis.close(); // Stopped while it opened: nobody waits for it any more.
      } else {
        this.#analysis = analysis;
        this.#answeredMs = 0;
        this.#host.opened();
      }
    });
    this.#closing = opening.catch(() => undefined);
    void opening.then(
      () => {
        this.#isOpening = false;
        this.run();
      },
      (error: unknown) => {
        this.#isOpening = false;
        this.#fail(error);
      },
    );
  }

  #do(item: Waiting, analysis: AnalysisStream | undefined): void {
    switch (item.kind) {
      case 'audio':
        if (analysis) this.#answer(analysis, analysis.push(item.samples), item.samples.length, item.settle);
        return;
      case 'silence':
        if (analysis) this.#answer(analysis, analysis.skip(item.sampleCount), item.sampleCount, undefined);
        return;
      case 'restart':
        this.#end('gap', undefined);
        this.#segment = item.segment;
        return;
      case 'summary': {
        if (!analysis) {
          item.settle.resolve();
          return;
        }
        // An empty push is answered after all that is in flight.
        const tell = (): void => {
          this.#host.summarized('request', analysis.summary());
        };
        this.#answer(
          analysis,
          analysis.push(NO_SAMPLES).then((events) => (tell(), events)),
          0,
          item.settle,
        );
        return;
      }
      case 'end':
        this.#end(item.reason, item.settle);
        return;
    }
  }

  #answer(
    analysis: AnalysisStream,
    answer: Promise<AnalysisEvents>,
    sampleCount: number,
    settle: Settle | undefined,
  ): void {
    const segment = this.#segment;
    const audioMs = (sampleCount * 1_000) / SAMPLE_RATE;
    this.#host.begin();
    void answer.then(
      (events) => {
        this.#host.end(audioMs);
        if (this.#settleStopped) {
          if (settle) this.#settleStopped(settle);
          return;
        }
        this.#tell(analysis, events, segment, audioMs);
        settle?.resolve();
        this.run();
      },
      (error: unknown) => {
        this.#host.end(0);
        this.#fail(error);
        if (settle) this.#settleStopped?.(settle);
      },
    );
  }

  #tell(analysis: AnalysisStream, events: AnalysisEvents, segment: Segment, audioMs: number): void {
    this.#answeredMs += audioMs;
    this.#host.answered(events, segment, this.#answeredMs);
    this.#host.progressed(this.#answeredMs, () => analysis.summary());
  }

  /** Ends the present analysis, if there is one: last step and transitions, then the summary. */
  #end(reason: EndReason, settle: Settle | undefined): void {
    const analysis = this.#analysis;
    this.#analysis = undefined;
    if (!analysis) {
      settle?.resolve();
      return;
    }
    const segment = this.#segment;
    this.#closing = analysis.finish().then(
      (events) => {
        if (!this.#isStopped) {
          this.#host.finished(events, segment, analysis.receivedMs);
          this.#host.summarized('end', analysis.summary());
          this.#host.ended(reason);
        }
        settle?.resolve();
      },
      (error: unknown) => {
        this.#fail(error);
        settle?.reject(asError(error));
      },
    );
  }

  /** The engine failed: whoever waits is told, and the pump stops. */
  #fail(thrown: unknown): void {
    if (this.#isStopped) return;
    const error = asError(thrown);
    this.stop((waiting) => {
      waiting.reject(error);
    });
    this.#host.ended('failed', error);
  }
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
