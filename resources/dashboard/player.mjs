// Plays the sound of a timeline, from where one clicks to the end of the phase.
import { clock, el } from './dom.mjs';

export class Player {
  #audio;
  #button;
  #time = el('span', { class: 'deeptone-time' }, '0:00');
  #texts;
  #until = Infinity;
  #wanted = 0;
  #frame = 0;

  /**
   * @param {import('./take.mjs').Take} take
   * @param {(path: string) => string} address
   * @param {Record<string, string>} texts
   * @param {(time: number) => void} follow milliseconds
   */
  constructor({ id, canHear, duration }, address, texts, follow) {
    this.takeId = id;
    this.canHear = canHear;
    this.#texts = texts;
    this.#audio = canHear ? el('audio', { src: address(`sound/${id}`), preload: 'metadata' }) : undefined;
    const label = canHear ? (texts.play ?? '') : (texts.noSound ?? '');
    const onclick = () => (this.#audio?.paused ? this.play() : this.#audio?.pause());
    this.#button = el(
      'button',
      {
        type: 'button',
        class: 'deeptone-play',
        'aria-label': label,
        title: label,
        disabled: !canHear,
        onclick,
      },
      '►',
    );
    this.elements = [this.#button, this.#time];
    const show = () => {
      this.#time.textContent = `${clock(this.time, 1)} / ${clock(duration, 1)}`;
      follow(this.time);
    };
    this.#listen(show);
    show();
  }

  /** Milliseconds. */
  get time() {
    return this.#audio && this.#audio.readyState > 0 ? this.#audio.currentTime * 1000 : this.#wanted;
  }

  /** @param {number} time milliseconds */
  seek(time) {
    this.#wanted = time;
    this.#until = Infinity;
    if (this.#audio && this.#audio.readyState > 0) this.#audio.currentTime = time / 1000;
  }

  /** @param {number} [until] milliseconds */
  play(until = Infinity) {
    this.#until = until;
    this.#audio?.play().catch(() => this.#cannot());
  }

  close() {
    cancelAnimationFrame(this.#frame);
    this.#audio?.pause();
    this.#audio?.removeAttribute('src');
  }

  /** @param {() => void} show */
  #listen(show) {
    const audio = this.#audio;
    if (!audio) return;
    const run = () => {
      show();
      if (audio.currentTime * 1000 >= this.#until) audio.pause();
      if (!audio.paused) this.#frame = requestAnimationFrame(run);
    };
    audio.addEventListener('loadedmetadata', () => {
      if (this.#wanted > 0) audio.currentTime = this.#wanted / 1000;
    });
    audio.addEventListener('play', () => {
      this.#sign('pause', '❚❚');
      run();
    });
    audio.addEventListener('pause', () => {
      this.#sign('play', '►');
      show();
    });
    audio.addEventListener('seeked', show);
    audio.addEventListener('error', () => {
      if (audio.hasAttribute('src')) this.#cannot();
    });
  }

  #cannot() {
    if (!this.#audio?.error) return; // Browsers refuse to play before somebody has touched the page.
    this.#button.disabled = true;
    this.#time.textContent = this.#texts.cannotPlay ?? '';
  }

  /** @param {string} key @param {string} sign */
  #sign(key, sign) {
    this.#button.textContent = sign;
    this.#button.setAttribute('aria-label', this.#texts[key] ?? '');
    this.#button.title = this.#texts[key] ?? '';
  }
}
