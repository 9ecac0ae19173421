// The timeline: a head with the sound and its exports, the loudness, a row per model and channel, a legend, and a list.
import { Colours } from './colours.mjs';
import { clock, download, el, filled } from './dom.mjs';
import { Legend } from './legend.mjs';
import { PhaseList } from './phase-list.mjs';
import { Player } from './player.mjs';
import { pictureOf } from './picture.mjs';
import { TimelineRow } from './timeline-row.mjs';
import { Axis, Waveform } from './waveform.mjs';
import { csvOf, fileName, labelsOf, rowsOf, sentence } from './take.mjs';
import { ask } from './widget.mjs';
import { onGestures, Span } from './span.mjs';

/** @typedef {import('./take.mjs').Take} Take @typedef {import('./take.mjs').Language} Language */

export class TimelineView {
  #place;
  /** @type {readonly Take[]} */
  #takes = [];
  /** @type {Language} */
  #language = { texts: {}, words: {} };
  /** What this viewer chose; '' for the latest. */
  #chosen = '';
  #drawn = '';
  /** Sounds of which the page has been told that they are shown. */
  #announced = /** @type {Set<string>} */ (new Set());
  #span = new Span();
  #colours = new Colours();
  /** @type {TimelineRow[]} */
  #rows = [];
  /** @type {Player | undefined} */
  #player;
  /** @type {{element: HTMLElement, draw: () => void, follow: (time: number) => void}[]} */
  #strips = [];
  /** @type {HTMLElement | undefined} */
  #readout;
  #asked = 0;
  #again = false;
  #resized = new ResizeObserver(() => this.#draw());

  /** @param {import('./widget.mjs').Place} place */
  constructor(place) {
    this.#place = place;
    this.#span.onChange = () => this.#draw();
    this.#resized.observe(place.root);
    place.root.classList.add('deeptone-timeline');
  }

  take() {
    this.load();
  }

