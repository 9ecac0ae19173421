/**
 * What bytes are, by their first few (decision 15: content decides, not the name).
 */

/** Bytes at the beginning that are enough to tell, where there are so many. */
export const HEAD_BYTES = 4_096;

interface Signature {
  readonly name: string;
  readonly at: number;
  readonly text: string;
}

/** Audio and video containers that begin with fixed letters; the first that matches counts. */
const CONTAINERS: readonly Signature[] = [
  { name: 'flac', at: 0, text: 'fLaC' },
  { name: 'caf', at: 0, text: 'caff' },
  { name: 'au', at: 0, text: '.snd' },
  { name: 'amr', at: 0, text: '#!AMR' },
  { name: 'mp4', at: 4, text: 'ftyp' },
  { name: 'mp4', at: 4, text: 'moov' },
  { name: 'mp4', at: 4, text: 'mdat' },
  { name: 'mp4', at: 4, text: 'wide' },
  { name: 'flv', at: 0, text: 'FLV\x01' },
  { name: 'wavpack', at: 0, text: 'wvpk' },
  { name: 'ape', at: 0, text: 'MAC ' },
  { name: 'tta', at: 0, text: 'TTA1' },
  { name: 'dsf', at: 0, text: 'DSD ' },
  { name: 'asf', at: 0, text: '\x30\x26\xb2\x75\x8e\x66\xcf\x11' },
  { name: 'mp3', at: 0, text: 'ID3' },
];

/** Well-known files that are not audio, for the error message. */
const OTHERS: readonly Signature[] = [
  { name: 'a PNG image', at: 0, text: '\x89PNG' },
  { name: 'a JPEG image', at: 0, text: '\xff\xd8\xff' },
  { name: 'a GIF image', at: 0, text: 'GIF8' },
  { name: 'a PDF document', at: 0, text: '%PDF' },
  { name: 'a ZIP archive', at: 0, text: 'PK\x03\x04' },
  { name: 'gzip data', at: 0, text: '\x1f\x8b' },
  { name: 'a program', at: 0, text: '\x7fELF' },
  { name: 'a SQLite database', at: 0, text: 'SQLite format 3' },
  { name: 'a MIDI file (notes, not sound)', at: 0, text: 'MThd' },
];

const WAV_MARKERS: Readonly<Record<string, string>> = {
  RIFF: 'wav',
  RIFX: 'rifx',
  RF64: 'rf64',
  BW64: 'bw64',
};

/**
 * Names the audio container that bytes begin with: `wav`, `rifx`, `rf64`, `bw64`, `w64`, `mp3`, `flac`, `ogg`, `opus`, `mp4`
 * (also M4A and MOV), `webm`, `matroska`, `aac`, `aiff`, `caf`, `au`, `amr`, `avi`, `asf`, `flv`, `mpegts`, `wavpack`, `ape`, `tta` or `dsf`.
 *
 * @param head the first bytes, 4,096 where there are so many; fewer are enough for all but AAC, MP3 without a tag, and MPEG-TS
 * @returns undefined when they are none of these, as raw samples are
 */
export function detectContainer(head: Uint8Array): string | undefined {
  const marker = letters(head, 0, 4);
  const kind = letters(head, 8, 4);
  if (kind === 'WAVE' && Object.hasOwn(WAV_MARKERS, marker)) return WAV_MARKERS[marker];
  if (marker === 'RIFF' && kind === 'AVI ') return 'avi';
  if (marker === 'riff' && letters(head, 24, 4) === 'wave') return 'w64';
  if (marker === 'FORM' && (kind === 'AIFF' || kind === 'AIFC')) return 'aiff';
  if (marker === 'OggS') return letters(head, 28, 8) === 'OpusHead' ? 'opus' : 'ogg';
  if (marker === '\x1a\x45\xdf\xa3') return letters(head, 0, 64).includes('webm') ? 'webm' : 'matroska';
  const signature = CONTAINERS.find((one) => letters(head, one.at, one.text.length) === one.text);
  if (signature !== undefined) return signature.name;
  if (repeats(head, adtsFrameBytes)) return 'aac';
  if (repeats(head, mpegFrameBytes)) return 'mp3';
  if ([0, 188, 376].every((at) => head[at] === 0x47)) return 'mpegts';
  return undefined;
}

