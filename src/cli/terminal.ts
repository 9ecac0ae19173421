import { once } from 'node:events';

const BAR_WIDTH = 24;
/** Milliseconds between two drawings of the progress bar. */
const REDRAW_MS = 100;
/** Characters in a line of a terminal that does not know its width. */
const DEFAULT_COLUMNS = 80;
const CLEAR_LINE = '\r\u001b[2K';

/**
 * The two ends of a command: results go to standard output, everything else to standard error. A progress bar is drawn
 * only where standard error is a terminal.
 */
export class Terminal {
  readonly #stdout: NodeJS.WriteStream;
  readonly #stderr: NodeJS.WriteStream;
  #barShown = false;
  #drawnAt = 0;
  /** What the bar is about, and since when. */
  #work = { label: '', since: 0 };
  #outputLost = false;

  /** @param onOutputLost called once when results can no longer be written: the reader has stopped, as `head` does, or the disk is full */
  constructor(
    stdout: NodeJS.WriteStream,
    stderr: NodeJS.WriteStream,
    onOutputLost: (error: NodeJS.ErrnoException) => void,
  ) {
    this.#stdout = stdout;
    this.#stderr = stderr;
    stdout.on('error', (error: NodeJS.ErrnoException) => {
      if (!this.#outputLost) onOutputLost(error);
      this.#outputLost = true;
    });
    // Nobody is left to be told that messages cannot be told.
    stderr.on('error', () => undefined);
  }

  /** Where results go. */
  get output(): { readonly isTTY?: boolean } {
    return this.#stdout;
  }

  /** Writes results, and waits while the reader is slower. */
  async write(text: string): Promise<void> {
    this.#clearBar();
    if (this.#outputLost || this.#stdout.write(text)) return;
    const gone = new AbortController();
    await Promise.race([
      once(this.#stdout, 'drain', { signal: gone.signal }),
      once(this.#stdout, 'close', { signal: gone.signal }),
    ]).catch(() => undefined);
    gone.abort();
  }

  /** Writes results that are for people's eyes: what names and keys hold does nothing to a terminal. */
  print(text: string): Promise<void> {
    return this.write(printable(text));
  }

  /** A message to the person at the keyboard. */
  say(text: string): void {
    this.#clearBar();
    this.#stderr.write(`${printable(text)}\n`);
  }

  /**
   * Draws how far the work is.
   *
   * @param fraction 0 to 1; null while the length is not known
   * @param processedMs milliseconds of audio done
   */
  progress(label: string, fraction: number | null, processedMs: number): void {
    const now = Date.now();
    if (label !== this.#work.label) this.#work = { label, since: now };
    if (!this.#stderr.isTTY || now - this.#drawnAt < REDRAW_MS) return;
    this.#drawnAt = now;
    this.#barShown = true;
    const columns = this.#stderr.columns || DEFAULT_COLUMNS;
    const leftMs = fraction ? ((now - this.#work.since) * (1 - fraction)) / fraction : null;
    this.#stderr.write(CLEAR_LINE + progressLine(printable(label), fraction, processedMs, columns, leftMs));
  }

  /** Takes the progress bar away. */
  done(): void {
    this.#clearBar();
  }

  #clearBar(): void {
    if (this.#barShown) this.#stderr.write(CLEAR_LINE);
    this.#barShown = false;
  }
}

/**
 * Text with control characters shown as text (`\u001b`), so that a name of a file cannot move the cursor, set the title or hide what
 * stands before it; so are those that turn the direction of writing. Line ends stay.
 */
export function printable(text: string): string {
  return text.replace(
    /(?!\n)[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** One line of at most `columns` characters: `talk.wav [############------------] 50 %, 12 s left`. */
export function progressLine(
  label: string,
  fraction: number | null,
  processedMs: number,
  columns = 80,
  leftMs: number | null = null,
): string {
  const left = leftMs === null ? '' : `, ${duration(leftMs)} left`;
  const whole =
    fraction === null
      ? `${(processedMs / 1_000).toFixed(0)} s`
      : `${bar(fraction)} ${(100 * fraction).toFixed(0)} %${left}`;
  const state = whole.slice(0, Math.max(0, columns - 1));
  const room = Math.max(0, columns - state.length - 2);
  return `${label.length > room ? label.slice(label.length - room) : label} ${state}`;
}

/** `9 s`, `2 min`, `1 h 5 min` */
function duration(milliseconds: number): string {
  const seconds = Math.ceil(milliseconds / 1_000);
  if (seconds < 100) return `${seconds} s`;
  const minutes = Math.ceil(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

function bar(fraction: number): string {
  const filled = Math.round(Math.min(1, Math.max(0, fraction)) * BAR_WIDTH);
  return `[${'#'.repeat(filled)}${'-'.repeat(BAR_WIDTH - filled)}]`;
}
