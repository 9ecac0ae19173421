import type { AnalysisStream, OpenOptions } from '../pipeline';
import { samplesToMs } from '../clock';
import { AnswerPump, type PumpEvent } from './answer-pump';
import { AnswerReport } from './answer-report';
import { EventQueue } from './event-queue';
import type { EndReason, LiveEvent, StreamAudio, Told } from './events';
import { analysisOptions, type LiveOptions } from './settings';
import { StreamInlet, type InletSetup, type Taken } from './stream-inlet';
import { Throughput } from './throughput';
import type { Settle, WaitingAudio } from './waiting-audio';

/** What all streams of a hub have in common. */
export interface CommonSetup extends Pick<InletSetup, 'settings' | 'format' | 'trust' | 'room'> {
  readonly throughput: Throughput;
  /** Where ffmpeg is, as far as it is set. */
  readonly ffmpegPath: () => string | undefined;
  /** Opens a stream of the engine. */
  readonly open: (options: OpenOptions) => Promise<AnalysisStream>;
}

/** What has happened in a stream, in its pump or at its inlet, with who waits for it to be told. */
type Happened<C> =
  | PumpEvent
  | { readonly did: 'take'; readonly events: readonly LiveEvent<C>[]; readonly settle: Settle | undefined };

/**
 * One live stream. Messages go in by `hear`, and through inlet, line and pump to the engine; what there is to tell comes out by
 * `events`.
 */
export class LiveStream<C> {
  readonly key: string;
  readonly #common: CommonSetup;
  readonly #options: LiveOptions;
  readonly #models: readonly string[];
  readonly #inlet: StreamInlet;
  readonly #line: WaitingAudio;
  readonly #pump: AnswerPump;
  readonly #throughput: Throughput;
  readonly #happened = new EventQueue<Happened<C>>();
  readonly #report: AnswerReport;
  #context: C | undefined;
  #lastHeard: number;
  /** Settles when all compressed audio is decoded; undefined where there is none. */
  #late: Promise<void> | undefined;
  /** What becomes of who still waits, once the stream is stopped. */
  #settleStopped: ((waiting: Settle) => void) | undefined;

