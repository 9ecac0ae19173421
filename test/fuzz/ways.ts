/** Every way in for bytes of any kind, with what each may do about them. */
import { Deeptone, DeeptoneError } from '../../src';
import { decodeStream, openSound, SoundDecoder } from '../../src/audio';
import { StreamHub } from '../../src/streams';
import type { Mutator } from './mutations';
import { SilentEngine } from './silent-engine';

/** Warnings are for others to judge. */
const onWarning = (): void => undefined;
const OPTIONS = { models: ['speech-rt'], outputPeriod: 64, onWarning };
/** Samples at 16 kHz that a byte may become: one byte at the lowest rate is four. */
const MOST_SAMPLES = 4;
/** A message may make a gap be filled, or a filter be flushed. */
const FEW_SAMPLES = 16_000;

export type Way = (bytes: Buffer, mutator: Mutator) => Promise<void>;

/** What a way in did that it may not. */
export class Fault extends Error {}

const engine = new SilentEngine();
/** Where there is none, so that only what is read here is tried. */
const NO_FFMPEG = '/there/is/no/ffmpeg';
const deeptone = new Deeptone(null, { predictionEngine: engine, ffmpegPath: NO_FFMPEG });

/** Lets typed errors pass: they are answers. */
async function orTyped(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (error instanceof DeeptoneError && error.message.length < 2_000) return;
    throw error;
  }
}

function checkLength(samples: number, bytes: number): void {
  if (samples > MOST_SAMPLES * bytes + FEW_SAMPLES) {
    throw new Fault(`${bytes} bytes became ${samples} samples.`);
  }
}

function checkFinite(samples: Float32Array): void {
  for (const sample of samples)
    if (!Number.isFinite(sample)) throw new Fault(`A sample is ${String(sample)}.`);
}

export const WAYS: Readonly<Record<string, Way>> = {
  clip: (bytes) =>
    orTyped(async () => {
      const sound = await openSound({ bytes }, { channels: 'each', ffmpegPath: NO_FFMPEG });
      let length = 0;
      for await (const piece of sound.pieces) {
        length += piece.reduce((sum, samples) => sum + samples.length, 0);
        piece.forEach(checkFinite);
      }
      checkLength(length, bytes.length);
    }),
  stream: (bytes, mutator) =>
    orTyped(async () => {
      const decoder = new SoundDecoder({ ffmpegPath: NO_FFMPEG });
      let length = 0;
      for await (const [samples] of decodeStream(mutator.cut(bytes), decoder)) {
        if (samples) checkFinite(samples);
        length += samples?.length ?? 0;
      }
      checkLength(length, bytes.length);
    }),
  bytes: (bytes) =>
    orTyped(async () => {
      await deeptone.processAudioBytes(bytes, OPTIONS);
    }),
  chunk: (bytes) =>
    orTyped(async () => {
      await deeptone.processAudioChunk(bytes, { models: OPTIONS.models, onWarning });
    }),
  messages: async (bytes, mutator) => {
    const faults: Error[] = [];
    const hub = new StreamHub({
      open: (options) => deeptone.openStream(options),
      options: { models: OPTIONS.models, outputPeriod: OPTIONS.outputPeriod },
      ffmpegPath: () => NO_FFMPEG,
      listener: (event) => {
        if (event.kind === 'closed' && event.reason === 'failed')
          faults.push(new Fault(JSON.stringify(event)));
      },
    });
    const isText = mutator.below(4) === 0;
    for (const piece of mutator.cut(bytes)) {
      await orTyped(() => hub.hear('a', { payload: isText ? piece.toString('latin1') : piece }));
    }
    await orTyped(() => hub.end('a'));
    // Whatever it was, the next good messages of another stream are heard.
    await hub.hear('b', { payload: GOOD });
    await hub.end('b');
    await hub.close();
    if (engine.streams > 0) throw new Fault(`${engine.streams} streams were left open.`);
    const [fault] = faults;
    if (fault) throw fault;
  },
};

const GOOD = Buffer.alloc(6_400, 7);
/** The same ways with a program that decodes. */
export async function withFfmpeg(bytes: Buffer): Promise<void> {
  await orTyped(async () => {
    const sound = await openSound({ bytes }, { channels: 'each' });
    for await (const piece of sound.pieces) piece.forEach(checkFinite);
  });
}
