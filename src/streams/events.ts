/** What comes to live streams, and what they have to tell. Times are milliseconds. */
import type { AudioWarningCode, FormatStatements, SampleFormat } from '../audio';
import type { AnalysisWarning, SoundSegment, Summary, TimeSeriesStep, TransitionEvent } from '../insight';
import type { SenderMarks } from './sender-marks';
import type { LiveOptions } from './settings';

/** What a transport says of one delivery of a message, where it may deliver it twice. */
export interface Delivery {
  /** Whether it may have been delivered before (the DUP mark of MQTT). */
  readonly dup: boolean;
  /** The transport's number of it, which a second delivery keeps. */
  readonly packetId?: number;
}

/** What is known of the sound of a stream that another program has heard until now. */
export interface StreamHandOver {
  /** Milliseconds of audio that nobody can have heard, at most. */
  readonly lostMs: number;
  /** Number of the last message that was heard there (`seq`), by which the loss is exact; null where it is not known. */
  readonly lastSeq?: number | null;
}

/** What one message brings to its stream. */
export interface StreamAudio<C> extends Pick<FormatStatements, 'contentType' | 'userProperties'> {
  /** Bytes (raw, WAV, compressed, text that holds audio), samples, base64 text, or an object that holds one of these. */
  readonly payload: unknown;
  /** `{encoding, rate, channels}`; that of the first message goes on holding where later ones say nothing. */
  readonly format?: unknown;
  /** What the samples or raw bytes are, where that is not a matter of belief; nothing else is asked then. */
  readonly knownFormat?: SampleFormat;
  /** Where it may come twice (MQTT with quality of service 1): a repetition of what was just heard is not heard again. */
  readonly delivery?: Delivery;
  /** Number and time of the message, where its source knows them otherwise than from user properties. */
  readonly marks?: SenderMarks;
  /** Audio that is known to be missing before this, in milliseconds. */
  readonly lostMs?: number;
  /** The message begins a stream that was another program's: audio that nobody has heard before it is told as a gap. */
  readonly handOver?: StreamHandOver;
  /** Over the hub's options; those of the message that opens the stream hold. */
  readonly options?: Partial<LiveOptions>;
  /** Comes back with every event of the stream until the next message; must not hold the audio. */
  readonly context?: C;
}

/** Facts about one stream at the moment of an event. */
export interface StreamFacts {
  readonly key: string;
  readonly models: readonly string[];
  /** Milliseconds per step. */
  readonly outputPeriod: number;
  /** Audio received, silence in the place of lost audio included: the stream's clock. */
  readonly receivedMs: number;
  /** Audio that waits for its answer: how far the answers are behind. */
  readonly lagMs: number;
  /** By how much answers are late on purpose, so that speaker-map hears more of a voice; left out where that is not at all. */
  readonly delayMs?: number;
  /** Audio heard per time spent on it: 20 = twenty times faster than real time; null before there was any. */
  readonly speed: number | null;
  /** Audio that was dropped because there was too much to do. */
  readonly droppedMs: number;
  /** Places where audio never came, and how much as far as it is known. */
  readonly gaps: number;
  readonly gapMs: number;
}

/**
 * How a gap was noticed: by sequence numbers, capture times, a pause in arrivals, because the source itself says so, because the
 * audio was lost with what runs the models (decision 30), or while the stream went over from another program (`handover`).
 */
export type GapEvidence = 'seq' | 'ts' | 'arrival' | 'source' | 'engine' | 'handover';
/** What is done about a gap; `restart` where it is too long or of unknown length, so that no silence can stand for it. */
export type GapRemedy = 'silence' | 'restart' | 'ignore';

/** Why a stream ended. */
export type EndReason =
  /** Its sender said so. */
  | 'complete'
  /** Nothing came for the idle timeout. */
  | 'idle'
  /** It was forgotten on request; nothing was said about its end. */
  | 'reset'
  /** Another program hears it from now on, or has heard it meanwhile. */
  | 'handover'
  /** It begins anew after a gap. */
  | 'gap'
  /** The engine failed; the next audio opens it again. */
  | 'failed'
  /** All streams were stopped. */
  | 'shutdown';

