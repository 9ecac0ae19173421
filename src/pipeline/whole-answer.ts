/** Answers about sound that has an end: decoded audio through one stream per channel, gathered. */
import type { DecodedChannels } from '../audio';
import { AbortedError } from '../errors';
import type { AnalysisEvents, ChannelAnalysis, TimeSeriesStep, Transition, Transitions } from '../insight';
import type { AnalysisStream } from './analysis-stream';
import type { AnswerSize, LimitGuard } from './limits';
import type { WholeOptions } from './options';

/** Who watches over the length of the sound and the size of the answer. */
export type WholeGuard = Pick<LimitGuard, 'checkDuration' | 'answer'>;

/** Pieces of a file that are under analysis while the next one is read. */
const READ_AHEAD_PIECES = 4;

/**
 * Runs decoded audio through one stream per channel and gathers what was asked for.
 *
 * @param durationMs what the audio lasts, for the progress; null where nobody knows
 * @param channels numbers of the channels of the streams
 * @returns one answer per stream
 * @throws TooLargeError, AbortedError, and what decoding and the engine throw
 */
export async function analyseWhole(
  pieces: AsyncIterable<DecodedChannels>,
  streams: readonly AnalysisStream[],
  options: WholeOptions,
  durationMs: number | null,
  guard: WholeGuard,
  channels: readonly number[] = [],
): Promise<readonly ChannelAnalysis[]> {
  guard.checkDuration(durationMs);
  const size = guard.answer();
  const answers = streams.map(
    (stream, index) => new WholeAnswer(stream, options, size, channels[index] ?? index),
  );
  const inFlight: Promise<unknown>[] = [];
  for await (const piece of pieces) {
    if (options.signal?.aborted)
      throw new AbortedError('The analysis was aborted.', { cause: options.signal.reason });
    const answered = Promise.all(answers.map((answer, index) => answer.hear(piece[index])));
    answered.catch(() => undefined); // Awaited in its turn; the first failure ends the loop below.
    inFlight.push(answered);
    if (inFlight.length > READ_AHEAD_PIECES) await inFlight.shift();
    const analysedMs = streams[0]?.receivedMs ?? 0;
    guard.checkDuration(analysedMs);
    options.onProgress?.(durationMs ? Math.min(1, analysedMs / durationMs) : null, analysedMs);
  }
  await Promise.all(inFlight);
  return Promise.all(answers.map((answer) => answer.finish()));
}

/** Gathers the answers of one channel. */
class WholeAnswer {
  readonly #steps: TimeSeriesStep[] = [];
  readonly #transitions: Record<string, Transition[]> = {};

  constructor(
    private readonly stream: AnalysisStream,
    private readonly options: WholeOptions,
    private readonly size: AnswerSize,
    /** Its number. */
    private readonly channel: number,
  ) {}

  async hear(samples: Float32Array | undefined): Promise<void> {
    if (samples) this.#take(await this.stream.push(samples));
  }

  async finish(): Promise<ChannelAnalysis> {
    this.#take(await this.stream.finish());
    const { includeSummary, includeTransitions, includeVoiceSignatures } = this.options;
    const warnings = this.stream.warnings();
    return {
      time_series: this.#steps,
      ...(includeSummary ? { summary: this.stream.summary() } : {}),
      ...(includeTransitions ? { transitions: this.#transitions satisfies Transitions } : {}),
      ...(includeVoiceSignatures ? { voice_signatures: this.stream.voiceSignatures() } : {}),
      ...(warnings.length > 0 ? { warnings } : {}),
    };
  }

  #take(events: AnalysisEvents): void {
    for (const segment of events.segments ?? []) this.options.onSegment?.(segment, this.channel);
    this.size.add(events.steps);
    for (const step of events.steps) this.#steps.push(step);
    if (!this.options.includeTransitions) return;
    for (const { model, result, confidence, timestamp_start, timestamp_end } of events.ended) {
      if (timestamp_end === null) continue;
      (this.#transitions[model] ??= []).push({ timestamp_start, timestamp_end, result, confidence });
    }
  }
}
