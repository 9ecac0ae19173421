/** Answers as messages. Pure: what comes in is not changed, what goes out holds no audio. */
import type { ChannelAnalysis, FileAnalysis } from '../../src';
import { seriesText, stepText, summaryText, transitionsText, type Vocabulary } from '../../src/insight';
import { inLanguage, say } from '../../src/sentence';
import { chartPoints } from './chart';
import { insight, withWarnings, type Facts } from './facts';
import type { NodeMessage, Outputs } from '../shared/node-red';

/** The forms that a time series can be sent in; the names are the values of the setting. */
export const SEND_AS = ['text', 'series', 'steps', 'chart', 'deeptone'] as const;
export type SendAs = (typeof SEND_AS)[number];

export function isSendAs(value: unknown): value is SendAs {
  return SEND_AS.some((form) => form === value);
}

/** One answer with everything that its messages need. */
export interface Answer {
  /** The message that asked; its other properties are kept. */
  readonly source: NodeMessage;
  /** Copies a message: what a flow does to one must not show in another. */
  readonly clone: (message: NodeMessage) => NodeMessage;
  /** Per channel, by the channel's number. */
  readonly channels: FileAnalysis['channels'];
  /** What `deeptone` sends as it is: the object of the API reference. */
  readonly complete: FileAnalysis | ChannelAnalysis;
  readonly facts: Facts;
  readonly sendAs: SendAs;
  /** What sentences are made of. */
  readonly words: Vocabulary;
  /** Makes the id of a sequence. */
  readonly newId: () => string;
}

/**
 * The messages of a whole file or clip, in the order to send them: [time series, summary, transitions] for each
 * channel. The big one comes first, because the runtime copies all messages of one sending but the first.
 */
export function messagesOf(answer: Answer): Outputs[] {
  const isWhole = answer.sendAs === 'deeptone';
  // The complete object holds the summaries and transitions that are sent on their own as well.
  const own = <T>(part: T): T => (isWhole ? structuredClone(part) : part);
  const channels = Object.entries(answer.channels).map(([number, analysis]) => ({
    channel: Number(number),
    analysis,
  }));
  const sent = channels.map(({ channel, analysis }) => {
    const about = { ...answer, facts: withWarnings(answer.facts, analysis.warnings) };
    return [
      isWhole ? null : timeSeriesMessages(about, channel, analysis),
      analysis.summary
        ? message(
            about,
            'summary',
            summaryText(analysis.summary, answer.words),
            own(analysis.summary),
            channel,
          )
        : null,
      analysis.transitions
        ? message(
            about,
            'transitions',
            transitionsText(analysis.transitions, answer.words),
            own(analysis.transitions),
            channel,
          )
        : null,
    ];
  });
  if (!isWhole) return sent;
  const warnings = channels.flatMap(({ analysis }) => analysis.warnings ?? []);
  const complete: NodeMessage = {
    ...kept(answer),
    payload: answer.complete,
    insight: insight(
      'deeptone',
      completeText(answer.channels, answer.words),
      withWarnings(answer.facts, warnings),
    ),
  };
  return [[complete, null, null], ...sent];
}

function timeSeriesMessages(
  answer: Answer,
  channel: number,
  analysis: ChannelAnalysis,
): NodeMessage | NodeMessage[] {
  const steps = analysis.time_series;
  const text = channelText(analysis, answer.words);
  switch (answer.sendAs) {
    case 'chart':
      return message(answer, 'chart', text, chartPoints(steps), channel);
    case 'steps': {
      const id = answer.newId();
      return steps.map((step, index) => ({
        ...message(answer, 'step', stepText(step, answer.words), step, channel),
        parts: { ...outerParts(answer.source), id, index, count: steps.length, type: 'array', len: 1 },
      }));
    }
    case 'text':
      return message(answer, 'text', text, text, channel);
    case 'series':
    case 'deeptone':
      return message(answer, 'series', text, steps, channel);
  }
}

/** What was heard over the whole length of a channel. */
function channelText({ summary, time_series: steps }: ChannelAnalysis, words: Vocabulary): string {
  return summary ? summaryText(summary, words) : seriesText(steps, words);
}

function completeText(channels: FileAnalysis['channels'], words: Vocabulary): string {
  const texts = Object.entries(channels).map(
    ([number, analysis]) => [number, channelText(analysis, words)] as const,
  );
  const [only] = texts;
  if (texts.length === 1 && only) return only[1];
  return texts.map(([number, text]) => inLanguage(say`Channel ${number}: ${text}`, words.language)).join(' ');
}

/** A sequence inside a sequence keeps the outer one, as the Split node does, so that Join can put it back. */
function outerParts(source: NodeMessage): { parts?: unknown } {
  return source.parts === undefined ? {} : { parts: source.parts };
}

function message(
  answer: Answer,
  kind: 'text' | 'series' | 'step' | 'chart' | 'summary' | 'transitions',
  text: string,
  payload: unknown,
  channel: number,
): NodeMessage {
  return { ...kept(answer), payload, channel, insight: insight(kind, text, answer.facts, channel) };
}

/** A copy of what is kept: all but the audio. */
function kept({ source, clone }: Answer): NodeMessage {
  return clone({ ...source, payload: undefined });
}
