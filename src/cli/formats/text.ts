import type { ChannelAnalysis, FileAnalysis, ModelSummary } from '../../insight';
import { printable } from '../terminal';
import { byTime, phasesOf, saysSomething, type Phase } from './phases';
import { nothing, type OutputFormat } from './output-format';

/** Phases that are shown of a sound; who wants all asks for another format. */
const MOST_PHASES = 40;
/** Shares below this are not worth a word. */
const SMALLEST_SHARE = 0.005;
/** Phases that do not last so long are left out, in milliseconds. */
const SHORTEST_MS = 200;
const FRACTION = '_fraction';

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
  { summary = { level: { mean: 0, peak: 0 } }, warnings = [] }: ChannelAnalysis,
  analysis: FileAnalysis,
  dim: Dim,
): string {
  const { level, ...models } = summary;
  const names = Object.keys(models);
  const widest = Math.max(0, 'level'.length, ...names.map((name) => name.length));
  const phases = byTime(phasesOf(analysis).filter(({ channel }) => channel === number));
  const lines = [
    ...names.map((name) => `  ${name.padEnd(widest)}  ${shares(models[name] ?? {})}`),
    `  ${'level'.padEnd(widest)}  ${level.mean} dBFS, peak ${level.peak}`,
    ...warnings.map(({ message }) => `  ${message}`),
    '',
    ...timeline(phases, names[0], dim),
  ];
  return lines.map((line) => `${line.trimEnd()}\n`).join('');
}

/** `speech 46 %, music 30 %`, the largest first. */
function shares(summary: ModelSummary): string {
  const found = Object.entries(summary)
    .filter(([name, share]) => name.endsWith(FRACTION) && share >= SMALLEST_SHARE)
    .sort(([, one], [, other]) => other - one)
    .map(([name, share]) => `${inWords(name.slice(0, -FRACTION.length))} ${Math.round(share * 100)} %`);
  const speakers = summary['speaker_count'];
  const heard = speakers === undefined ? '' : `${speakers} ${speakers === 1 ? 'speaker' : 'speakers'}: `;
  return heard + (found.join(', ') || 'nothing');
}

/** The phases of the model that was asked for first, each with what the others say of it most. */
function timeline(phases: readonly Phase[], first: string | undefined, dim: Dim): readonly string[] {
  const shown = phases.filter((phase) => {
    return phase.model === first && saysSomething(phase) && phase.end - phase.start >= SHORTEST_MS;
  });
  const lines = shown.slice(0, MOST_PHASES).map((phase) => {
    const { start, end, result } = phase;
    const others = besides(phase, phases).filter((other) => other !== result);
    const more = others.length === 0 ? '' : ` ${dim(`(${[...new Set(others)].map(inWords).join(', ')})`)}`;
    return `  ${clock(start)} - ${clock(end)}  ${inWords(result)}${more}`;
  });
  const more = shown.length - lines.length;
  return more > 0 ? [...lines, `  ... and ${more} more; --format json has all of them.`] : lines;
}

/** What each other model says of most of a phase. */
function besides(phase: Phase, phases: readonly Phase[]): readonly string[] {
  const shares = new Map<string, Map<string, number>>();
  for (const other of phases) {
    const both = Math.min(phase.end, other.end) - Math.max(phase.start, other.start);
    if (both <= 0 || other.model === phase.model) continue;
    const own = shares.get(other.model) ?? new Map<string, number>();
    shares.set(other.model, own.set(other.result, (own.get(other.result) ?? 0) + both));
  }
  return [...shares.values()].flatMap((own) => {
    const [most] = [...own].sort(([, one], [, other]) => other - one);
    return most && saysSomething({ result: most[0] }) ? [most[0]] : [];
  });
}

function inWords(result: string): string {
  return result.replaceAll('_', ' ');
}

/** `0:03.5` */
function clock(milliseconds: number): string {
  const tenths = Math.round(milliseconds / 100);
  const minutes = Math.floor(tenths / 600);
  return `${String(minutes).padStart(3)}:${((tenths % 600) / 10).toFixed(1).padStart(4, '0')}`;
}
