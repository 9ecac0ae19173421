// How loud the sound is, as a curve, and the scale of time under everything.
import { clock, el } from './dom.mjs';
import { timeUnder } from './span.mjs';

const HEIGHT = 48;
/** dBFS that is drawn as nothing. */
const FLOOR_DB = -60;

/** 0 to 1 @param {number} db */
export const heightOf = (db) => Math.max(0, Math.min(1, 1 - db / FLOOR_DB));

export class Waveform {
  #levels;
  #duration;
  #span;
  #canvas = el('canvas', { height: HEIGHT });
  #cursor = el('div', { class: 'deeptone-cursor' });
  #bar;

  /**
   * @param {import('./take.mjs').Levels} levels
   * @param {string} label
   * @param {number} duration
   * @param {import('./span.mjs').Span} span
   * @param {(time: number) => void} seek
   */
  constructor(levels, label, duration, span, seek) {
    this.#levels = levels;
    this.#duration = duration;
    this.#span = span;
    const onclick = (/** @type {MouseEvent} */ event) => seek(timeUnder(this.#bar, event, span));
    this.#bar = el(
      'div',
      { class: 'deeptone-bar deeptone-wave', role: 'img', 'aria-label': label, onclick },
      this.#canvas,
      this.#cursor,
    );
    this.element = el(
      'div',
      { class: 'deeptone-row' },
      el('div', { class: 'deeptone-name' }, label),
      this.#bar,
    );
  }

  draw() {
    const width = Math.max(1, this.#bar.clientWidth);
    const scale = window.devicePixelRatio || 1;
    this.#canvas.width = width * scale;
    this.#canvas.height = HEIGHT * scale;
    const context = this.#canvas.getContext('2d');
    if (!context) return;
    context.scale(scale, scale);
    context.fillStyle = getComputedStyle(this.#bar).color;
    drawLevels(context, this.#levels, {
      from: this.#span.from,
      to: Math.min(this.#span.to, this.#duration),
      width,
      height: HEIGHT,
    });
  }

  /** @param {number} time */
  follow(time) {
    const share = this.#span.share(time);
    this.#cursor.hidden = share < 0 || share > 1;
    this.#cursor.style.left = `${share * 100}%`;
  }
}

/**
 * Peaks in pale, the mean in full, around the middle.
 * @param {CanvasRenderingContext2D} context
 * @param {import('./take.mjs').Levels} levels
 * @param {{from: number, to: number, width: number, height: number}} area
 */
export function drawLevels(context, { period, mean, peak }, { from, to, width, height }) {
  const perPixel = (to - from) / width;
  const highest = (/** @type {readonly number[]} */ values, /** @type {number} */ x) => {
    const first = Math.floor((from + x * perPixel) / period);
    const last = Math.max(first + 1, Math.ceil((from + (x + 1) * perPixel) / period));
    let most = -Infinity;
    for (let i = first; i < Math.min(last, values.length); i++) most = Math.max(most, values[i] ?? -Infinity);
    return most;
  };
  for (const [values, alpha] of /** @type {const} */ ([
    [peak, 0.35],
    [mean, 1],
  ])) {
    context.globalAlpha = alpha;
    for (let x = 0; x < width; x++) {
      const high = Math.max(1, heightOf(highest(values, x)) * (height - 2));
      context.fillRect(x, (height - high) / 2, 1, high);
    }
  }
  context.globalAlpha = 1;
}

/** Milliseconds between two marks. */
const STEPS = [100, 200, 500, 1e3, 2e3, 5e3, 1e4, 3e4, 6e4, 12e4, 3e5, 6e5, 18e5, 36e5, 72e5, 144e5, 432e5];
const LEAST_PIXELS = 70;

/**
 * Where marks stand.
 * @param {number} from @param {number} to @param {number} width
 */
export function marksOf(from, to, width) {
  const least = ((to - from) * LEAST_PIXELS) / Math.max(1, width);
  const step = STEPS.find((one) => one >= least) ?? 864e5;
  const marks = [];
  for (let time = Math.ceil(from / step) * step; time <= to; time += step) marks.push(time);
  return { marks, digits: step < 1000 ? 1 : 0 };
}

export class Axis {
  #span;
  #bar = el('div', { class: 'deeptone-axis', 'aria-hidden': 'true' });

  /** @param {import('./span.mjs').Span} span */
  constructor(span) {
    this.#span = span;
    this.element = el('div', { class: 'deeptone-row' }, el('div', { class: 'deeptone-name' }), this.#bar);
  }

  draw() {
    const { from, to } = this.#span;
    const width = this.#bar.clientWidth;
    const { marks, digits } = marksOf(from, to, width);
    // A mark at the very end would be cut.
    const fitting = marks.filter((time) => (1 - this.#span.share(time)) * width > 30);
    this.#bar.replaceChildren(
      ...fitting.map((time) =>
        el('span', { style: `left:${this.#span.share(time) * 100}%` }, clock(time, digits)),
      ),
    );
  }

  follow() {}
}
