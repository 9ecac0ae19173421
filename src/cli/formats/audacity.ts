import type { FileAnalysis, Transition } from '../../insight/results';

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
export function audacityLabels(analysis: FileAnalysis): string {
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
