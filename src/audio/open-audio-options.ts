/** How audio is opened. */
export interface OpenAudioOptions {
  /** Give this channel alone, counted from 0; every channel otherwise (decision 16). */
  readonly channel?: number;
  /** The ffmpeg program; searched for otherwise, see `findFfmpeg`. */
  readonly ffmpegPath?: string;
  /** Ends reading and ffmpeg; the iteration then throws AbortedError. */
  readonly signal?: AbortSignal;
}
