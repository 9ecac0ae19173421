/** What a flow is told of an engine and the node that was asked: a snapshot, without paths, keys or sound. */
import type { OwnModel } from '../../src';
import type { Health } from '../../src/supervision';
import type { EngineConnection } from './connection';
import type { NodeMessage } from '../shared/node-red';

export interface Diagnostics {
  readonly engine: Health & {
    readonly runtime: Readonly<Record<string, string>>;
    readonly license: { readonly state: string; readonly daysLeft: number; readonly message: string } | null;
    /** Models of users, with the SHA-256 of each file. */
    readonly ownModels: readonly OwnModel[];
    readonly losses: number;
    readonly frames: number;
    /** Failures by code. */
    readonly errors: Readonly<Record<string, number>>;
    /** Of all nodes that use it. */
    readonly streams: number;
    readonly waitingSeconds: number;
    readonly waitingBytes: number;
    readonly droppedSeconds: number;
    readonly gaps: number;
    /** Mean of all answers so far, in milliseconds; null before there was one. */
    readonly inferenceMs: number | null;
  };
  /** Facts of the node that was asked. */
  readonly node: Readonly<Record<string, unknown>>;
  readonly process: { readonly uptimeSeconds: number; readonly rssBytes: number; readonly heapBytes: number };
}

/** Whether a message asks for a snapshot: `msg.diagnostics`, or `msg.command` that says so. */
export function asksForDiagnostics(message: NodeMessage): boolean {
  const { command } = message as { readonly command?: unknown };
  return Object.hasOwn(message, 'diagnostics') || command === 'diagnostics';
}

/** `msg.insight` of a snapshot. */
export function diagnosticsInsight({ engine }: Diagnostics): object {
  const text = `The engine is ${engine.status}${engine.reason === null ? '.' : `: ${engine.reason}`}`;
  return { kind: 'diagnostics', text };
}

/** @param node facts of the node that was asked */
export function diagnosticsOf(engine: EngineConnection, node: Diagnostics['node']): Diagnostics {
  const { health, runtimeWords, license, counts, ownModels } = engine;
  const answers = counts.inference.cumulative.at(-1) ?? 0;
  const { rss, heapUsed } = process.memoryUsage();
  return {
    engine: {
      ...health,
      runtime: runtimeWords,
      license: license
        ? { state: license.state, daysLeft: license.daysLeft, message: license.message }
        : null,
      ownModels,
      losses: counts.losses,
      frames: counts.frames,
      errors: Object.fromEntries(counts.errors),
      streams: counts.streams,
      waitingSeconds: counts.waitingMs / 1_000,
      waitingBytes: counts.waitingBytes,
      droppedSeconds: counts.droppedMs / 1_000,
      gaps: counts.gaps,
      inferenceMs: answers === 0 ? null : Math.round((counts.inference.sum / answers) * 1e6) / 1_000,
    },
    node,
    process: { uptimeSeconds: Math.round(process.uptime()), rssBytes: rss, heapBytes: heapUsed },
  };
}
