import type { FileAnalysis } from '../../insight';
import { byTime, nameIn, phasesOf, saysSomething } from './phases';
import { labelFormat } from './label-format';

/** Subtitles in SubRip: what is heard, as long as it is; nothing where nothing is. */
export const srt = labelFormat('srt', (analysis) =>
  cuesOf(analysis, ',')
    .map((cue, index) => `${index + 1}\n${cue}\n`)
    .join('\n'),
);

/** The same as WebVTT, for a `<track>` in a page. */
export const vtt = labelFormat('vtt', (analysis) =>
  ['WEBVTT\n', ...cuesOf(analysis, '.').map((cue) => `${cue}\n`)].join('\n'),
);

function cuesOf(analysis: FileAnalysis, point: string): readonly string[] {
  const name = nameIn(analysis);
  return byTime(phasesOf(analysis).filter(saysSomething))
    .filter(({ start, end }) => end > start)
    .map((phase) => `${clock(phase.start, point)} --> ${clock(phase.end, point)}\n${name(phase)}`);
}

/** `00:01:02,345` */
function clock(milliseconds: number, point: string): string {
  const two = (number: number): string => String(Math.floor(number)).padStart(2, '0');
  const seconds = milliseconds / 1_000;
  const thousandths = String(milliseconds % 1_000).padStart(3, '0');
  return `${two(seconds / 3_600)}:${two((seconds / 60) % 60)}:${two(seconds % 60)}${point}${thousandths}`;
}
