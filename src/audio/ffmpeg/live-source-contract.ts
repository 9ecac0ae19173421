/** What a live source is given, what it gives, and what it tells. */
import type { LiveInputOptions } from './live-input';

/** Milliseconds before a source that died is started again: doubled each time it dies at once, from least to most. */
export interface RestartDelays {
  readonly minMs: number;
  readonly maxMs: number;
}

export interface LiveSourceOptions extends LiveInputOptions {
  /** An address (`rtsp://`, `http://`), a sound card (`alsa:hw:1`), a file, or a playlist of files or addresses. */
  readonly input: string;
  /** ffmpeg's options for it, such as `['-f', 's16le', '-ar', '16000']`; only those that say how to read are accepted. */
  readonly inputOptions?: readonly string[];
  /** Protocols, sound systems and special formats that inputs may use; `DEFAULT_PROTOCOLS` otherwise. */
  readonly allowedProtocols?: readonly string[];
  /** Folders that files, also those that playlists name, have to be in, or below; any file otherwise. */
  readonly folders?: readonly string[];
  /** Play a file at its own speed (the default), or as fast as it is read. */
  readonly realTime?: boolean;
  /** Begin a file again at its end. */
  readonly loop?: boolean;
  readonly ffmpegPath: string;
  /** Give this channel, counted from 0; the average of all otherwise. */
  readonly channel?: number;
  /**
   * Whether the end of the input is a failure, after which it is started again. Default: true for all but files; for a playlist,
   * where the last that it names is no file.
   */
  readonly endless?: boolean;
  /** Milliseconds without a byte, the start included, after which a source counts as stuck and is restarted; 0 = never. Default 15,000. */
  readonly silenceTimeoutMs?: number;
  readonly restart?: RestartDelays;
  /** Milliseconds that ffmpeg has to take leave of a camera or server before it is killed. Default 2,000. */
  readonly closeTimeoutMs?: number;
  /** Told of everything that happens to the source, in order. Must not throw. */
  readonly onEvent?: (event: LiveSourceEvent) => void;
}

/** What happens to a live source. Texts hold no user name or password of an address. */
export type LiveSourceEvent =
  /** ffmpeg is started; `attempt` counts from 1 and begins anew after a run that went well. */
  | { readonly type: 'connecting'; readonly attempt: number }
  /** The first audio of a run is here. `gapMs`: sound that was lost since the run before; null for the first run. */
  | { readonly type: 'started'; readonly gapMs: number | null }
  /** Nothing came for this long; the source is restarted. */
  | { readonly type: 'silent'; readonly forMs: number }
  /** The source failed or ended though it should not; `reason` is a sentence, with ffmpeg's last words where it said any. */
  | { readonly type: 'died'; readonly reason: string }
  | { readonly type: 'restarting'; readonly inMs: number }
  /** A file has come to its end, or the source was closed. Nothing follows. */
  | { readonly type: 'ended' };

/** 16 kHz mono samples at full scale 1.0, in pieces of at most a second, for as long as the source lives; iterated once. */
export interface LiveSource extends AsyncIterable<Float32Array> {
  /** The input without user name and password. */
  readonly name: string;
  /** Ends ffmpeg and the iteration, within the close timeout. Leaving the iteration does the same. */
  close(): Promise<void>;
}
