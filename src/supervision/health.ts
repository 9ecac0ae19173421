/** How an engine is, in one word and a sentence. */
import type { EngineState, OpenEngine } from './hub';
import type { Counts } from './meter';
import { withoutPaths } from './discreet';
import { codeOf } from './failure-code';

export interface Health {
  /** `degraded`: it answers, and something needs somebody. */
  readonly status: 'initialising' | 'ready' | 'degraded' | 'failed';
  /** Why it is not ready; null where it is. */
  readonly reason: string | null;
  /** The code of what failed, where it is an error of ours. */
  readonly code: string | null;
}

/** Milliseconds for which trouble counts. */
const RECENT_MS = 60_000;

/** @param runtime what runs the models, where the engine is open */
export function healthOf(
  state: EngineState,
  counts: Pick<Counts, 'overloadedMsAgo'>,
  runtime?: Pick<OpenEngine['runtime'], 'brokenModels'>,
): Health {
  switch (state.phase) {
    case 'idle':
      return { status: 'initialising', reason: 'No node has asked for it yet.', code: null };
    case 'starting':
      return { status: 'initialising', reason: 'The models are being loaded.', code: null };
    case 'restarting':
      return {
        status: 'degraded',
        reason: 'What runs the models was lost, and is being started again.',
        code: 'DEEPTONE_ENGINE_LOST',
      };
    case 'failed':
      return {
        status: 'failed',
        reason: withoutPaths(state.error.message),
        code: codeOf(state.error) ?? 'OTHER',
      };
    case 'ready':
      return whenReady(state.license, counts, runtime);
  }
}

function whenReady(
  license: Extract<EngineState, { phase: 'ready' }>['license'],
  { overloadedMsAgo }: Pick<Counts, 'overloadedMsAgo'>,
  runtime: Pick<OpenEngine['runtime'], 'brokenModels'> | undefined,
): Health {
  if (license.state === 'expired' || license.state === 'not-yet-valid') {
    return { status: 'failed', reason: license.message, code: 'DEEPTONE_LICENSE' };
  }
  const reasons = [
    ...(license.state === 'expiring' ? [license.message] : []),
    ...(runtime?.brokenModels ?? []).map(
      ({ name, reason }) => `The model "${withoutPaths(name)}" is left out: ${withoutPaths(reason)}.`,
    ),
    ...(overloadedMsAgo !== undefined && overloadedMsAgo < RECENT_MS
      ? [
          'There is more audio than there is time or room for; some was dropped or refused in the last minute.',
        ]
      : []),
  ];
  return reasons.length > 0
    ? { status: 'degraded', reason: reasons.join(' '), code: null }
    : { status: 'ready', reason: null, code: null };
}
