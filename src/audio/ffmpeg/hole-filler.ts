import type { Jump } from './timeline';

/** Seconds that must be missing: less is jitter, and stands until there is more. */
const SMALLEST_HOLE_S = 0.05;
/** Jumps so close behind another are one: some demuxers find their way in two steps. */
const TOGETHER_S = 0.25;
/** Timestamps that go back further begin anew, as in songs of a radio one after the other. */
const NEW_TIME_S = 1;
/** Where nobody says how long it all is: a longer hole is a wrong timestamp (decision 15). */
const LONGEST_HOLE_S = 60;
/** An offset below this is none. */
const SMALLEST_OFFSET = 0.002;
const ZEROS_BYTES = 65_536;
/** Bytes of samples by which an offset is told. */
const TAIL_BYTES = 32_768;

/** What was missing, and where. */
export interface Holes {
  readonly count: number;
  /** Seconds in which there is silence now. */
  readonly seconds: number;
  /** Second at which the first begins. */
  readonly first: number;
  /** Jumps that were too far to be true. */
  readonly unbelieved: number;
}

/**
 * Takes the WAV of 32-bit floats that ffmpeg writes, and lets silence stand where the timestamps of its input say that something is
 * missing, so that what comes after it keeps its time. Silence is the offset of the sound before it (decision 27).
 */
export class HoleFiller {
  readonly #jumps: () => readonly Jump[];
  readonly #promised: () => number | null;
  #waiting: Jump[] = [];
  #head = Buffer.alloc(0);
  #format: { readonly rate: number; readonly block: number } | undefined;
  /** What is held back behind a jump until it is known whether another follows. */
  #isHolding = false;
  #held: Buffer[] = [];
  #heldBytes = 0;
  #tail: Buffer = Buffer.alloc(0);
  /** Bytes of samples so far, without what was filled in. */
  #bytes = 0;
  #filledBytes = 0;
  /** Seconds that are missing and were not filled in. */
  #owed = 0;
  #count = 0;
  #missing = 0;
  #first = 0;
  #unbelieved = 0;

  /**
   * @param jumps those that were not taken yet, of all samples that were pushed so far
   * @param promised seconds that the input lasts by its own account; null where it does not say
   */
  constructor(jumps: () => readonly Jump[], promised: () => number | null) {
    this.#jumps = jumps;
    this.#promised = promised;
  }

  get holes(): Holes {
    return {
      count: this.#count,
      seconds: this.#missing,
      first: this.#first,
      unbelieved: this.#unbelieved,
    };
  }

