// Takes sound from who looks at the page: a file, an example, or the microphone.
import { bringIntoView, el, filled } from './dom.mjs';
import { Microphone } from './microphone.mjs';
import { sendFile } from './send-file.mjs';
import { ask } from './widget.mjs';

const MEGABYTE = 1_000_000;

/** @typedef {{upload: boolean, microphone: boolean, examples: readonly string[], megabytes: number, texts: Record<string, string>}} State */

export class InputView {
  #place;
  #texts = /** @type {Record<string, string>} */ ({});
  #megabytes = 100;
  #built = false;
  #status = el('p', { role: 'status' });
  #problem = el('p', { class: 'deeptone-problem', role: 'alert', hidden: true });
  #progress = el('progress', { max: '1', value: '0', hidden: true });
  #cancel = el('button', { type: 'button', hidden: true });
  /** @type {Microphone | undefined} */
  #microphone;
  /** The sound whose result is waited for; '' for none. */
  #awaited = '';
  #onShown = (/** @type {Event} */ event) => this.#forget(event);

  /** @param {import('./widget.mjs').Place} place */
  constructor(place) {
    this.#place = place;
    place.root.classList.add('deeptone-input-widget');
    window.addEventListener('deeptone-shown', this.#onShown);
  }

  async load() {
    /** @type {State | undefined} */
    const state = await ask(this.#place.address('state'));
    if (!state) return;
    this.#texts = state.texts;
    this.#megabytes = state.megabytes;
    // A connection that was lost and is back is another one for the server: the stream begins anew.
    if (this.#built) return;
    const parts = [
      ...(state.upload ? [this.#uploadPart()] : []),
      ...(state.examples.length > 0 ? [this.#examplesPart(state.examples)] : []),
      ...(state.microphone ? [this.#microphonePart()] : []),
    ];
    this.#built = parts.length > 0;
    // An empty place would look as if something were broken.
    if (!this.#built) parts.push(el('p', { class: 'deeptone-nothing' }, state.texts.nothing ?? ''));
    this.#place.root.replaceChildren(
      el('div', { class: 'deeptone-input' }, ...parts),
      el('div', {}, this.#progress, this.#cancel, this.#status, this.#problem),
    );
  }

  /** @param {{refused?: string}} news */
  take({ refused }) {
    if (refused === undefined) return;
    this.#awaited = '';
    this.#status.textContent = '';
    this.#tell(filled(this.#texts.refused, { reason: refused }));
  }

  close() {
    window.removeEventListener('deeptone-shown', this.#onShown);
    this.#microphone?.stop();
  }

  /** A timeline of this page shows what is in a sound: there is nothing more to say of it here. @param {Event} event */
  #forget(event) {
    if (!(event instanceof CustomEvent) || this.#awaited === '' || event.detail !== this.#awaited) return;
    this.#awaited = '';
    // What is still said of sending comes to its own end.
    if (this.#progress.hidden) this.#status.textContent = '';
  }

  #uploadPart() {
    const texts = this.#texts;
    const input = el('input', {
      type: 'file',
      accept: 'audio/*,video/*,.wav,.mp3,.flac,.ogg,.m4a,.opus',
      class: 'deeptone-visually-hidden',
      tabindex: '-1',
      'aria-label': texts.choose,
    });
    input.addEventListener('change', () => {
      const [file] = input.files ?? [];
      if (file) this.#send(file);
      input.value = '';
    });
    const button = el(
      'button',
      { type: 'button', class: 'deeptone-primary', onclick: () => input.click() },
      texts.choose ?? '',
    );
    const part = el(
      'section',
      {},
      button,
      input,
      ` ${texts.drop}`,
      el('p', {}, filled(texts.limit, { megabytes: this.#megabytes })),
    );
    const over = (/** @type {DragEvent} */ event) => {
      event.preventDefault();
      part.classList.toggle('deeptone-over', event.type === 'dragover');
    };
    for (const type of /** @type {const} */ (['dragover', 'dragleave', 'drop']))
      part.addEventListener(type, over);
    part.addEventListener('drop', ({ dataTransfer }) => {
      const [file] = dataTransfer?.files ?? [];
      if (file) this.#send(file);
    });
    return part;
  }

  /** @param {readonly string[]} names */
  #examplesPart(names) {
    const buttons = names.map((name) => {
      const onclick = () => {
        this.#tell('');
        this.#awaited = name;
        this.#status.textContent = this.#texts.analysing ?? '';
        this.#place.send({ example: name });
      };
      return el('button', { type: 'button', onclick }, name.replace(/\.wav$/, '').replaceAll('-', ' '));
    });
    return el(
      'section',
      {},
      el('h3', {}, this.#texts.examples ?? ''),
      el('div', { class: 'deeptone-buttons' }, ...buttons),
    );
  }

  #microphonePart() {
    const texts = this.#texts;
    const button = el('button', { type: 'button', class: 'deeptone-primary' }, texts.microphone ?? '');
    const said = el('p', { role: 'status' });
    const microphone = new Microphone(
      (value) => this.#place.send(value),
      (state, reason) => {
        const runs = state === 'listening';
        button.textContent = (runs ? texts.stop : texts.microphone) ?? '';
        button.className = runs ? 'deeptone-danger' : 'deeptone-primary';
        said.textContent = runs ? (texts.listening ?? '') : '';
        this.#tell(reason === '' ? '' : (texts[reason] ?? reason));
        if (runs) showLive();
      },
    );
    this.#microphone = microphone;
    button.addEventListener('click', () => (microphone.runs ? microphone.stop() : microphone.start()));
    // Said before somebody tries.
    if (microphone.hindrance === 'insecure') said.textContent = texts.insecure ?? '';
    button.disabled = microphone.hindrance === 'insecure';
    return el('section', {}, button, said);
  }

  /** @param {File} file */
  async #send(file) {
    const texts = this.#texts;
    const { name } = file;
    this.#tell('');
    const size = Math.ceil(file.size / MEGABYTE);
    if (file.size > this.#megabytes * MEGABYTE)
      return this.#tell(filled(texts.tooLarge, { name, size, megabytes: this.#megabytes }));
    if (file.size === 0) return this.#tell(filled(texts.empty, { name }));
    const show = (/** @type {number} */ share) => {
      this.#progress.value = share;
      this.#status.textContent = filled(texts.uploading, { name, percent: Math.floor(share * 100) });
    };
    const { answer, cancel } = sendFile(this.#place.address('sound', { name }), file, show);
    this.#cancel.textContent = texts.cancel ?? '';
    this.#cancel.onclick = cancel;
    this.#progress.hidden = this.#cancel.hidden = false;
    this.#awaited = name;
    const told = await answer;
    this.#progress.hidden = this.#cancel.hidden = true;
    // What is in a short sound may be there before the answer.
    const isAwaited = told === 'sent' && this.#awaited === name;
    this.#status.textContent = isAwaited ? filled(texts.uploaded, { name }) : '';
    if (told === 'cut') this.#tell(filled(texts.cut, { name }));
    else if (typeof told === 'object') this.#tell(filled(texts.refused, { reason: told.reason }));
  }

  /** @param {string} problem '' where there is none */
  #tell(problem) {
    this.#problem.textContent = problem;
    this.#problem.hidden = problem === '';
  }
}

/** Leads to what the microphone hears, where this page shows it: it may be far below. */
function showLive() {
  const live = document.querySelector('.deeptone-live');
  if (!(live instanceof HTMLElement)) return;
  live.focus({ preventScroll: true });
  // It grows with what is heard; who does anything else is left where they are.
  const observer = new ResizeObserver(() => {
    if (document.activeElement === live) bringIntoView(live);
    else observer.disconnect();
  });
  observer.observe(live);
  for (const type of ['wheel', 'touchmove', 'keydown', 'pointerdown'])
    window.addEventListener(type, () => observer.disconnect(), { once: true, passive: true });
}
