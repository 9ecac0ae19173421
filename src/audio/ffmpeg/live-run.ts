import { FfmpegError } from '../../errors';
import { phrase, say } from '../../sentence';
import { FfmpegProcess, type FfmpegRun } from './ffmpeg-process';
import { feedFromHttp } from './http-feed';
import type { LiveInput } from './live-input';
import { knowsNoOptions } from './live-script';

/** One ffmpeg for a live input, and what it is given to read. */
export class LiveRun {
  readonly ffmpeg: FfmpegProcess;
  /** Whether it turned out to be older than 5.0. */
  isOldFfmpeg: boolean;
  readonly #input: LiveInput;
  readonly #feeding = new AbortController();
  #feedFailure: FfmpegError | undefined;

  /**
   * @param allowedProtocols to which what is fetched may lead
   * @param isOldFfmpeg it is known to be older than 5.0
   * @throws FfmpegError when the system has no memory or files left for it
   */
  constructor(program: string, input: LiveInput, allowedProtocols: readonly string[], isOldFfmpeg: boolean) {
    this.#input = input;
    this.isOldFfmpeg = isOldFfmpeg;
    this.ffmpeg = new FfmpegProcess({
      program,
      args: input.args,
      name: `"${input.name}"`,
      stdin: this.#stdin(),
      secrets: input.secrets,
    });
    if (input.stdin === 'http') this.#feed(allowedProtocols);
  }

  /** What is to be told of a failure of {@link ffmpeg}. */
  explained(error: unknown): unknown {
    const { name, stdin } = this.#input;
    if (this.#feedFailure) return this.#feedFailure;
    if (typeof stdin === 'string' || !(error instanceof Error) || !knowsNoOptions(error.message))
      return error;
    this.isOldFfmpeg = true;
    const advice =
      stdin.older === undefined
        ? phrase`Leave the options away, or install a newer one`
        : phrase`It is started again without`;
    return new FfmpegError(
      'DEEPTONE_FFMPEG_FAILED',
      say`"${name}" cannot be opened like this: ffmpeg is older than 5.0, and takes no options beside a password. ${advice}.`,
      { cause: error },
    );
  }

  stopFeeding(): void {
    this.#feeding.abort();
  }

  #stdin(): FfmpegRun['stdin'] {
    const { stdin } = this.#input;
    if (typeof stdin === 'string') return stdin === 'http' ? 'pipe' : stdin;
    return { text: this.isOldFfmpeg ? (stdin.older ?? stdin.text) : stdin.text };
  }

  /** Fetches for ffmpeg what it is not to fetch itself. */
  #feed(allowedProtocols: readonly string[]): void {
    const { address, inputOptions, name } = this.#input;
    const { input } = this.ffmpeg;
    if (!input) return;
    const request = { address, inputOptions, allowedProtocols, signal: this.#feeding.signal };
    feedFromHttp(request, input, `"${name}"`).catch((error: unknown) => {
      if (error instanceof FfmpegError) this.#feedFailure = error;
    });
  }
}