  /** Seconds of sound so far, silence included; 0 before there is any. */
  get seconds(): number {
    const { rate = 1, block = 1 } = this.#format ?? {};
    return (this.#bytes + this.#filledBytes) / block / rate;
  }

  /** Takes what ffmpeg wrote; gives what is to be read. */
  *push(bytes: Uint8Array): Generator<Uint8Array, void, undefined> {
    let piece = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (!this.#format) {
      this.#head = Buffer.concat([this.#head, piece]);
      const start = this.#readHead(this.#head);
      if (start === undefined) return;
      yield this.#head.subarray(0, start);
      piece = this.#head.subarray(start);
      this.#head = Buffer.alloc(0);
    }
    yield* this.#samples(piece);
  }

  /** No more comes. A jump behind the last sample is none. */
  *end(): Generator<Uint8Array, void, undefined> {
    if (this.#head.length > 0) yield this.#head;
    if (this.#heldBytes > 0) yield* this.#release();
  }

  *#samples(piece: Buffer): Generator<Uint8Array, void, undefined> {
    this.#waiting.push(...this.#jumps());
    const together = this.#bytesOf(TOGETHER_S);
    let rest = piece;
    while (rest.length > 0) {
      // Bytes until something is to be done: a jump begins, or all that are close behind it are known.
      const wanted = this.#isHolding ? together - this.#heldBytes : this.#nextJump() - this.#bytes;
      const taken = rest.subarray(0, wanted);
      rest = rest.subarray(taken.length);
      if (this.#isHolding) {
        this.#hold(taken);
        if (this.#heldBytes >= together) yield* this.#release();
      } else {
        if (taken.length > 0) yield this.#passed(taken);
        this.#isHolding = rest.length > 0;
      }
    }
  }

  #passed(piece: Buffer): Buffer {
    this.#bytes += piece.length;
    const { block = 1 } = this.#format ?? {};
    const isEnough = piece.length >= TAIL_BYTES;
    const tail = isEnough ? piece : Buffer.concat([this.#tail, piece]);
    // Whole samples of all channels, counted from the end, which is that of a sample where there is a jump.
    const length = Math.min(tail.length, TAIL_BYTES);
    this.#tail = tail.subarray(tail.length - (length - (length % block)));
    return piece;
  }

  #hold(piece: Buffer): void {
    this.#held.push(Buffer.from(piece));
    this.#heldBytes += piece.length;
  }

  /** What was held, behind the silence that belongs before it. */
  *#release(): Generator<Uint8Array, void, undefined> {
    const end = this.#bytes + this.#heldBytes;
    const isNear = ({ at }: Jump): boolean => this.#bytesOf(at) < end;
    const near = this.#waiting.filter(isNear);
    this.#waiting = this.#waiting.filter((jump) => !isNear(jump));
    for (const { by } of near) this.#owed = by < -NEW_TIME_S ? 0 : this.#owed + by;
    if (this.#owed >= SMALLEST_HOLE_S) yield* this.#silence();
    const held = this.#held.splice(0);
    this.#heldBytes = 0;
    this.#isHolding = false;
    for (const piece of held) yield this.#passed(piece);
  }

  *#silence(): Generator<Uint8Array, void, undefined> {
    const missing = this.#owed;
    this.#owed = 0;
    if (!this.#isBelieved(missing)) {
      this.#unbelieved++;
      return;
    }
    if (this.#count === 0) this.#first = this.seconds;
    this.#count++;
    this.#missing += missing;
    const block = this.#offsetBlock();
    const most = ZEROS_BYTES - (ZEROS_BYTES % block.length);
    for (let left = this.#bytesOf(missing); left > 0;) {
      const piece = Buffer.alloc(Math.min(most, left), block);
      left -= piece.length;
      this.#filledBytes += piece.length;
      yield piece;
    }
  }

  #isBelieved(missing: number): boolean {
    const promised = this.#promised();
    if (promised !== null) return this.seconds + missing <= promised + NEW_TIME_S;
    const filled = this.holes.seconds;
    return missing <= LONGEST_HOLE_S && filled + missing <= LONGEST_HOLE_S + this.seconds - filled;
  }

  /** One sample of each channel: the average of what was heard last, where that is an offset. */
  #offsetBlock(): Buffer {
    const { block = 4 } = this.#format ?? {};
    const out = Buffer.alloc(block);
    const blocks = Math.floor(this.#tail.length / block);
    for (let at = 0; at < block; at += 4) {
      let sum = 0;
      for (let n = 0; n < blocks; n++) sum += this.#tail.readFloatLE(n * block + at);
      const mean = blocks === 0 ? 0 : sum / blocks;
      const isOffset = Math.abs(mean) >= SMALLEST_OFFSET && Math.abs(mean) <= 1;
      out.writeFloatLE(isOffset ? mean : 0, at);
    }
    return out;
  }

  /** Byte of the next jump, counted as {@link #bytes}. */
  #nextJump(): number {
    const [next] = this.#waiting;
    return next ? Math.max(this.#bytes, this.#bytesOf(next.at)) : Infinity;
  }

  /** Bytes of whole samples. */
  #bytesOf(seconds: number): number {
    const { rate = 1, block = 1 } = this.#format ?? {};
    return Math.round(seconds * rate) * block;
  }

  /** Where the samples begin, once that is there. */
  #readHead(head: Buffer): number | undefined {
    let format = this.#format;
    if (head.length >= 4 && head.toString('latin1', 0, 4) !== 'RIFF') {
      this.#format = { rate: 1, block: 1 }; // Whoever reads it says what it is instead.
      return 0;
    }
    for (let at = 12; at + 8 <= head.length;) {
      const name = head.toString('latin1', at, at + 4);
      if (name === 'data') {
        this.#format = format;
        return at + 8;
      }
      const size = head.readUInt32LE(at + 4);
      if (name === 'fmt ' && at + 24 <= head.length) {
        format = { rate: head.readUInt32LE(at + 12), block: head.readUInt16LE(at + 20) };
      }
      at += 8 + size + (size % 2);
    }
    return undefined;
  }
}