  /**
   * @param now epoch milliseconds
   * @param after the stream of the same key before it, until it has left the engine
   */
  constructor(key: string, common: CommonSetup, options: LiveOptions, now: number, after: Promise<unknown>) {
    const { settings, room } = common;
    this.key = key;
    this.#common = common;
    this.#options = options;
    // The engine judges what is no list, when the stream is opened.
    this.#models = Array.isArray(options.models) ? [...new Set(options.models)] : [];
    this.#lastHeard = now;
    this.#line = room.open();
    this.#inlet = new StreamInlet({
      ...common,
      key,
      channel: options.channel,
      line: this.#line,
      ffmpegPath: common.ffmpegPath(),
    });
    this.#throughput = new Throughput(() => performance.now(), common.throughput);
    this.#report = new AnswerReport(options, settings.transitions);
    const analysis = analysisOptions(options);
    this.#pump = new AnswerPump({
      line: this.#line,
      done: this.#happened,
      open: (onEngineLost) => common.open({ ...analysis, onEngineLost }),
      after,
      segment: this.#inlet.segment,
      summaryMs: options.includeSummary === false ? 0 : settings.summaryMs,
      throughput: this.#throughput,
    });
  }

  /** Epoch milliseconds of the last message. */
  get lastHeard(): number {
    return this.#lastHeard;
  }

  /** Whether no message was taken yet. */
  get isUnused(): boolean {
    return this.#inlet.isUnused;
  }

  /** Whether it was stopped, so that nothing more of it is to be told. */
  get isStopped(): boolean {
    return this.#settleStopped !== undefined;
  }

  /** Milliseconds of audio that have no answer yet. */
  get lagMs(): number {
    return samplesToMs(this.#line.samples) + this.#pump.inFlightMs;
  }

  /** Settles when the stream has left the engine. */
  get closing(): Promise<unknown> {
    return this.isStopped ? Promise.all([this.#pump.closing, this.#inlet.close()]) : this.#pump.closing;
  }

  /**
   * What there is to tell, in order; for one reader, until the stream has ended, failed or was stopped. When the reader asks
   * for the next event, the one before counts as told, and who waited for it is settled.
   */
  async *events(): AsyncGenerator<LiveEvent<C>, void, undefined> {
    for await (const happened of this.#happened) {
      if (!this.isStopped) {
        this.#took(this.#inlet.takeDropped());
        if (happened.did === 'take') yield* happened.events;
        else if (happened.did === 'lose') yield this.#event(this.#inlet.lostWithEngine(happened));
        else for (const told of this.#report.of(happened)) yield this.#event(told);
      }
      this.#settle(happened);
    }
    this.#common.room.close(this.#line);
    await this.#inlet.close();
  }

  /**
   * Hears one message; resolves when everything that it made known has been told, or when its audio was dropped.
   *
   * @param now epoch milliseconds
   * @throws BadAudioError, InvalidArgumentError for a bad message, after which the stream goes on; OverloadedError where that
   *   is the policy; what opening a stream and running models can throw, after which the next message opens it again
   */
  hear(audio: StreamAudio<C>, now: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const taken = this.#inlet.take(audio, now, { resolve, reject });
      this.#lastHeard = now;
      this.#context = audio.context;
      this.#took(taken);
      taken.accepted?.then(resolve, reject);
      if (this.#inlet.isCompressed) this.#late ??= this.#hearLate();
      this.#pump.run();
    });
  }

  /** Hears of a message that was heard before; resolves when that has been told. */
  cameTwice(now: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#lastHeard = now;
      this.#took(this.#inlet.takeRepeated({ resolve, reject }));
    });
  }

  /** Hears of a message without audio; its context comes back with the events from now on. */
  mentioned(context: C): void {
    this.#context = context;
  }

  /** Resolves when the summary of all audio so far has been told. */
  summarize(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#line.add({ kind: 'summary', settle: { resolve, reject } });
      this.#pump.run();
    });
  }

  /**
   * Resolves when the last step, transitions and summary have been told. The stream takes no more audio.
   *
   * @throws BadAudioError where the last bytes turned out to be no audio; InferenceError
   */
  async end(reason: 'complete' | 'idle'): Promise<void> {
    const last = this.#inlet.takeEnd();
    await this.#late;
    await new Promise<void>((resolve, reject) => {
      this.#took(last);
      if (this.#late) this.#took(this.#inlet.takeLateEnd());
      this.#line.add({ kind: 'end', reason, settle: { resolve, reject } });
      this.#pump.run();
    });
    if (last.error) throw last.error;
  }

  /**
   * Stops at once; who still waits is settled by `settle`.
   *
   * @returns the last that there is to tell
   */
  stop(reason: EndReason, settle: (waiting: Settle) => void): readonly LiveEvent<C>[] {
    this.#settleStopped = settle;
    this.#pump.halt().forEach(settle);
    this.#endEvents();
    return this.#report.closed(reason, undefined).map((told) => this.#event(told));
  }

  /** The clock of the machine was set: no time has passed by that, and none is to come again. */
  clockWasSet(byMs: number): void {
    this.#lastHeard += byMs;
    this.#inlet.clockWasSet(byMs);
  }

  /** Puts in line what is decoded later than it came. */
  async #hearLate(): Promise<void> {
    for await (const samples of this.#inlet.late()) {
      if (this.isStopped) return;
      this.#took(this.#inlet.takeLate(samples));
      this.#pump.run();
    }
  }

  #took({ told, settle }: Taken): void {
    if (told.length === 0 && !settle) return;
    const events = told.map((one) => this.#event(one));
    this.#happened.push({ did: 'take', events, settle });
  }

  /** Who waited for this waits no longer. */
  #settle(happened: Happened<C>): void {
    switch (happened.did) {
      case 'open':
      case 'finish':
      case 'lose':
        return;
      case 'take':
      case 'answer':
      case 'nothing':
        if (happened.settle) (this.#settleStopped ?? resolve)(happened.settle);
        return;
      case 'end':
        (this.#settleStopped ?? resolve)(happened.settle);
        this.#endEvents();
        return;
      case 'fail': {
        const fail = (settle: Settle): void => {
          settle.reject(happened.error);
        };
        // What was put in line since has failed with it.
        [...happened.waiting, ...this.#pump.halt()].forEach(this.#settleStopped ?? fail);
        this.#endEvents();
        return;
      }
    }
  }

  #endEvents(): void {
    for (const untold of this.#happened.end()) this.#settle(untold);
  }

  #event(told: Told): LiveEvent<C> {
    const stream = {
      key: this.key,
      models: this.#models,
      outputPeriod: this.#options.outputPeriod,
      lagMs: this.lagMs,
      speed: this.#throughput.speed,
      ...this.#inlet.facts,
    };
    return { ...told, stream, context: this.#context };
  }
}

function resolve(settle: Settle): void {
  settle.resolve();
}
