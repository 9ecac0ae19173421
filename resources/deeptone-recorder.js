// Records with the microphone of a browser: plain samples, as they are. Loaded by pages; the first one wins.
(function () {
  'use strict';
  if (window.DeeptoneRecorder) return;

  const HEADER_BYTES = 44;
  /** What browsers do to a call takes music and noises away, which are to be heard here. */
  const AS_IT_IS = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };

  /**
   * Why this page cannot record: the key of a sentence; '' where it can.
   * @returns {'' | 'insecure' | 'unsupported'}
   */
  function hindrance() {
    if (!window.isSecureContext) return 'insecure';
    return navigator.mediaDevices && window.AudioWorkletNode ? '' : 'unsupported';
  }

  /**
   * What the browser said, as the key of a sentence.
   * @param {unknown} error
   * @returns {'denied' | 'noMicrophone' | 'failed'}
   */
  function reason(error) {
    const name = error instanceof Error ? error.name : '';
    if (name === 'NotAllowedError' || name === 'SecurityError') return 'denied';
    return name === 'NotFoundError' || name === 'OverconstrainedError' ? 'noMicrophone' : 'failed';
  }

  /**
   * Begins to listen. Rejects where there is no microphone, or it is not allowed: see {@link reason}.
   * @param {string} worklet address of deeptone-recorder-worklet.js
   * @param {(samples: Float32Array, sampleRate: number) => void} take a tenth of a second, full scale 1.0, at the rate of the machine: not
   *   every browser changes it
   * @param {() => void} [gone] the microphone was taken away
   * @returns {Promise<{ sampleRate: number, stop(): Promise<void> }>}
   */
  async function listen(worklet, take, gone) {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: AS_IT_IS });
    const context = new AudioContext();
    const { sampleRate } = context;
    const stop = () => {
      for (const track of stream.getTracks()) track.stop();
      return context.close();
    };
    try {
      if (gone) stream.getTracks()[0]?.addEventListener('ended', gone);
      await context.audioWorklet.addModule(worklet);
      const node = new AudioWorkletNode(context, 'deeptone-recorder', { numberOfOutputs: 0 });
      node.port.onmessage = ({ data }) => take(data, sampleRate);
      context.createMediaStreamSource(stream).connect(node);
      await context.resume();
    } catch (error) {
      await stop();
      throw error;
    }
    return { sampleRate, stop };
  }

  /**
   * Begins to record; rejects as {@link listen}.
   * @param {string} worklet
   * @param {(level: number, seconds: number) => void} heard the loudest sample of the last moment, in [0, 1], and the length so far
   * @returns {Promise<DeeptoneRecording>}
   */
  async function record(worklet, heard) {
    /** @type {Float32Array[]} */
    const pieces = [];
    let length = 0;
    const { sampleRate, stop } = await listen(worklet, (samples, rate) => {
      pieces.push(samples);
      length += samples.length;
      heard(samples.reduce(louder, 0), length / rate);
    });
    return {
      stop: async () => {
        await stop();
        return new Blob([wav(pieces, length, sampleRate)], { type: 'audio/wav' });
      },
    };
  }

  /**
   * @param {number} most
   * @param {number} sample
   */
  function louder(most, sample) {
    return Math.max(most, Math.abs(sample));
  }

  /**
   * A WAV of 16-bit mono samples.
   * @param {readonly Float32Array[]} pieces full scale 1.0
   * @param {number} length samples in all
   * @param {number} sampleRate Hz
   */
  function wav(pieces, length, sampleRate) {
    const file = new DataView(new ArrayBuffer(HEADER_BYTES + 2 * length));
    /** @type {(at: number, text: string) => void} */
    const write = (at, text) =>
      Array.from(text).forEach((sign, i) => file.setUint8(at + i, sign.charCodeAt(0)));
    write(0, 'RIFF');
    file.setUint32(4, HEADER_BYTES - 8 + 2 * length, true);
    write(8, 'WAVEfmt ');
    file.setUint32(16, 16, true);
    file.setUint16(20, 1, true);
    file.setUint16(22, 1, true);
    file.setUint32(24, sampleRate, true);
    file.setUint32(28, 2 * sampleRate, true);
    file.setUint16(32, 2, true);
    file.setUint16(34, 16, true);
    write(36, 'data');
    file.setUint32(40, 2 * length, true);
    let at = HEADER_BYTES;
    for (const piece of pieces) {
      for (const sample of piece) {
        file.setInt16(at, Math.max(-32_768, Math.min(32_767, Math.round(sample * 32_768))), true);
        at += 2;
      }
    }
    return file.buffer;
  }

  window.DeeptoneRecorder = { hindrance, reason, listen, record };
})();
