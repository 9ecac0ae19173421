import { Redaction } from './secrets';
import { Timeline } from './timeline';

/** Characters of error lines that are kept for the error message. */
const MAX_WORDS = 2_000;
/** A line longer than this is cut: metadata of a file may be of any length. */
const MAX_LINE = 500;
/** Of a line without an end, this much is looked at. */
const MOST_UNREAD = 8_000;

/** Talk of ffmpeg that is not about the audio: a pipe that cannot seek, an output that closed because we closed it. */
const NOISE = /seekback|Broken pipe|Error closing file|Error writing trailer/u;

/** Lengths that ffmpeg works out from the size of the file. */
const ESTIMATE = /Estimating duration from bitrate|using bitrate for duration/u;
/** What it could not decode. */
const DECODING = /Error while decoding|Error submitting (?:a )?packet/u;
/** What demuxers and decoders say of input that is cut or damaged. */
const DAMAGE = new RegExp(
  [
    DECODING.source,
    ...['Packet corrupt', 'corrupt input packet', 'partial file', 'ended prematurely', 'CRC mismatch'],
    ...['invalid as first byte', 'exceeds (?:max|containing)', 'Packet mismatch'],
    ...['ff asf', 'packet_obj_size', 'Header missing', 'Input/output error'],
    ...['truncated', 'Packet is too small', 'overread', 'Input buffer exhausted', 'invalid residual'],
  ].join('|'),
  'iu',
);

/** What ffmpeg could not make sense of. */
export interface Trouble {
  /** How often. */
  readonly count: number;
  /** Seconds of sound that were there when it was told first: about where it was. */
  readonly first: number;
  readonly words: string;
}

/**
 * Reads ffmpeg's messages (`-loglevel repeat+level+info`) as they come: keeps its last errors, a bounded few, and what it says
 * about the length of the input.
 */
export class FfmpegLog {
  /** Milliseconds that the input lasts by its own account; null while or where it does not say. */
  durationMs: number | null = null;
  /** Audio tracks of the input. */
  audioTracks = 0;
  /** Resolves when ffmpeg has described its input, or ended without. */
  readonly described: Promise<void>;
  /** What the timestamps of the input say. */
  readonly timeline = new Timeline();
  #describe: () => void = () => undefined;
  /** Tracks of video, subtitles and data. */
  #otherTracks = 0;
  #isEstimate = false;
  #undecoded = 0;
  #damaged = 0;
  #firstTrouble: { readonly at: number; readonly words: string } | undefined;
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

  /**
   * Seconds that all of the input lasts by its own account; null where it does not say, or ffmpeg has worked it out from the number
   * of bytes.
   */
  get promisedSeconds(): number | null {
    return this.durationMs === null || this.#isEstimate ? null : this.durationMs / 1_000;
  }

  /** The same of its sound: null also where other tracks may be longer. */
  get promisedSound(): number | null {
    return this.#otherTracks === 0 && this.audioTracks === 1 ? this.promisedSeconds : null;
  }

  get trouble(): Trouble | undefined {
    if (!this.#firstTrouble) return undefined;
    const { at, words } = this.#firstTrouble;
    return { count: this.#undecoded > 0 ? this.#undecoded : this.#damaged, first: at, words };
  }

  #line(whole: string): void {
    if (this.timeline.line(whole)) return;
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
    const other = /^\[info\] +Stream #0:\d+.*: (?:Video|Subtitle|Data|Attachment): /u.test(line);
    if (other && !this.#isDescribed && !line.includes('(attached pic)')) this.#otherTracks++;
    if (line.startsWith('[info] Stream mapping') || line.startsWith('[info] Output #0')) this.#describe();
    const text = line
      .replace(/^(?:\[[^\]]* @ 0x[0-9a-f]+\] )*/u, '')
      .replace(/^\[\w+\] /u, '')
      .replace(/(?:file:)?\/dev\/fd\/3\b|pipe:0\b/gu, 'its input');
    if (text.trim() === '' || NOISE.test(text)) return;
    this.#last = text;
    if (ESTIMATE.test(text)) this.#isEstimate = true;
    if (/\[(?:error|warning)\] /u.test(line.slice(0, 100))) this.#look(text);
    if (/\[(?:error|fatal|panic)\] /u.test(line.slice(0, 100))) {
      this.#errors.push(text);
      while (this.#errors.length > 5) this.#errors.shift();
    }
  }

  #look(text: string): void {
    if (!DAMAGE.test(text)) return;
    if (DECODING.test(text)) this.#undecoded++;
    else this.#damaged++;
    this.#firstTrouble ??= { at: this.timeline.position, words: text.trim() };
  }
}
