/** Bytes that nobody foresaw, made from good ones; the same for the same seed. */
import { seededRandom } from '../tools/random';

/** Values at which programs break. */
const EDGES = [0, 1, 2, 3, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff];
/** What bytes are recognised by, and what ends or begins things. */
const TOKENS = [
  ...[
    'RIFF',
    'RIFX',
    'RF64',
    'WAVE',
    'fmt ',
    'data',
    'ds64',
    'LIST',
    'riff',
    'OggS',
    'fLaC',
    'ID3',
    'ftyp',
    'moov',
  ],
  ...[
    '[',
    ']',
    '{',
    '}',
    '"',
    '\\',
    '\\u00',
    ',',
    'null',
    '1e999',
    '-',
    'data:audio/wav;base64,',
    '=',
    '\r\n',
    '\0',
  ],
  ...[
    '\u00ff\u00fb\u0090',
    '\u00ff\u00f1',
    'G@\u0000',
    '\u001a\u0045\u00df\u00a3',
    '#EXTM3U\n',
    'ffconcat version 1.0\n',
  ],
];
/** A mutation makes bytes longer by no more than this. */
const LONGEST_GROWTH = 4_096;

/** Chooses and mutates by one seed. */
export class Mutator {
  readonly #random: () => number;

  constructor(seed: number) {
    this.#random = seededRandom(seed);
  }

  /** A whole number from 0 to below the limit. */
  below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  pick<T>(list: readonly T[]): T {
    const one = list[this.below(list.length)];
    if (one === undefined) throw new Error('There is nothing to choose from.');
    return one;
  }

  /** Bytes with some mistakes in them, one most often. */
  mutate(bytes: Buffer, other: Buffer): Buffer {
    let mutated: Buffer = Buffer.from(bytes);
    for (let left = 1 + this.below(1 + this.below(6)); left > 0; left--)
      mutated = this.#mistake(mutated, other);
    return mutated;
  }

  /** Bytes in pieces: as one, byte by byte, or cut anywhere. */
  cut(bytes: Buffer): Buffer[] {
    const longest = this.pick([bytes.length, 4_096, 333, 16, 7]);
    if (longest >= bytes.length) return [bytes];
    const pieces: Buffer[] = [];
    for (let at = 0; at < bytes.length;) {
      const end = at + 1 + this.below(longest);
      pieces.push(bytes.subarray(at, end));
      at = end;
    }
    return pieces;
  }

  #mistake(bytes: Buffer, other: Buffer): Buffer {
    const at = this.below(bytes.length + 1);
    const end = Math.min(bytes.length, at + 1 + this.below(64));
    // Headers are where most can go wrong.
    const early = this.below(Math.min(bytes.length, 128) + 1);
    switch (this.below(10)) {
      case 0:
        return this.#flip(bytes, at);
      case 1:
        return this.#flip(bytes, early);
      case 2:
        return this.#number(bytes, early);
      case 3:
        return this.#number(bytes, at);
      case 4:
        return bytes.subarray(0, at);
      case 5:
        return Buffer.concat([bytes.subarray(0, at), bytes.subarray(end)]);
      case 6:
        return Buffer.concat([bytes.subarray(0, end), bytes.subarray(at, end), bytes.subarray(end)]);
      case 7:
        return insert(bytes, this.below(2) === 0 ? at : early, Buffer.from(this.pick(TOKENS), 'latin1'));
      case 8: {
        const from = this.below(other.length);
        return insert(bytes, at, other.subarray(from, from + 1 + this.below(LONGEST_GROWTH)));
      }
      default: {
        const piece = bytes.subarray(at, end);
        const times = 1 + this.below(LONGEST_GROWTH / Math.max(1, piece.length));
        return insert(bytes, at, Buffer.concat(Array.from({ length: times }, () => piece)));
      }
    }
  }

  #flip(bytes: Buffer, at: number): Buffer {
    if (at < bytes.length) bytes[at] = (bytes[at] ?? 0) ^ (1 << this.below(8));
    return bytes;
  }

  #number(bytes: Buffer, at: number): Buffer {
    const width = this.pick([1, 2, 4]);
    if (at + width > bytes.length) return bytes;
    const value = this.pick(EDGES) % 2 ** (8 * width);
    if (this.below(2) === 0) bytes.writeUIntLE(value, at, width);
    else bytes.writeUIntBE(value, at, width);
    return bytes;
  }
}

function insert(bytes: Buffer, at: number, piece: Buffer): Buffer {
  return Buffer.concat([bytes.subarray(0, at), piece, bytes.subarray(at)]);
}
