// The live page: now in large, the level, the last minutes, and what happened.
import { Colours, textOn } from './colours.mjs';
import { el, filled } from './dom.mjs';
import { Happenings } from './happenings.mjs';
import { LiveStream } from './live-streams.mjs';
import { LiveStrip } from './live-strip.mjs';
import { heightOf } from './waveform.mjs';
import { ask } from './widget.mjs';

const REDRAW_MS = 250;
const MINUTE_MS = 60_000;

export class LiveView {
  #place;
  #texts = /** @type {Record<string, string>} */ ({});
  #words = /** @type {Record<string, string>} */ ({});
  #streams = /** @type {Map<string, LiveStream>} */ (new Map());
  #chosen = '';
  #minutes = 5;
  /** The clock of the server, less that of this browser. */
  #lag = 0;
  #colours = new Colours();
  #timer;
  #loaded = false;
  #early = /** @type {any[]} */ ([]);
  #parts = /** @type {ReturnType<typeof emptyParts> | undefined} */ (undefined);
  #shownNow = '';

  /** @param {import('./widget.mjs').Place} place */
  constructor(place) {
    this.#place = place;
    place.root.classList.add('deeptone-live');
    // Who starts the microphone is led here.
    place.root.tabIndex = -1;
    place.root.setAttribute('role', 'group');
    this.#timer = setInterval(() => this.#draw(), REDRAW_MS);
  }

