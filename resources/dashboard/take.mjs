// What a timeline shows of a sound, without a page: rows, what stands at a time, times per class, exports.
import { clock, filled } from './dom.mjs';

/**
 * @typedef {readonly [start: number, end: number, label: string, confidence: number]} Phase
 * @typedef {{period: number, mean: readonly number[], peak: readonly number[]}} Levels
 * @typedef {{phases: Record<string, readonly Phase[]>, levels?: Levels, text?: string, simplified?: boolean}} TakeChannel
 * @typedef {{id: string, title: string, duration: number, commonSpeakers: boolean, progress?: number | null, canHear: boolean,
 *   channels: Record<string, TakeChannel>}} Take
 * @typedef {{texts: Record<string, string>, words: Record<string, string>}} Language
 * @typedef {{channel: string, model: string, title: string, owner: string, phases: readonly Phase[]}} Row
 */

/**
 * One row per model and channel.
 * @param {Take} take
 * @param {Language} language
 * @returns {readonly Row[]}
 */
export function rowsOf(take, { texts, words }) {
  const channels = Object.entries(take.channels);
  return channels.flatMap(([channel, { phases }]) =>
    Object.entries(phases).map(([model, list]) => {
      const title = words[model] ?? model;
      const row = channels.length > 1 ? `${title}, ${filled(texts.channel, { number: channel })}` : title;
      return { channel, model, title: row, owner: take.commonSpeakers ? '' : channel, phases: list };
    }),
  );
}

/**
 * A label in words; people of different channels are told apart.
 * @param {Pick<Row, 'model' | 'channel' | 'owner'>} row
 * @param {string} label
 * @param {Language} language
 * @param {boolean} [several] whether there are several channels
 */
export function wordOf({ model, channel, owner }, label, { texts, words }, several = false) {
  const word = words[`${model}/${label}`] ?? label;
  if (!several || owner === '' || !/^speaker_\d+$/.test(label)) return word;
  return filled(texts.speaker, { who: word, number: channel });
}

/**
 * Index of the phase at a time; the nearest before it, or 0.
 * @param {readonly Phase[]} phases
 * @param {number} time
 */
export function phaseAt(phases, time) {
  let [low, high] = [0, phases.length - 1];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((phases[middle]?.[0] ?? 0) <= time) low = middle;
    else high = middle - 1;
  }
  return Math.max(0, low);
}

/**
 * What is to be drawn between two times, of at least `least` milliseconds each: what is shorter is put together under the label
 * that has most of it. A day of sound has no more parts than a screen has room.
 * @param {readonly Phase[]} phases
 * @param {number} from
 * @param {number} to
 * @param {number} least
 * @returns {{start: number, end: number, label: string, mixed: boolean}[]}
 */
export function partsOf(phases, from, to, least) {
  /** @type {{start: number, end: number, label: string, mixed: boolean}[]} */
  const parts = [];
  /** @type {Map<string, number>} */
  let shares = new Map();
  let start = NaN;
  for (let i = phaseAt(phases, from); i < phases.length; i++) {
    const phase = phases[i];
    if (!phase || phase[0] >= to) break;
    const [begin, end] = [Math.max(phase[0], from), Math.min(phase[1], to)];
    if (end <= begin) continue;
    if (shares.size === 0) start = begin;
    shares.set(phase[2], (shares.get(phase[2]) ?? 0) + end - begin);
    if (end - start < least && phases[i + 1] && end < to) continue;
    const [most] = [...shares].sort(([, a], [, b]) => b - a);
    const last = parts.at(-1);
    const label = most?.[0] ?? '';
    const mixed = shares.size > 1;
    if (last && last.label === label && last.end === start)
      Object.assign(last, { end, mixed: last.mixed || mixed });
    else parts.push({ start, end, label, mixed });
    shares = new Map();
  }
  return parts;
}

/**
 * Milliseconds of each label, the longest first.
 * @param {readonly Phase[]} phases
 */
export function timesOf(phases) {
  /** @type {Map<string, number>} */
  const times = new Map();
  for (const [start, end, label] of phases) times.set(label, (times.get(label) ?? 0) + end - start);
  return [...times].sort(([, a], [, b]) => b - a);
}

/**
 * A table: one line per phase, times in seconds.
 * @param {Take} take
 * @param {Language} language
 */
export function csvOf(take, language) {
  const lines = rowsOf(take, language).flatMap((row) =>
    row.phases.map(([start, end, label, confidence]) =>
      [row.channel, row.model, start / 1000, end / 1000, label, wordOf(row, label, language), confidence]
        .map(cell)
        .join(','),
    ),
  );
  return ['channel,model,start_s,end_s,class,words,confidence', ...lines, ''].join('\r\n');
}

/** A text that begins like a formula is none. @param {string | number} value */
function cell(value) {
  const text = typeof value === 'string' && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/**
 * A label track as Audacity imports it.
 * @param {Take} take
 * @param {Language} language
 */
export function labelsOf(take, language) {
  const several = Object.keys(take.channels).length > 1;
  const lines = rowsOf(take, language).flatMap((row) =>
    row.phases.map(([start, end, label]) => {
      const word = `${row.title}: ${wordOf(row, label, language, several)}`.replace(/[\t\r\n]/g, ' ');
      return { start, text: `${(start / 1000).toFixed(3)}\t${(end / 1000).toFixed(3)}\t${word}` };
    }),
  );
  return [...lines.sort((a, b) => a.start - b.start).map(({ text }) => text), ''].join('\n');
}

/** Name of a file with an export. @param {Take} take @param {string} end */
export function fileName(take, end) {
  const name = take.title.replace(/\.[a-z0-9]{1,5}$/i, '').replace(/[^\p{L}\p{N} _-]+/gu, '-') || 'sound';
  return `${name}.${end}`;
}

/** A phase in a sentence. @param {Row} row @param {Phase} phase @param {Language} language @param {boolean} several */
export function sentence(row, [start, end, label, confidence], language, several) {
  const span = `${clock(start, 1)} – ${clock(end, 1)}`;
  const sure = filled(language.texts.confidence, { percent: Math.round(confidence * 100) });
  return `${row.title}: ${wordOf(row, label, language, several)}, ${span} (${sure})`;
}
