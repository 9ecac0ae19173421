/**
 * Says what to do where flows hold nodes of a Dashboard that is gone. Node-RED starts no flow while the type of any node is missing, so
 * that our own nodes have no chance to say it.
 */
import type { NodeAPI } from '../shared/node-red';
import { PACKAGE } from '../shared/node-red';
import { fieldsOf, listOf } from './reading';
import { LEAST_DASHBOARD } from './dashboard-version';

/** What widgets stand on. */
const NEEDED = new Set(['ui-base', 'ui-page', 'ui-group', 'ui-theme']);
const EVENT = 'runtime-event';
/** One listener for all three widgets of a runtime. */
const WATCHED = new WeakSet<object>();

/** Warns in the log, from now on, whenever flows wait for the types of Dashboard. */
export function watchMissingDashboard(RED: Pick<NodeAPI, 'events' | 'log' | '_'>): void {
  if (WATCHED.has(RED.events)) return;
  WATCHED.add(RED.events);
  RED.events.on(EVENT, (event: unknown) => {
    const { id, payload } = fieldsOf(event);
    const { error, types } = fieldsOf(payload);
    if (id !== 'runtime-state' || error !== 'missing-types') return;
    if (!listOf(types).some((type) => NEEDED.has(String(type)))) return;
    RED.log.warn(RED._(`${PACKAGE}/ui-deeptone-timeline:advice.goneDashboard`, { least: LEAST_DASHBOARD }));
  });
}
