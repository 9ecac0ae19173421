import {
  blockBytes,
  concatenate,
  payloadBytes,
  payloadSteps,
  readPayload,
  SoundDecoder,
  type DecodedChannels,
  type Declared,
  type FormatTrust,
} from '../audio';
import { SAMPLE_RATE, samplesToMs } from '../clock';
import { DeeptoneError, OverloadedError, type InvalidArgumentError } from '../errors';
import { type Word, phrase, say, sentenceOf } from '../sentence';
import { breathe, gently, inTurns } from '../steps';
import { Allowance } from './allowance';
import type {
  GapEvidence,
  GapRemedy,
  StreamAudio,
  StreamFacts,
  StreamHandOver,
  Told,
  WarningCode,
} from './events';
import { FormatChanges } from './format-changes';
import { GapTracker, type Place, type Segment } from './gap-tracker';
import { PaceWatch } from './pace-watch';
import { senderMarks, type SenderMarks } from './sender-marks';
import type { LiveSettings } from './settings';
import { SilenceBudget } from './silence-budget';
import { StatedFormat } from './stated-format';
import { TroubleLog } from './trouble-log';
import type { Settle, WaitingAudio, WaitingRoom } from './waiting-audio';

/** Samples that go to the engine at once at most, so that one long message does not hold the others up. */
const LARGEST_PIECE = 4 * SAMPLE_RATE;
/** Samples of a long message that are put in line at once: 30 s. The rest is read as those are heard. */
const LARGEST_LOT = 30 * SAMPLE_RATE;
/** Bytes of a message that is read at once; of 8-bit sound at 4 kHz that takes about 10 ms. */
const LONG_BYTES = 65_536;

/** Whether a message is so long that it is read a little at a time. */
export function isLong({ payload }: StreamAudio<unknown>): boolean {
  return payloadBytes(payload) > LONG_BYTES;
}

/** What an inlet goes by. */
export interface InletSetup {
  readonly key: string;
  readonly settings: LiveSettings;
  /** `{encoding, rate, channels}` of raw samples, as far as it is set. */
  readonly format: unknown;
  readonly trust: FormatTrust;
  /** The channel to hear of several; by default they are averaged. */
  readonly channel: number | undefined;
  readonly room: WaitingRoom;
  readonly line: WaitingAudio;
  /** The ffmpeg program for compressed audio; searched for otherwise. */
  readonly ffmpegPath: string | undefined;
}

/** What taking something in made known. */
export interface Taken {
  /** What there is to tell at once, ahead of all audio that waits. */
  readonly told: readonly Told[];
  /** Who need not wait any longer once that has been told; where audio was put in line, it waits there. */
  readonly settle?: Settle;
  /** Who waits no longer once ffmpeg has taken compressed audio; rejects where it cannot. */
  readonly accepted?: Promise<void>;
  /** What was wrong with the end of the audio. */
  readonly error?: Error;
}

/** Samples that a message brought. */
interface Arrival {
  readonly samples: Float32Array;
  /** Milliseconds of audio in the message, what is still held back included. */
  readonly durationMs: number;
  readonly marks: SenderMarks;
  /** Epoch milliseconds of its arrival. */
  readonly now: number;
  readonly place: Place;
  /** The stream was another program's until now. */
  readonly handOver: StreamHandOver | undefined;
  /** Who waits for it; nobody where more of the message follows. */
  readonly settle: Settle | undefined;
}

/** The way into one stream: its messages are judged and decoded, and their audio is put in line, with what is done about gaps. */
export class StreamInlet {
  readonly #setup: InletSetup;
  readonly #format: StatedFormat;
  readonly #decoder: SoundDecoder;
  readonly #gaps: GapTracker;
  readonly #silence: SilenceBudget;
  readonly #pace = new PaceWatch();
  readonly #troubles = new TroubleLog(() => performance.now());
  readonly #formats: FormatChanges;
  readonly #restarts: Allowance;
  #told: Told[] = [];
  #messages = 0;
  /** Of what the line has dropped, as far as clock and log know of it. */
  #noticedDropped = 0;
  /** Audio was dropped, and the next begins the stream anew. */
  #isBrokenOff = false;
  /** Compressed audio could not be decoded, and that was told. */
  #hasFailed = false;

