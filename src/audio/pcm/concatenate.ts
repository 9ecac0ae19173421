const NONE = new Float32Array(0);

/**
 * Samples one after the other; the only part that is not empty is given itself, not a copy.
 *
 * @param parts samples of one channel
 */
export function concatenate(parts: readonly Float32Array[]): Float32Array {
  const filled = parts.filter((part) => part.length > 0);
  const [first] = filled;
  if (filled.length <= 1) return first ?? NONE;
  const whole = new Float32Array(filled.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of filled) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/**
 * Pieces of several channels, one after the other.
 *
 * @param pieces one array per channel each, all with the same channels
 */
export function concatenateChannels(pieces: readonly (readonly Float32Array[])[]): readonly Float32Array[] {
  const [first] = pieces;
  if (pieces.length <= 1) return first ?? [];
  return (first ?? []).map((_, channel) => concatenate(pieces.map((piece) => piece[channel] ?? NONE)));
}
