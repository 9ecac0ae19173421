import type { AnalysisStream, OpenOptions } from '../pipeline';
import { DEFAULT_FORMAT_TRUST, isEmptyPayload, payloadBytes, type FormatTrust } from '../audio';
import { samplesToMs } from '../clock';
import { ClosedError, InvalidArgumentError, OverloadedError, TooLargeError } from '../errors';
import { say } from '../sentence';
import type { HubStatistics, Listener, LiveEvent, StreamAudio } from './events';
import { LiveStream, type CommonSetup } from './live-stream';
import { liveSettings, type LiveOptions, type LiveSettings, type PartialLiveSettings } from './settings';
import { splitMarks } from './mark-prefix';
import { messageMark, Redeliveries } from './redeliveries';
import { checkValue, describe } from '../rules';
import { readMessage } from './read-message';
import { Throughput } from './throughput';
import { WaitingRoom } from './waiting-audio';
import { tellListener } from '../thrown';
import { WallClock } from './wall-clock';

/** How often the idle timeout looks, in milliseconds at most. */
const IDLE_CHECK_MS = 1_000;

/** What a hub is made of. */
export interface HubSetup<C> {
  /** Opens the engine's streams: `(options) => deeptone.openStream(options)`. */
  readonly open: (options: OpenOptions) => Promise<AnalysisStream>;
  /** Options of every stream that its first message does not say otherwise for. */
  readonly options: LiveOptions;
  /** `{encoding, rate, channels}` of raw samples, as far as it is set. */
  readonly format?: unknown;
  /** Whom to believe about the format of raw samples, in order. */
  readonly trust?: FormatTrust;
  readonly settings?: PartialLiveSettings;
  /** Each message of bytes begins with its number and time, 12 bytes: see `mark-prefix.ts`. Default false. */
  readonly markPrefix?: boolean;
  /** Where ffmpeg is, which decodes compressed audio; by default it is looked for. */
  readonly ffmpegPath?: () => string | undefined;
  readonly listener: Listener<C>;
  /** Epoch milliseconds; the machine's clock by default. */
  readonly now?: () => number;
}

/**
 * Many live streams of audio at once, each under a key. A stream opens at its first audio, with the options of that message,
 * and ends when it is told to, when nothing comes for a while, or with the hub. All queues are bounded; what happens is
 * told by events to one listener.
 */
export class StreamHub<C = unknown> {
  readonly #setup: HubSetup<C>;
  readonly #settings: LiveSettings;
  readonly #streams = new Map<string, LiveStream<C>>();
  /** Streams that take no more audio and are not out of the engine yet. */
  readonly #leaving = new Set<LiveStream<C>>();
  /** When the last of them is out, by key. */
  readonly #ending = new Map<string, Promise<unknown>>();
  readonly #common: CommonSetup;
  readonly #redeliveries: Redeliveries;
  readonly #timer: NodeJS.Timeout | undefined;
  readonly #clock = new WallClock();
  #gaps = 0;
  #gapMs = 0;
  #failures = 0;
  #refused = 0;
  #isClosed = false;

