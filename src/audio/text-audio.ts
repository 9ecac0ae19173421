/** Audio in text that comes in pieces: base64, data URLs, JSON. What it is was decided; here it is taken out, in linear time. */
import { BadAudioError } from '../errors';
import { audioInJson, type FoundAudio } from './json-audio';
import type { TextKind } from './text-kind';

/** Characters of one JSON value, such as a clip as an array of numbers. */
const LONGEST_VALUE = 256 * 1024 * 1024;
/** A data URL's type and parameters. */
const LONGEST_PREFIX = 1_024;

const NOTHING = Buffer.alloc(0);

/** Takes the audio out of text in pieces of any size. */
export interface TextAudio {
  readonly kind: TextKind;
  /** Whether what came before is whole, so that a message of words may stand here. */
  readonly isWhole: boolean;
  /** @throws BadAudioError for text of another kind */
  push(text: Uint8Array): readonly FoundAudio[];
  /** @throws BadAudioError where the text ends too early */
  end(): readonly FoundAudio[];
}

/** Makes the reader of a kind of text. */
export function textAudio(kind: TextKind): TextAudio {
  switch (kind) {
    case 'base64':
      return new Base64Audio();
    case 'data-url':
      return new DataUrlAudio();
    case 'json':
      return new JsonAudio();
  }
}

/** Base64 in any alphabet and with or without line ends; padding ends a group, so that texts may follow each other. */
class Base64Audio implements TextAudio {
  readonly kind = 'base64';
  #carry = '';

  get isWhole(): boolean {
    return this.#carry === '';
  }

