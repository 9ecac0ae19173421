/** Answers each message as a whole: one chunk of sound in, one result per model out. */
import { BadAudioError, type ChunkOptions, type Deeptone } from '../src';
import { readPayload } from '../src/audio';
import { FRAME_MS, FRAME_SAMPLES, SAMPLE_RATE, samplesToMs } from '../src/clock';
import { readSamples } from '../src/audio/samples-source';
import { ChunkMemory } from './answers/chunk-memory';
import { connectEngine } from './engine/connection';
import { fail, refuseAll } from './shared/failure';
import { insight, speed } from './answers/facts';
import { fieldNumbers, numberIn } from './shared/fields';
import { messageFormat, type FormatDialog } from './shared/message-format';
import { migrated } from './shared/migrate';
import {
  sharedText,
  type IncomingMessage,
  type Node,
  type NodeAPI,
  type NodeDef,
  type Send,
} from './shared/node-red';
import {
  dialogOptions,
  mergeOptions,
  messageOptions,
  type DialogOptions,
  type LooseOptions,
} from './shared/options';
import { StatusLine } from './shared/status-line';
import { WorkQueue } from './answers/work-queue';

interface ChunkConfig extends NodeDef, DialogOptions, FormatDialog {
  readonly engine: string;
  /** Let the models hear what the same topic said before. */
  readonly memory?: boolean;
  /** Topics that are remembered. */
  readonly topics?: number | string;
  /** Messages that may wait for their turn. */
  readonly waitingMessages?: number | string;
}

function register(RED: NodeAPI): void {
  function DeeptoneChunk(this: Node, saved: ChunkConfig): void {
    RED.nodes.createNode(this, saved);
    const config = migrated('deeptone-chunk', saved);
    let queue: WorkQueue;
    let memory: ChunkMemory;
    try {
      // One at a time, so that a topic's answers and its memory keep the order of its messages.
      const { topics, waitingMessages } = fieldNumbers('deeptone-chunk', config);
      queue = new WorkQueue(1, waitingMessages);
      memory = new ChunkMemory(topics);
    } catch (error) {
      refuseAll(this, error);
      return;
    }
    const status = new StatusLine(this);
    const engine = connectEngine(RED, this, config.engine, status);

    const answer = async (message: IncomingMessage, send: Send): Promise<void> => {
      const asked = messageOptions('chunk', message);
      const options = mergeOptions(dialogOptions({ ...config, outputPeriod: undefined }), asked);
      const { deeptone, ffmpegPath } = engine.engine();
      const started = performance.now();
      const chunk = await chunkSamples(message, config, options, ffmpegPath);
      const topic = message.topic ?? '';
      const remembers = config.memory === true && asked.contextSamples === undefined;
      const look = remembers ? lookBack(deeptone, options.models) : 0;
      const context = memory.last(topic, look);
      const heard = joined([context, chunk]);
      const result = await deeptone.processAudioChunk(heard, chunkOptions(options, context.length));
      if (remembers) memory.keep(topic, heard, look);
      const duration = samplesToMs(chunk.length);
      const facts = {
        node: this.type,
        models: [...new Set(options.models as readonly string[])],
        outputPeriod: null,
        ...(remembers ? { stream: topic } : {}),
        duration,
        speed: speed(duration, performance.now() - started),
        ...(engine.evaluation ? ({ evaluation: true } as const) : {}),
      };
      send({ ...message, payload: result, insight: insight('chunk', facts) });
      status.set({ fill: 'green', shape: 'dot', text: sharedText('status.listening') });
    };

    const take = async (message: IncomingMessage, send: Send): Promise<void> => {
      if (message['reset'] === undefined) await answer(message, send);
      else memory.forget(message.topic === '' ? undefined : message.topic);
    };

    this.on('input', (message, send, done) => {
      queue.add(
        () =>
          take(message, send).then(
            () => {
              done();
            },
            (error: unknown) => {
              fail(error, done, status);
            },
          ),
        (error) => {
          fail(error, done, status);
        },
      );
    });

    this.on('close', (_removed: boolean, done: () => void) => {
      engine.close();
      void queue.close().finally(() => {
        memory.forget();
        status.close();
        done();
      });
    });
  }

  RED.nodes.registerType('deeptone-chunk', DeeptoneChunk);
}

/**
 * The samples of a message, 16 kHz mono.
 *
 * @throws BadAudioError when they are fewer than one frame, and says how long a chunk should be
 */
async function chunkSamples(
  message: IncomingMessage,
  config: ChunkConfig,
  options: LooseOptions,
  ffmpegPath: string | undefined,
): Promise<Float32Array> {
  const audio = readPayload(message.payload);
  const format = messageFormat(config, message, options);
  const channel = numberIn('channel', options.channel);
  const { buffer, byteOffset, byteLength } = audio.kind === 'bytes' ? audio.bytes : new Uint8Array(0);
  const pieces =
    audio.kind === 'bytes'
      ? readSamples(Buffer.from(buffer, byteOffset, byteLength), { format, channel, ffmpegPath })
      : readSamples(audio.samples, { rateIn: format.sampleRate, channels: format.channels, channel });
  const parts: Float32Array[] = [];
  for await (const piece of pieces) parts.push(piece);
  const samples = joined(parts);
  if (samples.length < FRAME_SAMPLES) {
    throw new BadAudioError(
      `The chunk has ${samples.length} samples at 16 kHz (${samplesToMs(samples.length)} ms): ` +
        `at least one frame, ${FRAME_SAMPLES} samples (${FRAME_MS} ms), is accepted, ` +
        'and a chunk as long as the models look back, 1 to 3 s, is best.',
    );
  }
  return samples;
}

function joined(parts: readonly Float32Array[]): Float32Array {
  const whole = new Float32Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Samples that the models of this message look back on, beyond the frame itself. */
function lookBack(deeptone: Deeptone, models: unknown): number {
  const fields = deeptone
    .describeModels()
    .filter(({ name }) => Array.isArray(models) && models.includes(name))
    .map(({ receptiveFieldMs }) => receptiveFieldMs);
  return Math.ceil((Math.max(0, ...fields) * SAMPLE_RATE) / 1_000);
}

/** Names are checked; values are checked by the engine. */
function chunkOptions(options: LooseOptions, remembered: number): ChunkOptions {
  const { models, includeRawValues, volumeThreshold, voiceSignatures, contextSamples } = options;
  const given = { models, includeRawValues, volumeThreshold, voiceSignatures };
  return { ...given, contextSamples: contextSamples ?? remembered } as ChunkOptions;
}

export = register;
