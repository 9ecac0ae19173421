import type { AnalysisStream } from '../pipeline/analysis-stream';
import { FRAME_MS } from '../clock';
import {
  TransitionFilter,
  type AnalysisEvents,
  type TransitionEvent,
  type TransitionEvents,
  type TransitionFilterSettings,
} from '../insight';
import type { PumpHost } from './answer-pump';
import type { Segment } from './gap-tracker';
import type {
  EndReason,
  GapEvidence,
  GapRemedy,
  LiveEvent,
  LiveEventKind,
  StreamFacts,
  WarningCode,
} from './events';
import type { LiveSettings } from './settings';
import type { LiveOptions } from './stream-audio';
import { Throughput } from './throughput';

/** Milliseconds between two words about the same trouble of one stream. */
const REPEAT_MS = 5_000;

/** Sums over all streams of a hub. */
export interface HubCounters {
  droppedMs: number;
  gaps: number;
  gapMs: number;
  failures: number;
}

/** What a teller needs of the hub. */
export interface TellerHost<C> {
  readonly settings: LiveSettings;
  readonly counters: HubCounters;
  readonly throughput: Throughput;
  tell(event: LiveEvent<C>): void;
  /** Epoch milliseconds. */
  now(): number;
}

/** An event of one kind without what all events carry. */
type Told = {
  [Kind in LiveEventKind]: Omit<Extract<LiveEvent<never>, { kind: Kind }>, 'stream' | 'context'>;
}[LiveEventKind];

/** Tells what one stream has to tell, and counts it. */
export class StreamTeller<C> {
  readonly #host: TellerHost<C>;
  readonly #options: LiveOptions;
  readonly #facts: () => StreamFacts;
  readonly #throughput = new Throughput(() => performance.now());
  readonly #lastWarned = new Map<WarningCode, number>();
  readonly #filterSettings: TransitionFilterSettings;
  #filter: TransitionFilter;
  #context: C | undefined;
  #droppedMs = 0;
  #untoldDroppedMs = 0;
  #lastToldDropped = -Infinity;
  #gaps = 0;
  #gapMs = 0;
  #summaries = 0;
  #isOpen = false;

  constructor(host: TellerHost<C>, options: LiveOptions, facts: () => StreamFacts) {
    this.#host = host;
    this.#options = options;
    this.#facts = facts;
    const { minimumMs, holdMs } = host.settings.transitions;
    this.#filterSettings = { minimumMs, holdMs };
    this.#filter = new TransitionFilter(this.#filterSettings);
  }

  get counts(): Pick<StreamFacts, 'speed' | 'droppedMs' | 'gaps' | 'gapMs'> {
    return {
      speed: this.#throughput.speed,
      droppedMs: Math.round(this.#droppedMs),
      gaps: this.#gaps,
      gapMs: Math.round(this.#gapMs),
    };
  }

  /** What came with the last message. */
  heard(context: C | undefined): void {
    this.#context = context;
  }

  gap(evidence: GapEvidence, remedy: GapRemedy, lostMs: number | null, timestamp: number): void {
    this.#gaps++;
    this.#gapMs += lostMs ?? 0;
    this.#host.counters.gaps++;
    this.#host.counters.gapMs += lostMs ?? 0;
    const rounded = lostMs === null ? null : Math.round(lostMs);
    this.#tell({ kind: 'gap', evidence, remedy, lostMs: rounded, timestamp: Math.round(timestamp) });
  }

  dropped(ms: number): void {
    this.#droppedMs += ms;
    this.#untoldDroppedMs += ms;
    this.#host.counters.droppedMs += ms;
    const now = this.#host.now();
    if (now - this.#lastToldDropped < REPEAT_MS) return;
    this.#lastToldDropped = now;
    this.#tell({ kind: 'dropped', droppedMs: Math.round(this.#untoldDroppedMs) });
    this.#untoldDroppedMs = 0;
  }

  warn(code: WarningCode, message: string): void {
    if (this.#lastWarned.has(code)) return;
    this.#lastWarned.set(code, this.#host.now());
    this.#tell({ kind: 'warning', code, message });
  }

  /** The stream is no longer in the engine; not told of one that never was, unless it failed to get there. */
  closed(reason: EndReason, error?: Error): void {
    if (!this.#isOpen && reason !== 'failed') return;
    this.#isOpen = false;
    this.#tell(error === undefined ? { kind: 'closed', reason } : { kind: 'closed', reason, error });
  }

  /** Hears the answers from the pump. `failed` is called when the pump has stopped. */
  pumpHost(open: () => Promise<AnalysisStream>, failed: () => void): PumpHost {
    return {
      open,
      opened: () => {
        this.#summaries = 0;
        this.#isOpen = true;
        this.#filter = new TransitionFilter(this.#filterSettings);
        this.#tell({ kind: 'opened' });
      },
      begin: () => {
        this.#throughput.begin();
        this.#host.throughput.begin();
      },
      end: (audioMs) => {
        this.#throughput.end(audioMs);
        this.#host.throughput.end(audioMs);
      },
      answered: (events, segment, audioMs) => {
        // Of the audio that was answered, whole frames were analysed.
        const nowMs = Math.floor(audioMs / FRAME_MS) * FRAME_MS;
        this.#tellEvents(events, this.#filter.push(events, nowMs), segment);
      },
      finished: (events, segment, audioMs) => {
        this.#tellEvents(events, this.#filter.finish(events, audioMs), segment);
      },
      progressed: (answeredMs, summary) => {
        const { summaryMs } = this.#host.settings;
        if (summaryMs === 0 || this.#options.includeSummary === false) return;
        const due = Math.floor(answeredMs / summaryMs);
        if (due <= this.#summaries) return;
        this.#summaries = due;
        this.#tell({ kind: 'summary', cause: 'interval', summary: summary() });
      },
      summarized: (cause, summary) => {
        if (cause === 'end' && this.#options.includeSummary === false) return;
        this.#tell({ kind: 'summary', cause, summary });
      },
      ended: (reason, error) => {
        if (reason === 'failed') {
          this.#host.counters.failures++;
          failed();
        }
        this.closed(reason, error);
      },
    };
  }

  #tellEvents(raw: AnalysisEvents, steady: TransitionEvents, segment: Segment): void {
    for (const step of raw.steps) {
      this.#tell({ kind: 'step', step, time: Math.round(segment.startTime + step.timestamp) });
    }
    if (this.#options.includeTransitions === false) return;
    if (this.#host.settings.transitions.alsoRaw) this.#tellTransitions(raw, segment, false);
    this.#tellTransitions(steady, segment, true);
  }

  #tellTransitions({ begun, ended }: TransitionEvents, { startTime }: Segment, isSteady: boolean): void {
    const tell = (phase: 'begun' | 'ended', transition: TransitionEvent): void => {
      const time = Math.round(startTime + transition.timestamp_start);
      this.#tell({ kind: 'transition', phase, transition, time, isSteady });
    };
    for (const transition of ended) tell('ended', transition);
    for (const transition of begun) tell('begun', transition);
  }

  #tell(told: Told): void {
    this.#host.tell({ ...told, stream: this.#facts(), context: this.#context });
  }
}
