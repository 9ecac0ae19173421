import type { SoundDecoder } from '../audio';
import { InvalidArgumentError } from '../errors';
import { say } from '../sentence';
import { Allowance } from './allowance';

/** Each change of format costs a decoder or a filter: how often one stream may ask for that. */
export class FormatChanges {
  readonly #decoder: Pick<SoundDecoder, 'format' | 'isCompressed'>;
  readonly #allowance: Allowance;
  readonly #refusal: InvalidArgumentError;

  /**
   * @param key of the stream, for messages
   * @param perMinute changes; 0: any number
   */
  constructor(decoder: Pick<SoundDecoder, 'format' | 'isCompressed'>, key: string, perMinute: number) {
    this.#decoder = decoder;
    this.#allowance = new Allowance(perMinute, () => performance.now());
    this.#refusal = new InvalidArgumentError(
      say`The format of "${key}" has changed more than ${perMinute} times in a minute; its messages are not heard for a while. Let each sender have a topic of its own, and state one format.`,
    );
  }

  /** Why nothing is heard now; undefined where all is well. */
  get refusal(): InvalidArgumentError | undefined {
    return this.#allowance.isLeft ? undefined : this.#refusal;
  }

  /** Looks what is heard. @returns looks again, and counts where it is of another format than before */
  watch(): () => void {
    const before = this.#heard;
    return () => {
      if (before !== undefined && before !== this.#heard) this.#allowance.take();
    };
  }

  /** What is heard at the moment, to be compared; undefined before anything was. */
  get #heard(): string | undefined {
    const { format, isCompressed } = this.#decoder;
    if (isCompressed) return 'compressed';
    return format && `${format.encoding} ${format.sampleRate} ${format.channels}`;
  }
}
