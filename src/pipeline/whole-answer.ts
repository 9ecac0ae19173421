/** Answers about sound that has an end: decoded audio through one stream per channel, gathered. */
import type { DecodedChannels } from '../audio';
import { AbortedError } from '../errors';
import { say } from '../sentence';
import type { ModelDescription } from '../inference';
import type {
  AnalysisEvents,
  ChannelAnalysis,
  ChannelSpeaker,
  TimeSeriesStep,
  Transition,
  Transitions,
} from '../insight';
import type { AnalysisStream } from './analysis-stream';
import type { AnswerSize, LimitGuard } from './limits';
import { FirstHeard, withCommonSpeakers } from './common-speakers';
import type { FileOptions, WholeOptions } from './options';

/** Who watches over the length of the sound and the size of the answer. */
export type WholeGuard = Pick<LimitGuard, 'checkDuration' | 'answer'>;

/** Pieces of a file that are under analysis while the next one is read. */
const READ_AHEAD_PIECES = 4;

/** What is known of a sound before it is analysed, and who watches over it. */
export interface WholeSetup {
  /** What the audio lasts, for the progress; null where nobody knows. */
  readonly durationMs: number | null;
  readonly guard: WholeGuard;
  /** Numbers of the channels of the streams. */
  readonly channels: readonly number[];
  /** Those that were asked for. */
  readonly models: readonly ModelDescription[];
}

/**
 * Runs decoded audio through one stream per channel and gathers what was asked for.
 *
 * @returns one answer per stream
 * @throws TooLargeError, AbortedError, and what decoding and the engine throw
 */
export async function analyseWhole(
  pieces: AsyncIterable<DecodedChannels>,
  streams: readonly AnalysisStream[],
  options: WholeOptions & Pick<FileOptions, 'commonSpeakers'>,
  { durationMs, guard, channels, models }: WholeSetup,
): Promise<readonly ChannelAnalysis[]> {
  guard.checkDuration(durationMs);
  const size = guard.answer();
  const answers = streams.map(
    (stream, index) => new WholeAnswer(stream, options, size, channels[index] ?? index),
  );
  const inFlight: Promise<unknown>[] = [];
  for await (const piece of pieces) {
    if (options.signal?.aborted)
      throw new AbortedError(say`The analysis was aborted.`, { cause: options.signal.reason });
    const answered = Promise.all(answers.map((answer, index) => answer.hear(piece[index])));
    answered.catch(() => undefined); // Awaited in its turn; the first failure ends the loop below.
    inFlight.push(answered);
    if (inFlight.length > READ_AHEAD_PIECES) await inFlight.shift();
    const analysedMs = streams[0]?.receivedMs ?? 0;
    guard.checkDuration(analysedMs);
    options.onProgress?.(durationMs ? Math.min(1, analysedMs / durationMs) : null, analysedMs);
  }
  await Promise.all(inFlight);
  const finished = await Promise.all(answers.map((answer) => answer.finish()));
  if (!options.commonSpeakers) return finished;
  const speakersOf = (model: string) => answers.map((answer) => answer.speakers(model));
  return withCommonSpeakers(finished, speakersOf, models, options.voiceSignatures);
}

/** Gathers the answers of one channel. */
class WholeAnswer {
  readonly #steps: TimeSeriesStep[] = [];
  readonly #transitions: Record<string, Transition[]> = {};
  readonly #firstHeard = new FirstHeard();

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
      ...(includeTransitions ? { transitions: this.#inOrder() } : {}),
      ...(includeVoiceSignatures ? { voice_signatures: this.stream.voiceSignatures() } : {}),
      ...(warnings.length > 0 ? { warnings } : {}),
    };
  }

  /** The speakers that a model has numbered; to be asked before the stream is closed. */
  speakers(model: string): readonly ChannelSpeaker[] {
    return this.#firstHeard.speakers(model, this.stream);
  }

  /** The transitions in the order of the steps' models, whichever ended a phase first. */
  #inOrder(): Transitions {
    const models = new Set([
      ...Object.keys(this.#steps[0]?.results ?? {}),
      ...Object.keys(this.#transitions),
    ]);
    return Object.fromEntries(
      [...models].flatMap((model) => {
        const ofModel = this.#transitions[model];
        return ofModel ? [[model, ofModel]] : [];
      }),
    );
  }

  #take(events: AnalysisEvents): void {
    this.#firstHeard.take(events);
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
