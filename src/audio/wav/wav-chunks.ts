/** What stands in the headers of WAV files: kinds, names of chunks, sizes. */
import { BadAudioError } from '../../errors';
import { say } from '../../sentence';

/** The kinds of WAV: RIFF, big-endian RIFX, 64-bit RF64 (EBU Tech 3306) and BW64 (ITU-R BS.2088), Sony Wave64. */
export type WavContainer = 'wav' | 'rifx' | 'rf64' | 'bw64' | 'w64';

/** Chunk names of Sony Wave64 are GUIDs that begin with the four letters of RIFF; these are the rest of them. */
const W64_RIFF_TAIL = '2e91cf11a5d628db04c10000';
const W64_WAVE_TAIL = 'f3acd3118cd100c04f8edb8a';
export const W64_HEADER_BYTES = 40;
export const W64_CHUNK_HEADER_BYTES = 24;

export const MARKERS: Readonly<Record<string, WavContainer>> = {
  RIFF: 'wav',
  RIFX: 'rifx',
  RF64: 'rf64',
  BW64: 'bw64',
};

/** Chunks that stand in WAV files beside the audio; a name that is none of these may be sound as well. */
export const KNOWN_CHUNKS: ReadonlySet<string> = new Set([
  ...[
    'fmt ',
    'data',
    'ds64',
    'fact',
    'LIST',
    'list',
    'INFO',
    'wavl',
    'slnt',
    'cue ',
    'plst',
    'labl',
    'note',
    'ltxt',
  ],
  ...[
    'smpl',
    'inst',
    'bext',
    'cart',
    'iXML',
    'axml',
    'chna',
    'ubxt',
    'levl',
    'link',
    'umid',
    'minf',
    'elm1',
    'regn',
  ],
  ...[
    'id3 ',
    'ID3 ',
    'JUNK',
    'junk',
    'PAD ',
    'pad ',
    'FLLR',
    'FAKE',
    'PEAK',
    'DISP',
    'acid',
    'strc',
    'time',
    'afsp',
  ],
  ...['_PMX', 'SNDM', 'r64m', 'dbmd', 'aXML', 'LGWV', 'CSET', 'mext', 'guan', 'SMED'],
]);
/** What a name of a chunk looks like. */
export const CHUNK_NAME = /^[A-Za-z][A-Za-z0-9_ -]{3}$/u;

export function containerOf(start: Uint8Array): WavContainer {
  const marker = ascii(start, 0);
  if (marker === 'riff') {
    const hex = Buffer.from(start).toString('hex');
    if (
      hex.slice(8, 32) === W64_RIFF_TAIL &&
      ascii(start, 24) === 'wave' &&
      hex.slice(56, 80) === W64_WAVE_TAIL
    ) {
      return 'w64';
    }
    throw new BadAudioError(say`This is not a WAV: it begins like Sony Wave64 and does not go on like it.`);
  }
  if (ascii(start, 8) !== 'WAVE') {
    throw new BadAudioError(say`This is not a WAV: it is a ${marker} file of the kind "${ascii(start, 8)}".`);
  }
  return MARKERS[marker] ?? 'wav';
}

/**
 * Sizes that mean "not known when the header was written": 0xFFFFFFFF and just below (ffmpeg, and
 * writers that subtract the header), 2^31 and just below (sox, arecord).
 */
export function sizeOrOpen32(size: number): number | null {
  const open = size >= 0xffff_ff00 || (size >= 0x7fff_ef00 && size <= 0x8000_0000);
  return open ? null : size;
}

export function sizeOrOpen64(size: number): number | null {
  return size <= 0 || size >= Number.MAX_SAFE_INTEGER ? null : size;
}

export function toNumber(value: bigint): number {
  return value > BigInt(Number.MAX_SAFE_INTEGER) ? Number.MAX_SAFE_INTEGER : Number(value);
}

/** Four letters. */
export function ascii(bytes: Uint8Array, offset: number): string {
  return String.fromCharCode(...bytes.subarray(offset, offset + 4));
}
