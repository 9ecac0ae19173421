import { BadAudioError } from '../../errors';
import { type Word, phrase, say } from '../../sentence';
import {
  MAX_CHANNELS,
  MAX_SAMPLE_RATE,
  MIN_SAMPLE_RATE,
  type Encoding,
  type SampleFormat,
} from '../pcm/sample-format';

const TAG_PCM = 0x0001;
const TAG_FLOAT = 0x0003;
const TAG_ALAW = 0x0006;
const TAG_MULAW = 0x0007;
const TAG_EXTENSIBLE = 0xfffe;

/** Codecs that are found inside WAV files and are not raw samples (RFC 2361). */
const CODEC_NAMES: Readonly<Record<number, string>> = {
  0x0002: 'Microsoft ADPCM',
  0x0010: 'OKI ADPCM',
  0x0011: 'IMA ADPCM',
  0x0014: 'G.723 ADPCM',
  0x0031: 'GSM 6.10',
  0x0040: 'G.721 ADPCM',
  0x0045: 'G.726 ADPCM',
  0x0050: 'MPEG layer 1 or 2',
  0x0055: 'MP3',
  0x0064: 'G.726 ADPCM',
  0x00ff: 'AAC',
  0x0161: 'Windows Media Audio',
  0x0162: 'Windows Media Audio Pro',
  0x2000: 'AC-3',
  0xf1ac: 'FLAC',
};

/** Offset of the sub-format's tag, and the rest of its GUID, in an extensible format (mmreg.h). */
const SUBFORMAT_OFFSET = 24;
const SUBFORMAT_TAIL = '000000001000800000aa00389b71';

/** The WAV is whole but its samples are in a codec that takes ffmpeg; `formatTag` is the header's number for it. */
export class UnsupportedWavCodecError extends BadAudioError {
  constructor(
    readonly formatTag: number,
    detail: Word,
  ) {
    super(
      say`The WAV holds ${detail} (format tag 0x${formatTag.toString(16).padStart(4, '0')}); read without ffmpeg are integers of 8 to 32 bits, floats of 32 and 64 bits, A-law and mu-law.`,
    );
  }
}

/**
 * Reads a `fmt ` chunk: the sample format, from the tag, the container's bytes per sample and the number of bits.
 *
 * @param chunk its first bytes, at least 16; anything after 40 is not looked at
 * @param littleEndian false for RIFX
 * @throws BadAudioError when the chunk is too short or contradicts itself; UnsupportedWavCodecError for compressed audio
 */
export function parseWavFormat(chunk: Uint8Array, littleEndian: boolean): SampleFormat {
  if (chunk.length < 16) {
    throw new BadAudioError(
      say`The WAV header is damaged: its "fmt " chunk has ${chunk.length} bytes, 16 are needed.`,
    );
  }
  const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  const channels = view.getUint16(2, littleEndian);
  const sampleRate = view.getUint32(4, littleEndian);
  const blockAlign = view.getUint16(12, littleEndian);
  const bits = view.getUint16(14, littleEndian);
  if (channels < 1 || channels > MAX_CHANNELS) {
    throw new BadAudioError(
      say`The WAV header is damaged: it says ${channels} channels; 1 to ${MAX_CHANNELS} are accepted.`,
    );
  }
  const bytes = sampleBytes(blockAlign / channels, bits);
  const encoding = wavEncoding(effectiveTag(view, littleEndian), bits, bytes, littleEndian);
  if (sampleRate < MIN_SAMPLE_RATE || sampleRate > MAX_SAMPLE_RATE) {
    throw new BadAudioError(
      say`The WAV header says a sample rate of ${sampleRate} Hz; ${MIN_SAMPLE_RATE} to ${MAX_SAMPLE_RATE} Hz are accepted.`,
    );
  }
  return { encoding, sampleRate, channels };
}

function effectiveTag(view: DataView, littleEndian: boolean): number {
  const tag = view.getUint16(0, littleEndian);
  if (tag !== TAG_EXTENSIBLE || view.byteLength < SUBFORMAT_OFFSET + 16) {
    return tag;
  }
  const guid = new Uint8Array(view.buffer, view.byteOffset + SUBFORMAT_OFFSET, 16);
  // In RIFX the GUID's first fields are big-endian, in files by sox the tag alone; its last eight bytes have no order.
  const hex = Buffer.from(guid).toString('hex');
  if (hex.slice(4) === SUBFORMAT_TAIL) return view.getUint16(SUBFORMAT_OFFSET, littleEndian);
  if (!littleEndian && hex.startsWith('0000') && hex.endsWith(SUBFORMAT_TAIL.slice(12))) {
    return view.getUint16(SUBFORMAT_OFFSET + 2, false);
  }
  return tag;
}

/** Bytes of one sample of one channel: the block alignment's share, or where that cannot hold the bits what they need. */
function sampleBytes(share: number, bits: number): number {
  return Number.isInteger(share) && share > 0 && 8 * share >= bits ? share : Math.ceil(bits / 8);
}

/** 24 bits in 4 bytes are in the low three (ALSA's S24_LE, as arecord writes it); other partial widths are in the high bits. */
function wavEncoding(tag: number, bits: number, bytes: number, littleEndian: boolean): Encoding {
  switch (tag) {
    case TAG_PCM: {
      const encoding = integerEncoding(bits, bytes, littleEndian);
      if (encoding !== undefined) return encoding;
      break;
    }
    case TAG_FLOAT:
      if (bytes === 4) return littleEndian ? 'f32le' : 'f32be';
      if (bytes === 8) return littleEndian ? 'f64le' : 'f64be';
      break;
    case TAG_ALAW:
    case TAG_MULAW:
      if (bytes === 1) return tag === TAG_ALAW ? 'alaw' : 'mulaw';
      break;
    default:
      throw new UnsupportedWavCodecError(tag, CODEC_NAMES[tag] ?? phrase`an unknown codec`);
  }
  throw new UnsupportedWavCodecError(tag, say`samples of ${bits} bits in ${bytes} bytes`);
}

function integerEncoding(bits: number, bytes: number, littleEndian: boolean): Encoding | undefined {
  if (bits < 1 || bits > 8 * bytes) {
    return undefined;
  }
  switch (bytes) {
    case 1:
      return 'u8';
    case 2:
      return littleEndian ? 's16le' : 's16be';
    case 3:
      return littleEndian ? 's24le' : 's24be';
    case 4:
      if (bits === 24) return littleEndian ? 's24in32le' : 's24in32be';
      return littleEndian ? 's32le' : 's32be';
    default:
      return undefined;
  }
}
