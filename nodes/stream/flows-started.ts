import { guarded } from '../shared/failure';
import type { Node, NodeAPI } from '../shared/node-red';

const EVENT = 'flows:started';

/** What waits for the flows to run. */
const waiting = new Set<() => void>();

function started(): void {
  const due = [...waiting];
  waiting.clear();
  for (const callback of due) callback();
}

/**
 * Calls back once the flows run: only then are the nodes there that are to hear of something. One listener of the runtime
 * serves all nodes, so that many of them do not look like a leak.
 *
 * @returns gives it up
 */
export function whenFlowsStart(
  { events }: Pick<NodeAPI, 'events'>,
  node: Pick<Node, 'error'>,
  callback: () => void,
): () => void {
  if (!events.listeners(EVENT).includes(started)) events.on(EVENT, started);
  const own = guarded(node, callback);
  waiting.add(own);
  return () => {
    waiting.delete(own);
  };
}
