import type { Encoding } from './sample-format';

const SCALE_8 = 2 ** -7;
const SCALE_16 = 2 ** -15;
const SCALE_24 = 2 ** -23;
const SCALE_32 = 2 ** -31;

/** Magnitude beyond which a float sample counts as not finite: its power in the models, and a filter's overshoot on it, would leave 32 bits. */
export const LARGEST_SAMPLE = 1e15;

/** ITU-T G.711 A-law: one byte to a sample in [-1, 1), 13 significant bits. */
const ALAW_TABLE = Float32Array.from({ length: 256 }, (_, byte) => {
  const code = byte ^ 0x55;
  const exponent = (code >> 4) & 7;
  const mantissa = ((code & 0x0f) << 4) + 8;
  const magnitude = exponent === 0 ? mantissa : (mantissa + 0x100) << (exponent - 1);
  return ((code & 0x80) !== 0 ? magnitude : -magnitude) * SCALE_16;
});

/** ITU-T G.711 mu-law: one byte to a sample in [-1, 1), 14 significant bits. */
const MULAW_TABLE = Float32Array.from({ length: 256 }, (_, byte) => {
  const code = ~byte & 0xff;
  const magnitude = ((((code & 0x0f) << 3) + 0x84) << ((code >> 4) & 7)) - 0x84;
  return ((code & 0x80) !== 0 ? 0 - magnitude : magnitude) * SCALE_16;
});

/** Reads the 24-bit integer at `offset` into the high bytes of 32, so that its sign comes out right. */
function int24(bytes: DataView, offset: number, littleEndian: boolean): number {
  const high = bytes.getUint8(littleEndian ? offset + 2 : offset);
  const middle = bytes.getUint8(offset + 1);
  const low = bytes.getUint8(littleEndian ? offset : offset + 2);
  return ((high << 24) | (middle << 16) | (low << 8)) >> 8;
}

/**
 * Decodes every `stride`-th byte group of `bytes`, beginning at `offset`, to samples at full scale 1.0 (decision 17).
 * One loop per encoding: a call per sample costs more than the rest of the decoder.
 *
 * @param stride bytes from one sample of this channel to its next: bytes of a sample times channels
 * @param out filled completely; its length is the number of samples that are read
 * @returns samples that were not finite; they are 0 in `out`. Always 0 for encodings other than float
 */
export function decodeChannel(
  encoding: Encoding,
  bytes: DataView,
  offset: number,
  stride: number,
  out: Float32Array,
): number {
  const n = out.length;
  switch (encoding) {
    case 's8':
      for (let i = 0, at = offset; i < n; i++, at += stride) out[i] = bytes.getInt8(at) * SCALE_8;
      return 0;
    case 'u8':
      for (let i = 0, at = offset; i < n; i++, at += stride) out[i] = (bytes.getUint8(at) - 0x80) * SCALE_8;
      return 0;
    case 's16le':
      for (let i = 0, at = offset; i < n; i++, at += stride) out[i] = bytes.getInt16(at, true) * SCALE_16;
      return 0;
    case 's16be':
      for (let i = 0, at = offset; i < n; i++, at += stride) out[i] = bytes.getInt16(at) * SCALE_16;
      return 0;
    case 'u16le':
    case 'u16be': {
      const little = encoding === 'u16le';
      for (let i = 0, at = offset; i < n; i++, at += stride) {
        out[i] = (bytes.getUint16(at, little) - 0x8000) * SCALE_16;
      }
      return 0;
    }
    case 's24le':
      for (let i = 0, at = offset; i < n; i++, at += stride) out[i] = int24(bytes, at, true) * SCALE_24;
      return 0;
    case 's24be':
      for (let i = 0, at = offset; i < n; i++, at += stride) out[i] = int24(bytes, at, false) * SCALE_24;
      return 0;
    case 's24in32le':
      for (let i = 0, at = offset; i < n; i++, at += stride) out[i] = int24(bytes, at, true) * SCALE_24;
      return 0;
    case 's24in32be':
      for (let i = 0, at = offset + 1; i < n; i++, at += stride) out[i] = int24(bytes, at, false) * SCALE_24;
      return 0;
    case 's32le':
    case 's32be': {
      const little = encoding === 's32le';
      for (let i = 0, at = offset; i < n; i++, at += stride) out[i] = bytes.getInt32(at, little) * SCALE_32;
      return 0;
    }
    case 'u32le':
    case 'u32be': {
      const little = encoding === 'u32le';
      for (let i = 0, at = offset; i < n; i++, at += stride) {
        out[i] = (bytes.getUint32(at, little) - 0x8000_0000) * SCALE_32;
      }
      return 0;
    }
    case 'f32le':
    case 'f32be': {
      const little = encoding === 'f32le';
      for (let i = 0, at = offset; i < n; i++, at += stride) out[i] = bytes.getFloat32(at, little);
      return silenceNonFinite(out);
    }
    case 'f64le':
    case 'f64be': {
      const little = encoding === 'f64le';
      for (let i = 0, at = offset; i < n; i++, at += stride) out[i] = bytes.getFloat64(at, little);
      return silenceNonFinite(out);
    }
    case 'alaw':
      for (let i = 0, at = offset; i < n; i++, at += stride) out[i] = ALAW_TABLE[bytes.getUint8(at)] ?? 0;
      return 0;
    case 'mulaw':
      for (let i = 0, at = offset; i < n; i++, at += stride) out[i] = MULAW_TABLE[bytes.getUint8(at)] ?? 0;
      return 0;
  }
}

/**
 * Position of the first sample that is not a number, infinite, or too large for any filter; -1 when all are usable.
 */
export function firstNonFinite(samples: Float32Array): number {
  for (let i = 0; i < samples.length; i++) {
    if (!(Math.abs(samples[i] ?? 0) <= LARGEST_SAMPLE)) {
      return i;
    }
  }
  return -1;
}

/** Replaces samples that are not finite by 0, in place (decision 17 for streams); returns how many there were. */
export function silenceNonFinite(samples: Float32Array): number {
  let count = 0;
  for (let i = 0; i < samples.length; i++) {
    if (!(Math.abs(samples[i] ?? 0) <= LARGEST_SAMPLE)) {
      samples[i] = 0;
      count++;
    }
  }
  return count;
}
