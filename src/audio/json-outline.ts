import { randomUUID } from 'node:crypto';
import { BadAudioError } from '../errors';
import { say } from '../sentence';
import { noJson, type FoundAudio, type Hole, type Holes } from './json-audio';
import { PlainNumbers } from './pcm/plain-numbers';
import { isHexText } from './text-kind';
import type { LetterAudio } from './text-audio';

/** Bytes of one JSON value, such as a clip as an array of numbers. */
const LONGEST_VALUE = 256 * 1024 * 1024;
/** Bytes of a value beside its long texts and arrays of numbers: they are read in one step. */
const LONGEST_REST = 4 * 1024 * 1024;
/** Arrays and objects in each other: audio is looked for in three. */
const DEEPEST = 64;
/** Longer texts and arrays of numbers are taken out of a value as they come. */
const LONG_BYTES = 65_536;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPENING = new Set([0x5b, 0x7b]);
const CLOSING = new Set([0x5d, 0x7d]);
const BRACKET = 0x5b;
const CLOSING_BRACKET = 0x5d;
/** Blanks, line ends, commas and the mark of a record, which may stand before a value. */
const BETWEEN = new Set([0x09, 0x0a, 0x0d, 0x20, 0x2c, 0x1e]);

/** What is long and stands in a value. */
interface Filling {
  push(letters: Buffer): void;
  end(): Hole;
}

/**
 * JSON values one after the other, in pieces of any size. What is long in a value is taken out as it comes, so that only a short
 * outline of it is ever parsed at once.
 */
export class JsonOutline {
  readonly #base64: (text: string) => LetterAudio;
  #outline = Buffer.alloc(1_024);
  #length = 0;
  /** Bytes of the value so far. */
  #valueBytes = 0;
  #depth = 0;
  #isInString = false;
  #isEscaped = false;
  /** Where in the outline the text or the array of numbers that is being read begins; -1 where it is neither. */
  #tokenAt = -1;
  #filling: Filling | undefined;
  readonly #holes = new Map<string, Hole>();
  /** No text that came has it. */
  #mark = '';

  /** @param base64 makes the reader of a text of base64 that begins like this */
  constructor(base64: (text: string) => LetterAudio) {
    this.#base64 = base64;
  }

  /** Whether nothing of a value is held. */
  get isEmpty(): boolean {
    return this.#length === 0 && !this.#filling;
  }