  /** One request at a time: what comes meanwhile is asked for once more. */
  async load() {
    if (this.#asked > 0) {
      this.#again = true;
      return;
    }
    this.#asked++;
    const state = await ask(this.#place.address('state'));
    this.#asked--;
    if (state) this.#show(state);
    if (this.#again) {
      this.#again = false;
      this.load();
    }
  }

  close() {
    this.#resized.disconnect();
    this.#player?.close();
  }

  /** @param {{takes: readonly Take[]} & Language} state */
  #show({ takes, texts, words }) {
    this.#takes = takes;
    this.#language = { texts, words };
    const ids = takes.map(({ id }) => id);
    if (!ids.includes(this.#chosen)) this.#chosen = '';
    this.#build();
    for (const { id, title, channels } of takes) {
      if (Object.keys(channels).length === 0 || this.#announced.has(id)) continue;
      this.#announced.add(id);
      window.dispatchEvent(new CustomEvent('deeptone-shown', { detail: title }));
    }
  }

  get #shown() {
    return this.#takes.find(({ id }) => id === this.#chosen) ?? this.#takes.at(-1);
  }

  #build() {
    const take = this.#shown;
    const { texts } = this.#language;
    const { root } = this.#place;
    if (!take || Object.keys(take.channels).length === 0) {
      const waiting = take ? this.#progressText(take) : texts.waiting;
      root.replaceChildren(el('p', { class: 'deeptone-waiting', role: 'status' }, waiting ?? ''));
      return;
    }
    const content = JSON.stringify([take, this.#takes.map(({ id, title }) => [id, title])]);
    if (content === this.#drawn) return;
    this.#drawn = content;
    const isSame = this.#player?.takeId === take.id;
    if (isSame) this.#span.duration = take.duration;
    else this.#span.reset(take.duration);
    // A sound that plays plays on while more is told of it.
    if (!isSame || this.#player?.canHear !== take.canHear) {
      this.#player?.close();
      this.#player = new Player(take, this.#place.address, texts, (time) => this.#follow(time));
    }
    this.#fill(take);
    this.#draw();
  }

  /** @param {Take} take */
  #progressText(take) {
    const { texts } = this.#language;
    const { progress } = take;
    return typeof progress === 'number' ? filled(texts.percent, { percent: progress }) : texts.analysing;
  }

  /** @param {Take} take */
  #fill(take) {
    this.#colours = new Colours();
    const language = this.#language;
    const { texts } = language;
    const several = Object.keys(take.channels).length > 1;
    const rows = rowsOf(take, language);
    this.#rows = rows.map(
      (row) =>
        new TimelineRow(row, language, several, this.#colours, this.#span, (index, play) =>
          this.#choose(row, index, play),
        ),
    );
    const waves = Object.entries(take.channels).flatMap(([channel, { levels }]) => {
      const label = several ? filled(texts.channel, { number: channel }) : (texts.waveform ?? '');
      return levels
        ? [new Waveform(levels, label, take.duration, this.#span, (time) => this.#seek(time))]
        : [];
    });
    const axis = new Axis(this.#span);
    this.#strips = [...waves, ...this.#rows, axis];
    this.#readout = el('p', { class: 'deeptone-readout', role: 'status' }, textsOf(take));
    const strips = el('div', { class: 'deeptone-strips' }, ...this.#strips.map(({ element }) => element));
    onGestures(strips, this.#span);
    const list = new PhaseList(rows, language, several, this.#colours, (row, index) =>
      this.#choose(row, index, true),
    );
    this.#place.root.replaceChildren(
      ...[
        this.#head(take),
        strips,
        ...notesOf(take, texts),
        this.#readout,
        new Legend(take, rows, language, this.#colours).element,
        list.element,
      ],
    );
  }

  /** @param {Take} take */
  #head(take) {
    const { texts } = this.#language;
    const button = (/** @type {string} */ text, /** @type {() => void} */ onclick, sign = text) =>
      el('button', { type: 'button', 'aria-label': text, title: text, onclick }, sign);
    const text = (/** @type {string} */ content, type = 'text/plain') => new Blob([content], { type });
    return el(
      'div',
      { class: 'deeptone-head' },
      this.#choice(),
      ...(this.#player?.elements ?? []),
      el(
        'span',
        { class: 'deeptone-group', role: 'group', 'aria-label': texts.whole ?? '' },
        button(texts.earlier ?? '', () => this.#span.move(-0.5), '◀'),
        button(texts.zoomOut ?? '', () => this.#span.zoom(0.5), '−'),
        button(texts.whole ?? '', () => this.#span.reset(take.duration), '⤢'),
        button(texts.zoomIn ?? '', () => this.#span.zoom(2), '+'),
        button(texts.later ?? '', () => this.#span.move(0.5), '▶'),
      ),
      el(
        'span',
        { class: 'deeptone-group' },
        button(
          texts.csv ?? '',
          () => download(text(csvOf(take, this.#language), 'text/csv'), fileName(take, 'csv')),
          'CSV',
        ),
        button(
          texts.labels ?? '',
          () => download(text(labelsOf(take, this.#language)), fileName(take, 'txt')),
          texts.labels,
        ),
        button(texts.png ?? '', () => this.#png(take), 'PNG'),
      ),
    );
  }

  /** The sounds that are there: each viewer has its own choice. */
  #choice() {
    const shown = this.#shown;
    if (this.#takes.length < 2) return el('strong', { class: 'deeptone-title' }, shown?.title ?? '');
    const options = this.#takes
      .toReversed()
      .map(({ id, title }) =>
        el('option', { value: id, selected: id === shown?.id }, title || (this.#language.texts.sound ?? '')),
      );
    const onchange = (/** @type {Event} */ { target }) => {
      this.#chosen = target instanceof HTMLSelectElement ? target.value : '';
      this.#build();
    };
    return el('select', { 'aria-label': this.#language.texts.sound, onchange }, ...options);
  }

  /** @param {Take} take */
  async #png(take) {
    const blob = await pictureOf(
      take,
      rowsOf(take, this.#language),
      this.#language,
      this.#colours,
      this.#span,
    );
    if (blob) download(blob, fileName(take, 'png'));
  }

  /**
   * @param {import('./take.mjs').Row} row
   * @param {number} index
   * @param {boolean} play
   */
  #choose(row, index, play) {
    const phase = row.phases[index];
    if (!phase) return;
    const several = Object.keys(this.#shown?.channels ?? {}).length > 1;
    this.#readout?.replaceChildren(sentence(row, phase, this.#language, several));
    this.#span.reveal(phase[0]);
    this.#player?.seek(phase[0]);
    if (play) this.#player?.play(phase[1]);
    this.#follow(phase[0]);
  }

  /** @param {number} time */
  #seek(time) {
    this.#player?.seek(time);
    this.#player?.play();
    this.#follow(time);
  }

  #draw() {
    for (const strip of this.#strips) strip.draw();
    this.#follow(this.#player?.time ?? 0);
  }

  /** @param {number} time */
  #follow(time) {
    for (const strip of this.#strips) strip.follow(time);
  }
}

/** What was heard, in the words of the nodes. @param {Take} take */
function textsOf(take) {
  const texts = Object.values(take.channels).map(({ text }) => text);
  return texts.filter((text) => text !== undefined).join(' ') || clock(take.duration);
}

/** What a viewer has to know of what is shown. @param {Take} take @param {Record<string, string>} texts */
function notesOf({ channels }, { simplified = '' }) {
  const isSimplified = Object.values(channels).some((channel) => channel.simplified);
  return isSimplified ? [el('p', { class: 'deeptone-note' }, simplified)] : [];
}