/** Things that are worth a word, and no error; each told once per stream or at long intervals. */
export type WarningCode =
  /** What is wrong with the audio itself. */
  | AudioWarningCode
  /** A message came twice. */
  | 'duplicate'
  /** A message came after others that were sent later; its place has been filled. */
  | 'late'
  /** Compressed audio that could not be decoded; it is not heard until something else begins. */
  | 'undecodable'
  /** Its format changes again and again; its messages are refused for a while. */
  | 'format-changes'
  /** It has gaps again and again, so that it would begin anew all the time; they are passed over for a while. */
  | 'gaps-ignored'
  /** Audio comes at another pace than its sample rate says. */
  | 'pace'
  /** Much of the speech is below the volume threshold (decision 29). */
  | 'quiet-speech'
  /** The license has ended; the stream will be stopped (decision 22). */
  | 'license';

/** What every event of a stream says of it. */
export interface About<C> {
  readonly stream: StreamFacts;
  /** What came with the last audio of this stream; see `StreamAudio.context`. */
  readonly context: C | undefined;
}

export type LiveEvent<C = unknown> = About<C> &
  (
    | { readonly kind: 'opened' }
    /** `time`: epoch milliseconds at which the step or transition began, by the sender's clock where it tells it. */
    | { readonly kind: 'step'; readonly step: TimeSeriesStep; readonly time: number }
    /** `begun`: `timestamp_end` is null. Steady transitions are those that hysteresis leaves, all where there is none. */
    | {
        readonly kind: 'transition';
        readonly phase: 'begun' | 'ended';
        readonly transition: TransitionEvent;
        readonly time: number;
        readonly isSteady: boolean;
      }
    /** The sound of a phase; `time`: epoch milliseconds at which it begins. */
    | { readonly kind: 'segment'; readonly segment: SoundSegment; readonly time: number }
    /** `warnings` where one should know something before one believes the summary (decision 29). */
    | {
        readonly kind: 'summary';
        readonly cause: 'interval' | 'request' | 'end';
        readonly summary: Summary;
        readonly warnings?: readonly AnalysisWarning[];
      }
    | {
        readonly kind: 'gap';
        readonly evidence: GapEvidence;
        readonly remedy: GapRemedy;
        /** Audio lost; null where it cannot be known. */
        readonly lostMs: number | null;
        /** Place on the stream's clock. */
        readonly timestamp: number;
      }
    /** There was too much to do. Told at most every few seconds per stream; `droppedMs` since it was last told. */
    | { readonly kind: 'dropped'; readonly droppedMs: number }
    | { readonly kind: 'warning'; readonly code: WarningCode; readonly message: string }
    | { readonly kind: 'closed'; readonly reason: EndReason; readonly error?: Error }
  );

export type LiveEventKind = LiveEvent['kind'];
/** An event of one kind without what all events carry. */
export type Told = {
  [Kind in LiveEventKind]: Omit<Extract<LiveEvent<never>, { kind: Kind }>, 'stream' | 'context'>;
}[LiveEventKind];
/** Hears events, in order per stream. It must not throw. */
export type Listener<C> = (event: LiveEvent<C>) => void;

/** All streams of a hub at a glance, for a status line. */
export interface HubStatistics {
  /** Streams that are open. */
  readonly streams: number;
  /** Audio that waits, over all streams. */
  readonly waitingMs: number;
  /** How far the slowest stream is behind. */
  readonly lagMs: number;
  /** Audio answered per time spent, over the last seconds: 20 = twenty times faster than real time; null while idle. */
  readonly speed: number | null;
  /** Since the hub was made. */
  readonly droppedMs: number;
  readonly gaps: number;
  readonly gapMs: number;
  readonly failures: number;
  /** Messages turned away because of the cap on live streams. */
  readonly refused: number;
}