  constructor(setup: InletSetup) {
    this.#setup = setup;
    this.#format = new StatedFormat(setup.format, setup.trust);
    this.#decoder = new SoundDecoder({
      channels: setup.channel ?? 'mix',
      isMessages: true,
      ffmpegPath: setup.ffmpegPath,
      name: phrase`The message`,
    });
    this.#gaps = new GapTracker(setup.settings.gaps.arrivalMs);
    this.#silence = new SilenceBudget(setup.settings.gaps.maxMs);
    const { formats, restarts } = setup.settings.changes;
    this.#formats = new FormatChanges(this.#decoder, setup.key, formats);
    this.#restarts = new Allowance(restarts, () => performance.now());
  }

  /** Whether no message was taken yet. */
  get isUnused(): boolean {
    return this.#messages === 0;
  }

  /** The stream's clock. */
  get segment(): Segment {
    return this.#gaps.segment;
  }

  get facts(): Pick<StreamFacts, 'receivedMs' | 'droppedMs' | 'gaps' | 'gapMs'> {
    return { receivedMs: Math.round(this.#gaps.clockMs), ...this.#troubles.counts };
  }

  /**
   * Takes one message.
   *
   * @param now epoch milliseconds
   * @param settle who waits for it
   * @throws BadAudioError, InvalidArgumentError for a bad message, which counts as none
   */
  take(audio: StreamAudio<unknown>, now: number, settle: Settle): Taken {
    const { refusal } = this.#formats;
    if (refusal) return this.#refused(refusal);
    const { marks, declared, place } = this.#judge(audio, now);
    if (place.is === 'past') {
      this.#warnOfPast(marks, place.twice);
      return this.#taken(settle);
    }
    const heldBefore = this.#heldMs(declared);
    // Throws before anything of a bad message counts.
    const follow = this.#formats.watch();
    const samples = mono(this.#decoder.pushFound(readPayload(audio.payload), declared));
    follow();
    this.#messages++;
    if (this.#decoder.isCompressed) return this.#compressed(marks, now);
    const durationMs = samplesToMsExactly(samples.length) + this.#heldMs(declared) - heldBefore;
    if (!audio.knownFormat) this.#watchPace(durationMs, now);
    const { handOver } = audio;
    return this.#taken(this.#arrive({ samples, durationMs, marks, now, place, handOver, settle }));
  }

  /**
   * Takes one long message, a little at a time and as its audio is heard; nothing else is to be taken before its end, but what came late.
   *
   * @param settle who waits for it; not asked for where this throws
   * @throws as {@link take}, where the audio before the bad part has been heard
   */
  async *takeLong(
    audio: StreamAudio<unknown>,
    now: number,
    settle: Settle,
  ): AsyncGenerator<Taken, void, undefined> {
    const { refusal } = this.#formats;
    if (refusal) {
      yield this.#refused(refusal);
      return;
    }
    const { marks, declared, place } = this.#judge(audio, now);
    if (place.is === 'past') {
      this.#warnOfPast(marks, place.twice);
      yield this.#taken(settle);
      return;
    }
    const found = await inTurns(payloadSteps(audio.payload));
    const follow = this.#formats.watch();
    let isFirst = true;
    const lot = (samples: Float32Array, waits: Settle | undefined): Taken => {
      const durationMs = samplesToMsExactly(samples.length);
      if (!isFirst) {
        this.#silence.heard(durationMs, now);
        return this.#goOn(samples, waits);
      }
      isFirst = false;
      this.#messages++;
      const { handOver } = audio;
      return this.#taken(this.#arrive({ samples, durationMs, marks, now, place, handOver, settle: waits }));
    };
    let parts: Float32Array[] = [];
    let length = 0;
    for await (const part of gently(this.#decoder.partsOf(found, declared))) {
      if (this.#decoder.isCompressed) {
        yield this.#taken(undefined); // What comes late has to be taken meanwhile.
        await this.#decoder.accepted().catch(() => undefined);
      }
      parts.push(mono(part));
      length += mono(part).length;
      if (length < LARGEST_LOT) continue;
      yield lot(concatenate(parts), undefined);
      parts = [];
      length = 0;
      await this.#setup.line.below(LARGEST_LOT);
    }
    follow();
    if (!this.#decoder.isCompressed) {
      yield lot(concatenate(parts), settle);
      return;
    }
    this.#messages++;
    yield this.#compressed(marks, now);
  }

  /** About how many milliseconds of audio a message holds, were its bytes raw samples. */
  estimateMs(audio: StreamAudio<unknown>): number {
    try {
      const { format } = audio.knownFormat ? { format: audio.knownFormat } : this.#format.of(audio);
      return (1_000 * payloadBytes(audio.payload)) / (blockBytes(format) * format.sampleRate);
    } catch {
      return 0; // What is wrong with it is told when its turn has come.
    }
  }

  /** What is known of a message before its audio is looked at. */
  #judge(
    audio: StreamAudio<unknown>,
    now: number,
  ): { readonly marks: SenderMarks; readonly declared: Declared; readonly place: Place } {
    this.#noticeDropped();
    // What MQTT properties say counts where the format that they say would be believed.
    const properties = this.#setup.trust.includes('mqtt') ? audio.userProperties : undefined;
    const marks = senderMarks(audio.marks ?? properties, audio.payload);
    const declared = audio.knownFormat ? { format: audio.knownFormat } : this.#format.of(audio);
    const lostMs = this.isUnused ? 0 : (audio.lostMs ?? 0); // What was lost before a stream began is no part of it.
    const place: Place =
      lostMs > 0 ? { is: 'after-gap', evidence: 'source', lostMs } : this.#gaps.place(marks, now);
    return { marks, declared, place };
  }

  /** Takes a message that was delivered before. */
  takeRepeated(settle: Settle): Taken {
    this.#warn(
      'duplicate',
      phrase`A message came twice, as its sender or broker marked it; it is heard once.`,
    );
    return this.#taken(settle);
  }

  /** Whether audio comes later than the messages that bring it, by {@link late}. */
  get isCompressed(): boolean {
    return this.#decoder.isCompressed;
  }

  /**
   * Samples of compressed audio as they are decoded; each is to be taken in by {@link takeLate}. To be iterated once
   * {@link isCompressed} is true; never fails.
   */
  async *late(): AsyncGenerator<Float32Array, void, undefined> {
    try {
      for await (const decoded of this.#decoder.late()) yield mono(decoded);
    } catch (error) {
      await breathe(); // Whoever waits for the message that began it is told first.
      if (!this.#hasFailed) this.#giveUp(error);
    }
  }

  /** Takes in samples that came late. */
  takeLate(samples: Float32Array): Taken {
    return this.#goOn(samples, undefined);
  }

  /** Audio follows what was heard before it, whenever it comes. */
  #goOn(samples: Float32Array, settle: Settle | undefined): Taken {
    this.#noticeDropped();
    this.#tellWarnings();
    const { line, room } = this.#setup;
    const hasRoom = room.hasRoom(line, samples.length);
    this.#noticeDropped();
    if (this.#isBrokenOff) this.#beginAnew();
    this.#gaps.fill(samplesToMsExactly(samples.length));
    if (hasRoom) return this.#taken(this.#enqueue(samples, settle));
    line.refuse(samples.length);
    return this.#taken(settle);
  }

  /**
   * There is no room for a long message to wait until it is read.
   *
   * @throws OverloadedError where that is the policy
   */
  refuseLong(settle: Settle): Taken {
    const { key, room, settings } = this.#setup;
    const words = say`A long message of "${key}" was dropped: ${room.bytes} bytes wait to be read, and no more than ${settings.waiting.totalBytes} may.`;
    if (settings.waiting.whenFull === 'error')
      throw new OverloadedError(say`${words} Send shorter messages, or raise the limit.`);
    this.#warn('not-heard', words);
    return this.#taken(settle);
  }

  /** No more comes: what the decoder still holds back is put in line, or comes late. */
  takeEnd(): Taken {
    try {
      this.#enqueue(mono(this.#decoder.finish()), undefined);
      this.#tellWarnings();
      return this.#taken(undefined);
    } catch (thrown) {
      const error = thrown instanceof Error ? thrown : new Error(String(thrown));
      this.#warn('not-heard', sentenceOf(error));
      return { ...this.#taken(undefined), error };
    }
  }

  /** All that came late is there: so is the rest. */
  takeLateEnd(): Taken {
    this.#enqueue(mono(this.#decoder.flush()), undefined);
    this.#tellWarnings();
    return this.#taken(undefined);
  }

  /** Lets go of ffmpeg. */
  close(): Promise<void> {
    return this.#decoder.close();
  }

  /** Looks for audio that was dropped from the line meanwhile, to make room for another stream. */
  takeDropped(): Taken {
    this.#noticeDropped();
    return this.#taken(undefined);
  }

  /** Audio that had been taken was lost further on; silence stands in its place. */
  lostWithEngine({ lostMs, atMs }: { readonly lostMs: number; readonly atMs: number }): Told {
    return this.#troubles.gap('engine', 'silence', lostMs, atMs);
  }

  /** The clock by which arrivals are told was set by so many milliseconds. */
  clockWasSet(byMs: number): void {
    this.#gaps.clockWasSet(byMs);
  }

  #refused(refusal: InvalidArgumentError): Taken {
    this.#warn('format-changes', refusal.message);
    return { ...this.#taken(undefined), accepted: Promise.reject(refusal) };
  }

  #taken(settle: Settle | undefined): Taken {
    const told = this.#told;
    this.#told = [];
    return settle ? { told, settle } : { told };
  }

  /** Milliseconds of bytes of which it is not known yet what they are, were they samples. */
  #heldMs({ format }: Declared): number {
    if (this.#decoder.isWrapped) return 0;
    return (1_000 * this.#decoder.heldBytes) / (blockBytes(format) * format.sampleRate);
  }

  /** Compressed audio takes its own time, and its messages are no measure of it: of their marks only numbers count. */
  #compressed(marks: SenderMarks, now: number): Taken {
    this.#gaps.heard({ seq: marks.seq }, 0, now);
    const accepted = this.#decoder.accepted().catch((error: unknown) => {
      // One word about it is enough: what follows is the same.
      if (this.#hasFailed) return;
      this.#hasFailed = true;
      this.#decoder.giveUp();
      throw error;
    });
    return { ...this.#taken(undefined), accepted };
  }

  #giveUp(error: unknown): void {
    this.#hasFailed = true;
    this.#decoder.giveUp();
    const words = error instanceof Error ? error.message : String(error);
    const message =
      error instanceof DeeptoneError ? sentenceOf(error) : say`The audio could not be decoded: ${words}`;
    this.#warn('undecodable', message);
  }

  /**
   * Samples have come out of the decoder: they are put in line, behind what is missing before them.
   *
   * @returns who waits no longer
   */
  #arrive({ samples, durationMs, marks, now, place, handOver, settle }: Arrival): Settle | undefined {
    this.#tellWarnings();
    const hasRoom = this.#setup.room.hasRoom(this.#setup.line, samples.length);
    this.#noticeDropped();
    this.#silence.heard(durationMs, now);
    if (handOver) this.#lostOnTheWay(handOver, marks.seq, durationMs);
    if (place.is === 'after-gap') this.#lost(place.evidence, place.lostMs);
    if (this.#isBrokenOff) this.#beginAnew();
    this.#gaps.heard(marks, durationMs, now);
    return hasRoom ? this.#enqueue(samples, settle) : this.#refuse(samples, marks, settle);
  }

  /** Audio is missing before the next. */
  #lost(evidence: GapEvidence, lostMs: number | null): void {
    const { action } = this.#setup.settings.gaps;
    const isFilled = action === 'silence' && lostMs !== null && this.#silence.take(lostMs);
    const isTooOften = action !== 'ignore' && !isFilled && !this.#restarts.take();
    const remedy: GapRemedy = action === 'ignore' || isTooOften ? 'ignore' : isFilled ? 'silence' : 'restart';
    const gap = this.#troubles.gap(evidence, remedy, lostMs, this.#gaps.clockMs);
    if (isTooOften) this.#warnOfGaps();
    else this.#told.push(gap);
    switch (remedy) {
      case 'silence': {
        const sampleCount = Math.round(((lostMs ?? 0) * SAMPLE_RATE) / 1_000);
        this.#setup.line.add({ kind: 'silence', sampleCount });
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

  /** Audio is missing between what another program heard and the first of this stream, whose clock begins after it. */
  #lostOnTheWay(
    { lostMs, lastSeq = null }: StreamHandOver,
    seq: number | undefined,
    durationMs: number,
  ): void {
    const lost = lastSeq === null || seq === undefined ? lostMs : Math.max(0, seq - lastSeq - 1) * durationMs;
    if (lost > 0) this.#told.push(this.#troubles.gap('handover', 'restart', lost, this.#gaps.clockMs));
  }

  /** The stream's clock, and what the models remember, begin anew with the next audio. */
  #beginAnew(): void {
    this.#isBrokenOff = false;
    this.#setup.line.add({ kind: 'restart', segment: this.#gaps.restart() });
  }

  #enqueue(samples: Float32Array, settle: Settle | undefined): Settle | undefined {
    if (samples.length === 0) return settle;
    for (let from = 0; from < samples.length; from += LARGEST_PIECE) {
      const isLast = from + LARGEST_PIECE >= samples.length;
      const piece = from === 0 && isLast ? samples : samples.subarray(from, from + LARGEST_PIECE);
      this.#setup.line.add({ kind: 'audio', samples: piece, settle: isLast ? settle : undefined });
    }
    return undefined;
  }

  /** @throws OverloadedError where that is the policy, and nobody waits yet whom it could be told */
  #refuse(samples: Float32Array, { seq }: SenderMarks, settle: Settle | undefined): Settle | undefined {
    const { key, line, room, settings } = this.#setup;
    line.refuse(samples.length);
    this.#noticeDropped();
    if (settings.waiting.whenFull !== 'error') return settle;
    const error = new OverloadedError(
      say`${seq === undefined ? say`A message` : say`Message ${seq}`} of "${key}" was dropped: ${samplesToMs(line.samples)} ms of its stream and ${samplesToMs(room.samples)} ms of all streams wait already, and no more than that may wait. Hear fewer streams or models, or raise the limit.`,
    );
    if (!settle) throw error;
    const reject = (): void => {
      settle.reject(error);
    };
    return { ...settle, resolve: reject };
  }

  #noticeDropped(): void {
    const sampleCount = this.#setup.line.droppedSamples - this.#noticedDropped;
    if (sampleCount === 0) return;
    this.#noticedDropped += sampleCount;
    const { action } = this.#setup.settings.gaps;
    if (action !== 'silence') this.#gaps.takeBack((sampleCount * 1_000) / SAMPLE_RATE);
    if (action === 'reset') this.#isBrokenOff = true;
    const told = this.#troubles.dropped(sampleCount);
    if (told) this.#told.push(told);
  }

  #warnOfPast({ seq }: SenderMarks, twice: boolean): void {
    if (twice) this.#warn('duplicate', say`Message ${seq ?? ''} came twice; it is heard once.`);
    else
      this.#warn(
        'late',
        say`Message ${seq ?? ''} came after later ones; its place is taken, so it is not heard.`,
      );
  }

  #warnOfGaps(): void {
    const { restarts } = this.#setup.settings.changes;
    this.#warn(
      'gaps-ignored',
      say`There are more than ${restarts} gaps a minute that no silence can stand for; what is beyond is counted, and the stream goes on as if nothing were missing. Look at the sender's numbers and times.`,
    );
  }

  #watchPace(durationMs: number, now: number): void {
    const rate = this.#decoder.format?.sampleRate;
    if (rate === undefined) return;
    const likely = this.#pace.heard(durationMs, rate, now);
    if (likely === undefined) return;
    this.#warn(
      'pace',
      say`The audio is declared to have ${rate} Hz, and comes as fast as ${likely} Hz would. If it is live, its sample rate is wrong.`,
    );
  }

  #tellWarnings(): void {
    for (const { code, message } of this.#decoder.takeWarnings()) this.#warn(code, message);
  }

  #warn(code: WarningCode, message: Word): void {
    const told = this.#troubles.warning(code, message);
    if (told) this.#told.push(told);
  }
}

/** The one channel that a live stream has. */
function mono([samples]: DecodedChannels): Float32Array {
  return samples ?? new Float32Array(0);
}

function samplesToMsExactly(sampleCount: number): number {
  return (sampleCount * 1_000) / SAMPLE_RATE;
}
