/** Frames of compressed audio without a container, from the start of a frame or from within one. */

/** Size of a frame that begins at a place; undefined where none does. */
type FrameBytes = (bytes: Uint8Array, at: number) => number | undefined;

/** Frames, one right behind the other, that are no chance. */
const FRAMES_FROM_START = 2;
const FRAMES_FROM_WITHIN = 3;

const KINDS: readonly (readonly [name: string, frameBytes: FrameBytes])[] = [
  ['aac', adtsFrameBytes],
  ['mp3', (bytes, at) => mpegFrameBytes(bytes, at, 3)],
  ['mp2', (bytes, at) => mpegFrameBytes(bytes, at, 2)],
  ['ac3', ac3FrameBytes],
  ['eac3', eac3FrameBytes],
  ['dts', dtsFrameBytes],
];

/** First bytes of the frames that are looked for within a piece. */
const FIRST_BYTES: readonly (number | undefined)[] = [0xff, 0x0b, 0x7f];

/** Names the compressed audio whose frames follow each other from the first byte on: `aac`, `mp3`, `mp2`, `ac3`, `eac3` or `dts`. */
export function framesFromStart(head: Uint8Array): string | undefined {
  return KINDS.find(([, frameBytes]) => follow(head, 0, frameBytes, FRAMES_FROM_START))?.[0];
}

/**
 * Names the compressed audio whose frames follow each other from somewhere in these bytes on, as in a clip that was cut out of a web
 * radio; also `mpegts`.
 *
 * @param head 4,096 bytes where there are so many
 */
export function framesFromWithin(head: Uint8Array): string | undefined {
  for (let at = 0; at < head.length - 2; at++) {
    if (!FIRST_BYTES.includes(head[at])) continue;
    const kind = KINDS.find(([, frameBytes]) => follow(head, at, frameBytes, FRAMES_FROM_WITHIN));
    if (kind) return kind[0];
  }
  if (areGsmFrames(head)) return 'gsm';
  return isTransportStream(head) ? 'mpegts' : undefined;
}

/** Bytes of a frame of GSM 06.10, and frames from the start on that are no chance: four bits of each are the same. */
const GSM_BYTES = 33;
const FEWEST_GSM_FRAMES = 16;

function areGsmFrames(head: Uint8Array): boolean {
  if (head.length < FEWEST_GSM_FRAMES * GSM_BYTES) return false;
  // Sound that repeats itself, or has a constant level, has the same bits in other places, too.
  const places = Array.from({ length: GSM_BYTES }, (_, place) => place);
  const same = places.filter((place) => isSameNibble(head, place));
  return same.length === 1 && same[0] === 0 && (head[0] ?? 0) >> 4 === 0xd;
}

function isSameNibble(head: Uint8Array, place: number): boolean {
  for (let at = place; at < head.length; at += GSM_BYTES) {
    if ((head[at] ?? 0) >> 4 !== (head[place] ?? 0) >> 4) return false;
  }
  return true;
}

/** Whether bytes begin as a frame of compressed audio may: two bytes, which samples may have by chance. */
export function mayBeginFrame(head: Uint8Array): boolean {
  const isFrame = KINDS.some(([, frameBytes]) => frameBytes(head, 0) !== undefined);
  return isFrame || head[0] === 0x47 || streamFromStart(head) !== undefined;
}

/** Names what begins with a code of 32 bits and more: `mpeg`, a program stream (ISO/IEC 13818-1), `truehd` or `mlp`. */
export function streamFromStart(head: Uint8Array): string | undefined {
  const [b0, b1, b2, b3, b4 = 0, b5, b6, b7 = 0] = head.subarray(0, 8);
  if (b0 === 0 && b1 === 0 && b2 === 1 && b3 === 0xba && ((b4 & 0xc4) === 0x44 || (b4 & 0xf1) === 0x21)) {
    return 'mpeg';
  }
  if (b4 !== 0xf8 || b5 !== 0x72 || b6 !== 0x6f) return undefined;
  return b7 === 0xba ? 'truehd' : b7 === 0xbb ? 'mlp' : undefined;
}

/** Frames of one sound have the same layer and rate: the second byte, and two bits of the third, stay what they are. */
function follow(bytes: Uint8Array, from: number, frameBytes: FrameBytes, frames: number): boolean {
  let at = from;
  for (let count = 0; count < frames; count++) {
    const size = frameBytes(bytes, at);
    if (size === undefined || bytes[at + 1] !== bytes[from + 1]) return false;
    const isSameRate = (((bytes[at + 2] ?? 0) ^ (bytes[from + 2] ?? 0)) & 0x0c) === 0;
    if (!isSameRate && bytes[from] === 0xff) return false;
    at += size;
  }
  return true;
}

/**
 * Bytes of a packet of an MPEG transport stream (ISO/IEC 13818-1), and of what stands before each: a time in recordings of cameras (M2TS); with
 * 16 bytes of check behind it in those of receivers.
 */
const PACKETS = [
  { bytes: 188, before: 0 },
  { bytes: 192, before: 4 },
  { bytes: 204, before: 0 },
] as const;
const PACKETS_FROM_START = 3;
const PACKETS_FROM_WITHIN = 4;

/** Whether bytes begin with packets of an MPEG transport stream. */
export function beginsAsTransportStream(head: Uint8Array): boolean {
  return PACKETS.some(({ bytes, before }) => packetsFollow(head, before, bytes, PACKETS_FROM_START));
}