/** Whether {@link WavStreamReader} reads this container. */
export function isWavContainer(container: string | undefined): boolean {
  return container === 'w64' || Object.values(WAV_MARKERS).includes(container ?? '');
}

/** Says in a few words what bytes look like, for people: a kind of file, the beginning of a text, or the first bytes. */
export function describeContent(head: Uint8Array): string {
  if (head.length === 0) return 'empty';
  const container = detectContainer(head);
  if (container !== undefined) return `${container} audio or video`;
  const other = OTHERS.find((one) => letters(head, one.at, one.text.length) === one.text);
  if (other !== undefined) return other.name;
  if (looksLikeText(head)) {
    const beginning = Buffer.from(head.subarray(0, 40)).toString('utf8').replace(/\s+/gu, ' ').trim();
    return `text that begins "${beginning}"`;
  }
  const bytes = Buffer.from(head.subarray(0, 8)).toString('hex').replace(/../gu, '$& ').trim();
  return `data of an unknown kind that begins with the bytes ${bytes}`;
}

/** Whether bytes are text: UTF-8 without control characters, or UTF-16 with its mark. */
export function looksLikeText(head: Uint8Array): boolean {
  if (head.length === 0) return false;
  if ((head[0] === 0xff && head[1] === 0xfe) || (head[0] === 0xfe && head[1] === 0xff)) return true;
  for (const byte of head) {
    if (byte < 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d && byte !== 0x0c && byte !== 0x1b)
      return false;
  }
  try {
    // The last character may be cut.
    new TextDecoder('utf-8', { fatal: true }).decode(head, { stream: true });
    return true;
  } catch {
    return false;
  }
}

/** Latin-1 letters of a part of the bytes, shorter where they end. */
function letters(head: Uint8Array, at: number, length: number): string {
  return Buffer.from(head.buffer, head.byteOffset, head.byteLength).toString('latin1', at, at + length);
}

/** Whether a frame at the start is followed by another of the same kind: two bytes of sync alone are too often noise. */
function repeats(
  head: Uint8Array,
  frameBytes: (head: Uint8Array, at: number) => number | undefined,
): boolean {
  const first = frameBytes(head, 0);
  return first !== undefined && frameBytes(head, first) !== undefined;
}

/** Size of the AAC frame with an ADTS header at `at` (ISO/IEC 13818-7), undefined when there is none. */
function adtsFrameBytes(head: Uint8Array, at: number): number | undefined {
  const [b0 = 0, b1 = 0, b2 = 0, b3 = 0, b4 = 0, b5 = 0] = head.subarray(at, at + 6);
  const size = ((b3 & 3) << 11) | (b4 << 3) | (b5 >> 5);
  const rateKnown = ((b2 >> 2) & 15) < 13;
  return b0 === 0xff && (b1 & 0xf6) === 0xf0 && rateKnown && size > 7 ? size : undefined;
}

const BITRATES_V1 = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
const BITRATES_V2 = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];
const RATES_V1 = [44_100, 48_000, 32_000];

/** Size of the MPEG layer 3 frame at `at` (ISO/IEC 11172-3, 13818-3), undefined when there is none. */
function mpegFrameBytes(head: Uint8Array, at: number): number | undefined {
  const [b0 = 0, b1 = 0, b2 = 0] = head.subarray(at, at + 3);
  const version = (b1 >> 3) & 3;
  const isLayer3 = ((b1 >> 1) & 3) === 1;
  if (b0 !== 0xff || (b1 & 0xe0) !== 0xe0 || version === 1 || !isLayer3) return undefined;
  const bitrate = (version === 3 ? BITRATES_V1 : BITRATES_V2)[b2 >> 4];
  const rate = RATES_V1[(b2 >> 2) & 3];
  if (bitrate === undefined || bitrate === 0 || rate === undefined) return undefined;
  const perVersion = version === 3 ? 1 : version === 2 ? 2 : 4;
  const padding = (b2 >> 1) & 1;
  return Math.floor(((version === 3 ? 144_000 : 72_000) * bitrate * perVersion) / rate) + padding;
}