  push(text: Uint8Array): readonly FoundAudio[] {
    const letters = Buffer.from(text.buffer, text.byteOffset, text.byteLength)
      .toString('latin1')
      .replace(/[\s"]+|\xef\xbb\xbf/gu, '');
    if (!/^[A-Za-z0-9+/_=-]*$/u.test(letters)) {
      throw new BadAudioError(
        'The audio began as base64 text, and this is something else: one kind of audio is accepted until it ends.',
      );
    }
    const parts: Buffer[] = [];
    const all = this.#carry + letters;
    const pieces = all.split(/=+/u);
    const last = pieces.pop() ?? '';
    for (const piece of pieces) parts.push(Buffer.from(piece, 'base64'));
    const whole = last.length - (last.length % 4);
    parts.push(Buffer.from(last.slice(0, whole), 'base64'));
    this.#carry = last.slice(whole);
    return [{ kind: 'bytes', bytes: Buffer.concat(parts) }];
  }

  end(): readonly FoundAudio[] {
    const rest = Buffer.from(this.#carry, 'base64');
    this.#carry = '';
    return [{ kind: 'bytes', bytes: rest }];
  }
}

/** `data:audio/wav;base64,...`; one after the other. */
class DataUrlAudio implements TextAudio {
  readonly kind = 'data-url';
  #prefix: Buffer | undefined = NOTHING;
  /** Letters with which the next may begin. */
  #held = '';
  readonly #base64 = new Base64Audio();

  get isWhole(): boolean {
    return this.#prefix === undefined && this.#held === '' && this.#base64.isWhole;
  }

  push(text: Uint8Array): readonly FoundAudio[] {
    const all = this.#held + Buffer.from(text.buffer, text.byteOffset, text.byteLength).toString('latin1');
    const held = /(d|da|dat|data)$/iu.exec(all)?.[0] ?? '';
    this.#held = held;
    // A colon is no letter of base64.
    const parts = all.slice(0, all.length - held.length).split(/(?=data:)/iu);
    return parts.flatMap((part) => {
      const last = /^data:/iu.test(part) ? this.#base64.end() : [];
      if (/^data:/iu.test(part)) this.#prefix = NOTHING;
      return [...last, ...this.#within(Buffer.from(part, 'latin1'))];
    });
  }

  /** Bytes of one URL. */
  #within(text: Uint8Array): readonly FoundAudio[] {
    if (text.length === 0) return [];
    if (this.#prefix === undefined) return this.#base64.push(text);
    const all = Buffer.concat([this.#prefix, text]);
    const comma = all.indexOf(',');
    if (comma < 0 && all.length < LONGEST_PREFIX) {
      this.#prefix = all;
      return [];
    }
    const prefix = all.toString('latin1', 0, Math.max(0, comma));
    if (!/;base64$/iu.test(prefix.trim())) {
      throw new BadAudioError('The data URL is not in base64: data:audio/...;base64,... is accepted.');
    }
    this.#prefix = undefined;
    return this.#base64.push(all.subarray(comma + 1));
  }

  end(): readonly FoundAudio[] {
    const last = this.#within(Buffer.from(this.#held, 'latin1'));
    return [...last, ...this.#base64.end()];
  }
}

const WORD = /^\s*[A-Z]?[a-z][a-z_-]{2,30}\s*$/u;

/** Letters of a message, fewer of which hold no audio; base64 of anything comes in fours. */
const SHORTEST_BASE64 = 16;

/** Whether a message is words, such as a status, and no part of audio in text of a kind. */
export function isWordsAmong(message: Uint8Array, kind: TextKind): boolean {
  const text = Buffer.from(message.buffer, message.byteOffset, message.byteLength).toString('utf8');
  if (kind === 'json') return !/^[\s,\]}]*([[{]|$)/u.test(text.replaceAll('\u001e', ''));
  if (/^\s*"?data:/iu.test(text)) return false;
  const isCut = text.length < SHORTEST_BASE64 && text.length % 4 !== 0 && !text.includes('=');
  return isCut || WORD.test(text) || /\S[ \t]+\S/u.test(text) || !/^[\w+/=\s-]*$/u.test(text);
}

const BRACES: ReadonlyMap<number, 1 | -1> = new Map([
  [0x7b, 1],
  [0x5b, 1],
  [0x7d, -1],
  [0x5d, -1],
]);

/** JSON values one after the other, each read when it is whole. */
class JsonAudio implements TextAudio {
  readonly kind = 'json';
  #parts: Uint8Array[] = [];
  #length = 0;
  #depth = 0;
  #isInString = false;
  #isEscaped = false;

  get isWhole(): boolean {
    return this.#depth === 0 && this.#length === 0;
  }

  push(text: Uint8Array): readonly FoundAudio[] {
    const found: FoundAudio[] = [];
    let from = 0;
    for (let at = 0; at < text.length; at++) {
      if (!this.#ends(text[at] ?? 0)) continue;
      this.#keep(text.subarray(from, at + 1));
      from = at + 1;
      found.push(audioInJson(this.#take()));
    }
    this.#keep(text.subarray(from));
    return found;
  }

  end(): readonly FoundAudio[] {
    const rest = this.#take().trim();
    if (/^[,\]]?$/u.test(rest)) return [];
    throw new BadAudioError('The audio is JSON that ends before its end: a whole value is needed.');
  }

  /** Whether this letter is the last of a value. */
  #ends(letter: number): boolean {
    if (this.#isInString) {
      if (this.#isEscaped) this.#isEscaped = false;
      else if (letter === 0x5c) this.#isEscaped = true;
      else if (letter === 0x22) this.#isInString = false;
      return false;
    }
    if (letter === 0x22) this.#isInString = true;
    const step = BRACES.get(letter) ?? 0;
    this.#depth = Math.max(0, this.#depth + step);
    return step < 0 && this.#depth === 0;
  }

  #keep(text: Uint8Array): void {
    if (text.length === 0) return;
    this.#length += text.length;
    if (this.#length > LONGEST_VALUE) {
      throw new BadAudioError(`A JSON value is longer than ${LONGEST_VALUE} bytes: send audio as bytes.`);
    }
    this.#parts.push(Uint8Array.prototype.slice.call(text));
  }

  #take(): string {
    const text = Buffer.concat(this.#parts).toString('utf8');
    this.#parts = [];
    this.#length = 0;
    return text;
  }
}
