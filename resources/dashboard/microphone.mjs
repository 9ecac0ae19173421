// The microphone of the browser, as it is: what browsers do to a call takes music and noises away, which are to be heard here.

const AS_IT_IS = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
const WORKLET = new URL('../deeptone-recorder-worklet.js', import.meta.url).href;

/** @typedef {'' | 'insecure' | 'noMicrophone' | 'denied' | 'busy' | 'gone'} Reason key of a text; '' where all is well */

export class Microphone {
  #send;
  #tell;
  #seq = 0;
  /** @type {MediaStream | undefined} */
  #stream;
  /** @type {AudioContext | undefined} */
  #context;

  /**
   * @param {(value: {pcm: ArrayBuffer, rate: number, seq: number} | {end: true}) => void} send
   * @param {(state: 'listening' | 'off', reason: Reason) => void} tell
   */
  constructor(send, tell) {
    this.#send = send;
    this.#tell = tell;
  }

  get runs() {
    return this.#stream !== undefined;
  }

  /** Browsers give the microphone to pages that nobody can change on the way. @returns {Reason} */
  get hindrance() {
    if (!window.isSecureContext || !navigator.mediaDevices) return 'insecure';
    return '';
  }

  async start() {
    const { hindrance } = this;
    if (hindrance !== '') return this.#tell('off', hindrance);
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ audio: AS_IT_IS });
      this.#stream = stream;
      stream.getTracks()[0]?.addEventListener('ended', () => this.#end('gone'));
      await this.#listen(stream);
      this.#tell('listening', '');
    } catch (error) {
      this.#end(reasonOf(error));
    }
  }

  stop() {
    this.#end('');
  }

  /** @param {MediaStream} stream */
  async #listen(stream) {
    // At the rate of the machine: not every browser changes it.
    const context = new AudioContext();
    this.#context = context;
    await context.audioWorklet.addModule(WORKLET);
    const node = new AudioWorkletNode(context, 'deeptone-recorder', { numberOfOutputs: 0 });
    node.port.onmessage = ({ data }) =>
      this.#send({ pcm: pcmOf(data), rate: context.sampleRate, seq: this.#seq++ });
    context.createMediaStreamSource(stream).connect(node);
    await context.resume();
  }

  /** @param {Reason} reason */
  #end(reason) {
    const runs = this.#context !== undefined;
    for (const track of this.#stream?.getTracks() ?? []) track.stop();
    void this.#context?.close();
    this.#stream = this.#context = undefined;
    if (runs) this.#send({ end: true });
    this.#tell('off', reason);
  }
}

/** 16 bits, little end first, as all machines that browsers run on have it. @param {Float32Array} samples */
function pcmOf(samples) {
  return Int16Array.from(samples, (sample) =>
    Math.max(-32_768, Math.min(32_767, Math.round(sample * 32_768))),
  ).buffer;
}

/** @param {unknown} error @returns {Reason} */
function reasonOf(error) {
  const name = error instanceof Error ? error.name : '';
  if (name === 'NotAllowedError' || name === 'SecurityError') return 'denied';
  return name === 'NotFoundError' || name === 'OverconstrainedError' ? 'noMicrophone' : 'busy';
}
