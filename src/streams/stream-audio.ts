/** What comes to a live stream: options and audio. */
import type { FormatStatements, SampleFormat } from '../audio';
import type { AnalysisOptions } from '../pipeline/options';

/** How one stream is analysed. */
export interface LiveOptions extends AnalysisOptions {
  /** The channel to hear of several, counted from 0; by default they are averaged (decision 19). */
  readonly channel?: number;
  /** Tell running summaries. Default true. */
  readonly includeSummary?: boolean;
  /** Tell transitions. Default true. */
  readonly includeTransitions?: boolean;
}

/** What one message brings to its stream. */
export interface StreamAudio<C> extends Pick<FormatStatements, 'contentType' | 'userProperties'> {
  /** Bytes, raw or WAV; samples; base64 text. */
  readonly payload: unknown;
  /** `{encoding, rate, channels}`; that of the first message goes on holding where later ones say nothing. */
  readonly format?: unknown;
  /** What the samples or raw bytes are, where that is not a matter of belief; nothing else is asked then. */
  readonly knownFormat?: SampleFormat;
  /** Audio that is known to be missing before this, in milliseconds. */
  readonly lostMs?: number;
  /** Over the hub's options; those of the message that opens the stream hold. */
  readonly options?: Partial<LiveOptions>;
  /** Comes back with every event of the stream until the next message; must not hold the audio. */
  readonly context?: C;
}

const LIVE_NAMES: readonly string[] = [
  'channel',
  'includeSummary',
  'includeTransitions',
] satisfies readonly (keyof LiveOptions)[];

/** Without what the engine has no use for; names that nobody knows stay, for it to refuse. */
export function analysisOptions(options: LiveOptions): AnalysisOptions {
  const entries = Object.entries(options).filter(([name]) => !LIVE_NAMES.includes(name));
  return Object.fromEntries(entries) as unknown as AnalysisOptions;
}
