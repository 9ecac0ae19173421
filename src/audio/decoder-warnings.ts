import type { AudioWarning, AudioWarningCode } from './decoder-warning';
import { blockBytes, type SampleFormat } from './pcm/sample-format';
import type { WavStreamReader } from './wav/wav-stream-reader';

/** Magnitude of float samples, full scale 1.0, that no gain of a mixer explains (+18 dB). */
const LARGEST_PEAK = 8;

/** Gathers what is to be said about one sound; each kind once. */
export class DecoderWarnings {
  readonly #name: string;
  readonly #said = new Set<AudioWarningCode>();
  #waiting: { readonly code: AudioWarningCode; readonly words: () => string }[] = [];

  /** @param name of the sound, as the subject of a sentence */
  constructor(name: string) {
    this.#name = name;
  }

  /** What was not taken yet. */
  take(): readonly AudioWarning[] {
    const warnings = this.#waiting.map(({ code, words }) => ({
      code,
      message: `${this.#name} ${words()}.`,
    }));
    this.#waiting = [];
    return warnings;
  }

  /** @param found how many there are, and the position of the first in its channel, by the time that this is told */
  nonFinite(found: () => { readonly count: number; readonly first: number }): void {
    this.#say('non-finite', () => {
      const { count, first } = found();
      const samples =
        count === 1 ? 'a sample that is no finite number' : `${count} samples that are not finite numbers`;
      return `has ${samples}, the first at ${first}; they count as 0`;
    });
  }

  channelsCancel(): void {
    this.#say(
      'channels-cancel',
      'has channels that cancel each other out, as with a wire crossed; while they do, the loudest one is heard instead of their average',
    );
  }

  /** @param peak largest magnitude of floats so far */
  scale(peak: number): void {
    if (peak <= LARGEST_PEAK) return;
    this.#say(
      'scale',
      `has float samples that go up to ${Number(peak.toPrecision(3))}, and full scale is 1: they are heard far too loud. Divide them, for 16-bit values by 32768`,
    );
  }

  otherChannels(before: number, after: number): void {
    this.#say(
      'not-heard',
      `goes on with another number of channels (${after} after ${before}), which was not heard: each channel is analysed on its own, so their number must stay the same`,
    );
  }

  incompleteSample(): void {
    this.#say('incomplete-sample', 'ended within a sample, which was dropped');
  }

  text(text: Uint8Array): void {
    const beginning = Buffer.from(text.subarray(0, 40)).toString('utf8').replace(/\s+/gu, ' ').trim();
    this.#say('text', `has text among its samples, which was not heard: "${beginning}"`);
  }

  tracks(count: number): void {
    this.#say('tracks', `has ${count} audio tracks; the first was heard`);
  }

  /** What its headers say about lengths, at the end. */
  lengths({ lengths }: WavStreamReader, format: SampleFormat | undefined): void {
    // Less than one block missing is a writer that rounds otherwise, not audio that was cut.
    const block = format ? blockBytes(format) : 1;
    if (lengths.missing >= block) {
      this.#say(
        'truncated',
        `is shorter than its header promises: ${lengths.missing} bytes of audio are missing. It was heard as far as it goes`,
      );
    }
    if (lengths.joined > 0) {
      this.#say('joined', `is ${lengths.joined + 1} WAVs, one after the other; all of them were heard`);
    }
    if (lengths.beyond >= block) {
      this.#say(
        'beyond-header',
        `is longer than its header promises: ${lengths.beyond} bytes behind that were heard as audio`,
      );
    }
  }

  #say(code: AudioWarningCode, words: string | (() => string)): void {
    if (this.#said.has(code)) return;
    this.#said.add(code);
    this.#waiting.push({ code, words: typeof words === 'string' ? () => words : words });
  }
}
