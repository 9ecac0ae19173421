/** What the sidebar asks: `GET deeptone/live` and `GET deeptone/live/:stream`. They read, start nothing, and are answered to who may read. */
import type { Request } from 'express';
import { withoutPaths } from '../../src/supervision';
import type { NodeAPI, NodeStatus } from '../shared/node-red';
import { LiveBoard, type WatchedNode } from '../watch';
import { fromOwnPages } from './requests';

const READ = 'deeptone.read';
/** Streams in one answer; the rest is counted, and found by name. */
const MOST_STREAMS = 300;

/** Registers the requests. */
export function serveWatch(RED: NodeAPI): void {
  const mayRead = RED.auth.needsPermission(READ);
  RED.httpAdmin.get('/deeptone/live', fromOwnPages, mayRead, (request, response) => {
    response.json({ engines: enginesOf(LiveBoard.all, findOf(request)) });
  });
  RED.httpAdmin.get('/deeptone/live/:stream', fromOwnPages, mayRead, (request, response) => {
    const { stream } = request.params;
    const id = typeof stream === 'string' && /^\d{1,15}$/u.test(stream) ? Number(stream) : NaN;
    for (const { nodes } of LiveBoard.all) {
      for (const node of nodes) {
        const found = node.streams.timelineOf(id);
        if (!found) continue;
        response.json({ node: node.place, ...found });
        return;
      }
    }
    response.status(404).json({ code: 'OTHER', message: 'There is no such stream now.' });
  });
}

function findOf(request: Request): string {
  const { find } = request.query;
  return typeof find === 'string' ? find : '';
}

function enginesOf(boards: readonly LiveBoard[], find: string): readonly object[] {
  let room = MOST_STREAMS;
  const shown = ({ place, statistics, streams }: WatchedNode): object => {
    const listed = streams.list(find, room);
    room -= listed.streams.length;
    return { ...place, statistics: statistics(), ...listed };
  };
  return boards.map(({ engine, nodes }) => ({
    ...engine.place,
    status: discreet(engine.status()),
    runtime: withoutPaths(engine.runtime()),
    nodes: nodes.map(shown),
  }));
}

function discreet({ fill, text }: NodeStatus): { readonly fill: string; readonly text: string } {
  return { fill: fill ?? 'grey', text: withoutPaths(text ?? '') };
}