function isTransportStream(head: Uint8Array): boolean {
  return PACKETS.some(({ bytes }) => {
    for (let first = 0; first < bytes; first++) {
      if (packetsFollow(head, first, bytes, PACKETS_FROM_WITHIN)) return true;
    }
    return false;
  });
}

/**
 * Whether packets, so many at least, follow each other up to the end: they begin with 0x47, hold something, and those of one number count up. Sound that repeats itself
 * has the same bytes in the same places too, and does not count.
 */
function packetsFollow(head: Uint8Array, first: number, size: number, packets: number): boolean {
  const counters = new Map<number, number>();
  let counted = 0;
  let all = 0;
  if (first + (packets - 1) * size + 3 >= head.length) return false;
  for (let at = first; at + 3 < head.length; at += size) {
    if (head[at] !== 0x47) return false;
    const id = (((head[at + 1] ?? 0) & 0x1f) << 8) | (head[at + 2] ?? 0);
    const flags = head[at + 3] ?? 0;
    const counter = flags & 15;
    if ((flags & 0x30) === 0) return false;
    const before = counters.get(id);
    const isNext = (flags & 0x10) === 0 ? before === counter : before === ((counter + 15) & 15);
    if (before !== undefined && id !== EMPTY_PACKETS && !isNext) return false;
    if (before !== undefined && before !== counter) counted++;
    all++;
    counters.set(id, counter);
  }
  // There are few numbers; a short piece of the beginning may have no two of one, and has that of the list of programs.
  return counted > 0 ? counters.size <= all / 2 + 1 : counters.size > 1 && counters.has(0);
}

/** Number of packets that hold nothing, and do not count. */
const EMPTY_PACKETS = 0x1fff;

/** Size of the AAC frame with an ADTS header (ISO/IEC 13818-7). */
function adtsFrameBytes(bytes: Uint8Array, at: number): number | undefined {
  const [b0 = 0, b1 = 0, b2 = 0, b3 = 0, b4 = 0, b5 = 0] = bytes.subarray(at, at + 6);
  const size = ((b3 & 3) << 11) | (b4 << 3) | (b5 >> 5);
  const rateKnown = ((b2 >> 2) & 15) < 13;
  return b0 === 0xff && (b1 & 0xf6) === 0xf0 && rateKnown && size > 7 ? size : undefined;
}

const BITRATES: Readonly<Record<string, readonly number[]>> = {
  '1-2': [0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384],
  '1-3': [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
  '2-2': [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
  '2-3': [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
};
const RATES_V1 = [44_100, 48_000, 32_000];

/** Size of the MPEG frame of a layer (ISO/IEC 11172-3, 13818-3). */
function mpegFrameBytes(bytes: Uint8Array, at: number, layer: 2 | 3): number | undefined {
  const [b0 = 0, b1 = 0, b2 = 0] = bytes.subarray(at, at + 3);
  const version = (b1 >> 3) & 3;
  if (b0 !== 0xff || (b1 & 0xe0) !== 0xe0 || version === 1 || ((b1 >> 1) & 3) !== 4 - layer) return undefined;
  const isVersion1 = version === 3;
  const bitrate = BITRATES[`${isVersion1 ? 1 : 2}-${layer}`]?.[b2 >> 4];
  const rate = RATES_V1[(b2 >> 2) & 3];
  if (bitrate === undefined || bitrate === 0 || rate === undefined) return undefined;
  const perVersion = isVersion1 ? 1 : version === 2 ? 2 : 4;
  const perFrame = isVersion1 || layer === 2 ? 144_000 : 72_000;
  return Math.floor((perFrame * bitrate * perVersion) / rate) + ((b2 >> 1) & 1);
}

/** Kilobits per second of AC-3 by half of the code (ATSC A/52, table 5.18). */
const AC3_BITRATES = [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 576, 640];

/** Size of the AC-3 frame (ATSC A/52). */
function ac3FrameBytes(bytes: Uint8Array, at: number): number | undefined {
  if (bytes[at] !== 0x0b || bytes[at + 1] !== 0x77) return undefined;
  const code = bytes[at + 4] ?? 0xff;
  const rate = [48_000, 44_100, 32_000][code >> 6];
  const bitrate = AC3_BITRATES[(code & 0x3f) >> 1];
  if (rate === undefined || bitrate === undefined) return undefined;
  const words = Math.floor((bitrate * 1_000 * 1_536) / rate / 16);
  return 2 * (words + (rate === 44_100 ? code & 1 : 0));
}

/** Size of the E-AC-3 frame (ATSC A/52, annex E). */
function eac3FrameBytes(bytes: Uint8Array, at: number): number | undefined {
  const [b0, b1, b2 = 0, b3 = 0, , b5 = 0] = bytes.subarray(at, at + 6);
  const version = b5 >> 3;
  if (b0 !== 0x0b || b1 !== 0x77 || version <= 10 || version > 16 || b2 >> 6 === 3) return undefined;
  // A constant level that is written like the first two bytes.
  if (b2 === b0 && b3 === b1) return undefined;
  return 2 * ((((b2 & 7) << 8) | b3) + 1);
}

/** Size of the DTS frame in 16-bit big-endian words (ETSI TS 102 114). */
function dtsFrameBytes(bytes: Uint8Array, at: number): number | undefined {
  const [b0, b1, b2, b3, , b5 = 0, b6 = 0, b7 = 0] = bytes.subarray(at, at + 8);
  if (b0 !== 0x7f || b1 !== 0xfe || b2 !== 0x80 || b3 !== 0x01) return undefined;
  const size = (((b5 & 3) << 12) | (b6 << 4) | (b7 >> 4)) + 1;
  return size >= 96 ? size : undefined;
}
