/** Bytes of a chunk's name and size, and one of padding before it. */
const HEADER_BYTES = 9;
const NAME = /^[A-Za-z][A-Za-z0-9_ -]{3}$/u;

const NOTHING = new Uint8Array(0);

/**
 * Tells what follows the audio that a WAV header promised: chunks that are no audio (titles, cue points), or audio after
 * all, because the header of a live stream is often wrong about its length.
 */
export class TrailingChunks {
  #skip = 0;
  #partial: Uint8Array = NOTHING;

  /** Takes the next bytes; gives back those that are audio after all, from where on everything is. */
  push(bytes: Uint8Array): Uint8Array | undefined {
    let rest = bytes;
    while (rest.length > 0) {
      if (this.#skip > 0) {
        const skipped = Math.min(this.#skip, rest.length);
        this.#skip -= skipped;
        rest = rest.subarray(skipped);
        continue;
      }
      const header = Buffer.concat([this.#partial, rest]);
      if (header.length < HEADER_BYTES) {
        this.#partial = header;
        return undefined;
      }
      const padding = header[0] === 0 ? 1 : 0;
      if (!NAME.test(header.toString('latin1', padding, padding + 4))) return header;
      const size = header.readUInt32LE(padding + 4);
      this.#skip = padding + 8 + size + (size % 2) - this.#partial.length;
      this.#partial = NOTHING;
    }
    return undefined;
  }
}
