import type { AnalysisStream, OpenOptions } from '../pipeline';
import { payloadBytes } from '../audio';
import { samplesToMs } from '../clock';
import { ClosedError } from '../errors';
import { say } from '../sentence';
import { AnswerPump, type PumpEvent } from './answer-pump';
import { AnswerReport } from './answer-report';
import { EventQueue } from './event-queue';
import type { EndReason, LiveEvent, StreamAudio, Told } from './events';
import { analysisOptions, type LiveOptions } from './settings';
import { isLong, StreamInlet, type InletSetup, type Taken } from './stream-inlet';
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
  /** Settles when all long messages are read; undefined where none is. */
  #reading: Promise<void> | undefined;
  /** About so many milliseconds of audio in them are not in line yet. */
  #unreadMs = 0;
  /** What ended it before its time. */
  #failure: Error | undefined;
  #isOver = false;
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

  /** Milliseconds of audio that have no answer yet; of long messages that are being read by their size. */
  get lagMs(): number {
    return samplesToMs(this.#line.samples) + this.#pump.inFlightMs + this.#unreadLagMs;
  }

  get #unreadLagMs(): number {
    return this.#isOver ? 0 : Math.round(this.#unreadMs);
  }

  /** Whether there is audio that has no answer yet. */
  get isAtWork(): boolean {
    return this.#reading !== undefined || this.lagMs > 0;
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
      const settle = { resolve, reject };
      if (this.#reading || isLong(audio)) {
        this.#readInTurn(audio, now, settle);
        return;
      }
      const taken = this.#inlet.take(audio, now, settle);
      this.#lastHeard = now;
      this.#context = audio.context;
      this.#goOn(taken, settle);
    });
  }

  /** Puts in line what a message brought. */
  #goOn(taken: Taken, { resolve, reject }: Settle): void {
    this.#took(taken);
    taken.accepted?.then(resolve, reject);
    if (this.#inlet.isCompressed) this.#late ??= this.#hearLate();
    this.#pump.run();
  }

  /** Reads a message when those before it are read. */
  #readInTurn(audio: StreamAudio<C>, now: number, settle: Settle): void {
    const bytes = payloadBytes(audio.payload);
    if (!this.#common.room.hasRoomFor(bytes)) {
      this.#took(this.#inlet.refuseLong(settle));
      return;
    }
    this.#line.countBytes(bytes);
    const unreadMs = this.#inlet.estimateMs(audio);
    this.#unreadMs += unreadMs;
    this.#lastHeard = now;
    const reading = (this.#reading ?? Promise.resolve()).then(async () => {
      try {
        await this.#readLong(audio, now, settle);
      } catch (error) {
        settle.reject(error instanceof Error ? error : new Error(String(error)));
      } finally {
        this.#line.countBytes(-bytes);
        this.#unreadMs -= unreadMs;
        if (this.#reading === reading) this.#reading = undefined;
      }
    });
    this.#reading = reading;
  }

  async #readLong(audio: StreamAudio<C>, now: number, settle: Settle): Promise<void> {
    this.#context = audio.context;
    if (this.#isOver) {
      this.#settleOver(settle);
      return;
    }
    for await (const taken of this.#inlet.takeLong(audio, now, settle)) {
      if (this.#hasEnded()) break;
      this.#goOn(taken, settle);
    }
    if (this.#hasEnded()) this.#settleOver(settle);
  }

  /** For where the compiler remembers what was before a wait. */
  #hasEnded(): boolean {
    return this.#isOver;
  }

  /** Whether the stream is over when its long messages are read. @throws what has ended it */
  async #isOverWhenRead(reading: Promise<void>): Promise<boolean> {
    await reading;
    if (!this.#isOver) return false;
    await new Promise<void>((resolve, reject) => {
      this.#settleOver({ resolve, reject });
    });
    return true;
  }

  /** Who waits for a message that will not be read. */
  #settleOver(settle: Settle): void {
    if (this.#settleStopped) this.#settleStopped(settle);
    else settle.reject(this.#failure ?? new ClosedError(say`The stream has ended.`));
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
  async summarize(): Promise<void> {
    if (this.#reading && (await this.#isOverWhenRead(this.#reading))) return;
    await new Promise<void>((resolve, reject) => {
      this.#line.add({ kind: 'summary', settle: { resolve, reject } });
      this.#pump.run();
    });
  }

  /**
   * Resolves when the last step, transitions and summary have been told. The stream takes no more audio.
   *
   * @throws BadAudioError where the last bytes turned out to be no audio; InferenceError
   */
  async end(reason: 'complete' | 'idle' | 'handover'): Promise<void> {
    if (this.#reading && (await this.#isOverWhenRead(this.#reading))) return;
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
        this.#failure = happened.error;
        [...happened.waiting, ...this.#pump.halt()].forEach(this.#settleStopped ?? fail);
        this.#endEvents();
        return;
      }
    }
  }

  #endEvents(): void {
    this.#isOver = true;
    for (const untold of this.#happened.end()) this.#settle(untold);
  }

  #event(told: Told): LiveEvent<C> {
    const stream = {
      key: this.key,
      models: this.#models,
      outputPeriod: this.#options.outputPeriod,
      lagMs: this.lagMs,
      ...(this.#pump.delayMs > 0 ? { delayMs: this.#pump.delayMs } : {}),
      speed: this.#throughput.speed,
      ...this.#inlet.facts,
    };
    return { ...told, stream, context: this.#context };
  }
}

function resolve(settle: Settle): void {
  settle.resolve();
}
