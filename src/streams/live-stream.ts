import type { AnalysisStream } from '../pipeline/analysis-stream';
import type { FormatTrust } from '../audio';
import { SAMPLE_RATE, samplesToMs } from '../clock';
import { OverloadedError } from '../errors';
import type { AnalysisOptions } from '../pipeline/options';
import { AnswerPump } from './answer-pump';
import { senderMarks, type SenderMarks } from './sender-marks';
import { GapTracker, type Place } from './gap-tracker';
import type { EndReason, GapEvidence, GapRemedy, StreamFacts } from './events';
import type { LiveSettings } from './settings';
import { PaceWatch } from './pace-watch';
import { StatedFormat } from './stated-format';
import { analysisOptions, type LiveOptions, type StreamAudio } from './stream-audio';
import { StreamIntake } from '../audio/stream-intake';
import { StreamTeller, type TellerHost } from './stream-teller';
import { WaitingAudio, type Settle, type WaitingTotal } from './waiting-audio';

/** What a stream needs of its hub. */
export interface StreamHost<C> extends TellerHost<C> {
  readonly settings: LiveSettings;
  readonly formatSetting: unknown;
  readonly trust: FormatTrust;
  readonly total: WaitingTotal;
  open(options: AnalysisOptions): Promise<AnalysisStream>;
  /** Drops audio of the stream that has most in line; false when no stream has any. */
  makeRoom(): boolean;
  /** Epoch milliseconds. */
  now(): number;
  /** The stream takes no more audio. */
  gone(stream: LiveStream<C>): void;
}

/** Samples that go to the engine at once at most, so that one long message does not hold the others up. */
const LARGEST_PIECE = 4 * SAMPLE_RATE;

/** One live stream: messages in, judged, decoded and put in line; the pump takes them through the engine. */
export class LiveStream<C> {
  readonly key: string;
  readonly #host: StreamHost<C>;
  readonly #options: LiveOptions;
  readonly #models: readonly string[];
  readonly #intake: StreamIntake;
  readonly #gaps: GapTracker;
  readonly #pace = new PaceWatch();
  readonly #line: WaitingAudio;
  readonly #pump: AnswerPump;
  readonly #teller: StreamTeller<C>;
  readonly #format: StatedFormat;
  #lastHeard: number;
  #messages = 0;
  /** Audio was dropped, and the next begins the stream anew. */
  #isBrokenOff = false;