  async load() {
    this.#loaded = false;
    const state = await ask(this.#place.address('state'));
    if (!state) return;
    this.#minutes = state.minutes;
    this.#lag = state.now - Date.now();
    this.#streams.clear();
    this.#learn(state);
    for (const item of state.items) this.#add(item);
    this.#loaded = true;
    for (const news of this.#early.splice(0)) this.take(news);
    this.#build();
  }

  /** @param {any} news */
  take(news) {
    if (!this.#loaded) {
      this.#early.push(news);
      return;
    }
    this.#learn(news);
    const isNew = !this.#streams.has(news.item.stream);
    this.#add(news.item);
    if (isNew) this.#build();
  }

  close() {
    clearInterval(this.#timer);
  }

  /** @param {{texts?: Record<string, string>, words?: Record<string, string>}} news */
  #learn({ texts, words }) {
    this.#texts = texts ?? this.#texts;
    this.#words = { ...this.#words, ...words };
  }

  /** @param {import('./live-streams.mjs').Item} item */
  #add(item) {
    const stream = this.#streams.get(item.stream) ?? new LiveStream();
    this.#streams.set(item.stream, stream);
    stream.take(item, this.#minutes * MINUTE_MS);
  }

  /** What this viewer chose, else the stream that was heard last. */
  get #shown() {
    const chosen = this.#streams.get(this.#chosen);
    if (chosen) return { name: this.#chosen, stream: chosen };
    const [last] = [...this.#streams].sort(([, a], [, b]) => b.lastTime - a.lastTime);
    return last ? { name: last[0], stream: last[1] } : undefined;
  }

  /** What people call a stream. @param {string} name */
  #title(name) {
    return (this.#streams.get(name)?.isOwn && this.#texts.ownMicrophone) || name;
  }

  /** A label in words; without a label the model. @param {string} model @param {string} label */
  #word(model, label) {
    return label === '' ? (this.#words[model] ?? model) : (this.#words[`${model}/${label}`] ?? label);
  }

  #build() {
    const { root } = this.#place;
    root.setAttribute('aria-label', this.#texts.events ?? '');
    const shown = this.#shown;
    if (!shown) {
      root.replaceChildren(el('p', { class: 'deeptone-waiting', role: 'status' }, this.#texts.waiting ?? ''));
      this.#parts = undefined;
      return;
    }
    this.#shownNow = '';
    const word = (/** @type {string} */ model, /** @type {string} */ label) => this.#word(model, label);
    const strip = new LiveStrip(word, this.#colours, this.#texts);
    const happenings = new Happenings(word, this.#colours, this.#texts, (time) => strip.jump(time));
    this.#parts = { ...emptyParts(this.#texts), strip, happenings };
    const title = filled(this.#texts.lastMinutes, { minutes: this.#minutes });
    root.replaceChildren(
      this.#choice(),
      this.#parts.now,
      this.#parts.level,
      el(
        'section',
        { 'aria-label': title },
        el('h3', { class: 'deeptone-legend-title' }, title),
        strip.element,
      ),
      happenings.element,
    );
    this.#draw();
  }

  #choice() {
    if (this.#streams.size < 2) return el('div');
    const shown = this.#shown?.name;
    const options = [...this.#streams.keys()].map((name) =>
      el('option', { value: name, selected: name === shown }, this.#title(name)),
    );
    const onchange = (/** @type {Event} */ { target }) => {
      this.#chosen = target instanceof HTMLSelectElement ? target.value : '';
      this.#build();
    };
    return el(
      'div',
      { class: 'deeptone-head' },
      el('label', {}, `${this.#texts.stream} `, el('select', { onchange }, ...options)),
    );
  }

  #draw() {
    const [shown, parts] = [this.#shown, this.#parts];
    if (!shown || !parts?.strip) return;
    const { name, stream } = shown;
    const time = Math.max(stream.lastTime, stream.ended ? 0 : Date.now() + this.#lag);
    this.#drawNow(name, stream, parts.now);
    this.#drawLevel(stream, parts);
    parts.strip.draw(stream, name, time, this.#minutes * MINUTE_MS);
    parts.happenings?.draw(stream, name, this.#title(name));
  }

  /** Drawn anew only where it changes: it is read aloud. @param {string} name @param {LiveStream} stream @param {HTMLElement} place */
  #drawNow(name, stream, place) {
    const now = stream.models.map((model) => ({ model, ...(stream.now(model) ?? { label: '', start: 0 }) }));
    const content = JSON.stringify([stream.ended, now.map(({ model, label }) => [model, label])]);
    if (content === this.#shownNow) return;
    this.#shownNow = content;
    if (stream.ended) {
      place.replaceChildren(el('p', {}, `${this.#title(name)} ${this.#texts.ended}`));
      return;
    }
    place.replaceChildren(
      ...now.map(({ model, label, start }, index) => {
        const colour = this.#colours.of(label, name);
        const style = `background:${colour};color:${textOn(colour)}`;
        const since = filled(this.#texts.since, { time: new Date(start - this.#lag).toLocaleTimeString() });
        return el(
          'div',
          {
            class: index === 0 ? 'deeptone-heard' : 'deeptone-heard deeptone-minor',
            style,
            'data-model': model,
          },
          el('small', {}, this.#words[model] ?? model),
          el('strong', {}, this.#word(model, label)),
          el('small', {}, since),
        );
      }),
    );
  }

  /** @param {LiveStream} stream @param {NonNullable<ReturnType<typeof emptyParts>>} parts */
  #drawLevel(stream, { meter, bar, peak, figure }) {
    const last = stream.ended ? undefined : stream.levels.at(-1);
    const [mean, most] = [last?.mean ?? -120, last?.peak ?? -120];
    bar.style.width = `${heightOf(mean) * 100}%`;
    bar.style.setProperty('--width', `${meter.clientWidth}px`);
    peak.style.left = `calc(${heightOf(most) * 100}% - 2px)`;
    peak.hidden = !last;
    const text = last ? `${mean.toFixed(0)} dBFS` : stream.ended ? '' : (this.#texts.noLevel ?? '');
    figure.textContent = text;
    meter.setAttribute('aria-valuenow', String(Math.round(mean)));
    meter.setAttribute('aria-valuetext', text);
  }
}

/** @param {Record<string, string>} texts */
function emptyParts(texts) {
  const [bar, peak] = [el('div'), el('span')];
  const meter = el(
    'div',
    {
      class: 'deeptone-meter',
      role: 'meter',
      'aria-label': texts.level,
      'aria-valuemin': '-120',
      'aria-valuemax': '0',
    },
    bar,
    peak,
  );
  const figure = el('span', { class: 'deeptone-figure' });
  return {
    now: el('section', { class: 'deeptone-now', 'aria-label': texts.now, 'aria-live': 'polite' }),
    level: el('div', { class: 'deeptone-level' }, el('div', {}, `${texts.level}: `, figure), meter),
    ...{ meter, bar, peak, figure },
    strip: /** @type {LiveStrip | undefined} */ (undefined),
    happenings: /** @type {Happenings | undefined} */ (undefined),
  };
}
