import type { FileAnalysis } from '../../insight';
import { labelFormat } from './label-format';
import { lengthOf, phasesOf, saysSomething, type Phase } from './phases';

/** A TextGrid of Praat (the long text format): a tier of intervals per channel and model; empty where nothing is heard. */
export const textgrid = labelFormat('textgrid', gridOf, 'TextGrid');

function gridOf(analysis: FileAnalysis): string {
  const phases = phasesOf(analysis);
  const end = seconds(lengthOf(phases));
  const isOne = Object.keys(analysis.channels).length === 1;
  const tiers = new Map<string, Phase[]>();
  for (const phase of phases) {
    const name = isOne ? phase.model : `${phase.channel} ${phase.model}`;
    const tier = tiers.get(name);
    if (tier) tier.push(phase);
    else tiers.set(name, [phase]);
  }
  return [
    'File type = "ooTextFile"',
    'Object class = "TextGrid"',
    '',
    'xmin = 0',
    `xmax = ${end}`,
    'tiers? <exists>',
    `size = ${tiers.size}`,
    'item []:',
    ...[...tiers].flatMap(([name, own], index) => tierLines(index + 1, name, own, end)),
    '',
  ].join('\n');
}

function tierLines(number: number, name: string, phases: readonly Phase[], end: string): readonly string[] {
  const intervals = phases.filter((phase) => phase.end > phase.start);
  return [
    `    item [${number}]:`,
    '        class = "IntervalTier"',
    `        name = ${quoted(name)}`,
    '        xmin = 0',
    `        xmax = ${end}`,
    `        intervals: size = ${intervals.length}`,
    ...intervals.flatMap((phase, index) => [
      `        intervals [${index + 1}]:`,
      `            xmin = ${seconds(phase.start)}`,
      `            xmax = ${seconds(phase.end)}`,
      `            text = ${quoted(saysSomething(phase) ? phase.result : '')}`,
    ]),
  ];
}

function quoted(text: string): string {
  return `"${text.replaceAll('"', '""')}"`;
}

function seconds(milliseconds: number): string {
  return String(milliseconds / 1_000);
}
