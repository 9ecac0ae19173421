import {
  ClosedError,
  InvalidArgumentError,
  StreamHub,
  type Delivery,
  type LiveEvent,
  type SampleFormat,
  type StreamHandOver,
} from '../../src';
import { NO_READING, Seldom, type Reading } from '../../src/supervision';
import { asksForDiagnostics, diagnosticsInsight, diagnosticsOf, type EngineConnection } from '../engine';
import { codeOf, tell, toError } from '../shared/failure';
import type { IncomingMessage, Node, NodeAPI, NodeMessage } from '../shared/node-red';
import { formatSetting, formatTrust } from '../shared/message-format';
import { messageOptions } from '../shared/options';
import type { StatusLine } from '../shared/status-line';
import { Heard } from './heard';
import { keptProperties, StreamMessages } from './messages';
import { liveSettingsOf, streamOptions, type StreamConfig, type StreamCredentials } from './settings';
import { ATTACHMENTS, type StreamAttachment, type StreamNode } from './attachments';
import { StreamStatus } from './status';
import { typedInput } from '../shared/typed-input';
import { vocabularyOf } from '../shared/vocabulary';
import { say, sentenceOf } from '../../src/sentence';
import { spoken } from '../shared/language';
import { placeOf, WatchedStreams } from '../watch';

/** What a source that decodes for itself gives. */
const SAMPLES: SampleFormat = { encoding: 'f32le', sampleRate: 16_000, channels: 1 };
/** Names of streams in a snapshot. */
const MOST_KEYS = 100;
/** 32-bit samples at 16 kHz. */
const BYTES_PER_MS = 64;
/** Sequences that are remembered by their id until they end. */
const MOST_SEQUENCES = 1_000;

/** The streams of one node from its start to its end: messages in, answers and status out. */
export class StreamSession {
  readonly #RED: NodeAPI;
  readonly #node: Node<StreamCredentials>;
  readonly #config: StreamConfig;
  readonly #engine: EngineConnection;
  readonly #messages: StreamMessages;
  readonly #hub: StreamHub<NodeMessage>;
  readonly #heard: Heard;
  readonly #status: StreamStatus;
  readonly #seldom = new Seldom();
  readonly #attachments: StreamAttachment[] = [];
  /** Streams by the id of the sequence that brings them. */
  readonly #sequences = new Map<unknown, string>();
  /** Settles when the message before has its key. */
  #turn: Promise<unknown> = Promise.resolve();
  readonly #watched: WatchedStreams;
  readonly #forgetReading: () => void;
  readonly #unwatch: () => void;
  #isClosing = false;

