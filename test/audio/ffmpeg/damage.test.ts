import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { openSound, SoundDecoder, type AudioWarning } from '../../../src/audio';
import { decodeStream } from '../../../src/audio/decode-stream';
import { concatenated, joined, makeWav, temporaryFolder, tone } from '../../tools/audio';

const SECOND = 16_000;
/** The second at which the tone changes. */
const CHANGE = 12;
const LOW = 300;
const HIGH = 900;

interface Heard {
  readonly samples: Float32Array;
  readonly warnings: readonly AudioWarning[];
}

/** Containers that know the time of what they hold, with arguments for ffmpeg; `zeroed`: bytes are spoilt, not taken out. */
const TIMED: readonly { readonly name: string; readonly args: readonly string[]; readonly zeroed?: true }[] =
  [
    { name: 'a.ogg', args: ['-c:a', 'libvorbis'] },
    { name: 'a.opus', args: ['-c:a', 'libopus'] },
    { name: 'a.webm', args: ['-c:a', 'libopus'] },
    { name: 'a.mkv', args: ['-c:a', 'libvorbis'] },
    { name: 'a.flac', args: [] },
    { name: 'a.ts', args: ['-c:a', 'aac'] },
    { name: 'a.flv', args: ['-c:a', 'aac', '-ar', '44100'] },
    { name: 'a.wma', args: ['-c:a', 'wmav2', '-ar', '44100'] },
    { name: 'a.m4a', args: ['-c:a', 'aac', '-movflags', '+faststart'], zeroed: true },
  ];
/** Containers that say how long they are. */
const PROMISING = ['a.webm', 'a.mkv', 'a.flac', 'a.flv', 'a.m4a', 'a.mp3', 'a.aiff'];
const OTHERS: readonly { readonly name: string; readonly args: readonly string[] }[] = [
  { name: 'a.mp3', args: ['-c:a', 'libmp3lame'] },
  { name: 'a.aac', args: ['-c:a', 'aac'] },
  { name: 'a.aiff', args: [] },
];

