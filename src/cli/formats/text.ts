import {
  ENGLISH,
  sharesOfSummary,
  type ChannelAnalysis,
  type FileAnalysis,
  type LabelShares,
  type Summary,
} from '../../insight';
import { printable } from '../terminal';
import { byTime, phasesOf, saysSomething, type Phase } from './phases';
import { nothing, type OutputFormat } from './output-format';

/** Phases that are shown of a sound; who wants all asks for another format. */
const MOST_PHASES = 40;
/** Shares below this are not worth a word. */
const SMALLEST_SHARE = 0.005;
/** Phases that do not last so long are left out, in milliseconds. */
const SHORTEST_MS = 200;

const NO_SUMMARY: Summary = { level: { mean: 0, peak: 0 } };

type Dim = (text: string) => string;

/** For people's eyes: what is in a sound, in shares and phases. */
export const text: OutputFormat = {
  needs: { includeTransitions: true, includeSummary: true },
  extension: 'txt',
  refusal: ({ raw }) =>
    raw ? 'text has no place for probabilities; use --format json for --raw.' : undefined,
  writer: ({ output, style }) => ({
    answer: async (filename, analysis) => {
      await output.write(`${style.strong(printable(filename))}\n${describe(analysis, style.dim)}\n`);
    },
    failure: nothing,
  }),
};

function describe(analysis: FileAnalysis, dim: Dim): string {
  const channels = Object.entries(analysis.channels);
  return channels
    .map(([number, channel]) => {
      const head = channels.length > 1 ? `  channel ${number}\n` : '';
      return head + channelText(number, channel, analysis, dim);
    })
    .join('');
}

function channelText(
  number: string,
  { summary = NO_SUMMARY, warnings = [] }: ChannelAnalysis,
  analysis: FileAnalysis,
  dim: Dim,
): string {
  const { level } = summary;
  const shares = sharesOfSummary(summary);
  const names = Object.keys(shares);
  const widest = Math.max(0, 'level'.length, ...names.map((name) => name.length));
  const phases = byTime(phasesOf(analysis).filter(({ channel }) => channel === number));
  const lines = [
    ...names.map((name) => {
      const speakers = summary[name]?.['speaker_count'];
      return `  ${name.padEnd(widest)}  ${sharesText(name, shares[name] ?? {}, speakers)}`;
    }),
    `  ${'level'.padEnd(widest)}  ${level.mean} dBFS, peak ${level.peak}`,
    ...warnings.map(({ message }) => `  ${message}`),
    '',
    ...timeline(phases, names, dim),
  ];
  return lines.map((line) => `${line.trimEnd()}\n`).join('');
}

/** `46 % speech, 29 % music`, the largest first. @param speakers how many were heard, of a speaker map */
function sharesText(model: string, shares: LabelShares, speakers: number | undefined): string {
  const found = Object.entries(shares)
    .filter(([, share]) => share >= SMALLEST_SHARE)
    .sort(([, one], [, other]) => other - one)
    .map(([label, share]) => `${Math.round(share * 100)} % ${ENGLISH.label(model, label)}`);
  const heard = speakers === undefined ? '' : `${speakers} ${speakers === 1 ? 'speaker' : 'speakers'}: `;
  return heard + (found.join(', ') || 'nothing');
}

/** The phases of the first model, each with what the others say of it most. */
function timeline(
  phases: readonly Phase[],
  [first, ...otherModels]: readonly string[],
  dim: Dim,
): readonly string[] {
  const shown = phases.filter((phase) => {
    return phase.model === first && saysSomething(phase) && phase.end - phase.start >= SHORTEST_MS;
  });
  const lines = shown.slice(0, MOST_PHASES).map((phase) => {
    const { start, end, model, result } = phase;
    const label = ENGLISH.label(model, result);
    const others = new Set(besides(phase, phases, otherModels).filter((other) => other !== label));
    const more = others.size === 0 ? '' : ` ${dim(`(${[...others].join(', ')})`)}`;
    return `  ${clock(start)} - ${clock(end)}  ${label}${more}`;
  });
  const more = shown.length - lines.length;
  return more > 0 ? [...lines, `  ... and ${more} more; --format json has all of them.`] : lines;
}

/** What each of these models says of most of a phase, in words. */
function besides(phase: Phase, phases: readonly Phase[], models: readonly string[]): readonly string[] {
  return models.flatMap((model) => {
    const shares = new Map<string, number>();
    for (const other of phases) {
      const both = Math.min(phase.end, other.end) - Math.max(phase.start, other.start);
      if (other.model === model && both > 0) shares.set(other.result, (shares.get(other.result) ?? 0) + both);
    }
    const [most] = [...shares].sort(([, one], [, other]) => other - one);
    return most && saysSomething({ result: most[0] }) ? [ENGLISH.label(model, most[0])] : [];
  });
}

/** `0:03.5` */
function clock(milliseconds: number): string {
  const tenths = Math.round(milliseconds / 100);
  const minutes = Math.floor(tenths / 600);
  return `${String(minutes).padStart(3)}:${((tenths % 600) / 10).toFixed(1).padStart(4, '0')}`;
}
