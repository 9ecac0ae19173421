/**
 * What bytes are, by their first few (decision 15: content decides, not the name).
 */
import { detectContainer, HEAD_BYTES, isWavContainer, letters, namedContainer } from './containers';
import { framesFromWithin, mayBeginFrame } from './frame-sync';
import { pieceFromWithin } from './later-pieces';
import { laterPiece, refusedContent } from './not-audio';
import { decodeChannel } from './pcm/sample-codec';
import { blockBytes, bytesPerSample, type SampleFormat } from './pcm/sample-format';
import { isAllText, textKind, type TextKind } from './text-kind';
import { type Word, phrase } from '../sentence';

/** What bytes are taken for. */
export type Verdict =
  /** Not to be told yet: more bytes are needed. */
  | { readonly is: 'open' }
  | { readonly is: 'wav' }
  | { readonly is: 'compressed'; readonly container: string }
  /** A text that holds audio. */
  | { readonly is: 'text'; readonly kind: TextKind }
  | { readonly is: 'raw' }
  /** Known, and no audio that can be heard: a sentence that says what it is and what to do. */
  | { readonly is: 'refused'; readonly reason: Word };

/** What is known when bytes are judged. */
export interface Judgement {
  /** There are no more bytes than these. */
  readonly isAll: boolean;
  /** The format that raw samples would have. */
  readonly format: SampleFormat;
  /** Whoever sent the bytes says that they are samples of that format. */
  readonly isStated: boolean;
}

/** Bytes by which text, and samples that are plainly samples, are told. */
export const FEW_BYTES = 128;
/** Every container with a name at its start is known by then but Sony Wave64. */
const NAME_BYTES = 12;
const W64_BYTES = 40;

/**
 * Decides what bytes are by looking at them, before they are taken for samples. The answer depends on the first bytes alone and
 * not on how they are cut: more bytes change `open` only.
 *
 * @param head the first bytes, up to {@link HEAD_BYTES}
 */
export function judge(head: Uint8Array, { isAll, format, isStated }: Judgement): Verdict {
  if (head.length < NAME_BYTES && !isAll) return OPEN;
  const few = head.subarray(0, FEW_BYTES);
  if (isAllText(few)) {
    if (head.length < FEW_BYTES && !isAll) return OPEN;
    const kind = textKind(few, format);
    if (kind !== undefined) return { is: 'text', kind };
  }
  if (letters(head, 0, 4) === 'riff' && head.length < W64_BYTES && !isAll) return OPEN;
  const container = namedContainer(head);
  if (isWavContainer(container)) return { is: 'wav' };
  if (container !== undefined) {
    return beginsLater(head, container)
      ? { is: 'refused', reason: laterPiece('Ogg') }
      : { is: 'compressed', container };
  }
  if (isStated) return { is: 'raw' };
  const reason = refusedContent(few, format, isAll);
  if (reason !== undefined) return { is: 'refused', reason };
  if (!isAll && head.length < FEW_BYTES) return OPEN;
  if (head.length < HEAD_BYTES && !isAll) return isPlainlySamples(head, format) ? { is: 'raw' } : OPEN;
  const frames = detectContainer(head) ?? framesFromWithin(head);
  if (frames !== undefined) return { is: 'compressed', container: frames };
  const piece = pieceFromWithin(head);
  if (piece !== undefined) return { is: 'refused', reason: laterPiece(piece) };
  return bytesPerSample(format.encoding) <= 2 && hasNoOrder(head, format)
    ? { is: 'refused', reason: NO_ORDER }
    : { is: 'raw' };
}

const OPEN: Verdict = { is: 'open' };

/** Whether an Ogg page is not the first of its stream (RFC 3533, 6): others name their container at its beginning alone. */
function beginsLater(head: Uint8Array, container: string): boolean {
  return (container === 'ogg' || container === 'opus') && ((head[5] ?? 2) & 2) === 0;
}

/** Fewer bytes say nothing about their order. */
const ENOUGH_BYTES = 2_048;
/**
 * Chi-squared per degree of freedom, of the frequencies of all 256 bytes against equal ones, below which bytes have no order:
 * compressed audio has 1 to 2, loud noise at -9 dBFS 3, speech in 16 bits more than 30.
 */
const ORDER = 2;
const NO_ORDER = phrase`its bytes have no order, as those of compressed or encrypted data: send a recording from its beginning on; if these are samples, send their format with them`;

/** Mean step from one sample to the next where they have nothing to do with each other: two thirds of full scale, here and there. */
const LEAST_STEP = 0.55;
const LARGEST_STEP = 0.78;

function hasNoOrder(head: Uint8Array, format: SampleFormat): boolean {
  if (head.length < ENOUGH_BYTES) return false;
  const step = meanStep(samplesIn(head, format));
  if (step < LEAST_STEP || step > LARGEST_STEP) return false;
  const counts = new Uint32Array(256);
  for (const byte of head) counts[byte] = (counts[byte] ?? 0) + 1;
  const expected = head.length / 256;
  const chiSquared = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
  return chiSquared / 255 < ORDER;
}

/** Mean step from one sample to the next, full scale 1.0, above which bytes may be anything: of any bytes it is above 0.2. */
const LARGEST_MEAN_STEP = 0.1;
/** Different values that sound has and padding has not. */
const FEWEST_VALUES = 8;

/** Whether the first bytes are a smooth line of samples, which compressed bytes are not. */
function isPlainlySamples(head: Uint8Array, format: SampleFormat): boolean {
  const few = head.subarray(0, FEW_BYTES);
  if (mayBeginFrame(few)) return false;
  const samples = samplesIn(few, format);
  return (
    samples.length >= FEWEST_VALUES &&
    meanStep(samples) < LARGEST_MEAN_STEP &&
    new Set(samples).size >= FEWEST_VALUES
  );
}

/** The first channel of bytes that are samples. */
function samplesIn(bytes: Uint8Array, format: SampleFormat): Float32Array {
  const block = blockBytes(format);
  if (bytes.length < block) return new Float32Array(0);
  const count = Math.floor((bytes.length - bytesPerSample(format.encoding)) / block) + 1;
  const samples = new Float32Array(count);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  decodeChannel(format.encoding, view, 0, block, samples);
  return samples;
}

/** From one sample to the next; of bytes that are anything it is large. */
function meanStep(samples: Float32Array): number {
  let steps = 0;
  for (let i = 1; i < samples.length; i++) steps += Math.abs((samples[i] ?? 0) - (samples[i - 1] ?? 0));
  return steps / samples.length;
}
