import type { FileAnalysis, Transition } from '../../insight';
import { nothing, type OutputFormat } from './output-format';

/** A label track of one sound. */
export const audacity: OutputFormat = {
  needs: { includeTransitions: true },
  refusal({ summary, raw, manyFiles }) {
    if (summary || raw) {
      return 'audacity holds the transitions; use --format json or ndjson for --summary and --raw.';
    }
    return manyFiles ? 'A label track belongs to one sound; --format audacity accepts one file.' : undefined;
  },
  writer: ({ terminal }) => ({
    answer: (_filename, analysis) => terminal.write(audacityLabels(analysis)),
    failure: nothing,
  }),
};

interface Label {
  readonly transition: Transition;
  readonly text: string;
}

/**
 * The transitions as a label track for Audacity (File > Import > Labels): `start<TAB>end<TAB>label`, times in seconds.
 * Where there are several models or channels, labels begin with their names: `0 gender: female`.
 *
 * @param analysis with transitions
 */
function audacityLabels(analysis: FileAnalysis): string {
  const channels = Object.entries(analysis.channels);
  const labels = channels.flatMap(([channel, { transitions = {} }]) => {
    const models = Object.entries(transitions);
    return models.flatMap(([model, runs]) =>
      runs.map((transition): Label => ({
        transition,
        text: labelText(transition, channels.length > 1 ? channel : '', models.length > 1 ? model : ''),
      })),
    );
  });
  return labels.sort(byTime).map(line).join('');
}

function labelText(transition: Transition, channel: string, model: string): string {
  const names = [channel, model].filter((name) => name !== '').join(' ');
  return names === '' ? transition.result : `${names}: ${transition.result}`;
}

function byTime(one: Label, other: Label): number {
  return (
    one.transition.timestamp_start - other.transition.timestamp_start ||
    one.transition.timestamp_end - other.transition.timestamp_end
  );
}

function line({ transition, text }: Label): string {
  return `${seconds(transition.timestamp_start)}\t${seconds(transition.timestamp_end)}\t${text}\n`;
}

function seconds(milliseconds: number): string {
  return (milliseconds / 1_000).toFixed(3);
}