  /** @throws InvalidArgumentError naming a setting of the node that is not accepted */
  constructor(
    RED: NodeAPI,
    node: Node<StreamCredentials>,
    config: StreamConfig,
    engine: EngineConnection,
    line: StatusLine,
  ) {
    this.#RED = RED;
    this.#node = node;
    this.#config = config;
    this.#engine = engine;
    const words = vocabularyOf(RED);
    this.#heard = new Heard(words);
    this.#messages = new StreamMessages({
      node: node.type,
      words,
      sendAs: config.sendAs === 'chart' || config.sendAs === 'text' ? config.sendAs : 'steps',
      wallClock: config.wallClock === true,
      tellBegin: config.tellBegin === true,
      events: config.events === true,
      segments: config.segments === true,
    });
    this.#hub = new StreamHub<NodeMessage>({
      open: async (options) => engine.deeptone().openStream(options),
      options: streamOptions(config),
      format: formatSetting(config),
      trust: formatTrust(config),
      settings: liveSettingsOf(config, engine.limits),
      markPrefix: config.markPrefix === true,
      ffmpegPath: () => engine.engine().ffmpegPath,
      listener: (event) => {
        try {
          this.#tell(event);
        } catch (error) {
          // What a flow does with an answer, or a message that cannot be copied, is no fault of the stream.
          this.#fail(error, event.stream.key);
        }
      },
    });
    this.#status = new StreamStatus({
      RED,
      node,
      line,
      statistics: () => this.#hub.statistics,
      heard: () => this.#heard.text,
      source: () => this.#attachments.find((attachment) => attachment.status)?.status,
      note: () => this.#attachments.find((attachment) => attachment.note !== undefined)?.note,
      obstacle: () => engine.obstacle,
    });
    this.#watched = new WatchedStreams(() => this.#hub.keys);
    this.#unwatch = engine.board.watch({
      place: placeOf(node),
      statistics: () => this.#hub.statistics,
      streams: this.#watched,
    });
    this.#forgetReading = engine.meter.watch(() => this.#reading);
    try {
      this.#attach();
    } catch (error) {
      // Nobody gets hold of a session that could not be made, so what it has begun ends here.
      void this.close(false);
      throw error;
    }
  }

  /**
   * Takes one message; resolves after its last output.
   *
   * @throws what `StreamHub.hear` throws, and InvalidArgumentError for options or a key that are not accepted
   */
  take(message: IncomingMessage): Promise<void> {
    return this.#orTell(this.#inTurn(message));
  }

  /** Shows in the status when work for a message fails; while all goes well the status looks for itself. */
  async #orTell(work: Promise<void>): Promise<void> {
    try {
      await work;
    } catch (error) {
      // A new deployment is no failure of the messages that it cuts off.
      if (this.#isClosing && error instanceof ClosedError) return;
      this.#status.failed(error);
      this.#engine.meter.failed(error);
      throw error;
    }
  }

  get #reading(): Reading {
    const { streams, waitingMs, droppedMs, gaps, gapMs, refused } = this.#hub.statistics;
    const waitingBytes = waitingMs * BYTES_PER_MS;
    return { ...NO_READING, streams, waitingMs, waitingBytes, droppedMs, gaps, gapMs, refused };
  }

  /** Answers with a snapshot, on the output of events where there is one. */
  #tellDiagnostics(message: IncomingMessage): void {
    const { id, type } = this.#node;
    const streams = this.#hub.keys;
    const facts = { id, type, ...this.#hub.statistics, keys: streams.slice(0, MOST_KEYS) };
    const payload = diagnosticsOf(this.#engine, facts);
    const told = {
      ...this.#RED.util.cloneMessage({ ...message, payload: undefined }),
      payload,
      insight: diagnosticsInsight(payload),
    };
    this.#node.send(this.#config.events === true ? [null, null, null, told] : [told]);
  }

  /** Stops all streams and sources. */
  async close(removed: boolean): Promise<void> {
    this.#isClosing = true;
    this.#forgetReading();
    this.#unwatch();
    this.#status.close();
    await Promise.allSettled(this.#attachments.map((attachment) => attachment.close(removed)));
    await this.#hub.close();
  }

  /** In the order of arrival, also where the key has to be waited for. */
  async #inTurn(message: IncomingMessage, handOver?: StreamHandOver): Promise<void> {
    if (asksForDiagnostics(message)) {
      this.#tellDiagnostics(message);
      return;
    }
    const { source = 'messages' } = this.#config;
    // A source of the node's own names its streams by the topic, whatever was set for messages before.
    const { key = 'topic', keyType = 'msg' }: Partial<StreamConfig> =
      source === 'messages' ? this.#config : {};
    if (keyType === 'msg') return this.#hear(message, keyIn(this.#propertyOf(message, key)), handOver);
    if (keyType === 'str') return this.#hear(message, key);
    const named = this.#turn.then(() => typedInput(this.#RED, this.#node, message, key, keyType));
    this.#turn = named.catch(() => undefined);
    return named.then((value) => this.#hear(message, keyIn(value)));
  }

  /** A property that is not there names no stream, also where what should hold it is not there either. */
  #propertyOf(message: IncomingMessage, key: string): unknown {
    try {
      return this.#RED.util.getMessageProperty(message, key);
    } catch (error) {
      if (error instanceof TypeError) return undefined;
      throw error;
    }
  }

  /** Does what a message of a stream asks for; what it asks of the hub is asked before this returns. */
  async #hear(message: IncomingMessage, named: string, handOver?: StreamHandOver): Promise<void> {
    const key = this.#keyOfSequence(message.parts, named);
    const all = key === '' ? undefined : key;
    if (Object.hasOwn(message, 'reset')) {
      this.#hub.reset(all);
      return;
    }
    if (Object.hasOwn(message, 'forget')) {
      this.#forget(message['forget'], all);
      return;
    }
    const asked = messageOptions('stream', message);
    const isEnd = Object.hasOwn(message, 'complete') || isLastPart(message.parts);
    const isSummary = Object.hasOwn(message, 'summary');
    const work: Promise<void>[] = [];
    const hasAudio = !((isEnd || isSummary) && isNoAudio(message.payload));
    const context = keptProperties(message);
    if (hasAudio) {
      const { payload, contentType, userProperties } = message as Record<string, unknown>;
      const options = Object.keys(asked).length === 0 ? undefined : streamOptions(this.#config, asked);
      const { format } = asked;
      const delivery = deliveryOf(message);
      const about = { contentType, userProperties, format, delivery, handOver, options, context };
      work.push(this.#hub.hear(key, { payload, ...about }));
    }
    // The end of a sequence may lack what the other parts have.
    const last = named === '' ? undefined : context;
    if (isSummary) work.push(this.#hub.summarize(all, last));
    if (isEnd) work.push(hasAudio ? this.#hub.end(key, last) : this.#end(key, last));
    for (const outcome of await Promise.allSettled(work)) {
      if (outcome.status === 'rejected') throw toError(outcome.reason);
    }
  }

  /**
   * Forgets a device that results were published of: by its name, or that of the stream, or all.
   *
   * @throws InvalidArgumentError
   */
  #forget(what: unknown, stream: string | undefined): void {
    if (what !== true && (typeof what !== 'string' || what === '')) {
      throw new InvalidArgumentError(
        say`msg.forget takes the name of a device, or true for that of the stream that the message names, or of all where it names none.`,
      );
    }
    const device = typeof what === 'string' ? what : undefined;
    if (device === undefined) this.#hub.reset(stream);
    for (const attachment of this.#attachments) attachment.forget?.({ device, stream });
  }

  /** The end of no audio in particular: without a name, the stream that has none ends; where there is none such, all of them do. */
  #end(key: string, context: NodeMessage | undefined): Promise<void> {
    if (key !== '' || this.#hub.keys.includes('')) return this.#hub.end(key, context);
    return Promise.all(this.#hub.keys.map((one) => this.#hub.end(one))).then(() => undefined);
  }

  /** The `file in` node may send the end of a sequence without the topic of its other parts. */
  #keyOfSequence(parts: unknown, named: string): string {
    const { id } = (parts ?? {}) as { readonly id?: unknown };
    if (id === undefined) return named;
    const key = named === '' ? (this.#sequences.get(id) ?? '') : named;
    if (isLastPart(parts)) this.#sequences.delete(id);
    else {
      if (this.#sequences.size >= MOST_SEQUENCES) this.#sequences.clear();
      this.#sequences.set(id, key);
    }
    return key;
  }

  #tell(event: LiveEvent<NodeMessage>): void {
    this.#heard.hear(event);
    this.#watched.hear(event);
    // Each message gets properties of its own: what a flow does to one must not show in the next.
    const kept = this.#RED.util.cloneMessage(event.context ?? { topic: event.stream.key });
    const outputs = this.#messages.of(event, kept, this.#engine.evaluation);
    if (outputs) this.#node.send(outputs);
    for (const attachment of this.#attachments) attachment.told?.(event);
    switch (event.kind) {
      case 'dropped':
        this.#engine.meter.overloaded();
        this.#warn(
          spoken(
            say`There is more audio than there is time for: ${event.droppedMs} ms of "${event.stream.key}" were dropped.`,
          ),
          'dropped',
        );
        break;
      case 'warning':
        this.#warn(spoken(say`Stream "${event.stream.key}": ${sentenceOf(event)}`));
        break;
      case 'gap':
      case 'opened':
      case 'closed':
        this.#status.update();
        break;
      case 'step':
      case 'segment':
      case 'summary':
      case 'transition':
        break;
    }
  }

  #attach(): void {
    for (const attach of ATTACHMENTS) {
      const attachment = attach(this.#offer());
      if (attachment) this.#attachments.push(attachment);
    }
  }

  /** What the node offers to its attachments. */
  #offer(): StreamNode {
    const orFail = async (work: Promise<void>, topic: string | undefined): Promise<void> => {
      try {
        await work;
      } catch (error) {
        if (!this.#isClosing) this.#fail(error, topic);
      }
    };
    return {
      RED: this.#RED,
      node: this.#node,
      config: this.#config,
      engine: this.#engine,
      hear: (message, handOver) => orFail(this.#orTell(this.#inTurn(message, handOver)), message.topic),
      hearSamples: (key, payload, lostMs) => {
        // The source has chosen the channel already.
        const options = { channel: undefined };
        const audio = { payload, lostMs, knownFormat: SAMPLES, options, context: { topic: key } };
        return orFail(this.#orTell(this.#hub.hear(key, audio)), key);
      },
      end: (key, reason) => orFail(this.#orTell(this.#hub.end(key, undefined, reason)), key),
      tell: (event, topic) => {
        const outputs = this.#messages.about(event, topic);
        if (outputs) this.#node.send(outputs);
      },
      changed: () => {
        this.#status.update();
      },
      warn: (text) => {
        this.#warn(text);
      },
      fail: (error) => {
        this.#status.failed(error);
        this.#engine.meter.failed(error);
        this.#fail(error, undefined);
      },
    };
  }

  #warn(text: string, word = text): void {
    if (this.#seldom.isDue(word)) this.#node.warn(text);
  }

  /** A failure that no message of the flow asked for. */
  #fail(error: unknown, topic: string | undefined): void {
    const failure = toError(error);
    if (!this.#seldom.isDue(wordFor(failure))) return;
    tell(this.#node, failure, topic === undefined ? {} : { topic });
  }
}

/** What makes a failure the same as another. Beyond a limit every message fails, each naming its own stream. */
function wordFor(failure: Error): string {
  const code = codeOf(failure) ?? '';
  return code === 'DEEPTONE_OVERLOADED' || code === 'DEEPTONE_LICENSE' ? code : `${code} ${failure.message}`;
}

/** @throws InvalidArgumentError when the name of a stream is neither text nor a number */
function keyIn(value: unknown): string {
  if (value === undefined || value === null) return '';
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
    return String(value);
  throw new InvalidArgumentError(say`The name of a stream is ${typeof value}: text or a number is accepted.`);
}

/** Of a message whose source tells whether it may have come before; the core `mqtt in` node does not. */
function deliveryOf({
  dup,
  packetId,
}: NodeMessage & { dup?: unknown; packetId?: unknown }): Delivery | undefined {
  if (typeof dup !== 'boolean') return undefined;
  return typeof packetId === 'number' ? { dup, packetId } : { dup };
}

/** As the `file in` node ends a sequence: with the count, in the last part or in one more without a payload. */
function isLastPart(parts: unknown): boolean {
  const { index, count } = (parts ?? {}) as { readonly index?: unknown; readonly count?: unknown };
  return typeof count === 'number' && (typeof index !== 'number' || index >= count - 1);
}

/** What an Inject node puts into a message that only asks for something. */
function isNoAudio(payload: unknown): boolean {
  return payload === undefined || typeof payload === 'number' || typeof payload === 'boolean';
}
