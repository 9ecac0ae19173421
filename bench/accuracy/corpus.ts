/** The labelled corpus: its manifests, its decoded clips, its rooms. The recordings stay outside the repository. */
import { access, readdir, readFile } from 'node:fs/promises';
import * as path from 'node:path';
import { openSound } from '../../src/audio';
import { SAMPLE_RATE } from '../../src/clock';
import { joined } from '../../test/tools/audio';
import { UsageError } from '../report';
import { developmentClips, type Clip } from './manifest';

export type { Clip } from './manifest';

/** The development part of a corpus: voices that training never heard. */
export class Corpus {
  readonly #decoded = new Map<string, Promise<Float32Array>>();

  private constructor(
    readonly folder: string,
    readonly clips: readonly Clip[],
  ) {}

  /**
   * Reads every `manifest*.csv` of a folder, one a delivery.
   *
   * @throws UsageError where there is none, or one that is no manifest, no clip to hear, or a recording is missing
   */
  static async open(folder: string): Promise<Corpus> {
    const names = await readdir(folder).catch(() => {
      throw new UsageError(`--corpus: there is no folder ${folder}.`);
    });
    const manifests = names.filter((name) => /^manifest.*\.csv$/u.test(name)).sort();
    if (manifests.length === 0) throw new UsageError(`--corpus: ${folder} has no manifest.csv.`);
    const clips: Clip[] = [];
    for (const name of manifests) {
      const filename = path.join(folder, name);
      const text = await readFile(filename, 'utf8');
      try {
        clips.push(...developmentClips(text));
      } catch (error) {
        throw new UsageError(`${filename} is no manifest: ${(error as Error).message}.`);
      }
    }
    if (clips.length === 0) throw new UsageError(`--corpus: ${folder} has no clip of the part dev.`);
    await checkRecordings(folder, clips);
    return new Corpus(folder, clips);
  }

  /** Samples of a clip: 16 kHz mono, full scale 1.0. */
  async samples(clip: Clip): Promise<Float32Array> {
    const all = await this.#decode(path.join(this.folder, clip.file));
    return all.subarray(Math.round(clip.start * SAMPLE_RATE), Math.round(clip.end * SAMPLE_RATE));
  }

  /** Measured room impulse responses, first channel, scaled to unit energy; none where there is no folder of them. */
  async rooms(): Promise<readonly Float32Array[]> {
    const folder = path.join(this.folder, 'rooms');
    const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith('.flac')).sort();
    return Promise.all(
      names.map(async (name) => {
        const response = await this.#decode(path.join(folder, name));
        const energy = Math.sqrt(response.reduce((sum, sample) => sum + sample * sample, 0));
        return response.map((sample) => sample / energy);
      }),
    );
  }

  #decode(filename: string): Promise<Float32Array> {
    const known = this.#decoded.get(filename);
    if (known) return known;
    const decoding = decodeMono(filename);
    this.#decoded.set(filename, decoding);
    return decoding;
  }
}

async function checkRecordings(folder: string, clips: readonly Clip[]): Promise<void> {
  const files = [...new Set(clips.map(({ file }) => file))];
  const found = await Promise.all(
    files.map((file) =>
      access(path.join(folder, file)).then(
        () => true,
        () => false,
      ),
    ),
  );
  const [first, ...more] = files.filter((_, index) => found[index] === false);
  if (first === undefined) return;
  const others = more.length === 0 ? '' : `, nor ${more.length} more`;
  throw new UsageError(`--corpus: ${folder} has no ${first}${others}, which its manifests name.`);
}

async function decodeMono(filename: string): Promise<Float32Array> {
  const audio = await openSound({ file: filename }, { channels: 0, takesRaw: false });
  const pieces: Float32Array[] = [];
  for await (const [piece] of audio.pieces) if (piece) pieces.push(piece);
  return joined(pieces);
}