  /** @param after the stream of the same key before it, until it has left the engine */
  constructor(key: string, host: StreamHost<C>, options: LiveOptions, after: Promise<unknown>) {
    this.key = key;
    this.#host = host;
    this.#options = options;
    // The engine judges what is no list, when the stream is opened.
    this.#models = Array.isArray(options.models) ? [...new Set(options.models)] : [];
    this.#lastHeard = host.now();
    this.#format = new StatedFormat(host.formatSetting, host.trust);
    this.#intake = new StreamIntake(options.channel);
    this.#gaps = new GapTracker(host.settings.gaps.arrivalMs);
    this.#line = new WaitingAudio(host.total);
    this.#teller = new StreamTeller(host, options, () => this.facts());
    const analysis = analysisOptions(options);
    this.#pump = new AnswerPump(
      this.#line,
      this.#teller.pumpHost(
        () => host.open(analysis),
        () => {
          host.gone(this);
        },
      ),
      this.#gaps.segment,
      after,
    );
  }

  /** Epoch milliseconds of the last message. */
  get lastHeard(): number {
    return this.#lastHeard;
  }

  /** Whether no message was taken yet. */
  get isUnused(): boolean {
    return this.#messages === 0;
  }

  /** Samples in line. */
  get waitingSamples(): number {
    return this.#line.samples;
  }

  /** Milliseconds of audio that have no answer yet. */
  get lagMs(): number {
    return samplesToMs(this.#line.samples) + this.#pump.inFlightMs;
  }

  /** Settles when the stream has left the engine. */
  get closing(): Promise<unknown> {
    return this.#pump.closing;
  }

  facts(): StreamFacts {
    return {
      key: this.key,
      models: this.#models,
      outputPeriod: this.#options.outputPeriod,
      receivedMs: Math.round(this.#gaps.clockMs),
      lagMs: this.lagMs,
      ...this.#teller.counts,
    };
  }

  /**
   * Hears one message; resolves when everything that it made known has been told, or when its audio was dropped.
   *
   * @throws BadAudioError, InvalidArgumentError for a bad message, after which the stream goes on; OverloadedError where that
   *   is the policy; what opening a stream and running models can throw, after which the next message opens it again
   */
  hear(audio: StreamAudio<C>): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#hear(audio, { resolve, reject });
      this.#pump.run();
    });
  }

  /** Hears of a message without audio; its context comes back with the events from now on. */
  mentioned(context: C): void {
    this.#teller.heard(context);
  }

  /** Resolves when the summary of all audio so far has been told. */
  summarize(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#line.add({ kind: 'summary', settle: { resolve, reject } });
      this.#pump.run();
    });
  }

  /** Resolves when the last step, transitions and summary have been told. The stream takes no more audio. */
  end(reason: EndReason): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#intake.endsWithinSample) {
        this.#teller.warn('incomplete-sample', 'The stream ended within a sample, which was dropped.');
      }
      this.#enqueue(this.#intake.flush(), undefined);
      this.#line.add({ kind: 'end', reason, settle: { resolve, reject } });
      this.#pump.run();
    });
  }

  /** Stops at once; what waits is settled by `settle`. */
  stop(reason: EndReason, settle: (waiting: Settle) => void): void {
    this.#pump.stop(settle);
    this.#teller.closed(reason);
  }

  /** The clock of the machine was set: no time has passed by that, and none is to come again. */
  clockWasSet(byMs: number): void {
    this.#lastHeard += byMs;
    this.#gaps.clockWasSet(byMs);
  }

  /**
   * Drops the oldest audio in line; all of it where a gap begins the stream anew.
   *
   * @returns samples dropped; 0 when there are none
   */
  dropOldest(): number {
    const { action } = this.#host.settings.gaps;
    let samples = 0;
    do {
      const dropped = this.#line.dropOldest(action === 'silence' ? 'silence' : 'nothing');
      if (dropped === 0) break;
      samples += dropped;
      if (action !== 'silence') this.#gaps.takeBack((dropped * 1_000) / SAMPLE_RATE);
    } while (action === 'reset');
    if (samples > 0) this.#dropped(samples);
    return samples;
  }

  #hear(audio: StreamAudio<C>, settle: Settle): void {
    const now = this.#host.now();
    // What MQTT properties say counts where the format that they say would be believed.
    const properties = this.#host.trust.includes('mqtt') ? audio.userProperties : undefined;
    const marks = senderMarks(properties, audio.payload);
    const format = audio.knownFormat ?? this.#format.of(audio);
    const lostMs = this.isUnused ? 0 : (audio.lostMs ?? 0); // What was lost before a stream began is no part of it.
    const place: Place =
      lostMs > 0 ? { is: 'after-gap', evidence: 'source', lostMs } : this.#gaps.place(marks, now);
    if (place.is === 'past') {
      this.#lastHeard = now;
      this.#warnOfPast(marks, place.twice);
      settle.resolve();
      return;
    }
    const samples = this.#intake.push(audio.payload, format); // Throws before anything of a bad message counts.
    this.#messages++;
    this.#lastHeard = now;
    this.#teller.heard(audio.context);
    this.#warnOfNonFinite();
    if (!audio.knownFormat) this.#watchPace(samples.length, now);
    const hasRoom = this.#findRoom(samples.length);
    if (place.is === 'after-gap') this.#lost(place.evidence, place.lostMs);
    if (this.#isBrokenOff) this.#beginAnew();
    this.#gaps.heard(marks, (samples.length * 1_000) / SAMPLE_RATE, now);
    if (hasRoom) this.#enqueue(samples, settle);
    else this.#refuse(samples, settle, marks);
  }

  /** Audio is missing before the next. */
  #lost(evidence: GapEvidence, lostMs: number | null): void {
    const { action, maxMs } = this.#host.settings.gaps;
    const canFill = lostMs !== null && lostMs <= maxMs;
    const remedy: GapRemedy =
      action === 'ignore' ? 'ignore' : action === 'reset' || !canFill ? 'restart' : 'silence';
    this.#teller.gap(evidence, remedy, lostMs, this.#gaps.clockMs);
    switch (remedy) {
      case 'silence': {
        const sampleCount = Math.round(((lostMs ?? 0) * SAMPLE_RATE) / 1_000);
        this.#line.add({ kind: 'silence', sampleCount });
        this.#gaps.fill((sampleCount * 1_000) / SAMPLE_RATE);
        return;
      }
      case 'restart':
        this.#beginAnew();
        return;
      case 'ignore':
        this.#gaps.passOver(lostMs);
        return;
    }
  }

  /** The stream's clock, and what the models remember, begin anew with the next audio. */
  #beginAnew(): void {
    this.#isBrokenOff = false;
    this.#line.add({ kind: 'restart', segment: this.#gaps.restart() });
  }

  /** Whether there is room in line, after older audio was dropped where that is the policy. */
  #findRoom(sampleCount: number): boolean {
    const { streamMs, totalMs, whenFull } = this.#host.settings.waiting;
    const limit = toSamples(streamMs);
    const totalLimit = toSamples(totalMs);
    const { total } = this.#host;
    for (;;) {
      // What waits for nothing always has room, however long it is.
      const isStreamFull = this.#line.samples > 0 && this.#line.samples + sampleCount > limit;
      const isTotalFull = total.samples > 0 && total.samples + sampleCount > totalLimit;
      if (!isStreamFull && !isTotalFull) return true;
      if (whenFull !== 'drop-oldest') return false;
      if (!(isStreamFull ? this.dropOldest() > 0 : this.#host.makeRoom())) return false;
    }
  }

  #refuse(samples: Float32Array, settle: Settle, marks: SenderMarks): void {
    if (this.#host.settings.gaps.action === 'silence') {
      this.#line.add({ kind: 'silence', sampleCount: samples.length });
    } else {
      this.#gaps.takeBack((samples.length * 1_000) / SAMPLE_RATE);
    }
    this.#dropped(samples.length);
    if (this.#host.settings.waiting.whenFull !== 'error') {
      settle.resolve();
      return;
    }
    const message = marks.seq === undefined ? 'A message' : `Message ${marks.seq}`;
    const waiting = samplesToMs(this.#line.samples);
    const total = samplesToMs(this.#host.total.samples);
    settle.reject(
      new OverloadedError(
        `${message} of "${this.key}" was dropped: ${waiting} ms of its stream and ${total} ms of all streams ` +
          'wait already, and no more than that may wait. Hear fewer streams or models, or raise the limit.',
      ),
    );
  }

  #dropped(sampleCount: number): void {
    if (this.#host.settings.gaps.action === 'reset') this.#isBrokenOff = true;
    this.#teller.dropped((sampleCount * 1_000) / SAMPLE_RATE);
  }

  #enqueue(samples: Float32Array, settle: Settle | undefined): void {
    if (samples.length === 0) {
      settle?.resolve();
      return;
    }
    for (let from = 0; from < samples.length; from += LARGEST_PIECE) {
      const isLast = from + LARGEST_PIECE >= samples.length;
      const piece = from === 0 && isLast ? samples : samples.subarray(from, from + LARGEST_PIECE);
      this.#line.add({ kind: 'audio', samples: piece, settle: isLast ? settle : undefined });
    }
  }

  #warnOfPast({ seq }: SenderMarks, twice: boolean): void {
    if (twice) this.#teller.warn('duplicate', `Message ${seq ?? ''} came twice; it is heard once.`);
    else
      this.#teller.warn(
        'late',
        `Message ${seq ?? ''} came after later ones; its place is taken, so it is not heard.`,
      );
  }

  #watchPace(sampleCount: number, now: number): void {
    const rate = this.#intake.sampleRate;
    if (rate === undefined) return;
    const likely = this.#pace.heard((sampleCount * 1_000) / SAMPLE_RATE, rate, now);
    if (likely === undefined) return;
    this.#teller.warn(
      'pace',
      `The audio is declared to have ${rate} Hz, and comes as fast as ${likely} Hz would. If it is live, its sample rate is wrong.`,
    );
  }

  #warnOfNonFinite(): void {
    const count = this.#intake.nonFiniteSamples;
    if (count > 0)
      this.#teller.warn('non-finite', `${count} sample(s) that are no finite numbers became silence.`);
  }
}

function toSamples(ms: number): number {
  return (ms * SAMPLE_RATE) / 1_000;
}
