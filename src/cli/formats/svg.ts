import * as path from 'node:path';
import type { FileAnalysis } from '../../insight';
import { labelFormat } from './label-format';
import { lengthOf, phasesOf, saysSomething, type Phase } from './phases';

/** Places in the drawing, in its own units. */
const WIDTH = 1_000;
const LEFT = 150;
const ROW = 34;
const BAR = 24;
const HEAD = 44;
/** Characters that fit into a unit of width. */
const PER_CHARACTER = 7;
/** Colours on which black text can be read (contrast above 7), and that are told apart without red and green (Okabe and Ito, lightened). */
const COLOURS = ['#8ec9f0', '#f2b950', '#7fd1ae', '#f4e27a', '#e69fc6', '#f0a07c', '#b9b3e6', '#c9d488'];
const SPEAKERS = 'speaker-map';
const NOTHING_HEARD = '#e8e8e8';
/** Seconds between marks of the axis. */
const MARKS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600, 1_800, 3_600, 7_200];
/** Marks of the axis at most. */
const MOST_MARKS = 12;

/** A picture of the phases: a row per channel and model, a colour per result, a title for whoever points at one. */
export const svg = labelFormat('svg', picture);

function picture(analysis: FileAnalysis, filename: string): string {
  const phases = phasesOf(analysis).filter(({ start, end }) => end > start);
  const length = Math.max(lengthOf(phases), 1);
  const isOne = Object.keys(analysis.channels).length === 1;
  const rows = [...new Set(phases.map(({ channel, model }) => `${channel} ${model}`))];
  const colours = coloursOf(phases);
  const x = (ms: number): number => LEFT + (ms / length) * (WIDTH - LEFT - 10);
  const bars = phases.map((phase) => {
    const y = HEAD + rows.indexOf(`${phase.channel} ${phase.model}`) * ROW;
    return bar(
      phase,
      x(phase.start),
      y,
      x(phase.end) - x(phase.start),
      colours.get(colourKey(phase)) ?? NOTHING_HEARD,
    );
  });
  const names = rows.map((row, index) => {
    const name = isOne ? row.replace(/^\S+ /u, '') : row;
    return `<text x="${LEFT - 10}" y="${HEAD + index * ROW + 17}" text-anchor="end">${escaped(name)}</text>`;
  });
  const height = HEAD + rows.length * ROW + 62;
  const title = escaped(path.basename(filename));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="13" role="img" aria-label="${title}">`,
    `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`,
    `<text x="10" y="24" font-size="16">${title}</text>`,
    ...names,
    ...bars,
    ...axis(length, x, HEAD + rows.length * ROW),
    ...legend(colours, isOne, HEAD + rows.length * ROW + 36),
    '</svg>\n',
  ].join('\n');
}

function bar(phase: Phase, x: number, y: number, width: number, fill: string): string {
  const { result, start, end } = phase;
  const text = escaped(result);
  const room = Math.floor((width - 6) / PER_CHARACTER);
  const label =
    saysSomething(phase) && result.length <= room
      ? `<text x="${fixed(x + 4)}" y="${y + 17}">${text}</text>`
      : '';
  const about = `${escaped(phase.model)}: ${text}, ${fixed(start / 1_000)} to ${fixed(end / 1_000)} s`;
  return `<g><title>${about}</title><rect x="${fixed(x)}" y="${y}" width="${fixed(width)}" height="${BAR}" fill="${fill}"/>${label}</g>`;
}

/** What has a colour of its own: a result, whatever model says it; a speaker of each channel, since others may be called the same there. */
function colourKey({ channel, model, result }: Phase): string {
  return model === SPEAKERS ? `${channel} ${result}` : result;
}

/** Colours in the order of first appearance. */
function coloursOf(phases: readonly Phase[]): ReadonlyMap<string, string> {
  const keys = [...new Set(phases.filter(saysSomething).map(colourKey))];
  return new Map(keys.map((key, index) => [key, COLOURS[index % COLOURS.length] ?? NOTHING_HEARD]));
}

/** What each colour means. */
function legend(colours: ReadonlyMap<string, string>, isOne: boolean, y: number): readonly string[] {
  let x = LEFT;
  return [...colours].map(([key, fill]) => {
    const name = isOne ? key.replace(/^\d+ /u, '') : key;
    const at = x;
    x += 30 + name.length * PER_CHARACTER;
    return `<rect x="${at}" y="${y}" width="14" height="14" fill="${fill}"/><text x="${at + 20}" y="${y + 12}">${escaped(name)}</text>`;
  });
}

function axis(length: number, x: (ms: number) => number, y: number): readonly string[] {
  const seconds = length / 1_000;
  const step =
    MARKS.find((mark) => seconds / mark <= MOST_MARKS) ?? Math.ceil(seconds / MOST_MARKS / 3_600) * 3_600;
  const marks = Array.from({ length: Math.floor(seconds / step) + 1 }, (_, index) => index * step);
  return marks.map(
    (mark) =>
      `<path d="M${fixed(x(mark * 1_000))} ${y} v6" stroke="#595959"/><text x="${fixed(x(mark * 1_000))}" y="${y + 20}" text-anchor="middle" fill="#595959">${clock(mark)}</text>`,
  );
}

/** `5`, `1:05`, `1:01:05`, `0.2`. */
function clock(seconds: number): string {
  if (seconds < 60) return fixed(seconds);
  const two = (number: number): string => String(Math.floor(number)).padStart(2, '0');
  const minutes = `${two((seconds / 60) % 60)}:${two(seconds % 60)}`;
  return seconds < 3_600 ? minutes.replace(/^0/u, '') : `${Math.floor(seconds / 3_600)}:${minutes}`;
}

function fixed(number: number): string {
  return String(Math.round(number * 100) / 100);
}

function escaped(text: string): string {
  const characters: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
  };
  // Control characters cannot stand in XML at all.
  return text.replace(/\p{Cc}/gu, ' ').replace(/[&<>"]/gu, (character) => characters[character] ?? character);
}
