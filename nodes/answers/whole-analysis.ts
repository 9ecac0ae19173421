/** What the nodes for whole files and whole clips have in common: options, a bounded queue, progress, three outputs. */
import type { ChannelAnalysis, Deeptone, FileAnalysis, FileOptions } from '../../src';
import {
  heardInShort,
  meanShares,
  sharesOfSummary,
  type SharesByModel,
  transitionText,
} from '../../src/insight';
import { checkOptions, OPTIONS } from '../../src/pipeline';
import { answerMessages, type QueueConfig } from './answering';
import { asBuffer, insight, speed, Warnings, type Facts } from './facts';
import { isSendAs, messagesOf, type SendAs } from './messages';
import {
  sharedText,
  type IncomingMessage,
  type Node,
  type NodeAPI,
  type NodeMessage,
} from '../shared/node-red';
import {
  dialogOptions,
  mergeOptions,
  messageOptions,
  type DialogOptions,
  type LooseOptions,
} from '../shared/options';
import { fieldNumbers } from '../shared/fields';
import { vocabularyOf } from '../shared/vocabulary';
import { inLanguage, say, type Sentence } from '../../src/sentence';
import { Progress } from './progress';

/** The part of the dialog that both nodes share. */
export interface WholeConfig extends QueueConfig, DialogOptions {
  readonly sendAs?: string;
  /** With a fourth output that tells how far a long analysis is. */
  readonly progress?: boolean;
}

/** What is known before the analysis begins. */
export interface Source {
  /** Absolute path, where the audio is a file. */
  readonly filename?: string;
  /** Analyses it. `options` have the names that `msg.deeptone` has; their values are checked by the engine. */
  analyse(deeptone: Deeptone, options: FileOptions): Promise<WholeResult>;
}

export interface WholeResult {
  readonly channels: FileAnalysis['channels'];
  /** The object of the API reference. */
  readonly complete: FileAnalysis | ChannelAnalysis;
}

const DEFAULTS: LooseOptions = {
  outputPeriod: OPTIONS.outputPeriod.default,
  includeSummary: true,
  includeTransitions: true,
};

/**
 * Makes a node answer every message with the analysis of one source.
 *
 * @param sourceOf finds the source that a message asks for
 */
export function analyseWholes(
  RED: NodeAPI,
  node: Node,
  kind: 'file' | 'bytes',
  config: WholeConfig,
  sourceOf: (message: IncomingMessage) => Promise<Source>,
): void {
  const sendAs: SendAs = isSendAs(config.sendAs) ? config.sendAs : 'series';
  answerMessages(
    RED,
    node,
    config,
    () => fieldNumbers(`deeptone-${kind}`, config),
    ({ engine, status, waiting }) =>
      async (message, send, signal) => {
        const options = wholeOptions(kind, config, message, sendAs);
        // Without an engine nothing else is worth a word.
        const deeptone = engine.deeptone();
        const source = await sourceOf(message);
        await deeptone.start(); // Loading the models is no part of the speed that is told.
        const started = performance.now();
        const words = vocabularyOf(RED);
        const factsAt = (analysedMs: number): Facts => ({
          node: node.type,
          models: [...new Set(options.models)],
          outputPeriod: options.outputPeriod,
          ...(source.filename === undefined ? {} : { filename: source.filename }),
          ...(options.commonSpeakers ? ({ commonSpeakers: true } as const) : {}),
          duration: analysedMs,
          speed: speed(analysedMs, performance.now() - started),
          ...(engine.evaluation ? { evaluation: true } : {}),
        });
        const progress = new Progress(({ percent, analysedMs }) => {
          const key = percent === null ? 'status.analysedSeconds' : 'status.percent';
          const text = RED._(sharedText(key), {
            percent: String(percent),
            seconds: String(Math.round(analysedMs / 1_000)),
            waiting: String(waiting()),
          });
          status.set({ fill: 'blue', shape: 'dot', text });
          if (config.progress !== true) return;
          send([
            null,
            null,
            null,
            {
              ...RED.util.cloneMessage({ ...message, payload: undefined }),
              payload: percent,
              insight: insight(
                'progress',
                inLanguage(progressText(percent, analysedMs), words.language),
                factsAt(analysedMs),
              ),
            },
          ]);
        });
        status.set({ fill: 'blue', shape: 'dot', text: sharedText('status.analysing') });
        const warnings = new Warnings();
        const onSegment: FileOptions['onSegment'] = ({ wav, ...about }, channel) => {
          if (config.segments !== true) return;
          const text = transitionText({ ...about, previous: null }, words);
          const told = { ...insight('segment', text, factsAt(progress.analysedMs), channel), segment: about };
          const copy = RED.util.cloneMessage({ ...message, payload: undefined });
          send([null, null, null, null, { ...copy, payload: asBuffer(wav), channel, insight: told }]);
        };
        const result = await source.analyse(deeptone, {
          ...options,
          signal,
          onSegment,
          onProgress: progress.take,
          onWarning: warnings.take,
        });
        progress.finish();
        const facts = { ...factsAt(progress.analysedMs), ...warnings.facts };
        const newId = (): string => RED.util.generateId();
        const clone = (original: NodeMessage): NodeMessage => RED.util.cloneMessage(original);
        for (const outputs of messagesOf({ source: message, ...result, facts, sendAs, words, newId, clone }))
          send(outputs);
        const shares = Object.values(result.channels).map(sharesOf);
        const heard = heardInShort(meanShares(shares), words);
        status.set({ fill: 'green', shape: 'dot', text: heard || sharedText('status.nothing') });
      },
  );
}

/** What was heard over the whole length of a channel. */
function sharesOf({ summary, time_series: steps }: ChannelAnalysis): SharesByModel {
  return summary ? sharesOfSummary(summary) : meanShares(steps.map(({ shares }) => shares));
}

function progressText(percent: number | null, analysedMs: number): Sentence {
  return percent === null
    ? say`${Math.round(analysedMs / 1_000)} s are analysed.`
    : say`${{ share: percent / 100 }} are analysed.`;
}

/** What a message asks for, over what the dialog says, over the defaults. */
function wholeOptions(
  kind: 'file' | 'bytes',
  config: WholeConfig,
  message: IncomingMessage,
  sendAs: SendAs,
): FileOptions {
  const options = mergeOptions(DEFAULTS, dialogOptions(config), messageOptions(kind, message));
  // A chart draws probabilities.
  const complete = sendAs === 'chart' ? { ...options, includeRawValues: true } : options;
  const analysis = Object.entries(complete).filter(([name]) => name !== 'format'); // The source's business.
  const checked: unknown = Object.fromEntries(analysis);
  checkOptions('file', checked);
  return checked;
}
