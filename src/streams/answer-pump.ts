import type { AnalysisStream, OpenOptions } from '../pipeline';
import { SAMPLE_RATE } from '../clock';
import type { AnalysisEvents, AnalysisWarning, Summary } from '../insight';
import type { EventQueue } from './event-queue';
import type { EndReason } from './events';
import type { Segment } from './gap-tracker';
import type { Throughput } from './throughput';
import type { Settle, Waiting, WaitingAudio } from './waiting-audio';

/** Audio in the hands of the engine per stream at most: enough to keep it busy, little enough to drop the rest. */
const IN_FLIGHT_MS = 256;

const NO_SAMPLES = new Float32Array(0);

/** What a pump has done, in the order of the audio; `settle`: who waits for it, and all before it, to be told. */
export type PumpEvent =
  /** A stream of the engine is open. */
  | { readonly did: 'open' }
  | {
      readonly did: 'answer';
      readonly events: AnalysisEvents;
      readonly segment: Segment;
      /** Milliseconds of audio answered since the segment began; less what a speaker map waits for. */
      readonly answeredMs: number;
      /** Of everything answered, where one was due or asked for. */
      readonly summary: { readonly cause: 'interval' | 'request'; readonly summary: Summary } | undefined;
      /** Of everything answered. */
      readonly warnings: readonly AnalysisWarning[];
      readonly settle: Settle | undefined;
    }
  /** The last answer of an analysis; `endMs` is the true end of its audio. */
  | {
      readonly did: 'finish';
      readonly reason: EndReason;
      readonly events: AnalysisEvents;
      readonly segment: Segment;
      readonly endMs: number;
      readonly summary: Summary;
      readonly warnings: readonly AnalysisWarning[];
    }
  /** What runs the models was lost, and with it so much audio, of which the first was at `atMs` of the segment; the pump goes on. */
  | { readonly did: 'lose'; readonly lostMs: number; readonly atMs: number }
  /** There was nothing to answer. */
  | { readonly did: 'nothing'; readonly settle: Settle }
  /** All audio has been answered, and there comes no more. */
  | { readonly did: 'end'; readonly settle: Settle }
  /** The engine failed, and the pump has halted; `waiting`: whose work will not be done. */
  | { readonly did: 'fail'; readonly error: Error; readonly waiting: readonly Settle[] };

/** What a pump works with. */
export interface PumpSetup {
  readonly line: WaitingAudio;
  /** Where it puts down what it has done. */
  readonly done: Pick<EventQueue<PumpEvent>, 'push'>;
  /** Opens a stream of the engine. */
  readonly open: (onEngineLost: OpenOptions['onEngineLost']) => Promise<AnalysisStream>;
  /** Nothing is opened before this has settled. */
  readonly after: Promise<unknown>;
  /** The clock of the first audio. */
  readonly segment: Segment;
  /** Audio between two running summaries; 0: none but on request. */
  readonly summaryMs: number;
  readonly throughput: Throughput;
}

/** Takes one stream's waiting audio through the engine, in order, a little at a time. */
export class AnswerPump {
  readonly #setup: PumpSetup;
  #segment: Segment;
  #analysis: AnalysisStream | undefined;
  #answeredMs = 0;
  #delayMs = 0;
  /** Running summaries that were due since the analysis began. */
  #summaries = 0;
  #isOpening = false;
  #isHalted = false;
  #closing: Promise<unknown>;
  /** Settles when everything that was asked of the engine has been answered. */
  #answers: Promise<unknown> = Promise.resolve();
  /** Who waits for what is in the hands of the engine. */
  readonly #inHand = new Set<Settle>();

  constructor(setup: PumpSetup) {
    this.#setup = setup;
    this.#segment = setup.segment;
    this.#closing = setup.after;
  }

  /** Audio in the hands of the engine. */
  get inFlightMs(): number {
    return this.#analysis?.pendingMs ?? 0;
  }

  /** Milliseconds by which answers are late because a speaker map waits; of the stream of the engine that was opened last. */
  get delayMs(): number {
    return this.#delayMs;
  }

  /** Settles when nothing of this stream is left in the engine. */
  get closing(): Promise<unknown> {
    return this.#closing;
  }

  /** Goes on; to be called whenever something was put in line. */
  run(): void {
    const { line } = this.#setup;
    while (!this.#isHalted && !this.#isOpening) {
      const { first } = line;
      if (!first) return;
      const isAudio = first.kind === 'audio' || first.kind === 'silence';
      if (isAudio && !this.#analysis) {
        this.#open();
        return;
      }
      if (isAudio && this.inFlightMs >= IN_FLIGHT_MS) return;
      line.take();
      this.#do(first, this.#analysis);
    }
  }

