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
    const stated = JSON.stringify([message, contentType, fmt, encoding, rate, channels]);
    if (this.#last?.stated !== stated) {
      const statements = { setting: this.#setting, message, contentType, userProperties };
      const declared = {
        format: declaredFormat(statements, this.#trust),
        isStated: isFormatStated(statements, this.#trust),
      };
      this.#last = { stated, declared };
    }
    this.#first ??= message; // Not before: what is not accepted must not go on holding.
    return this.#last.declared;
  }
}
