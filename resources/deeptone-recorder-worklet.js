// Gives the samples of a microphone to the page, a tenth of a second at a time. Runs on the browser's thread for sound.
/* global AudioWorkletProcessor, registerProcessor, sampleRate */
{
  /** Hands the first channel on. */
  class Recorder extends AudioWorkletProcessor {
    constructor() {
      super();
      this.piece = new Float32Array(Math.round(sampleRate / 10));
      this.filled = 0;
    }

    /** @param {Float32Array[][]} inputs */
    process([input]) {
      for (const sample of (input && input[0]) || []) {
        this.piece[this.filled++] = sample;
        if (this.filled === this.piece.length) this.give();
      }
      return true;
    }

    give() {
      this.port.postMessage(this.piece.slice());
      this.filled = 0;
    }
  }

  registerProcessor('deeptone-recorder', Recorder);
}