  /**
   * Stops at once, does nothing more and empties the line.
   *
   * @returns who waits for what was in line, or in the hands of the engine
   */
  halt(): readonly Settle[] {
    this.#isHalted = true;
    this.#analysis?.close();
    this.#analysis = undefined;
    const inHand = [...this.#inHand];
    this.#inHand.clear();
    const inLine = this.#setup.line.clear().map((item) => ('settle' in item ? item.settle : undefined));
    return [...inHand, ...inLine.filter((settle) => settle !== undefined)];
  }

  #open(): void {
    this.#isOpening = true;
    const opening = this.#closing.then(async () => {
      if (this.#isHalted) return;
      const analysis = await this.#setup.open(({ lostMs }) => {
        this.#setup.done.push({ did: 'lose', lostMs, atMs: this.#answeredMs });
      });
      if (this.#isNowHalted()) {
        analysis.close(); // Halted while it opened: nobody waits for it any more.
        return;
      }
      this.#analysis = analysis;
      this.#delayMs = analysis.delayMs;
      this.#answeredMs = 0;
      this.#summaries = 0;
      this.#setup.done.push({ did: 'open' });
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
        this.#finish('gap');
        this.#segment = item.segment;
        return;
      case 'summary':
        // An empty push is answered after all that is in flight.
        if (analysis) this.#answer(analysis, analysis.push(NO_SAMPLES), 0, item.settle, true);
        else this.#setup.done.push({ did: 'nothing', settle: item.settle });
        return;
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
    isAsked = false,
  ): void {
    const segment = this.#segment;
    const { throughput, done } = this.#setup;
    const audioMs = (sampleCount * 1_000) / SAMPLE_RATE;
    this.#take(settle);
    throughput.begin();
    void this.#inOrder(answer).then(
      (events) => {
        throughput.end(audioMs);
        if (this.#isHalted) return;
        this.#answeredMs += audioMs;
        this.#giveBack(settle);
        const answeredMs = Math.max(0, this.#answeredMs - analysis.delayMs);
        const cause = isAsked ? 'request' : this.#isSummaryDue() ? 'interval' : undefined;
        const summary = cause === undefined ? undefined : ({ cause, summary: analysis.summary() } as const);
        const warnings = analysis.warnings();
        done.push({ did: 'answer', events, segment, answeredMs, summary, warnings, settle });
        this.run();
      },
      (error: unknown) => {
        throughput.end(0);
        this.#fail(error);
      },
    );
  }

  /** Once for each interval of audio that was answered. */
  #isSummaryDue(): boolean {
    const { summaryMs } = this.#setup;
    const due = summaryMs === 0 ? 0 : Math.floor(this.#answeredMs / summaryMs);
    if (due <= this.#summaries) return false;
    this.#summaries = due;
    return true;
  }

  /** Ends the present analysis, if there is one: last step and transitions, then the summary. */
  #finish(reason: EndReason): void {
    const analysis = this.#analysis;
    if (!analysis) return;
    this.#analysis = undefined;
    const segment = this.#segment;
    this.#closing = this.#inOrder(analysis.finish()).then(
      (events) => {
        if (this.#isHalted) return;
        const summary = analysis.summary();
        const warnings = analysis.warnings();
        const endMs = analysis.receivedMs;
        this.#setup.done.push({ did: 'finish', reason, events, segment, endMs, summary, warnings });
      },
      (error: unknown) => {
        this.#fail(error);
      },
    );
  }

  #end(reason: EndReason, settle: Settle): void {
    this.#take(settle);
    this.#finish(reason);
    // An analysis before the present one may still be at its last words.
    void this.#closing.then(() => {
      if (this.#isHalted) return;
      this.#giveBack(settle);
      this.#setup.done.push({ did: 'end', settle });
    });
  }

  /** An answer after those to earlier audio, which an analysis may give a moment later than one to less. */
  #inOrder(answer: Promise<AnalysisEvents>): Promise<AnalysisEvents> {
    answer.catch(() => undefined); // It is awaited after the ones before it.
    const next = this.#answers.then(() => answer);
    this.#answers = next.catch(() => undefined);
    return next;
  }

  #fail(thrown: unknown): void {
    if (this.#isHalted) return;
    const error = thrown instanceof Error ? thrown : new Error(String(thrown));
    this.#setup.done.push({ did: 'fail', error, waiting: this.halt() });
  }

  #take(settle: Settle | undefined): void {
    if (settle) this.#inHand.add(settle);
  }

  #giveBack(settle: Settle | undefined): void {
    if (settle) this.#inHand.delete(settle);
  }

  /** For where the compiler remembers what was before a wait. */
  #isNowHalted(): boolean {
    return this.#isHalted;
  }
}
