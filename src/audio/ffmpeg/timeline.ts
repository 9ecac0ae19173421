/**
 * What the timestamps of a container say. ffmpeg writes samples one after the other whatever they say; a filter that changes nothing
 * prints where they jump, as numbers on lines of their own.
 */

/** Marks of what follows: where and how far the timestamps jump; when and at which rate a chain of filters begins; how far it is. */
const JUMP = -1;
const START = -2;
const HERE = -3;
const MARKS: readonly (number | undefined)[] = [JUMP, START, HERE];
const NUMBER = /^\[info\] (-?(?:\d+(?:\.\d+)?|nan|inf))$/u;
/** Jumps by less than this many seconds are how containers round. */
const SMALLEST_JUMP_S = 0.005;

/** Seconds between lines that say how far it is. */
const HERE_S = 0.5;

/** For `-af`. `ld(0)` is where the next samples belong if nothing is missing, `ld(1)` where is said next how far it is. */
export const TIMELINE_FILTER = [
  'asetpts=',
  `if(gt(N,0)*gt(abs(PTS-ld(0)),SR*${SMALLEST_JUMP_S}),`,
  `print(${JUMP})*0+print(NB_CONSUMED_SAMPLES)*0+print(PTS-ld(0))*0)`,
  `+if(N,0,print(${START})*0+print(T)*0+print(SR)*0)`,
  `+if(gte(NB_CONSUMED_SAMPLES,ld(1)),`,
  `print(${HERE})*0+print(NB_CONSUMED_SAMPLES)*0+print(SR)*0+st(1,NB_CONSUMED_SAMPLES+SR*${HERE_S})*0)`,
  '+st(0,PTS+NB_SAMPLES)*0+PTS',
]
  .join('')
  .replaceAll(',', '\\,');

/** Timestamps that go on elsewhere than where the samples before them ended. */
export interface Jump {
  /** Seconds of decoded samples before it. */
  readonly at: number;
  /** Seconds; negative where they go back. */
  readonly by: number;
}

/** Reads what {@link TIMELINE_FILTER} prints. */
export class Timeline {
  readonly #jumps: Jump[] = [];
  #numbers: number[] = [];
  #rate = 1;
  #firstTime: number | undefined;
  /** Seconds that were decoded before the current chain of filters: another begins where the format changes. */
  #before = 0;
  #jumped = 0;
  #here = 0;

  /** Seconds at which the sound stands that is being decoded, by the timestamps: to half a second, and not before it. */
  get position(): number {
    return this.#here;
  }

  /** @returns whether the line was for this */
  line(line: string): boolean {
    const [, text] = NUMBER.exec(line) ?? [];
    if (text === undefined) return false;
    this.#numbers.push(Number(text.replace('inf', 'Infinity')));
    const [mark, a = 0, b = 0] = this.#numbers;
    if (!MARKS.includes(mark)) this.#numbers = [];
    if (this.#numbers.length < 3) return true;
    this.#numbers = [];
    if (mark === START) this.#begin(a, b);
    else if (mark === HERE) this.#here = this.#before + a / b + this.#jumped;
    else this.#jump(a / this.#rate, b / this.#rate);
    return true;
  }

  /** Jumps that were not taken yet, in their order. */
  take(): readonly Jump[] {
    return this.#jumps.splice(0);
  }

  #begin(time: number, rate: number): void {
    if (rate > 0) this.#rate = rate;
    this.#firstTime ??= time;
    const elapsed = time - this.#firstTime - this.#jumped;
    this.#before = elapsed > 0 ? elapsed : 0;
  }

  #jump(at: number, by: number): void {
    if (!Number.isFinite(at) || !Number.isFinite(by)) return;
    this.#jumps.push({ at: this.#before + at, by });
    this.#jumped += by;
  }
}
