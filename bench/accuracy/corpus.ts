/** The labelled corpus: its manifest, its decoded clips, its rooms. The recordings stay outside the repository. */
import { readdir, readFile } from 'node:fs/promises';
import * as path from 'node:path';
import { openSound } from '../../src/audio';
import { SAMPLE_RATE } from '../../src/clock';

/** One labelled span of a recording; empty strings where a label is unknown. */
export interface Clip {
  readonly file: string;
  /** Seconds in the file. */
  readonly start: number;
  readonly end: number;
  readonly corpus: string;
  readonly voice: string;
  readonly gender: string;
  readonly age: number | null;
  readonly ageGroup: string;
  readonly emotion: string;
  readonly arousal: string;
  readonly language: string;
  readonly event: string;
  readonly note: string;
}

/** The development part of a corpus: voices that training never heard. */
export class Corpus {
  readonly #decoded = new Map<string, Promise<Float32Array>>();

  private constructor(
    readonly folder: string,
    readonly clips: readonly Clip[],
  ) {}

  /** Reads `manifest.csv`; rows whose labels are suspect are left out. */
  static async open(folder: string): Promise<Corpus> {
    const [header = '', ...lines] = (await readFile(path.join(folder, 'manifest.csv'), 'utf8'))
      .trim()
      .split(/\r?\n/u);
    const names = parseRow(header);
    const clips = lines
      .map((line) => {
        const cells = parseRow(line);
        return new Map(names.map((name, index) => [name, cells[index] ?? '']));
      })
      .filter((row) => row.get('part') === 'dev' && !(row.get('note') ?? '').includes('label-suspect'))
      .map(toClip);
    return new Corpus(folder, clips);
  }

  /** Samples of a clip: 16 kHz mono, full scale 1.0. */
  async samples(clip: Clip): Promise<Float32Array> {
    const all = await this.#decode(path.join(this.folder, clip.file));
    return all.subarray(Math.round(clip.start * SAMPLE_RATE), Math.round(clip.end * SAMPLE_RATE));
  }

  /** Measured room impulse responses, first channel, scaled to unit energy. */
  async rooms(): Promise<readonly Float32Array[]> {
    const folder = path.join(this.folder, 'rooms');
    const names = (await readdir(folder)).filter((name) => name.endsWith('.flac')).sort();
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

async function decodeMono(filename: string): Promise<Float32Array> {
  const audio = await openSound({ file: filename }, { channels: 0, takesRaw: false });
  const pieces: Float32Array[] = [];
  for await (const [piece] of audio.pieces) if (piece) pieces.push(piece);
  return joined(pieces);
}

/** Pieces one after another. */
export function joined(pieces: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}

/** Cells of one CSV line; quoted cells may hold commas. */
function parseRow(line: string): readonly string[] {
  return [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/gu)].map(
    ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? '',
  );
}

function toClip(row: ReadonlyMap<string, string>): Clip {
  const text = (name: string) => row.get(name) ?? '';
  const age = Number.parseInt(text('age'), 10);
  return {
    file: text('file'),
    start: Number(text('start')),
    end: Number(text('end')),
    corpus: text('corpus'),
    voice: text('voice'),
    gender: text('gender'),
    age: Number.isNaN(age) ? null : age,
    ageGroup: text('age_group'),
    emotion: text('emotion').replace('?', ''),
    arousal: text('arousal'),
    language: text('language'),
    event: text('event'),
    note: text('note'),
  };
}
