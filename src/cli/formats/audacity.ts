import { byTime, nameIn, phasesOf } from './phases';
import { labelFormat } from './label-format';

/**
 * The transitions as a label track for Audacity (File > Import > Labels): `start<TAB>end<TAB>label`, times in seconds.
 * Where there are several models or channels, labels begin with their names: `0 gender: female`.
 */
export const audacity = labelFormat(
  'audacity',
  (analysis) => {
    const name = nameIn(analysis);
    return byTime(phasesOf(analysis))
      .map((phase) => `${seconds(phase.start)}\t${seconds(phase.end)}\t${name(phase)}\n`)
      .join('');
  },
  'txt',
);

function seconds(milliseconds: number): string {
  return (milliseconds / 1_000).toFixed(3);
}
