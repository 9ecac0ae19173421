/** Audio in text that comes in pieces: base64, data URLs, JSON. What it is was decided; here it is taken out, in linear time. */
import { BadAudioError } from '../errors';
import { say } from '../sentence';
import { done, type Steps } from '../steps';
import { audioInJson, type FoundAudio } from './json-audio';
import { JsonOutline } from './json-outline';
import type { TextKind } from './text-kind';

/** A data URL's type and parameters. */
const LONGEST_PREFIX = 1_024;

const NOTHING = Buffer.alloc(0);

/** Takes the audio out of text in pieces of any size. */
export interface TextAudio {
  readonly kind: TextKind;
  /** Whether what came before is whole, so that a message of words may stand here. */
  readonly isWhole: boolean;
  /** @throws BadAudioError for text of another kind */
  push(text: Uint8Array): Steps<readonly FoundAudio[]>;
  /** @throws BadAudioError where the text ends too early */
  end(): Steps<readonly FoundAudio[]>;
}

/** The same where each letter is worth as much as the next, so that pieces alone decide how much is done at once. */
export interface LetterAudio {
  readonly isWhole: boolean;
  push(text: Uint8Array): readonly FoundAudio[];
  end(): readonly FoundAudio[];
}

/** Makes the reader of a kind of text. */
export function textAudio(kind: TextKind): TextAudio {
  switch (kind) {
    case 'base64':
      return new InLetters(kind, new Base64Audio());
    case 'data-url':
      return new InLetters(kind, new DataUrlAudio());
    case 'json':
      return new JsonAudio();
  }
}

class InLetters implements TextAudio {
  readonly kind: TextKind;
  readonly #letters: LetterAudio;

  constructor(kind: TextKind, letters: LetterAudio) {
    this.kind = kind;
    this.#letters = letters;
  }

  get isWhole(): boolean {
    return this.#letters.isWhole;
  }

  push(text: Uint8Array): Steps<readonly FoundAudio[]> {
    return done(this.#letters.push(text));
  }

  end(): Steps<readonly FoundAudio[]> {
    return done(this.#letters.end());
  }
}

/** Base64 in any alphabet and with or without line ends; padding ends a group, so that texts may follow each other. */
class Base64Audio implements LetterAudio {
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
        say`The audio began as base64 text, and this is something else: one kind of audio is accepted until it ends.`,
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
class DataUrlAudio implements LetterAudio {
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
      throw new BadAudioError(say`The data URL is not in base64: data:audio/...;base64,... is accepted.`);
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

/** JSON values one after the other, each read when it is whole. */
class JsonAudio implements TextAudio {
  readonly kind = 'json';
  #outline = newOutline();

  get isWhole(): boolean {
    return this.#outline.isEmpty;
  }

  *push(text: Uint8Array): Steps<readonly FoundAudio[]> {
    const found: FoundAudio[] = [];
    let rest = Buffer.from(text.buffer, text.byteOffset, text.byteLength);
    try {
      for (let end = this.#outline.push(rest); end >= 0; end = this.#outline.push(rest)) {
        const { text: value, holes } = this.#outline.take();
        rest = rest.subarray(end);
        found.push(yield* audioInJson(value, holes));
        yield; // There may be thousands of them.
      }
    } catch (error) {
      this.#outline = newOutline(); // The next may be a good one.
      throw error;
    }
    return found;
  }

  end(): Steps<readonly FoundAudio[]> {
    const isEnded = this.#outline.isEmpty || /^[,\]]?$/u.test(this.#outline.take().text.trim());
    if (isEnded) return done([]);
    throw new BadAudioError(say`The audio is JSON that ends before its end: a whole value is needed.`);
  }
}

function newOutline(): JsonOutline {
  return new JsonOutline((text) => (/^data:/iu.test(text) ? new DataUrlAudio() : new Base64Audio()));
}
