// What a live page knows of each stream, put together from what the node tells: what is heard, since when, how loud, what happened.
import { isQuiet } from './colours.mjs';

/**
 * @typedef {object} Item something that was heard or happened; times in epoch milliseconds
 * @property {string} stream
 * @property {number} time
 * @property {readonly [mean: number, peak: number]} [level]
 * @property {Record<string, string>} [labels]
 * @property {number | null} [end]
 * @property {string} [model]
 * @property {string} [label]
 * @property {string} [event]
 * @property {string} [text]
 *
 * @typedef {{start: number, end: number | null, label: string}} LivePhase
 * @typedef {{time: number, model?: string, label?: string, event?: string, text?: string, end?: number | null}} Happening
 */

const MOST_HAPPENINGS = 300;

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
  lastTime = 0;

  /** @param {Item} item @param {number} keepMs */
  take(item, keepMs) {
    this.lastTime = Math.max(this.lastTime, item.end ?? item.time);
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
    const same = phases.findLast(({ start }) => start === time);
    const last = phases.at(-1);
    if (same) same.end = end;
    else {
      if (last && last.end === null) last.end = time;
      phases.push({ start: time, end, label });
    }
    if (isQuiet(label)) return;
    const told = this.happenings.find((one) => one.model === model && one.time === time);
    if (told) told.end = end;
    else this.#add({ time, model, label, end });
  }

  /** @param {Item} item */
  #happen({ time, event, text }) {
    this.ended = event === 'closed';
    this.#add({ time, ...(event === undefined ? {} : { event }), ...(text === undefined ? {} : { text }) });
    if (!this.ended) return;
    for (const phases of [...this.#exact.values(), ...this.#steps.values()]) {
      const last = phases.at(-1);
      if (last && last.end === null) last.end = Math.max(last.start, this.lastTime);
    }
  }

  /** @param {Happening} happening */
  #add(happening) {
    this.happenings.unshift(happening);
    this.happenings.sort((a, b) => b.time - a.time);
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