describe('Compressed sound that is damaged', () => {
  const folder = temporaryFolder();
  const file = (name: string): string => path.join(folder, name);

  before(() => {
    const sound = concatenated(tone(LOW, CHANGE, SECOND, 0.3), tone(HIGH, 20 - CHANGE, SECOND, 0.3));
    writeFileSync(file('sound.wav'), makeWav([sound]));
    for (const { name, args } of [...TIMED, ...OTHERS]) {
      execFileSync('ffmpeg', ['-v', 'error', '-i', file('sound.wav'), ...args, file(name)]);
    }
  });

  /** A part of the bytes taken out, or spoilt, from one share of them to another. */
  function without(name: string, from: number, to: number, zeroed = false): string {
    const bytes = readFileSync(file(name));
    const [start, end] = [from, to].map((share) => Math.round(share * bytes.length));
    const kept = zeroed
      ? Buffer.from(bytes).fill(0, start, end)
      : Buffer.concat([bytes.subarray(0, start), bytes.subarray(end)]);
    writeFileSync(file(`bad-${name}`), kept);
    return file(`bad-${name}`);
  }

  const WAYS: Readonly<Record<string, (filename: string) => Promise<Heard>>> = {
    file: (filename) => whole({ file: filename }),
    clip: (filename) => whole({ bytes: readFileSync(filename) }),
    stream: async (filename) => {
      const decoder = new SoundDecoder();
      const bytes = readFileSync(filename);
      const pieces = Array.from({ length: Math.ceil(bytes.length / 4_096) }, (_, n) =>
        bytes.subarray(n * 4_096, (n + 1) * 4_096),
      );
      const samples: Float32Array[] = [];
      const warnings: AudioWarning[] = [];
      for await (const [piece] of decodeStream(pieces, decoder)) {
        if (piece) samples.push(piece);
        warnings.push(...decoder.takeWarnings());
      }
      return { samples: joined(samples), warnings: [...warnings, ...decoder.takeWarnings()] };
    },
  };

  async function whole(sound: Parameters<typeof openSound>[0]): Promise<Heard> {
    const audio = await openSound(sound);
    const samples: Float32Array[] = [];
    for await (const [piece] of audio.pieces) if (piece) samples.push(piece);
    return { samples: joined(samples), warnings: audio.takeWarnings() };
  }

  const codes = ({ warnings }: Heard): string[] => warnings.map(({ code }) => code);

  /** Frequency of a tone, by its zero crossings. */
  function frequency(samples: Float32Array, from: number, seconds: number): number {
    const part = samples.subarray(from * SECOND, (from + seconds) * SECOND);
    let crossings = 0;
    for (let n = 1; n < part.length; n++) if ((part[n - 1] ?? 0) < 0 !== (part[n] ?? 0) < 0) crossings++;
    return crossings / (2 * seconds);
  }

  for (const [way, hear] of Object.entries(WAYS)) {
    describe(`as a ${way}`, () => {
      it('is no sound that is whole', async () => {
        for (const { name } of [...TIMED, ...OTHERS]) {
          const heard = await hear(file(name));
          assert.deepEqual(heard.warnings, [], name);
          assert.ok(Math.abs(heard.samples.length / SECOND - 20) < 0.1, name);
        }
      });

      for (const { name, zeroed } of TIMED) {
        it(`keeps the time of what comes after a hole (${name})`, async () => {
          const heard = await hear(without(name, 0.35, 0.45, zeroed));
          assert.ok(codes(heard).includes('hole'), JSON.stringify(heard.warnings));
          const { message = '' } = heard.warnings.find(({ code }) => code === 'hole') ?? {};
          assert.match(message, /[1-9][\d.]* s are missing (?:at|in \d+ places, the first at) [3-9][\d.]* s/);
          assert.ok(Math.abs(frequency(heard.samples, CHANGE - 0.4, 0.3) - LOW) < 20);
          assert.ok(Math.abs(frequency(heard.samples, CHANGE + 0.1, 0.3) - HIGH) < 20);
          assert.ok(Math.abs(heard.samples.length / SECOND - 20) < 0.15);
        });
      }

      it('says that it was cut, and where', async () => {
        for (const name of PROMISING.filter((one) => way !== 'stream' || one !== 'a.mp3')) {
          const heard = await hear(without(name, 0.6, 1));
          assert.ok(codes(heard).includes('truncated'), `${name}: ${JSON.stringify(heard.warnings)}`);
          const { message = '' } = heard.warnings.find(({ code }) => code === 'truncated') ?? {};
          assert.match(message, /it ends at [\d.]+ s of (?:20|19\.9)[\d.]* s, [\d.]+ s are missing/, name);
        }
        for (const name of ['a.ogg', 'a.opus', 'a.ts']) {
          const heard = await hear(without(name, 0.61234, 1));
          assert.match(JSON.stringify(heard.warnings), /has no end: it was cut off at [\d.]+ s/, name);
        }
      });

      it('counts what could not be decoded', async () => {
        for (const name of ['a.aac', 'a.mp3']) {
          const heard = await hear(without(name, 0.35, 0.45, true));
          const { message = '' } = heard.warnings.find(({ code }) => code === 'damaged') ?? {};
          assert.match(message, /is cut or damaged: (?:once|\d+ times).* at about [6-7][\d.]* s/, name);
        }
        const { warnings } = await hear(without('a.m4a', 0.35, 0.45, true));
        assert.match(JSON.stringify(warnings), /cut or damaged: \d+ times/);
      });
    });
  }

  it('has the offset of the sound in a hole, so that no edge of it is heard', async () => {
    const OFFSET = 0.2;
    const low = tone(LOW, 20, SECOND, 0.1).map((sample) => sample + OFFSET);
    writeFileSync(file('offset.wav'), makeWav([low, low, low]));
    execFileSync('ffmpeg', ['-v', 'fatal', '-i', file('offset.wav'), file('offset.flac')]);
    const { samples, warnings } = await whole({ file: without('offset.flac', 0.4, 0.6, true) });
    assert.ok(warnings.some(({ code }) => code === 'hole'));
    const hole = samples.subarray(9.5 * SECOND, 10.5 * SECOND);
    for (const sample of hole) assert.ok(Math.abs(sample - OFFSET) < 0.02, String(sample));
  });

  it('is refused as a stream where its index would be at the end', async () => {
    execFileSync('ffmpeg', ['-v', 'error', '-i', file('sound.wav'), '-c:a', 'aac', file('late.m4a')]);
    await assert.rejects(
      WAYS['stream']?.(file('late.m4a')) ?? Promise.resolve(),
      /its index must come first.*faststart/,
    );
  });

  it('is not believed where its times cannot be true', async () => {
    // The time of the second cluster is hours later than the 20 s that the file promises.
    const bytes = readFileSync(file('a.webm'));
    const clusters: number[] = [];
    const mark = Buffer.from('\x1f\x43\xb6\x75', 'latin1');
    for (let at = bytes.indexOf(mark); at >= 0; at = bytes.indexOf(mark, at + 1)) clusters.push(at);
    const second = clusters[1] ?? 0;
    const timecode = bytes.indexOf(0xe7, second);
    const size = (bytes[timecode + 1] ?? 0) & 0x7f;
    bytes.fill(0x7f, timecode + 2, timecode + 2 + size);
    writeFileSync(file('wrong.webm'), bytes);
    const { samples, warnings } = await whole({ file: file('wrong.webm') });
    assert.ok(samples.length < 25 * SECOND);
    assert.match(JSON.stringify(warnings), /times that cannot be true|hole/);
  });
});
