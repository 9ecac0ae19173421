// One row: the phases of one model in one channel. It is one stop for the Tab key; arrows go from phase to phase.
import { textOn } from './colours.mjs';
import { el, filled } from './dom.mjs';
import { timeUnder } from './span.mjs';
import { partsOf, phaseAt, sentence, wordOf } from './take.mjs';

/** Pixels: what is narrower is put together, and what is narrower than a word has none. */
const LEAST_PIXELS = 4;
const WORD_PIXELS = 34;

export class TimelineRow {
  #row;
  #language;
  #several;
  #colours;
  #span;
  #choose;
  #index = 0;
  #bar;
  #parts = el('div', { class: 'deeptone-parts', 'aria-hidden': 'true' });
  #cursor = el('div', { class: 'deeptone-cursor' });

  /**
   * @param {import('./take.mjs').Row} row
   * @param {import('./take.mjs').Language} language
   * @param {boolean} several
   * @param {import('./colours.mjs').Colours} colours
   * @param {import('./span.mjs').Span} span
   * @param {(index: number, play: boolean) => void} choose
   */
  constructor(row, language, several, colours, span, choose) {
    this.#row = row;
    this.#language = language;
    this.#several = several;
    this.#colours = colours;
    this.#span = span;
    this.#choose = choose;
    const label = filled(language.texts.row, { title: row.title });
    this.#bar = el(
      'div',
      {
        class: 'deeptone-bar',
        role: 'slider',
        tabindex: '0',
        'aria-label': label,
        'aria-description': language.texts.keys,
        'aria-valuemin': '0',
        'aria-valuemax': String(Math.max(0, row.phases.length - 1)),
        onclick: (/** @type {MouseEvent} */ event) =>
          this.#select(phaseAt(row.phases, timeUnder(this.#bar, event, span)), true),
        onkeydown: (/** @type {KeyboardEvent} */ event) => this.#key(event),
      },
      this.#parts,
      this.#cursor,
    );
    this.element = el(
      'div',
      { class: 'deeptone-row' },
      el('div', { class: 'deeptone-name' }, row.title),
      this.#bar,
    );
    this.#say();
  }

  draw() {
    const { from, to, length } = this.#span;
    const width = Math.max(1, this.#bar.clientWidth);
    const parts = partsOf(this.#row.phases, from, to, (LEAST_PIXELS * length) / width);
    this.#parts.replaceChildren(...parts.map((part) => this.#part(part, width)));
  }

  /** @param {number} time */
  follow(time) {
    const share = this.#span.share(time);
    this.#cursor.hidden = share < 0 || share > 1;
    this.#cursor.style.left = `${share * 100}%`;
  }

  /**
   * @param {ReturnType<typeof partsOf>[number]} part
   * @param {number} width pixels of the row
   */
  #part({ start, end, label, mixed }, width) {
    const { length } = this.#span;
    const colour = this.#colours.of(label, this.#row.owner);
    const word = wordOf(this.#row, label, this.#language, this.#several);
    const title = mixed ? filled(this.#language.texts.mixed, { words: word }) : word;
    const style = `left:${this.#span.share(start) * 100}%;width:${((end - start) / length) * 100}%;background:${colour};color:${textOn(colour)}`;
    const pixels = ((end - start) / length) * width;
    return el(
      'div',
      { class: 'deeptone-part', style, title, 'data-class': label },
      pixels > WORD_PIXELS ? word : '',
    );
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const last = this.#row.phases.length - 1;
    const to = { ArrowLeft: this.#index - 1, ArrowRight: this.#index + 1, Home: 0, End: last }[event.key];
    if (to !== undefined) this.#select(Math.min(last, Math.max(0, to)), false);
    else if (event.key === 'Enter' || event.key === ' ') this.#select(this.#index, true);
    else if (event.key === '+') this.#span.zoom(2, this.#row.phases[this.#index]?.[0]);
    else if (event.key === '-') this.#span.zoom(0.5, this.#row.phases[this.#index]?.[0]);
    else if (event.key === '0') this.#span.reset(this.#span.duration);
    else return;
    event.preventDefault();
  }

  /** @param {number} index @param {boolean} play */
  #select(index, play) {
    this.#index = index;
    this.#say();
    this.#choose(index, play);
  }

  #say() {
    const phase = this.#row.phases[this.#index];
    this.#bar.setAttribute('aria-valuenow', String(this.#index));
    this.#bar.setAttribute(
      'aria-valuetext',
      phase ? sentence(this.#row, phase, this.#language, this.#several) : '',
    );
  }
}
