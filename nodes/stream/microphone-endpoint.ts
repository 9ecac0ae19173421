import { fromOwnPages } from '../engine';
import type { NodeAPI } from '../shared/node-red';
import { listMicrophones } from './microphones';

const READ = 'deeptone-stream.read';

/** Registers `GET deeptone-stream/microphones`: those of this machine, for who may read flows. It opens none of them. */
export function serveMicrophones(RED: NodeAPI, list = listMicrophones): void {
  RED.httpAdmin.get(
    '/deeptone-stream/microphones',
    fromOwnPages,
    RED.auth.needsPermission(READ),
    (_request, response) => {
      list().then(
        (microphones) => response.json(microphones),
        () => response.json([]),
      );
    },
  );
}