  /**
   * Reads on, up to the end of a value.
   *
   * @returns the bytes that were read; -1 where all were, and the value goes on
   * @throws BadAudioError for a value that is too long, or a long array of other things than numbers
   */
  push(text: Buffer): number {
    let from = 0;
    while (this.#length === 0 && BETWEEN.has(text[from] ?? 0)) from++;
    for (let at = from; at < text.length; at++) {
      if (this.#filling) {
        const end = this.#endOfHole(text, at);
        this.#count(end - at);
        this.#filling.push(text.subarray(at, end));
        if (end === text.length) return -1;
        this.#closeHole();
        // The end of a text belongs to the outline, that of an array went with it.
        from = this.#isInString ? end : end + 1;
        if (!this.#isInString && --this.#depth === 0) return end + 1;
        at = end;
        if (!this.#isInString) continue;
      }
      if (this.#ends(text[at] ?? 0, this.#length + at - from)) {
        this.#keep(text.subarray(from, at + 1));
        return at + 1;
      }
      const long = this.#tokenAt >= 0 && this.#length + at - from - this.#tokenAt > LONG_BYTES;
      if (!long || this.#isEscaped) continue;
      this.#keep(text.subarray(from, at + 1));
      from = at + 1;
      this.#openHole();
    }
    if (!this.#filling) this.#keep(text.subarray(from));
    return -1;
  }

  /** The outline of the value, and what was taken out of it; another value begins. */
  take(): { readonly text: string; readonly holes: Holes } {
    const text = this.#outline.toString('utf8', 0, this.#length);
    const holes = new Map(this.#holes);
    this.#holes.clear();
    this.#length = 0;
    this.#valueBytes = 0;
    return { text, holes };
  }

  /** Looks at a letter outside holes. @param place of it in the outline. @returns whether it is the last of a value */
  #ends(letter: number, place: number): boolean {
    if (this.#isInString) {
      if (this.#isEscaped) this.#isEscaped = false;
      else if (letter === BACKSLASH) this.#isEscaped = true;
      else if (letter === QUOTE) {
        this.#isInString = false;
        this.#tokenAt = -1;
      }
      return false;
    }
    if (letter === QUOTE) {
      this.#isInString = true;
      this.#tokenAt = place + 1;
    } else if (OPENING.has(letter)) {
      if (++this.#depth > DEEPEST) {
        throw new BadAudioError(
          say`A JSON value holds more than ${DEEPEST} arrays or objects in each other.`,
        );
      }
      this.#tokenAt = letter === BRACKET ? place : -1;
    } else if (CLOSING.has(letter)) {
      this.#tokenAt = -1;
      this.#depth = Math.max(0, this.#depth - 1);
      return this.#depth === 0;
    }
    return false;
  }

  /** Where a hole ends, or the piece. */
  #endOfHole(text: Buffer, from: number): number {
    for (let at = from; at < text.length; at++) {
      const letter = text[at];
      if (!this.#isInString) {
        if (letter === CLOSING_BRACKET) return at;
      } else if (this.#isEscaped) this.#isEscaped = false;
      else if (letter === BACKSLASH) this.#isEscaped = true;
      else if (letter === QUOTE) return at;
    }
    return text.length;
  }

  #openHole(): void {
    const begun = Buffer.from(this.#outline.subarray(this.#tokenAt, this.#length));
    this.#length = this.#tokenAt;
    this.#mark = `long:${this.#holes.size}:${randomUUID()}`;
    if (this.#isInString) {
      this.#keep(Buffer.from(this.#mark));
      this.#filling = new LongText(this.#base64);
      this.#filling.push(begun);
    } else {
      this.#keep(Buffer.from(`"${this.#mark}"`));
      this.#filling = new LongNumbers();
      this.#filling.push(begun.subarray(1));
    }
    this.#tokenAt = -1;
  }

  #closeHole(): void {
    if (this.#filling) this.#holes.set(this.#mark, this.#filling.end());
    this.#filling = undefined;
  }

  #keep(letters: Buffer): void {
    const length = this.#length + letters.length;
    this.#count(letters.length);
    if (length > LONGEST_REST) {
      throw new BadAudioError(
        say`A JSON value holds more than ${LONGEST_REST} bytes beside its audio: send audio as bytes, "a Buffer", as base64 or in an array of numbers.`,
      );
    }
    if (length > this.#outline.length) {
      const larger = Buffer.alloc(Math.min(LONGEST_REST, 2 * length));
      this.#outline.copy(larger, 0, 0, this.#length);
      this.#outline = larger;
    }
    letters.copy(this.#outline, this.#length);
    this.#length = length;
  }

  #count(bytes: number): void {
    this.#valueBytes += bytes;
    if (this.#valueBytes > LONGEST_VALUE) {
      throw new BadAudioError(say`A JSON value is longer than ${LONGEST_VALUE} bytes: send audio as bytes.`);
    }
  }
}

/** A long array of numbers. */
class LongNumbers implements Filling {
  readonly #numbers = new PlainNumbers();
  /** The beginning of a number. */
  #rest = '';

  push(letters: Buffer): void {
    const text = this.#rest + letters.toString('latin1');
    const comma = text.lastIndexOf(',');
    this.#rest = text.slice(comma + 1);
    if (comma >= 0) this.#read(text.slice(0, comma));
  }

  end(): Hole {
    this.#read(this.#rest);
    return { numbers: this.#numbers };
  }

  #read(text: string): void {
    let values: unknown;
    try {
      values = JSON.parse(`[${text}]`);
    } catch (cause) {
      throw noJson(text, cause);
    }
    if (!Array.isArray(values) || this.#numbers.push(values) >= 0) {
      throw new BadAudioError(say`The audio is JSON, an array of other things than numbers.`);
    }
  }
}

/** A long text in which base64 is looked for. */
class LongText implements Filling {
  readonly #base64: (text: string) => LetterAudio;
  #reader: LetterAudio | undefined;
  #found: FoundAudio[] = [];
  #isOther = false;
  /** The beginning of an escape. */
  #rest = '';

  constructor(base64: (text: string) => LetterAudio) {
    this.#base64 = base64;
  }

  push(letters: Buffer): void {
    if (this.#isOther) return;
    const all = this.#rest + letters.toString('latin1');
    const whole = endOfEscapes(all);
    this.#rest = all.slice(whole);
    this.#read(all.slice(0, whole));
  }

  end(): Hole {
    this.#read(this.#rest);
    if (this.#isOther || !this.#reader) return {};
    try {
      this.#take(this.#reader.end());
    } catch {
      return {};
    }
    return { bytes: this.#found };
  }

  #read(text: string): void {
    if (this.#isOther || text === '') return;
    try {
      const plain: unknown = text.includes('\\') ? JSON.parse(`"${text}"`) : text;
      const letters = String(plain);
      if (!this.#reader && isHexText(letters)) throw new BadAudioError(say`These are hexadecimal digits.`);
      this.#reader ??= this.#base64(letters);
      this.#take(this.#reader.push(Buffer.from(letters, 'utf8')));
    } catch {
      this.#isOther = true; // Something else that is long: it is no audio.
      this.#found = [];
    }
  }

  #take(found: readonly FoundAudio[]): void {
    this.#found.push(...found);
  }
}

/** Where a text of JSON ends, without an escape that is cut. */
function endOfEscapes(text: string): number {
  for (let at = text.indexOf('\\'); at >= 0;) {
    const length = text[at + 1] === 'u' ? 6 : 2;
    if (at + length > text.length) return at;
    at = text.indexOf('\\', at + length);
  }
  return text.length;
}
