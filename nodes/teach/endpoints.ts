/** What the page that teaches sounds asks for. Who may read sees and hears the examples; only who may write changes something. */
import type { Request, RequestHandler, Response } from 'express';
import { InvalidArgumentError } from '../../src';
import { forgetHead, type ModelSet } from '../../src/heads';
import { withoutPaths } from '../../src/supervision';
import { bodyOf, fromOwnPages, jsonOnly } from '../engine';
import { codeOf, toError } from '../shared/failure';
import { spokenError } from '../shared/language';
import type { NodeAPI } from '../shared/node-red';
import { exampleSounds, ownFolders } from '../shared/paths';
import { Learning } from './learning';
import { KINDS, Lessons, type Kind, type Lesson } from './lessons';
import { say } from '../../src/sentence';

const READ = 'deeptone-engine.read';
const WRITE = 'deeptone-engine.write';
const PATH = '/deeptone/teach';
const SETS: readonly ModelSet[] = ['standard', 'open'];

type Answer = (request: Request, response: Response) => Promise<unknown>;

/** Registers `deeptone/teach`: sounds, their examples, and learning. */
export function serveTeaching(RED: NodeAPI): void {
  const folders = ownFolders(RED);
  const lessons = new Lessons(folders.lessons);
  const learning = new Learning(lessons, folders.models);

  const read = (path: string, answer: Answer): void => {
    RED.httpAdmin.get(`${PATH}${path}`, fromOwnPages, RED.auth.needsPermission(READ), answering(answer));
  };
  const change = (
    method: 'post' | 'delete',
    path: string,
    answer: Answer,
    ...first: RequestHandler[]
  ): void => {
    const may = RED.auth.needsPermission(WRITE);
    RED.httpAdmin[method](`${PATH}${path}`, fromOwnPages, ...first, may, answering(answer));
  };

  read('', async () => ({
    sounds: (await lessons.list()).map(told),
    learning: learning.state,
    bundled: exampleSounds(),
  }));
  read('/:id/:kind/:example', async (request, response) => {
    const lesson = await lessons.find(named(request, 'id'));
    const wav = lessons.wavOf(lesson, kindOf(request), named(request, 'example'));
    response.type('audio/wav').sendFile(wav);
  });
  change('post', '', async (request) => told(await lessons.begin(fieldOf(request.body, 'title'))), jsonOnly);
  change(
    'post',
    '/:id/learn',
    async (request) => learning.begin(await lessons.find(named(request, 'id'))),
    jsonOnly,
  );
  change('post', '/:id/:kind', async (request) => {
    const kind = kindOf(request);
    const { name } = request.query;
    return told(await lessons.add(named(request, 'id'), kind, await bodyOf(request), name));
  });
  change('delete', '/:id/:kind/:example', async (request) =>
    told(await lessons.remove(named(request, 'id'), kindOf(request), named(request, 'example'))),
  );
  change('delete', '/:id', async (request) => {
    const { id } = await lessons.find(named(request, 'id'));
    const { state } = learning;
    if (state.state === 'running' && state.id === id)
      throw new InvalidArgumentError(say`This sound is being learned: wait for it.`);
    for (const set of SETS) await forgetHead(`${folders.models}/${set}`, id);
    await lessons.forget(id);
    return {};
  });
}

function answering(answer: Answer): RequestHandler {
  return (request, response) => {
    answer(request, response).then(
      (body) => {
        if (body !== undefined) response.json(body);
      },
      (error: unknown) => {
        const code = codeOf(error);
        const status = code === 'DEEPTONE_TOO_LARGE' ? 413 : code === undefined ? 500 : 400;
        response
          .status(status)
          .json({ code: code ?? 'OTHER', message: withoutPaths(spokenError(toError(error)).message) });
      },
    );
  };
}

/** What the page sees; what recordings look like is for comparing alone. */
function told(lesson: Lesson): object {
  const examples = Object.fromEntries(
    KINDS.map((kind) => [
      kind,
      lesson.examples[kind].map(({ id, name, milliseconds, level }) => ({ id, name, milliseconds, level })),
    ]),
  );
  return { ...lesson, examples };
}

function named(request: Request, name: string): string {
  const value = request.params[name];
  return typeof value === 'string' ? value : '';
}

function kindOf(request: Request): Kind {
  const kind = KINDS.find((one) => one === request.params['kind']);
  if (!kind) throw new InvalidArgumentError(say`An example is of one of: ${KINDS.join(', ')}.`);
  return kind;
}

function fieldOf(body: unknown, name: string): unknown {
  return typeof body === 'object' && body !== null ? (body as Record<string, unknown>)[name] : undefined;
}
