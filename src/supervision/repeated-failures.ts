import { codeOf } from './failure-code';

/** Milliseconds after which the same failure is told again. */
const AGAIN_MS = 60_000;
/** Streams that are remembered. */
const MOST_STREAMS = 1_000;

/**
 * Failures of one stream that are told in a minute, and streams of which it is told that they are refused: a flood of names, or of other
 * words each time, is one trouble.
 */
const MOST_TOLD = 16;

/** Failures that concern all streams alike; each message of these names other numbers. */
const OF_ALL: readonly string[] = ['DEEPTONE_OVERLOADED', 'DEEPTONE_LICENSE'];

/**
 * Failures of audio, message after message: the same one of a stream is told once until the stream is heard again, and again after a
 * minute; one that concerns all streams, of some of them.
 */
export class RepeatedFailures {
  readonly #told = new Map<string, Map<string, number>>();
  readonly #now: () => number;

  /** @param now a clock in milliseconds that never goes back */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** A message of a stream has failed: whether that is to be told. */
  isNew(stream: string, error: Error): boolean {
    const now = this.#now();
    const code = codeOf(error) ?? '';
    const isOfAll = OF_ALL.includes(code);
    const words = this.#wordsOf(isOfAll ? OF_ALL : stream);
    const word = isOfAll ? `${code} ${stream}` : `${code} ${error.message.replace(/\d+/gu, '#')}`;
    if (now - (words.get(word) ?? -Infinity) < AGAIN_MS) return false;
    for (const [old, since] of words) if (now - since >= AGAIN_MS) words.delete(old);
    if (words.size >= MOST_TOLD) return false;
    words.set(word, now);
    return true;
  }

  /** A message of the stream was heard: what fails next is something new. */
  heard(stream: string): void {
    this.#told.delete(`stream ${stream}`);
  }

  #wordsOf(stream: string | typeof OF_ALL): Map<string, number> {
    const key = typeof stream === 'string' ? `stream ${stream}` : 'all';
    const known = this.#told.get(key);
    if (known) return known;
    if (this.#told.size >= MOST_STREAMS) this.#told.clear();
    const words = new Map<string, number>();
    this.#told.set(key, words);
    return words;
  }
}
