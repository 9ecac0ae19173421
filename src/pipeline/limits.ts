/** How much a sound and its answer may take, so that nobody's mistake takes a machine down. */
import { payloadBytes } from '../audio';
import { TooLargeError } from '../errors';
import { say } from '../sentence';
import type { TimeSeriesStep } from '../insight';
import type { RulesFor } from '../rules';

/** Limits that ordinary use does not meet: 3 hours of stereo at the finest period stay far below. */
export interface Limits {
  /** Bytes of sound in memory that are handed over at once. Default 2 GiB. */
  readonly maxMessageBytes?: number;
  /** Milliseconds of a sound that has an end. Default a day. */
  readonly maxDuration?: number;
  /** Channels of a file or clip that are analysed, each on its own. Default 64. */
  readonly maxChannels?: number;
  /** Results, shares and raw values in the time series of one answer, over all channels. Default 20 million. */
  readonly maxAnswerValues?: number;
}

export const DEFAULT_LIMITS: Required<Limits> = {
  maxMessageBytes: 2 ** 31,
  maxDuration: 24 * 3_600_000,
  maxChannels: 64,
  maxAnswerValues: 20_000_000,
};

const AT_LEAST_ONE = {
  type: 'number',
  whole: true,
  minimum: 1,
  accepted: say`a whole number of at least 1 is accepted`,
} as const;

export const LIMIT_RULES = {
  maxMessageBytes: AT_LEAST_ONE,
  maxDuration: AT_LEAST_ONE,
  maxChannels: AT_LEAST_ONE,
  maxAnswerValues: AT_LEAST_ONE,
} as const satisfies RulesFor<Limits>;

/** Refuses what is beyond limits, each with a sentence that names the limit. */
export class LimitGuard {
  readonly limits: Required<Limits>;

  constructor({ maxMessageBytes, maxDuration, maxChannels, maxAnswerValues }: Limits) {
    this.limits = {
      maxMessageBytes: maxMessageBytes ?? DEFAULT_LIMITS.maxMessageBytes,
      maxDuration: maxDuration ?? DEFAULT_LIMITS.maxDuration,
      maxChannels: maxChannels ?? DEFAULT_LIMITS.maxChannels,
      maxAnswerValues: maxAnswerValues ?? DEFAULT_LIMITS.maxAnswerValues,
    };
  }

  /** @throws TooLargeError */
  checkBytes(data: unknown): void {
    const bytes = payloadBytes(data);
    const { maxMessageBytes } = this.limits;
    if (bytes > maxMessageBytes) {
      throw new TooLargeError(
        say`The sound has ${bytes} bytes: up to ${maxMessageBytes} (maxMessageBytes) are accepted. Put it in a file, or raise the limit.`,
      );
    }
  }

  /** @param durationMs null where nobody knows. @throws TooLargeError */
  checkDuration(durationMs: number | null): void {
    const { maxDuration } = this.limits;
    if (durationMs !== null && durationMs > maxDuration) {
      throw new TooLargeError(
        say`The sound is longer than ${maxDuration} ms (maxDuration): cut it into parts, or raise the limit.`,
      );
    }
  }

  /** @throws TooLargeError */
  checkChannels(count: number): void {
    const { maxChannels } = this.limits;
    if (count > maxChannels) {
      throw new TooLargeError(
        say`The sound has ${count} channels, each of which would be analysed: up to ${maxChannels} (maxChannels) are. Name the channel that you want, or raise the limit.`,
      );
    }
  }

  /** Counts what one answer holds. */
  answer(): AnswerSize {
    return new AnswerSize(this.limits.maxAnswerValues);
  }
}

/** Counts the values of the time series of one answer. */
export class AnswerSize {
  readonly #most: number;
  #values = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** @throws TooLargeError */
  add(steps: readonly TimeSeriesStep[]): void {
    for (const step of steps) this.#values += valuesOf(step);
    if (this.#values > this.#most) {
      throw new TooLargeError(
        say`The answer has more than ${this.#most} values (maxAnswerValues): ask for a longer output period, fewer models, no raw values, or a part of the sound; or raise the limit.`,
      );
    }
  }
}

/** What a step holds of each model. */
function valuesOf({ results, shares, raw }: TimeSeriesStep): number {
  const inside = [...Object.values(shares), ...Object.values(raw ?? {})];
  return inside.reduce((count, one) => count + Object.keys(one).length, Object.keys(results).length);
}
