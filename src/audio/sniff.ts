/**
 * What bytes are, by their first few (decision 15: content decides, not the name).
 */
import { detectContainer, HEAD_BYTES, isWavContainer, letters, namedContainer } from './containers';
import { framesFromWithin, mayBeginFrame } from './frame-sync';
import { pieceFromWithin } from './later-pieces';
import { laterPiece, refusedContent, refusedPages } from './not-audio';
import type { SampleFormat } from './pcm/sample-format';
import { hasNoOrder, meanStep, NO_ORDER, otherThanSamples, samplesIn } from './sample-order';
import { isAllText, textKind, type TextKind } from './text-kind';
import type { Word } from '../sentence';

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
  /** Whether bytes of no known kind are taken for samples; where not, ffmpeg may know what they are. Default true. */
  readonly takesRaw?: boolean;
}

function noOrder(head: Uint8Array, format: SampleFormat): Word | undefined {
  return hasNoOrder(head, format) ? NO_ORDER : undefined;
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
export function judge(head: Uint8Array, { isAll, format, isStated, takesRaw = true }: Judgement): Verdict {
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
  const noSamples = takesRaw ? otherThanSamples : noOrder;
  const why = refusedPages(head, format) ?? noSamples(head, format);
  return why === undefined ? { is: 'raw' } : { is: 'refused', reason: why };
}

const OPEN: Verdict = { is: 'open' };

/** Whether an Ogg page is not the first of its stream (RFC 3533, 6): others name their container at its beginning alone. */
function beginsLater(head: Uint8Array, container: string): boolean {
  return (container === 'ogg' || container === 'opus') && ((head[5] ?? 2) & 2) === 0;
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
