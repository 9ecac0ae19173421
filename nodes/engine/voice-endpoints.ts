/** What the dialog of an engine asks about voices that have names. No answer holds what a voice sounds like. */
import type { Request, RequestHandler } from 'express';
import { TooLargeError } from '../../src';
import { withoutPaths } from '../../src/supervision';
import { codeOf, toError } from '../shared/failure';
import type { NodeAPI } from '../shared/node-red';
import { isEngine } from './connection';
import { openEngine } from './open-engine';
import { bodyOf, fromOwnPages } from './requests';
import type { Voices } from './voices';

const READ = 'deeptone-engine.read';
const WRITE = 'deeptone-engine.write';
const PATH = '/deeptone-engine/:id/voices';

/** Registers `GET deeptone-engine/:id/voices`, and `POST` and `DELETE` of a name below it; a POST brings a sound. */
export function serveVoices(RED: NodeAPI, voices: Voices): void {
  const answering =
    (answer: (request: Request) => Promise<unknown>): RequestHandler =>
    (request, response) => {
      answer(request).then(
        (body) => response.json(body),
        (error: unknown) => {
          const code = codeOf(error);
          const status = error instanceof TooLargeError ? 413 : code === undefined ? 500 : 400;
          response
            .status(status)
            .json({ code: code ?? 'OTHER', message: withoutPaths(toError(error).message) });
        },
      );
    };
  const list = (request: Request): Promise<unknown> =>
    withEngine(RED, request, ({ deeptone }) => Promise.resolve(voices.list(deeptone)));

  RED.httpAdmin.get(PATH, fromOwnPages, RED.auth.needsPermission(READ), answering(list));
  RED.httpAdmin.post(
    `${PATH}/:name`,
    ...[fromOwnPages, RED.auth.needsPermission(WRITE)],
    answering(async (request) => {
      const bytes = await bodyOf(request);
      await withEngine(RED, request, ({ deeptone, ffmpegPath }) =>
        voices.add(request.params['name'], bytes, deeptone, ffmpegPath),
      );
      return list(request);
    }),
  );
  RED.httpAdmin.delete(
    `${PATH}/:name`,
    ...[fromOwnPages, RED.auth.needsPermission(WRITE)],
    answering(async (request) => {
      await voices.remove(String(request.params['name']));
      return list(request);
    }),
  );
}

/** With the engine of a request; one that is not deployed with the defaults, and closed again. */
async function withEngine<T>(
  RED: NodeAPI,
  request: Request,
  what: (engine: ReturnType<typeof openEngine>) => Promise<T>,
): Promise<T> {
  const found: unknown = RED.nodes.getNode(String(request.params['id']));
  if (isEngine(found)) return what(found.engine());
  const open = openEngine({});
  try {
    return await what(open);
  } finally {
    await open.deeptone.close();
  }
}
