/** Speakers of several channels under one numbering (decision 35). */
import type { ModelDescription } from '../inference';
import {
  commonNumbers,
  relabelled,
  speakerSettings,
  type AnalysisEvents,
  type ChannelAnalysis,
  type ChannelSpeaker,
  type VoiceSignatures,
} from '../insight';
import type { AnalysisStream } from './analysis-stream';

/** Notes when each speaker of a channel is heard first. */
export class FirstHeard {
  readonly #times = new Map<string, Map<string, number>>();

  take({ begun }: Pick<AnalysisEvents, 'begun'>): void {
    for (const { model, result, timestamp_start } of begun) {
      const own = this.#times.get(model) ?? new Map<string, number>();
      this.#times.set(model, own);
      if (!own.has(result)) own.set(result, timestamp_start);
    }
  }

  /** The speakers of a model, as far as they were numbered. */
  speakers(model: string, stream: AnalysisStream): readonly ChannelSpeaker[] {
    const voices = stream.numberedVoices().get(model);
    const times = [...(this.#times.get(model) ?? [])].filter(([label]) => /^speaker_\d+$/u.test(label));
    return times.map(([label, firstMs]) => ({ label, firstMs, voice: voices?.get(label) }));
  }
}

/**
 * Answers of channels with one numbering of speakers.
 *
 * @param models those that were asked for
 * @param known voices that have names
 */
export function withCommonSpeakers(
  answers: readonly ChannelAnalysis[],
  speakersOf: (model: string) => readonly (readonly ChannelSpeaker[])[],
  models: readonly ModelDescription[],
  known: VoiceSignatures = {},
): readonly ChannelAnalysis[] {
  let all = answers;
  for (const { name, activation, clustering } of models) {
    if (activation !== 'embedding') continue;
    const taken = new Set(Object.keys(known));
    const channels = speakersOf(name).map((speakers) => speakers.filter(({ label }) => !taken.has(label)));
    const labels = commonNumbers(channels, speakerSettings(clustering).sameAbove, taken);
    all = all.map((answer, index) => withLabels(name, answer, labels[index] ?? new Map()));
  }
  return all;
}

function withLabels(
  model: string,
  answer: ChannelAnalysis,
  labels: ReadonlyMap<string, string>,
): ChannelAnalysis {
  const { summary, transitions, voice_signatures: signatures } = answer;
  const own = relabelled(
    model,
    { ...answer, summary: summary?.[model], transitions: transitions?.[model] },
    labels,
  );
  return {
    ...answer,
    time_series: own.time_series,
    ...(summary && own.summary
      ? { summary: { ...summary, [model]: own.summary, level: summary.level } }
      : {}),
    ...(transitions && own.transitions ? { transitions: { ...transitions, [model]: own.transitions } } : {}),
    ...(signatures
      ? {
          voice_signatures: Object.fromEntries(
            Object.entries(signatures).map(([label, signature]) => [labels.get(label) ?? label, signature]),
          ),
        }
      : {}),
  };
}
