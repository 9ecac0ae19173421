import type { BrokerState } from '../mqtt';
import type { Health } from '../supervision';

/** How a worker is, beside its engine. */
export interface WorkerFacts {
  readonly isStopping: boolean;
  readonly broker: BrokerState;
  /** The broker lets it listen to all that it wants to hear. */
  readonly isListening: boolean;
  /** It takes part in its group, where it is of one. */
  readonly isIn: boolean;
  readonly streams: number;
}

export type WorkerHealth = Health & { readonly broker: BrokerState; readonly streams: number };

/** The health of an engine that has to be reached through a broker. */
export function workerHealth(engine: Health, facts: WorkerFacts): WorkerHealth {
  const { broker, streams } = facts;
  const own = { broker, streams };
  if (engine.status === 'failed' || engine.status === 'initialising') return { ...engine, ...own };
  const obstacle = obstacleIn(facts);
  if (obstacle === undefined) return { ...engine, ...own };
  const code = facts.isStopping ? null : 'DEEPTONE_BROKER';
  return { status: 'failed', reason: obstacle, code, ...own };
}

/** Whether it hears and answers. */
export function isWell({ status }: Health): boolean {
  return status === 'ready' || status === 'degraded';
}

function obstacleIn({ isStopping, broker, isListening, isIn }: WorkerFacts): string | undefined {
  if (isStopping) return 'It is being stopped.';
  if (broker !== 'connected') return 'There is no connection to the broker.';
  if (!isListening) return 'The broker does not let it listen.';
  return isIn ? undefined : 'It takes no part in its group yet.';
}
