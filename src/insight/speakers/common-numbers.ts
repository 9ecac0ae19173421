/** One numbering of the speakers of several channels (decision 35). */
import type { LabelShares, ModelSummary, SpeakerResult, TimeSeriesStep, Transition } from '../results';
import { similarity } from './centroid';

/** A speaker without a name of its own, as one channel has it. */
export interface ChannelSpeaker {
  /** `speaker_1`, ... */
  readonly label: string;
  /** Milliseconds at which it was heard first. */
  readonly firstMs: number;
  /** Undefined where it was forgotten meanwhile. */
  readonly voice: Float32Array | undefined;
}

/** What an answer says of speakers. */
export interface SpeakerAnswer {
  readonly time_series: readonly TimeSeriesStep[];
  readonly summary?: ModelSummary | undefined;
  readonly transitions?: readonly Transition[] | undefined;
}

/**
 * Numbers speakers over all channels in the order in which they are heard first, the lower channel first of equals. Voices of
 * different channels that are alike are one speaker; those that one channel tells apart stay apart.
 *
 * @param channels the speakers of each channel
 * @param sameAbove similarity from which two voices are one
 * @param taken names that known voices have
 * @returns per channel the new label of each
 */
export function commonNumbers(
  channels: readonly (readonly ChannelSpeaker[])[],
  sameAbove: number,
  taken: ReadonlySet<string>,
): readonly ReadonlyMap<string, string>[] {
  const labels = channels.map(() => new Map<string, string>());
  const found: {
    readonly label: string;
    readonly voice: Float32Array | undefined;
    readonly in: Set<number>;
  }[] = [];
  const all = channels.flatMap((speakers, channel) => speakers.map((speaker) => ({ ...speaker, channel })));
  all.sort((one, other) => one.firstMs - other.firstMs || one.channel - other.channel);
  let number = 0;
  for (const { label, voice, channel } of all) {
    const alike = found
      .filter((speaker) => !speaker.in.has(channel))
      .map((speaker) => {
        return { speaker, by: voice && speaker.voice ? similarity(voice, speaker.voice) : -1 };
      })
      .filter(({ by }) => by >= sameAbove)
      .sort((one, other) => other.by - one.by);
    let speaker = alike[0]?.speaker;
    if (!speaker) {
      do number += 1;
      while (taken.has(`speaker_${number}`));
      speaker = { label: `speaker_${number}`, voice, in: new Set() };
      found.push(speaker);
    }
    speaker.in.add(channel);
    labels[channel]?.set(label, speaker.label);
  }
  return labels;
}

/** The answer with other labels of speakers; labels that are not in the map stay. */
export function relabelled(
  model: string,
  { time_series: steps, summary, transitions }: SpeakerAnswer,
  labels: ReadonlyMap<string, string>,
): SpeakerAnswer {
  const named = (label: string): string => labels.get(label) ?? label;
  return {
    time_series: steps.map((step) => relabelledStep(model, step, named)),
    summary: summary && withNames(summary, (name) => `${named(name.replace(/_fraction$/u, ''))}_fraction`),
    transitions: transitions?.map((transition) => ({ ...transition, result: named(transition.result) })),
  };
}

function relabelledStep(
  model: string,
  step: TimeSeriesStep,
  named: (label: string) => string,
): TimeSeriesStep {
  const result = step.results[model];
  if (!result || !isSpeakers(result)) return step;
  const shares: LabelShares = withNames(step.shares[model] ?? {}, named);
  const raw = step.raw && { ...step.raw, [model]: withNames(step.raw[model] ?? {}, named) };
  return {
    ...step,
    results: { ...step.results, [model]: { ...result, speaker_top: named(result.speaker_top) } },
    shares: { ...step.shares, [model]: shares },
    ...(raw ? { raw } : {}),
  };
}

function isSpeakers(result: object): result is SpeakerResult {
  return 'speaker_top' in result;
}

/** Other names for the same values; the order stays. `speaker_count` is no speaker. */
function withNames(
  values: Readonly<Record<string, number>>,
  named: (name: string) => string,
): Record<string, number> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name === 'speaker_count' ? name : named(name), value]),
  );
}
