import { declaredFormat, isFormatStated, type Declared, type FormatTrust } from '../audio';
import type { StreamAudio } from './events';

/** The format that the messages of one stream state for raw samples. */
export class StatedFormat {
  readonly #setting: unknown;
  readonly #trust: FormatTrust;
  #first: unknown;
  #last: { readonly stated: string; readonly declared: Declared } | undefined;

  /** @param setting `{encoding, rate, channels}`, as far as it is set */
  constructor(setting: unknown, trust: FormatTrust) {
    this.#setting = setting;
    this.#trust = trust;
  }

  /**
   * What raw samples of this message are. What the first message stated itself goes on holding where later ones say nothing.
   *
   * @throws InvalidArgumentError naming a value that is not accepted
   */
  of({ format, contentType, userProperties }: StreamAudio<unknown>): Declared {
    const message = format ?? this.#first;
    const { fmt, encoding, rate, channels } = (userProperties ?? {}) as Record<string, unknown>;
    const stated = textOf([message, contentType, fmt, encoding, rate, channels]);
    if (stated !== undefined && this.#last?.stated === stated) return this.#last.declared;
    const statements = { setting: this.#setting, message, contentType, userProperties };
    const declared = {
      format: declaredFormat(statements, this.#trust),
      isStated: isFormatStated(statements, this.#trust),
    };
    this.#last = stated === undefined ? undefined : { stated, declared };
    this.#first ??= message; // Not before: what is not accepted must not go on holding.
    return declared;
  }
}

/** What was stated, to be compared; undefined where it holds what no text does (a BigInt, a cycle). */
function textOf(statements: readonly unknown[]): string | undefined {
  try {
    return JSON.stringify(statements, (_name, value: unknown) =>
      typeof value === 'function' || typeof value === 'symbol' ? String(value) : value,
    );
  } catch {
    return undefined;
  }
}
