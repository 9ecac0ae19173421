/** What the pages of widgets ask this Node-RED for, beside what Dashboard carries: what was heard, the sound, and uploads. */
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { withoutPaths } from '../../src/supervision';
import { fromOwnPages } from '../engine';
import { codeOf, toError } from '../shared/failure';
import { spokenError } from '../shared/language';
import type { NodeAPI } from '../shared/node-red';
import { meet } from './clients';

const PATH = '/deeptone/widget';

/** What one widget answers. */
export interface PageHost {
  /** What the page is to show from the start; JSON. */
  state(client: string | undefined): object;
  /** Absolute path of a sound that this browser may hear. */
  sound?(id: string, client: string | undefined): string | undefined;
  /** Takes a file from its beginning to its end. */
  upload?(request: Request, name: string, client: string | undefined): Promise<object>;
}

/** By runtime, which is known by its pages, as each set of nodes has settings of its own: widgets by their ids. */
const HOSTS = new WeakMap<object, Map<string, PageHost>>();

/** Where a page finds its widget, seen from the root of the pages of this Node-RED. */
export function pagePath(RED: NodeAPI, id: string): string {
  const { httpNodeRoot } = RED.settings as { readonly httpNodeRoot?: unknown };
  const root = typeof httpNodeRoot === 'string' ? httpNodeRoot.replace(/\/+$/u, '') : '';
  return `${root}${PATH}/${encodeURIComponent(id)}`;
}

/** Answers for a widget from now on. @returns ends it */
export function servePages(RED: NodeAPI, id: string, host: PageHost): () => void {
  const app = RED.httpNode as NodeAPI['httpNode'] | undefined;
  // Node-RED without pages of flows has no Dashboard either.
  if (!app) return () => undefined;
  const hosts = HOSTS.get(app) ?? register(RED, app);
  hosts.set(id, host);
  return () => {
    if (hosts.get(id) === host) hosts.delete(id);
  };
}

function register(RED: NodeAPI, app: NodeAPI['httpNode']): Map<string, PageHost> {
  const hosts = new Map<string, PageHost>();
  HOSTS.set(app, hosts);
  const first = [fromOwnPages, ...guards(RED)];
  const hostOf = (request: Request): PageHost | undefined => hosts.get(String(request.params['id']));
  app.get(`${PATH}/:id/state`, ...first, (request, response) => {
    const state = hostOf(request)?.state(clientIn(request));
    if (state) response.json(state);
    else response.status(404).json({ message: 'There is no such widget.' });
  });
  app.get(`${PATH}/:id/sound/:sound`, ...first, (request, response) => {
    const path = hostOf(request)?.sound?.(String(request.params['sound']), clientIn(request));
    if (path === undefined) response.status(404).end();
    else sendSound(response, path);
  });
  app.post(`${PATH}/:id/sound`, ...first, (request, response) => {
    const { name } = request.query;
    const upload = hostOf(request)?.upload?.(
      request,
      typeof name === 'string' ? name : '',
      clientIn(request),
    );
    if (!upload) response.status(404).json({ message: 'There is no such widget.' });
    else
      upload.then(
        (told) => response.json(told),
        (error: unknown) => {
          refuse(response, error);
        },
      );
  });
  return hosts;
}

/** Whom Dashboard keeps out by its middleware is kept out here. */
function guards(RED: NodeAPI): RequestHandler[] {
  const { dashboard, ui } = RED.settings as { readonly dashboard?: object; readonly ui?: object };
  const { middleware } = (dashboard ?? ui ?? {}) as { readonly middleware?: unknown };
  return [middleware].flat().filter((guard): guard is RequestHandler => typeof guard === 'function');
}

function clientIn({ query }: Request): string | undefined {
  return meet(query['page'], query['client']);
}

/** With ranges, so that a page can jump in it. */
function sendSound(response: Response, path: string): void {
  const next: NextFunction = () => {
    if (!response.headersSent) response.status(404).end();
  };
  response.sendFile(path, { dotfiles: 'allow', cacheControl: false }, next);
}

function refuse(response: Response, error: unknown): void {
  const code = codeOf(error);
  const status = code === 'DEEPTONE_TOO_LARGE' ? 413 : code === 'DEEPTONE_BAD_AUDIO' ? 415 : code ? 400 : 500;
  // What was not read is not read any more.
  response.set('Connection', 'close');
  response
    .status(status)
    .json({ code: code ?? 'OTHER', message: withoutPaths(spokenError(toError(error)).message) });
}
