import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import * as path from 'node:path';
import { ChunkMemory, Deeptone, DeeptoneError, StreamHub, type TimeSeriesStep } from '../../src';
import { withoutOffset } from '../../src/audio';
import { deeptone as command, jsonLines } from '../cli/run-deeptone';
import { makeWav, temporaryFolder, tone } from '../tools/audio';
import { CODECS, compressed, PLAIN, type ByteString } from './byte-strings';
import { RecordingEngine } from './recording-engine';

const OPTIONS = { models: ['speech-rt'], outputPeriod: 64 } as const;
const CUTS = [1, 7, 16, 333, Infinity] as const;
const FRAME = 1_024;
/** Frames of codecs that ffmpeg may give or leave out at the ends, by what it reads from. */
const CODEC_FRAMES = 4;

/** What a way in heard, or refused with. */
type Outcome = Float32Array | string;

function* cut(bytes: Buffer, size: number): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, Math.min(bytes.length, at + size));
}

describe('The same bytes by every way in', function () {
  this.timeout(120_000);
  const folder = temporaryFolder();
  const engine = new RecordingEngine();
  const deeptone = new Deeptone(undefined, { predictionEngine: engine });
  after(() => deeptone.close());

  /** Of the last error. */
  let words = '';

  async function outcome(work: () => Promise<unknown>): Promise<Outcome> {
    engine.takeHeard();
    try {
      await work();
    } catch (error) {
      assert.ok(error instanceof DeeptoneError, String(error));
      words = error.message;
      return error.code;
    }
    const [heard, ...others] = engine.takeHeard();
    assert.deepEqual(others, []);
    assert.ok(heard);
    return heard;
  }

  const whole: Readonly<Record<string, (bytes: Buffer) => Promise<unknown>>> = {
    file: async (bytes) => {
      const name = path.join(folder, 'sound');
      await writeFile(name, bytes);
      await deeptone.processFile(name, OPTIONS);
    },
    container: (bytes) => deeptone.processContainer(bytes, OPTIONS),
    bytes: (bytes) => deeptone.processAudioBytes(bytes, OPTIONS),
    chunk: (bytes) => deeptone.processAudioChunk(bytes, { models: OPTIONS.models }),
    'chunk with memory': (bytes) =>
      deeptone.processAudioChunk(bytes, { models: OPTIONS.models, memory: new ChunkMemory(1) }),
  };

  const inPieces: Readonly<Record<string, (pieces: Iterable<Buffer>) => Promise<unknown>>> = {
    processStream: async (pieces) => {
      for await (const step of deeptone.processStream(pieces, { ...OPTIONS, onWarning: () => undefined }))
        assert.ok(step.results);
    },
    openStream: async (pieces) => {
      const stream = await deeptone.openStream(OPTIONS);
      try {
        for (const piece of pieces) await stream.pushSound(piece);
        await stream.finish();
      } finally {
        stream.close();
      }
    },
    'stream hub': async (pieces) => {
      const hub = new StreamHub({
        open: (options) => deeptone.openStream(options),
        options: OPTIONS,
        listener: () => undefined,
      });
      try {
        for (const payload of pieces) await hub.hear('mic', { payload });
        await hub.end('mic');
      } finally {
        await hub.close();
      }
    },
  };

  /** What is heard of samples: whole frames, without offset. */
  function frames(samples: Float32Array): Float32Array {
    const padded = new Float32Array(Math.ceil(samples.length / FRAME) * FRAME);
    padded.set(withoutOffset(samples));
    return padded;
  }

  function check(way: string, { name, expected }: ByteString, got: Outcome): void {
    if ('code' in expected) {
      assert.equal(typeof got === 'string' ? got : `${got.length} samples`, expected.code, way);
      return;
    }
    if ('isRaw' in expected && (way === 'file' || way === 'container')) {
      assert.equal(got, 'DEEPTONE_BAD_AUDIO', way);
      return;
    }
    assert.ok(typeof got !== 'string', `${name}, ${way}: ${String(got)}, ${words}`);
    if ('hears' in expected) {
      assert.deepEqual(got, frames(expected.hears), way);
      return;
    }
    const wanted = (expected.seconds * 16_000) / FRAME;
    assert.ok(
      Math.abs(got.length / FRAME - wanted) <= CODEC_FRAMES,
      `${name}, ${way}: ${got.length} samples`,
    );
    assert.ok(Math.max(...got) > 0.05, way);
  }

  async function checkAll(string: ByteString, cuts: readonly number[]): Promise<void> {
    for (const [way, hear] of Object.entries(whole)) {
      check(way, string, await outcome(() => hear(string.bytes)));
    }
    for (const [way, hear] of Object.entries(inPieces)) {
      for (const size of cuts) {
        check(`${way} in ${size}`, string, await outcome(() => hear(cut(string.bytes, size))));
      }
    }
  }

  for (const string of PLAIN) {
    it(`is the same for ${string.name}`, async () => {
      await checkAll(string, CUTS);
    });
  }

  for (const codec of CODECS) {
    it(`is the same for ${codec[0]}, from its start and from within`, async () => {
      for (const string of await compressed(folder, codec)) await checkAll(string, [333, Infinity]);
    });
  }

  it('is the same through the command line', async () => {
    const args = ['stream', '--models', 'speech-rt', '--output-period', '64', '--raw'];
    for (const { name, bytes, expected } of PLAIN) {
      const { code, stdout, stderr } = await command(args, { input: bytes });
      const steps: TimeSeriesStep[] = [];
      const failure = await (async () => {
        for await (const step of deeptone.processStream([bytes], {
          ...OPTIONS,
          includeRawValues: true,
          onWarning: () => undefined,
        }))
          steps.push(step);
      })().catch((error: unknown) => error as Error);
      assert.equal(code === 0, !('code' in expected), `${name}: ${stderr}`);
      if (failure) assert.ok(stderr.length > 0, name);
      assert.deepEqual(jsonLines(stdout), failure ? [] : steps, name);
    }
  });

  it('is the voice and not silence where two channels are in opposite phase', async () => {
    const voice = tone(220, 0.6).map((sample) => 0.4 * sample);
    const crossed = makeWav([voice, voice.map((sample) => -sample)]);
    const outcomes: Float32Array[] = [];
    for (const [way, hear] of [
      ['bytes', () => deeptone.processAudioBytes(crossed, { ...OPTIONS, onWarning: () => undefined })],
      ...Object.entries(inPieces).flatMap(([name, work]) =>
        CUTS.map((size) => [`${name} in ${size}`, () => work(cut(crossed, size))] as const),
      ),
    ] as const) {
      const heard = await outcome(hear);
      assert.ok(typeof heard !== 'string', way);
      outcomes.push(heard);
    }
    for (const heard of outcomes) assert.deepEqual(heard, outcomes[0]);
    assert.ok(Math.max(...(outcomes[0]?.subarray(1_024) ?? [])) > 0.15);
  });
});
