import * as path from 'node:path';
import type { FileAnalysis } from '../../insight';
import { nothing, type OutputFormat } from './output-format';
import { byTime, phasesOf, saysSomething } from './phases';

const SPEAKERS = 'speaker-map';

/**
 * Who speaks when, as diarization is exchanged (Rich Transcription Time Marked, NIST): a line
 * `SPEAKER file channel start duration <NA> <NA> name <NA> <NA>` per turn, channels counted from 1, seconds.
 */
export const rttm: OutputFormat = {
  needs: { includeTransitions: true, model: SPEAKERS },
  extension: 'rttm',
  refusal: ({ summary, raw }) =>
    summary || raw ? 'rttm holds who speaks when; use --format json for --summary and --raw.' : undefined,
  writer: ({ output }) => ({
    answer: (filename, analysis) => output.write(turnsOf(filename, analysis)),
    failure: nothing,
  }),
};

function turnsOf(filename: string, analysis: FileAnalysis): string {
  // Fields are apart by spaces.
  const file = path.parse(filename).name.replace(/\s+/gu, '_') || 'sound';
  return byTime(phasesOf(analysis).filter(({ model }) => model === SPEAKERS))
    .filter(saysSomething)
    .map(({ channel, start, end, result }) => {
      const times = [start, end - start].map((ms) => (ms / 1_000).toFixed(3)).join(' ');
      return `SPEAKER ${file} ${Number(channel) + 1} ${times} <NA> <NA> ${result.replace(/\s+/gu, '_')} <NA> <NA>\n`;
    })
    .join('');
}
