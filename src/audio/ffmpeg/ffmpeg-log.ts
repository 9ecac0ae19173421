import { Redaction } from './secrets';

/** Characters of error lines that are kept for the error message. */
const MAX_WORDS = 2_000;
/** A line longer than this is cut: metadata of a file may be of any length. */
const MAX_LINE = 500;
/** Of a line without an end, this much is looked at. */
const MOST_UNREAD = 8_000;

/** Talk of ffmpeg that is not about the audio: a pipe that cannot seek, an output that closed because we closed it. */
const NOISE = /seekback|Broken pipe|Error closing file|Error writing trailer/u;

/**
 * Reads ffmpeg's messages (`-loglevel level+info`) as they come: keeps its last errors, a bounded few, and what it says
 * about the length of the input.
 */
export class FfmpegLog {
  /** Milliseconds that the input lasts by its own account; null while or where it does not say. */
  durationMs: number | null = null;
  /** Audio tracks of the input. */
  audioTracks = 0;
  /** Resolves when ffmpeg has described its input, or ended without. */
  readonly described: Promise<void>;
  #describe: () => void = () => undefined;
  #isDescribed = false;
  #partial = '';
  #errors: string[] = [];
  #last = '';

  readonly #redaction: Redaction;

  /** @param secrets texts that are kept out of what it said */
  constructor(secrets: readonly string[] = []) {
    this.#redaction = new Redaction(secrets);
    this.described = new Promise((resolve) => {
      this.#describe = () => {
        this.#isDescribed = true;
        resolve();
      };
    });
  }

  push(text: string): void {
    const lines = (this.#partial + text).split(/[\r\n]+/u);
    this.#partial = (lines.pop() ?? '').slice(0, MOST_UNREAD);
    for (const line of lines) this.#line(line);
  }

  end(): void {
    this.#line(this.#partial);
    this.#partial = '';
    this.#describe();
  }

  /** The last errors, or the last line of any kind; empty when it said nothing. */
  get lastWords(): string {
    return (this.#errors.length > 0 ? this.#errors.join('; ') : this.#last).slice(-MAX_WORDS);
  }

  #line(whole: string): void {
    // Before it is cut: half a password is none that could be found.
    const line = this.#redaction.of(whole.slice(0, MOST_UNREAD)).slice(0, MAX_LINE);
    const duration = /^\[info\] +Duration: (\d+):(\d\d):(\d\d(?:\.\d+)?)/u.exec(line);
    if (duration !== null) {
      const [, hours, minutes, seconds] = duration;
      this.durationMs ??= Math.round(
        (Number(hours) * 3_600 + Number(minutes) * 60 + Number(seconds)) * 1_000,
      );
    }
    if (/^\[info\] +Stream #0:\d+.*: Audio:/u.test(line) && !this.#isDescribed) this.audioTracks++;
    if (line.startsWith('[info] Stream mapping') || line.startsWith('[info] Output #0')) this.#describe();
    const text = line.replace(/^\[[^\]]* @ 0x[0-9a-f]+\] /u, '').replace(/^\[\w+\] /u, '');
    if (text.trim() === '' || NOISE.test(text)) return;
    this.#last = text;
    if (/\[(?:error|fatal|panic)\] /u.test(line.slice(0, 100))) {
      this.#errors.push(text);
      while (this.#errors.length > 5) this.#errors.shift();
    }
  }
}
