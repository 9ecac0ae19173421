// The microphone of the browser, as a stream of pieces.
import '../deeptone-recorder.js';

const WORKLET = new URL('../deeptone-recorder-worklet.js', import.meta.url).href;

/** @typedef {'' | 'insecure' | 'noMicrophone' | 'denied' | 'busy' | 'gone'} Reason key of a text; '' where all is well */

export class Microphone {
  #send;
  #tell;
  #seq = 0;
  /** @type {{ stop(): Promise<void> } | undefined} */
  #listening;

  /**
   * @param {(value: {pcm: ArrayBuffer, rate: number, seq: number} | {end: true}) => void} send
   * @param {(state: 'listening' | 'off', reason: Reason) => void} tell
   */
  constructor(send, tell) {
    this.#send = send;
    this.#tell = tell;
  }

  get runs() {
    return this.#listening !== undefined;
  }

  /** Browsers give the microphone to pages that nobody can change on the way. @returns {Reason} */
  get hindrance() {
    return DeeptoneRecorder.hindrance() === '' ? '' : 'insecure';
  }

  async start() {
    const { hindrance } = this;
    if (hindrance !== '') return this.#tell('off', hindrance);
    try {
      const take = (/** @type {Float32Array} */ samples, /** @type {number} */ rate) =>
        this.#send({ pcm: pcmOf(samples), rate, seq: this.#seq++ });
      this.#listening = await DeeptoneRecorder.listen(WORKLET, take, () => this.#end('gone'));
      this.#tell('listening', '');
    } catch (error) {
      const reason = DeeptoneRecorder.reason(error);
      this.#end(reason === 'failed' ? 'busy' : reason);
    }
  }

  stop() {
    this.#end('');
  }

  /** @param {Reason} reason */
  #end(reason) {
    const listening = this.#listening;
    this.#listening = undefined;
    void listening?.stop();
    if (listening) this.#send({ end: true });
    this.#tell('off', reason);
  }
}

/** 16 bits, little end first, as all machines that browsers run on have it. @param {Float32Array} samples */
function pcmOf(samples) {
  return Int16Array.from(samples, (sample) =>
    Math.max(-32_768, Math.min(32_767, Math.round(sample * 32_768))),
  ).buffer;
}
