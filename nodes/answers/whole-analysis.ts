/** What the nodes for whole files and whole clips have in common: options, a bounded queue, progress, three outputs. */
import type { ChannelAnalysis, Deeptone, FileAnalysis, FileOptions } from '../../src';
import { checkOptions, OPTIONS } from '../../src/pipeline';
import { connectEngine } from '../engine/connection';
import { fieldNumbers } from '../shared/fields';
import { fail, refuseAll } from '../shared/failure';
import { insight, speed, type Facts } from './facts';
import { answerMessages, isSendAs, type SendAs } from './messages';
import {
  sharedText,
  type IncomingMessage,
  type Node,
  type NodeAPI,
  type NodeDef,
  type NodeMessage,
  type Send,
} from '../shared/node-red';
import {
  dialogOptions,
  mergeOptions,
  messageOptions,
  type DialogOptions,
  type LooseOptions,
} from '../shared/options';
import { Progress } from './progress';
import { StatusLine } from '../shared/status-line';
import { WorkQueue } from './work-queue';

/** The part of the dialog that both nodes share. */
export interface WholeConfig extends NodeDef, DialogOptions {
  readonly engine: string;
  readonly sendAs?: string;
  /** With a fourth output that tells how far a long analysis is. */
  readonly progress?: boolean;
  /** Messages answered at once. */
  readonly parallel?: number | string;
  /** Messages that may wait for their turn. */
  readonly waitingMessages?: number | string;
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
  let queue: WorkQueue;
  try {
    const { parallel, waitingMessages } = fieldNumbers(`deeptone-${kind}`, config);
    queue = new WorkQueue(parallel, waitingMessages);
  } catch (error) {
    refuseAll(node, error);
    return;
  }
  const status = new StatusLine(node);
  const engine = connectEngine(RED, node, config.engine, status);

  const answer = async (message: IncomingMessage, send: Send, signal: AbortSignal): Promise<void> => {
    const options = wholeOptions(kind, config, message, sendAs);
    const source = await sourceOf(message);
    const deeptone = engine.deeptone();
    await deeptone.start(); // Loading the models is no part of the speed that is told.
    const started = performance.now();
    const factsAt = (analysedMs: number): Facts => ({
      node: node.type,
      models: [...new Set(options.models)],
      outputPeriod: options.outputPeriod,
      ...(source.filename === undefined ? {} : { filename: source.filename }),
      duration: analysedMs,
      speed: speed(analysedMs, performance.now() - started),
      ...(engine.evaluation ? { evaluation: true } : {}),
    });
    const progress = new Progress(({ percent, analysedMs }) => {
      const key = percent === null ? 'status.analysedSeconds' : 'status.percent';
      const text = RED._(sharedText(key), {
        percent: String(percent),
        seconds: String(Math.round(analysedMs / 1_000)),
        waiting: String(queue.waiting),
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
          insight: insight('progress', factsAt(analysedMs)),
        },
      ]);
    });
    status.set({ fill: 'blue', shape: 'dot', text: sharedText('status.analysing') });
    const result = await source.analyse(deeptone, { ...options, signal, onProgress: progress.take });
    progress.finish();
    const facts = factsAt(progress.analysedMs);
    const newId = (): string => RED.util.generateId();
    const clone = (original: NodeMessage): NodeMessage => RED.util.cloneMessage(original);
    for (const outputs of answerMessages({ source: message, ...result, facts, sendAs, newId, clone }))
      send(outputs);
    const text = RED._(sharedText('status.done'), {
      seconds: String(Math.round(facts.duration / 100) / 10),
      speed: String(facts.speed),
    });
    status.set({ fill: 'green', shape: 'dot', text });
  };

  node.on('input', (message, send, done) => {
    queue.add(
      (signal) =>
        answer(message, send, signal).then(
          () => {
            done();
          },
          (error: unknown) => {
            fail(error, done, status);
          },
        ),
      (error) => {
        fail(error, done, status);
      },
    );
  });

  node.on('close', (_removed: boolean, done: () => void) => {
    engine.close();
    void queue.close().finally(() => {
      status.close();
      done();
    });
  });
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
