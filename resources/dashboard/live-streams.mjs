// What a live page knows of each stream, put together from what the node tells: what is heard, since when, how loud, what happened.
import { isQuiet } from './colours.mjs';

/**
 * @typedef {object} Item something that was heard or happened; times in epoch milliseconds
 * @property {string} stream
 * @property {string} [client] the page that alone may see it: its own microphone
 * @property {number} time
 * @property {readonly [mean: number, peak: number]} [level]
 * @property {Record<string, string>} [labels]
 * @property {number | null} [end]
 * @property {string} [model]
 * @property {string} [label]
 * @property {string} [event]
 * @property {string} [text]
 *
 * @typedef {{start: number, end: number | null, label: string, isOver?: boolean}} LivePhase `isOver`: its end was told
 * @typedef {{time: number, model?: string, label?: string, event?: string, text?: string, end?: number | null}} Happening
 */

const MOST_HAPPENINGS = 300;
/** The clock of a stream is corrected while it runs: the begin of a phase that ends may be told as another than before, by so much. */
const MOST_CORRECTED_MS = 2_000;
/** Sound that was there before its stream is told to begin. */
const MOST_BEFORE_MS = 10_000;

export class LiveStream {
  /** Per model, from steps and from transitions; the latter are exact and win. @type {Map<string, LivePhase[]>} */
  #steps = new Map();
  /** @type {Map<string, LivePhase[]>} */
  #exact = new Map();
  /** @type {{time: number, mean: number, peak: number}[]} */
  levels = [];
  /** The latest first. @type {Happening[]} */
  happenings = [];
  ended = false;
  /** Whether it is the microphone of this page. */
  isOwn = false;
  /** @type {Happening | undefined} */
  #opened;
  lastTime = 0;

  /** @param {Item} item @param {number} keepMs */
  take(item, keepMs) {
    this.lastTime = Math.max(this.lastTime, item.end ?? item.time);
    this.isOwn = item.client !== undefined;
    if (item.event !== undefined) this.#happen(item);
    else if (item.model !== undefined && item.label !== undefined) this.#phase(item, item.model, item.label);
    else this.#step(item);
    this.#forget(this.lastTime - keepMs);
  }

  get models() {
    return [...new Set([...this.#steps.keys(), ...this.#exact.keys()])];
  }

  /** @param {string} model @returns {readonly LivePhase[]} */
  phases(model) {
    return this.#exact.get(model) ?? this.#steps.get(model) ?? [];
  }

  /** What a model hears now. @param {string} model */
  now(model) {
    // Steps are there sooner than transitions, which wait until a change has lasted.
    const last = this.#exact.get(model)?.at(-1) ?? this.#steps.get(model)?.at(-1);
    const step = this.#steps.get(model)?.at(-1);
    if (!last) return undefined;
    return step && step.label === last.label ? { ...last, start: Math.min(last.start, step.start) } : last;
  }

  /** @param {Item} item */
  #step({ time, labels = {}, level }) {
    this.ended = false;
    if (level) this.levels.push({ time, mean: level[0], peak: level[1] });
    for (const [model, label] of Object.entries(labels)) {
      const phases = this.#steps.get(model) ?? [];
      this.#steps.set(model, phases);
      const last = phases.at(-1);
      if (last?.label === label) last.end = null;
      else {
        if (last) last.end = time;
        phases.push({ start: time, end: null, label });
      }
    }
  }

  /** @param {Item} item @param {string} model @param {string} label */
  #phase({ time, end = null }, model, label) {
    this.ended = false;
    const phases = this.#exact.get(model) ?? [];
    this.#exact.set(model, phases);
    const same =
      phases.findLast(({ start }) => start === time) ??
      (end === null ? undefined : begunAs(phases, label, time));
    const last = phases.at(-1);
    const start = same?.start ?? time;
    if (same) Object.assign(same, { end, isOver: end !== null });
    else {
      if (last && last.end === null) last.end = time;
      phases.push({ start: time, end, label, isOver: end !== null });
    }
    if (isQuiet(label)) return;
    const told = this.happenings.find((one) => one.model === model && one.time === start);
    if (told) told.end = end;
    else this.#add({ time, model, label, end });
  }

  /** @param {Item} item */
  #happen({ time, event, text }) {
    this.ended = event === 'closed';
    const happening = {
      time,
      ...(event === undefined ? {} : { event }),
      ...(text === undefined ? {} : { text }),
    };
    if (event === 'opened') this.#opened = happening;
    this.#add(happening);
    if (!this.ended) return;
    for (const phases of [...this.#exact.values(), ...this.#steps.values()]) {
      const last = phases.at(-1);
      if (last && last.end === null) last.end = Math.max(last.start, this.lastTime);
    }
  }

  /** @param {Happening} happening */
  #add(happening) {
    // A stream is told to begin when its first sound has come, and begins with that sound.
    const opened = this.#opened;
    if (opened && happening.time < opened.time && opened.time - happening.time < MOST_BEFORE_MS)
      opened.time = happening.time;
    this.happenings.unshift(happening);
    const rank = (/** @type {Happening} */ one) => (one === opened ? 1 : 0);
    this.happenings.sort((a, b) => b.time - a.time || rank(a) - rank(b));
    this.happenings.length = Math.min(this.happenings.length, MOST_HAPPENINGS);
  }

  /** @param {number} oldest */
  #forget(oldest) {
    const isOld = (/** @type {LivePhase | undefined} */ phase) =>
      phase !== undefined && phase.end !== null && phase.end < oldest;
    for (const phases of [...this.#exact.values(), ...this.#steps.values()]) {
      while (isOld(phases[0])) phases.shift();
    }
    while ((this.levels[0]?.time ?? Infinity) < oldest) this.levels.shift();
    while ((this.happenings.at(-1)?.time ?? Infinity) < oldest) this.happenings.pop();
  }
}

/**
 * The phase that was told to begin, of one that has ended.
 * @param {readonly LivePhase[]} phases
 * @param {string} label
 * @param {number} time
 */
function begunAs(phases, label, time) {
  const far = (/** @type {LivePhase} */ { start }) => Math.abs(start - time);
  const [nearest] = phases
    .filter((phase) => phase.label === label && !phase.isOver && far(phase) <= MOST_CORRECTED_MS)
    .sort((a, b) => far(a) - far(b));
  return nearest;
}
