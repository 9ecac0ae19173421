// What happened on a stream, the latest first; a click shows it on the strip.
import { el, filled } from './dom.mjs';

export class Happenings {
  #word;
  #colours;
  #texts;
  #jump;
  #list = el('ol', { class: 'deeptone-events', tabindex: '0' });
  #drawn = '';

  /**
   * @param {(model: string, label: string) => string} word
   * @param {import('./colours.mjs').Colours} colours
   * @param {Record<string, string>} texts
   * @param {(time: number) => void} jump
   */
  constructor(word, colours, texts, jump) {
    this.#word = word;
    this.#colours = colours;
    this.#texts = texts;
    this.#jump = jump;
    this.#list.setAttribute('aria-label', texts.events ?? '');
    this.element = el(
      'section',
      { class: 'deeptone-happenings' },
      el('h3', { class: 'deeptone-legend-title' }, texts.events ?? ''),
      this.#list,
    );
  }

  /** @param {import('./live-streams.mjs').LiveStream} stream @param {string} name @param {string} title what people call the stream */
  draw({ happenings }, name, title) {
    const content = JSON.stringify(happenings);
    // A list that is drawn anew takes the focus away.
    if (content === this.#drawn) return;
    this.#drawn = content;
    const focused =
      document.activeElement instanceof HTMLElement ? document.activeElement.dataset['time'] : undefined;
    if (happenings.length === 0) this.#list.replaceChildren(el('li', {}, this.#texts.noEvents ?? ''));
    else this.#list.replaceChildren(...happenings.map((one) => this.#item(one, name, title)));
    if (focused !== undefined)
      this.#list
        .querySelector(`[data-time="${CSS.escape(focused)}"]`)
        ?.dispatchEvent(new Event('deeptone-focus'));
  }

  /** @param {import('./live-streams.mjs').Happening} happening @param {string} owner @param {string} title */
  #item({ time, model, label, text = '', end }, owner, title) {
    const clock = new Date(time).toLocaleTimeString();
    const isPhase = model !== undefined && label !== undefined;
    const length = typeof end === 'number' ? `, ${((end - time) / 1000).toFixed(1)} s` : '';
    const words = isPhase
      ? `${this.#word(model, '')}: ${this.#word(model, label)}${length}`
      : owner === ''
        ? text
        : text.replace(owner, () => title);
    const button = el(
      'button',
      {
        type: 'button',
        'data-time': `${time}/${model ?? ''}`,
        'aria-label': filled(this.#texts.look, { words, time: clock }),
        onclick: () => this.#jump(time),
      },
      clock,
    );
    button.addEventListener('deeptone-focus', () => button.focus());
    const colour = isPhase ? this.#colours.of(label, owner) : 'transparent';
    return el(
      'li',
      {},
      button,
      el('span', { class: 'deeptone-swatch', style: `background:${colour}` }),
      words,
    );
  }
}
