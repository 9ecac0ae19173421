/** Cuts the sound of phases out of what was heard (decision 33). */
import { wavFile } from '../audio';
import { SAMPLE_RATE, samplesToMs } from '../clock';
import { InvalidArgumentError } from '../errors';
import { say } from '../sentence';
import type { ModelDescription } from '../inference';
import {
  GATE_LABELS,
  isBackground,
  LOUDNESS,
  LOUDNESS_LABELS,
  TransitionFilter,
  type AnalysisEvents,
  type SegmentSettings,
  type SoundSegment,
  type TransitionEvent,
  type TransitionEvents,
} from '../insight';
import { SoundMemory } from './sound-memory';

export const DEFAULT_SEGMENTS = {
  before: 300,
  after: 300,
  minimum: 200,
  hold: 600,
  longest: 30_000,
} as const;

/** A phase that is being cut out. Places are samples. */
interface Cut {
  readonly begun: TransitionEvent;
  /** Where the part under way begins. */
  from: number;
  part: number;
  /** Set when the phase has ended. */
  ended?: TransitionEvent;
  /** Where its sound ends. */
  to: number;
}

/** Cuts one stream. Memory is bounded by the longest segment. */
export class SegmentCutter {
  readonly #settings: Required<Omit<SegmentSettings, 'results'>>;
  /** Undefined where all are that are no background. */
  readonly #wanted: ReadonlySet<string> | undefined;
  readonly #filter: TransitionFilter;
  readonly #memory = new SoundMemory();
  readonly #cuts: Cut[] = [];

  /**
   * @param answered the names of what is answered, and the results that each can have; undefined where these have any names
   * @throws InvalidArgumentError for a model that is not among them, or a result that it does not have
   */
  constructor(settings: SegmentSettings, answered: ReadonlyMap<string, readonly string[] | undefined>) {
    const given = Object.entries(settings).filter(([, value]: [string, unknown]) => value !== undefined);
    this.#settings = { ...DEFAULT_SEGMENTS, ...settings, ...Object.fromEntries(given) };
    const { model, minimum, hold } = this.#settings;
    if (!answered.has(model)) {
      throw new InvalidArgumentError(
        say`segments.model is "${model}": one of the models that are asked for is accepted (${[...answered.keys()].join(', ')}).`,
      );
    }
    const known = answered.get(model);
    const wrong = known && settings.results?.find((result) => !known.includes(result));
    if (wrong !== undefined) {
      throw new InvalidArgumentError(
        say`segments.results names "${wrong}", which "${model}" never says. Accepted: ${known?.join(', ') ?? ''}.`,
      );
    }
    this.#wanted = settings.results && new Set(settings.results);
    this.#filter = new TransitionFilter({
      ...{ minimumMs: minimum, holdMs: hold },
      isHeld: (result) => this.#isWanted(result), // What is not cut out gives way at once.
    });
  }

  /** Hears what is analysed, in order, before the events of it are taken. */
  hear(samples: Int16Array): void {
    this.#memory.hear(samples);
  }

  /** The segments that are complete with these events. */
  take(events: AnalysisEvents): readonly SoundSegment[] {
    const nowMs = samplesToMs(this.#memory.end);
    this.#follow(this.#filter.push(this.#own(events), nowMs));
    const segments = this.#cutOff(this.#memory.end);
    this.#forget();
    return segments;
  }

  /** The segments that end with the audio. */
  finish(events: AnalysisEvents, endMs: number): readonly SoundSegment[] {
    this.#follow(this.#filter.finish(this.#own(events), endMs));
    const end = Math.min(this.#memory.end, toSamples(endMs));
    for (const cut of this.#cuts) cut.to = Math.min(cut.to, end);
    return this.#cutOff(end);
  }

  #own({ begun, ended }: AnalysisEvents): TransitionEvents {
    const isOwn = ({ model }: TransitionEvent): boolean => model === this.#settings.model;
    return { begun: begun.filter(isOwn), ended: ended.filter(isOwn) };
  }

  #follow({ begun, ended }: TransitionEvents): void {
    const { before, after } = this.#settings;
    for (const event of ended) {
      const cut = this.#cuts.find((one) => !one.ended && one.begun.timestamp_start === event.timestamp_start);
      if (!cut) continue;
      cut.ended = event;
      cut.to = toSamples((event.timestamp_end ?? 0) + after);
    }
    for (const event of begun) {
      if (!this.#isWanted(event.result)) continue;
      const from = Math.max(0, toSamples(event.timestamp_start - before));
      const cut: Cut = { begun: event, from, part: 1, to: Infinity };
      this.#cuts.push(cut);
      // What begins and ends with the same audio is told as begun after it has ended.
      const end = ended.find(
        ({ timestamp_start: start, result }) => start === event.timestamp_start && result === event.result,
      );
      if (end) [cut.ended, cut.to] = [end, toSamples((end.timestamp_end ?? 0) + after)];
    }
  }

  #isWanted(result: string): boolean {
    return this.#wanted?.has(result) ?? !isBackground(result);
  }

  /** Whole segments, and parts of those that are long, up to a place in the audio. */
  #cutOff(end: number): readonly SoundSegment[] {
    const longest = toSamples(this.#settings.longest);
    const segments: SoundSegment[] = [];
    for (const cut of [...this.#cuts]) {
      while (Math.min(cut.to, end) - cut.from > longest) {
        segments.push(this.#segment(cut, cut.from + longest, null));
        cut.from += longest;
        cut.part += 1;
      }
      if (!cut.ended || cut.to > end) continue;
      segments.push(this.#segment(cut, cut.to, cut.ended));
      this.#cuts.splice(this.#cuts.indexOf(cut), 1);
    }
    return segments;
  }

  #segment({ begun, from, part }: Cut, to: number, ended: TransitionEvent | null): SoundSegment {
    const { model, result, confidence, timestamp_start } = ended ?? begun;
    return {
      ...{ model, result, confidence },
      timestamp_start: samplesToMs(from),
      timestamp_end: samplesToMs(to),
      phase_start: timestamp_start,
      phase_end: ended?.timestamp_end ?? null,
      part,
      wav: wavFile(this.#memory.between(from, to), SAMPLE_RATE),
    };
  }

  #forget(): void {
    const { before, minimum, hold } = this.#settings;
    // A phase is known when it has lasted, and the one before has been absent, for so long.
    const undecided = this.#memory.end - toSamples(before + Math.max(minimum, hold));
    this.#memory.forgetBefore(Math.min(undecided, ...this.#cuts.map(({ from }) => from)));
  }
}

function toSamples(ms: number): number {
  return Math.round((ms * SAMPLE_RATE) / 1_000);
}

/** What {@link SegmentCutter} may cut out: models with the results that they can have, those of a speaker map unknown. */
export function answeredBy(
  models: readonly ModelDescription[],
  loudAbove: number | undefined,
): ReadonlyMap<string, readonly string[] | undefined> {
  const answered = new Map<string, readonly string[] | undefined>();
  for (const { name, classes, activation } of models) {
    answered.set(name, activation === 'embedding' ? undefined : [...classes, ...GATE_LABELS]);
  }
  if (loudAbove !== undefined) answered.set(LOUDNESS, LOUDNESS_LABELS);
  return answered;
}