  /** @throws InvalidArgumentError naming a setting that is not accepted */
  constructor(setup: HubSetup<C>) {
    this.#setup = setup;
    this.#settings = liveSettings(setup.settings);
    const { waiting, gaps } = this.#settings;
    this.#common = {
      settings: this.#settings,
      ffmpegPath: setup.ffmpegPath ?? (() => undefined),
      format: setup.format,
      trust: setup.trust ?? DEFAULT_FORMAT_TRUST,
      room: new WaitingRoom(waiting, gaps.action),
      throughput: new Throughput(() => performance.now()),
      open: setup.open,
    };
    this.#redeliveries = new Redeliveries(this.#settings.maxStreams);
    const { idleMs } = this.#settings;
    if (idleMs > 0) {
      this.#timer = setInterval(
        () => {
          // Where this process stood still, what has come meanwhile is read between the timers and this.
          setImmediate(() => {
            this.endIdle();
          });
        },
        Math.min(IDLE_CHECK_MS, idleMs),
      ).unref();
    }
  }

  /** Keys of the streams that are open. */
  get keys(): readonly string[] {
    return [...this.#streams.keys()];
  }

  get statistics(): HubStatistics {
    const { room, throughput } = this.#common;
    // A stream that has ended is at work until its last audio is answered.
    const leaving = [...this.#leaving].filter((stream) => stream.lagMs > 0);
    const lagMs = Math.max(0, ...[...this.#streams.values(), ...leaving].map((stream) => stream.lagMs));
    return {
      streams: this.#streams.size + leaving.length,
      waitingMs: samplesToMs(room.samples),
      lagMs,
      speed: throughput.speed,
      droppedMs: samplesToMs(room.droppedSamples),
      gaps: this.#gaps,
      gapMs: this.#gapMs,
      failures: this.#failures,
      refused: this.#refused,
    };
  }

  /**
   * Hears a message of a stream; resolves when everything that it made known has been told, or when its audio was dropped
   * by policy. An empty message ends the stream where that is set, and is passed over otherwise; so is one that is marked as
   * delivered before and equals one of the last of its stream.
   *
   * @throws BadAudioError, InvalidArgumentError for a bad message, TooLargeError for one that is too long, after which the stream goes
   *   on; OverloadedError for one stream too many, or a full queue where that is the policy; what opening a stream and running models can throw, after which
   *   the next message opens the stream again; ClosedError after `close`
   */
  async hear(key: string, audio: StreamAudio<C>): Promise<void> {
    if (this.#isClosed) throw new ClosedError(say`The live streams have been closed.`);
    checkValue('key', key, { type: 'text', accepted: say`a text is accepted` });
    const given = readMessage<C>(audio);
    const isMarked = this.#setup.markPrefix === true && given.knownFormat === undefined;
    const message = isMarked ? { ...given, ...splitMarks(given.payload) } : given;
    if (isEmptyPayload(message.payload)) {
      if (this.#settings.endOnEmpty) await this.end(key);
      return;
    }
    this.#checkSize(key, message.payload);
    const now = this.#now();
    const mark = message.delivery && messageMark(given.payload, message.delivery);
    if (mark && message.delivery.dup && this.#redeliveries.isRepeated(key, mark)) {
      await this.#streams.get(key)?.cameTwice(now);
      return;
    }
    // What was heard here before another program had the stream is another stretch of it.
    if (message.handOver) this.#end(key, 'handover').catch(() => undefined); // A failure has been told as an event.
    const stream = this.#streams.get(key) ?? this.#begin(key, message, now);
    if (mark) this.#redeliveries.heard(key, mark);
    try {
      await stream.hear(message, now);
    } catch (error) {
      if (stream.isUnused && !stream.isAtWork) this.#drop(stream);
      throw error;
    }
  }

  /**
   * Ends a stream: last step, transitions and summary. Resolves when they have been told; does nothing for an unknown key.
   *
   * @param context of the message that asks; see {@link StreamAudio.context}
   * @param reason what the end is told with
   */
  end(key: string, context?: C, reason: 'complete' | 'handover' = 'complete'): Promise<void> {
    if (context !== undefined) this.#streams.get(key)?.mentioned(context);
    return this.#end(key, reason);
  }

  /** Forgets a stream, or all of them, and says nothing of its last audio; nor of what an ended one has not answered yet. */
  reset(key?: string): void {
    this.#redeliveries.forget(key);
    for (const stream of [...this.#leaving, ...this.#streams.values()]) {
      if (key !== undefined && stream.key !== key) continue;
      this.#drop(stream);
      if (!this.#leaving.has(stream)) this.#leaves(stream, stream.closing);
    }
  }

  /** Tells the running summary of a stream, with the context of the message that asks, or of all; resolves when it has been told. */
  async summarize(key?: string, context?: C): Promise<void> {
    const streams = key === undefined ? [...this.#streams.values()] : [this.#streams.get(key)];
    if (key !== undefined && context !== undefined) streams[0]?.mentioned(context);
    await Promise.all(streams.flatMap((stream) => (stream ? [stream.summarize()] : [])));
  }

  /** Ends the streams that have not heard anything for the idle timeout; a timer does it by itself. */
  endIdle(): void {
    let now: number;
    try {
      now = this.#now();
    } catch {
      return; // A clock that says nothing is told to whoever sends a message.
    }
    for (const [key, stream] of this.#streams) {
      if (now - stream.lastHeard < this.#settings.idleMs || stream.isAtWork) continue;
      this.#end(key, 'idle').catch(() => undefined); // A failure has been told as an event.
    }
  }

  /** Stops all streams at once and takes no more audio. What waits is rejected with ClosedError. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#timer);
    const error = new ClosedError(say`The live streams were closed before this audio had its turn.`);
    const streams = [...this.#streams.values(), ...this.#leaving];
    this.#streams.clear();
    for (const stream of streams) {
      const last = stream.stop('shutdown', (waiting) => {
        waiting.reject(error);
      });
      for (const event of last) this.#tell(event);
    }
    await Promise.all([...streams.map((stream) => stream.closing), ...this.#ending.values()]);
  }

  #checkSize(key: string, payload: unknown): void {
    const { maxMessageBytes } = this.#settings;
    const bytes = payloadBytes(payload);
    if (bytes <= maxMessageBytes) return;
    throw new TooLargeError(
      say`A message of "${key}" has about ${bytes} bytes: up to ${maxMessageBytes} (maxMessageBytes) are accepted. Send it in pieces, or raise the limit.`,
    );
  }

  #begin(key: string, audio: StreamAudio<C>, now: number): LiveStream<C> {
    const { maxStreams } = this.#settings;
    if (this.#streams.size >= maxStreams) {
      this.#refused++;
      throw new OverloadedError(
        say`There are ${maxStreams} live streams, as many as may be open at once, so "${key}" is not heard. End streams, shorten the idle timeout, or raise the limit.`,
      );
    }
    const options = { ...this.#setup.options, ...audio.options };
    const after = this.#ending.get(key) ?? Promise.resolve();
    const stream = new LiveStream<C>(key, this.#common, options, now, after);
    this.#streams.set(key, stream);
    void this.#follow(stream);
    return stream;
  }

  /** Tells what a stream has to tell until it is over. */
  async #follow(stream: LiveStream<C>): Promise<void> {
    for await (const event of stream.events()) {
      if (stream.isStopped) continue; // It was stopped while this was on its way.
      if (event.kind === 'gap') {
        this.#gaps++;
        this.#gapMs += event.lostMs ?? 0;
      } else if (event.kind === 'closed' && event.reason === 'failed') {
        this.#failures++;
        this.#forget(stream); // The next message of its key opens it again.
      }
      this.#tell(event);
    }
  }

  /** Stops a stream and says nothing more of its audio. */
  #drop(stream: LiveStream<C>): void {
    const last = stream.stop('reset', (waiting) => {
      waiting.resolve();
    });
    this.#forget(stream);
    for (const event of last) this.#tell(event);
  }

  async #end(key: string, reason: 'complete' | 'idle' | 'handover'): Promise<void> {
    const stream = this.#streams.get(key);
    if (!stream) return this.#ending.get(key) as Promise<void> | undefined;
    this.#forget(stream);
    const ended = stream.end(reason);
    const closing = (): Promise<unknown> => stream.closing;
    this.#leaves(stream, ended.then(closing, closing));
    return ended;
  }

  /** The next stream of the key waits until this one is out of the engine. */
  #leaves(stream: LiveStream<C>, out: Promise<unknown>): void {
    const { key } = stream;
    this.#leaving.add(stream);
    this.#ending.set(key, out);
    void out.finally(() => {
      this.#leaving.delete(stream);
      if (this.#ending.get(key) === out) this.#ending.delete(key);
    });
  }

  #forget(stream: LiveStream<C>): void {
    if (this.#streams.get(stream.key) === stream) this.#streams.delete(stream.key);
  }

  /** Epoch milliseconds; where the machine's clock was set, no time has passed for the streams by that. */
  #now(): number {
    if (this.#setup.now) {
      const now: unknown = this.#setup.now();
      if (typeof now === 'number' && Number.isFinite(now)) return now;
      throw new InvalidArgumentError(say`now() gave ${describe(now)}: epoch milliseconds are accepted.`);
    }
    const { now, setByMs } = this.#clock.read();
    if (setByMs !== 0) for (const stream of this.#streams.values()) stream.clockWasSet(setByMs);
    return now;
  }

  #tell(event: LiveEvent<C>): void {
    tellListener(() => {
      this.#setup.listener(event);
    });
  }
}
