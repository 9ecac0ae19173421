/** What live streams tell, as messages. Pure: what comes in is not changed, what goes out holds no audio. */
import type { LiveEvent, StreamFacts, TimeSeriesStep } from '../../src';
import { stepText, summaryText, transitionText, type Vocabulary } from '../../src/insight';
import { inLanguage } from '../../src/sentence';
import { asBuffer, type Facts, insight, stepPoints, withWarnings } from '../answers';
import { spokenError } from '../shared/language';
import type { NodeMessage, Outputs } from '../shared/node-red';
import { eventText, groupText } from './event-text';

/** Of a message with audio, what is about the audio or asks for something, and is not kept. */
const NOT_KEPT = [
  'payload',
  'parts',
  'contentType',
  'deeptone',
  'dup',
  'packetId',
  'reset',
  'complete',
  'summary',
  'forget',
  'insight',
] as const satisfies readonly string[];

export interface StreamMessageSettings {
  /** Type of the node. */
  readonly node: string;
  readonly sendAs: 'text' | 'steps' | 'chart';
  /** What sentences are made of. */
  readonly words: Vocabulary;
  readonly wallClock: boolean;
  readonly tellBegin: boolean;
  /** There is a fourth output for events. */
  readonly events: boolean;
  /** There is a fifth output for the sound of phases. */
  readonly segments: boolean;
}

/** The properties of a message with audio that the answers keep. */
export function keptProperties(message: NodeMessage): NodeMessage {
  const entries = Object.entries(message).filter(([name]) => !NOT_KEPT.some((dropped) => dropped === name));
  return Object.fromEntries(entries);
}

/** Makes the messages of one node. It remembers the speakers of each stream, for charts. */
export class StreamMessages {
  readonly #settings: StreamMessageSettings;
  readonly #speakers = new Map<string, Set<string>>();

  constructor(settings: StreamMessageSettings) {
    this.#settings = settings;
  }

  /**
   * The messages of an event, undefined where there are none.
   *
   * @param kept properties of the last message of the stream; they become part of the message as they are
   */
  of(event: LiveEvent, kept: NodeMessage, evaluation: boolean): Outputs | undefined {
    const facts = this.#facts(event.stream, evaluation);
    switch (event.kind) {
      case 'step':
        return [this.#step(event, kept, facts)];
      case 'summary': {
        const about = withWarnings(facts, event.warnings);
        const told = {
          ...insight('summary', summaryText(event.summary, this.#settings.words), about),
          cause: event.cause,
        };
        return [null, { ...kept, payload: event.summary, insight: told }];
      }
      case 'transition': {
        if (event.phase === 'begun' && !this.#settings.tellBegin) return undefined;
        const payload = { ...event.transition, ...this.#time(event.time) };
        const text = transitionText(event.transition, this.#settings.words);
        const told = { ...insight('transition', text, facts), ...(event.isSteady ? {} : { raw: true }) };
        return [null, null, { ...kept, payload, insight: told }];
      }
      case 'segment': {
        if (!this.#settings.segments) return undefined;
        const { wav, ...about } = event.segment;
        const text = transitionText({ ...about, previous: null }, this.#settings.words);
        const told = { ...insight('segment', text, facts), segment: { ...about, ...this.#time(event.time) } };
        return [null, null, null, null, { ...kept, payload: asBuffer(wav), insight: told }];
      }
      case 'closed':
        this.#speakers.delete(event.stream.key);
        return this.#event(event, kept, facts);
      case 'opened':
      case 'gap':
      case 'dropped':
      case 'warning':
        return this.#event(event, kept, facts);
    }
  }

  /** The message of something that is no stream's, undefined where there is no output for it. */
  about(event: Readonly<Record<string, unknown>>, topic: string | undefined): Outputs | undefined {
    if (!this.#settings.events) return undefined;
    const told = {
      kind: 'event',
      text: inLanguage(groupText(event), this.#settings.words.language),
      node: this.#settings.node,
    };
    return [null, null, null, { ...(topic === undefined ? {} : { topic }), payload: event, insight: told }];
  }

  #step(
    { step, time, stream }: Extract<LiveEvent, { kind: 'step' }>,
    kept: NodeMessage,
    facts: Facts,
  ): NodeMessage {
    const text = stepText(step, this.#settings.words);
    switch (this.#settings.sendAs) {
      case 'text':
        return { ...kept, payload: text, insight: insight('text', text, facts) };
      case 'steps': {
        const payload: TimeSeriesStep = { ...step, ...this.#time(time) };
        return { ...kept, payload, insight: insight('step', text, facts) };
      }
      case 'chart': {
        const x = this.#settings.wallClock ? time : step.timestamp;
        const points = stepPoints(step, x, this.#speakersOf(stream.key));
        return { ...kept, payload: points, insight: insight('chart', text, facts) };
      }
    }
  }

  #event(event: LiveEvent, kept: NodeMessage, facts: Facts): Outputs | undefined {
    if (!this.#settings.events) return undefined;
    const told = Object.entries(event).filter(([name]) => name !== 'stream' && name !== 'context');
    const payload = Object.fromEntries(
      told.map(([name, value]: [string, unknown]) => [
        name,
        value instanceof Error ? spokenError(value).message : value,
      ]),
    );
    return [
      null,
      null,
      null,
      {
        ...kept,
        payload,
        insight: insight('event', inLanguage(eventText(event), this.#settings.words.language), facts),
      },
    ];
  }

  #time(time: number): { readonly time?: number } {
    return this.#settings.wallClock ? { time } : {};
  }

  #speakersOf(key: string): Set<string> {
    const known = this.#speakers.get(key);
    if (known) return known;
    const speakers = new Set<string>();
    this.#speakers.set(key, speakers);
    return speakers;
  }

  #facts(stream: StreamFacts, evaluation: boolean): Facts {
    return {
      node: this.#settings.node,
      models: stream.models,
      outputPeriod: stream.outputPeriod,
      stream: stream.key,
      duration: stream.receivedMs,
      speed: stream.speed,
      ...(stream.droppedMs > 0 ? { dropped: stream.droppedMs } : {}),
      ...(stream.gapMs > 0 ? { gaps: stream.gapMs } : {}),
      ...(evaluation ? { evaluation: true } : {}),
    };
  }
}
