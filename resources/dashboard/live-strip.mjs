// The last minutes of a stream, a row per model, with a level on top; it runs, unless the viewer looks back.
import { textOn } from './colours.mjs';
import { el } from './dom.mjs';
import { heightOf } from './waveform.mjs';

const HEIGHT = 40;
/** Pixels: what is narrower has no word. */
const WORD_PIXELS = 34;
const LOOK_MS = 20_000;
const MARKS = 5;

export class LiveStrip {
  #word;
  #colours;
  #canvas = el('canvas', { height: HEIGHT, 'aria-hidden': 'true' });
  #rows = el('div');
  #axis = el('div', { class: 'deeptone-axis', 'aria-hidden': 'true' });
  #back;
  /** A time that is looked at; undefined for now. @type {number | undefined} */
  #at;

  /**
   * @param {(model: string, label: string) => string} word
   * @param {import('./colours.mjs').Colours} colours
   * @param {Record<string, string>} texts
   */
  constructor(word, colours, texts) {
    this.#word = word;
    this.#colours = colours;
    const onclick = () => {
      this.#at = undefined;
    };
    this.#back = el('button', { type: 'button', hidden: true, onclick }, texts.live ?? '');
    const name = () => el('div', { class: 'deeptone-name' });
    const wave = el('div', { class: 'deeptone-bar deeptone-wave' }, this.#canvas);
    this.element = el(
      'div',
      { class: 'deeptone-strips' },
      el('div', { class: 'deeptone-row' }, el('div', { class: 'deeptone-name' }, texts.level ?? ''), wave),
      this.#rows,
      el('div', { class: 'deeptone-row' }, name(), this.#axis),
      this.#back,
    );
  }

  /** Shows half a minute around a time. @param {number} time */
  jump(time) {
    this.#at = time;
    this.element.scrollIntoView({ block: 'nearest' });
  }

  /**
   * @param {import('./live-streams.mjs').LiveStream} stream
   * @param {string} name
   * @param {number} now
   * @param {number} spanMs
   */
  draw(stream, name, now, spanMs) {
    const isBack = this.#at !== undefined && this.#at > now - spanMs;
    this.#back.hidden = !isBack;
    const to = isBack ? Math.min(now, (this.#at ?? now) + (LOOK_MS * 3) / 4) : now;
    const from = isBack ? to - LOOK_MS : now - spanMs;
    const width = Math.max(1, this.#canvas.parentElement?.clientWidth ?? 1);
    this.#drawLevels(stream, from, to, width);
    const rows = stream.models.map((model) => {
      const parts = stream.phases(model).flatMap((phase) => {
        const [start, end] = [Math.max(from, phase.start), Math.min(to, phase.end ?? now)];
        return end > start
          ? [
              this.#part(
                model,
                phase.label,
                name,
                (start - from) / (to - from),
                (end - start) / (to - from),
                width,
              ),
            ]
          : [];
      });
      return el(
        'div',
        { class: 'deeptone-row' },
        el('div', { class: 'deeptone-name' }, this.#word(model, '')),
        el('div', { class: 'deeptone-bar' }, ...parts),
      );
    });
    this.#rows.replaceChildren(...rows);
    this.#drawAxis(from, to, width);
  }

  /**
   * @param {string} model @param {string} label @param {string} owner
   * @param {number} left @param {number} share @param {number} width
   */
  #part(model, label, owner, left, share, width) {
    const colour = this.#colours.of(label, owner);
    const word = this.#word(model, label);
    const style = `left:${left * 100}%;width:${share * 100}%;background:${colour};color:${textOn(colour)}`;
    return el(
      'div',
      { class: 'deeptone-part', style, title: word, 'data-class': label },
      share * width > WORD_PIXELS ? word : '',
    );
  }

  /** @param {import('./live-streams.mjs').LiveStream} stream @param {number} from @param {number} to @param {number} width */
  #drawLevels(stream, from, to, width) {
    const scale = window.devicePixelRatio || 1;
    this.#canvas.width = width * scale;
    this.#canvas.height = HEIGHT * scale;
    const context = this.#canvas.getContext('2d');
    if (!context) return;
    context.scale(scale, scale);
    context.fillStyle = getComputedStyle(this.element).color;
    const { levels } = stream;
    levels.forEach(({ time, mean, peak }, i) => {
      if (time < from || time > to) return;
      const next = levels[i + 1]?.time ?? time + 500;
      // Nothing is drawn where no sound came.
      const [x, wide] = [
        ((time - from) / (to - from)) * width,
        (Math.min(next - time, 2_000) / (to - from)) * width,
      ];
      for (const [value, alpha] of /** @type {const} */ ([
        [peak, 0.35],
        [mean, 1],
      ])) {
        const high = Math.max(1, heightOf(value) * (HEIGHT - 2));
        context.globalAlpha = alpha;
        context.fillRect(x, (HEIGHT - high) / 2, Math.max(1, wide), high);
      }
    });
  }

  /** @param {number} from @param {number} to @param {number} width */
  #drawAxis(from, to, width) {
    const count = width < 400 ? 3 : MARKS;
    const marks = Array.from({ length: count }, (_, i) => {
      const time = from + ((to - from) * i) / count;
      return el('span', { style: `left:${(i / count) * 100}%` }, new Date(time).toLocaleTimeString());
    });
    this.#axis.replaceChildren(...marks);
  }
}
