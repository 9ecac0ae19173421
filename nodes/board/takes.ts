/** What a timeline remembers: the answers about the last sounds, put together from the messages of our nodes. Pure but for ids. */
import { randomUUID } from 'node:crypto';
import { basename } from 'node:path';
import { levelsOf, phasesOfSteps, phasesOfTransitions, type Levels, type Phase } from './phases';
import { clientOf, fieldsOf, listOf, numberOf, textOf, type Fields } from './reading';

export interface TakeChannel {
  /** Per model. */
  readonly phases: Readonly<Record<string, readonly Phase[]>>;
  /** Whether they come from transitions, which are exact; steps say less. */
  readonly exact: boolean;
  /** There were more phases than a page is given: short ones are put together. */
  readonly simplified?: boolean;
  readonly levels?: Levels;
  /** What was heard, as a sentence. */
  readonly text?: string;
}

/** One sound with all that was heard in it. */
export interface Take {
  readonly id: string;
  /** Id of the message that asked: all answers about one sound have it. */
  readonly message: string;
  /** The browser that alone may see it. */
  readonly client?: string;
  readonly title: string;
  /** Milliseconds. */
  readonly duration: number;
  readonly filename?: string;
  /** The same number is the same person on all channels. */
  readonly commonSpeakers: boolean;
  /** 0 to 100 while the analysis runs; null where nobody knows how long it takes. */
  readonly progress?: number | null | undefined;
  readonly channels: Readonly<Record<string, TakeChannel>>;
}

/** Sounds that are remembered for all, and for each browser; browsers that have any of their own. */
const MOST_SHARED = 6;
const MOST_OWN = 2;
const MOST_CLIENTS = 50;

export class Takes {
  #takes: readonly Take[] = [];

  /** Puts a message into the sound that it is about. @returns that sound, undefined where the message is about none */
  take(message: object): Take | undefined {
    const fields = fieldsOf(message);
    const insight = fieldsOf(fields['insight']);
    const known = this.#takeOf(fields, insight);
    const next = known && withAnswer(known, fields, insight);
    if (!next) return undefined;
    this.#takes = bounded([...this.#takes.filter(({ id }) => id !== next.id), next]);
    return next;
  }

  /** The sounds that a browser may see, the latest last. */
  of(client: string | undefined): readonly Take[] {
    return this.#takes.filter((take) => take.client === undefined || take.client === client);
  }

  find(id: string): Take | undefined {
    return this.#takes.find((take) => take.id === id);
  }

  clear(): void {
    this.#takes = [];
  }

  #takeOf(fields: Fields, insight: Fields): Take | undefined {
    const message = textOf(fields['_msgid']) ?? '';
    const client = clientOf(fields);
    const known = this.#takes.find((take) => take.message === message && take.client === client);
    const filename = textOf(insight['filename']);
    const base = known ?? {
      id: randomUUID(),
      message,
      ...(client === undefined ? {} : { client }),
      title: textOf(fields['title']) ?? (filename ? basename(filename) : (textOf(fields['topic']) ?? '')),
      duration: 0,
      commonSpeakers: false,
      channels: {},
    };
    return {
      ...base,
      ...(filename === undefined ? {} : { filename }),
      duration: Math.max(base.duration, numberOf(insight['duration']) ?? 0),
      commonSpeakers: base.commonSpeakers || insight['commonSpeakers'] === true,
    };
  }
}

function withAnswer(take: Take, fields: Fields, insight: Fields): Take | undefined {
  const { payload } = fields;
  const channel = String(numberOf(fields['channel']) ?? 0);
  const text = textOf(insight['text']);
  switch (insight['kind']) {
    case 'transitions':
      return heard(take, channel, { ...phasesOfTransitions(payload), exact: true });
    case 'series':
      return heard(take, channel, ofSteps(payload, insight, text));
    case 'summary':
    case 'text':
    case 'chart':
      return heard(take, channel, text === undefined ? {} : { text });
    case 'deeptone':
      return whole(take, payload, insight);
    case 'progress':
      return { ...take, progress: numberOf(payload) ?? null };
    default:
      return undefined;
  }
}

function ofSteps(steps: unknown, insight: Fields, text?: string): Partial<TakeChannel> {
  const period = numberOf(insight['outputPeriod']) ?? 1_024;
  const duration = numberOf(insight['duration']) ?? Infinity;
  return {
    ...phasesOfSteps(listOf(steps), period, duration),
    exact: false,
    levels: levelsOf(listOf(steps), period),
    ...(text === undefined ? {} : { text }),
  };
}

/** The object of the API reference: of a file with channels, of a clip without. */
function whole(take: Take, payload: unknown, insight: Fields): Take {
  const { channels = { 0: payload } } = fieldsOf(payload);
  return Object.entries(fieldsOf(channels)).reduce((sum, [number, analysis]) => {
    const { time_series: steps, transitions } = fieldsOf(analysis);
    const first = heard(sum, number, ofSteps(steps, insight));
    return transitions === undefined
      ? first
      : heard(first, number, { ...phasesOfTransitions(transitions), exact: true });
  }, take);
}

/** Exact phases stay where steps come later. */
function heard(take: Take, number: string, news: Partial<TakeChannel>): Take {
  const old = take.channels[number] ?? { phases: {}, exact: false };
  const { phases, exact = false, simplified = false, ...rest } = news;
  const isBetter = phases !== undefined && (exact || !old.exact);
  const channel: TakeChannel = { ...old, ...rest, ...(isBetter ? { phases, exact, simplified } : {}) };
  // What has an answer is analysed.
  return { ...take, progress: undefined, channels: { ...take.channels, [number]: channel } };
}

function bounded(takes: readonly Take[]): readonly Take[] {
  const clients = [...new Set(takes.toReversed().map(({ client }) => client))]
    .filter((client) => client !== undefined)
    .slice(0, MOST_CLIENTS);
  const last = (client: string | undefined, most: number): readonly Take[] =>
    takes.filter((take) => take.client === client).slice(-most);
  const kept = new Set([
    ...last(undefined, MOST_SHARED),
    ...clients.flatMap((client) => last(client, MOST_OWN)),
  ]);
  return takes.filter((take) => kept.has(take));
}
