/**
 * What the editor asks an engine: its models, its license (never the key), and whether it runs here. Who may read gets what is known
 * already; only who may write has something started. No answer says where files are.
 */
import type { RequestHandler } from 'express';
import type { EngineInfo, ModelDescription } from '../../src';
import {
  describeEngine,
  describeHost,
  hasNativeBuild,
  INSTALL_LINE,
  INSTALL_LINE_WINDOWS,
} from '../../src/inference';
import { withoutPaths, type OpenEngine } from '../../src/supervision';
import { isEngine, type EngineNode } from './connection';
import { codeOf, toError } from '../shared/failure';
import { spoken, spokenError } from '../shared/language';
import { sentenceOf } from '../../src/sentence';
import type { Vocabulary } from '../../src/insight';
import type { NodeAPI } from '../shared/node-red';
import { vocabularyOf } from '../shared/vocabulary';
import { openEngine } from './open-engine';
import { Probe } from './probe';
import { tryEngine } from './trial';
import { fromOwnPages, jsonOnly } from './requests';

const READ = 'deeptone-engine.read';
const WRITE = 'deeptone-engine.write';
/** Milliseconds for which a test is not made again: whoever mends something wants to see it. */
const TEST_KEPT_MS = 3_000;

/** What the editor shows of a model. */
export interface OfferedModel {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly classes: readonly string[];
  readonly receptiveFieldMs: number;
  readonly pooling?: ModelDescription['pooling'];
  readonly license: string;
  readonly trainingData: ModelDescription['trainingData'];
}

/** An engine that is asked about, deployed or not. */
interface Asked {
  readonly node: EngineNode | undefined;
  /** It is open, but not started by that. */
  open(): Promise<OpenEngine>;
}

/**
 * Registers `GET deeptone-engine/:id/models | license | runtime`, which start nothing, and `POST deeptone-engine/:id/runtime`, which
 * tries the runtime out, and `POST deeptone-engine/:id/test`, which looks at everything and hears an example. An engine that is not deployed answers with the defaults.
 */
export function serveEngineFacts(RED: NodeAPI): void {
  /** Of engines that are not deployed: all of them have the same to say. */
  const defaults = new Probe();
  const probes = new WeakMap<EngineNode, Probe>();
  /** What trying the runtime out came to, where no engine is deployed. */
  let tried: unknown;

  const probeOf = (node: EngineNode | undefined): Probe => {
    if (!node) return defaults;
    const probe = probes.get(node) ?? new Probe();
    probes.set(node, probe);
    return probe;
  };
  const asked = (id: unknown): Asked => {
    const found: unknown = typeof id === 'string' ? RED.nodes.getNode(id) : undefined;
    const node = isEngine(found) ? found : undefined;
    const open = (): OpenEngine => node?.inspect() ?? openEngine({});
    return { node, open: () => probeOf(node).ask('open', open) };
  };
  const answering =
    (answer: (asked: Asked) => Promise<unknown>): RequestHandler =>
    (request, response) => {
      // An engine of one's own may say what cannot be written as JSON.
      answer(asked(request.params['id']))
        .then((body) => response.json(body))
        .catch((error: unknown) => response.status(500).json(failure(error)));
    };
  const read = (what: string, answer: (asked: Asked) => Promise<unknown>): void => {
    RED.httpAdmin.get(
      `/deeptone-engine/:id/${what}`,
      fromOwnPages,
      RED.auth.needsPermission(READ),
      answering(answer),
    );
  };

  read('models', async (engine) => (await engine.open()).deeptone.describeModels().map(offered));
  read('license', async (engine) => {
    const { deeptone } = await engine.open();
    const status = await deeptone.verifyLicense();
    const { state, daysLeft, evaluation, licensee, id } = status;
    const message = spoken(sentenceOf(status));
    return { deployed: engine.node !== undefined, state, daysLeft, evaluation, licensee, id, message };
  });
  read('runtime', async (engine) => {
    const { node } = engine;
    if (!node) return tried ?? { ...HOST, deployed: false, state: 'unknown', brokenModels: [] };
    const { engineState } = node;
    if (engineState.phase === 'failed') throw engineState.error;
    const open = await engine.open();
    // One that nobody uses may have been tried out all the same.
    const whileIdle = open.runtime.info?.runtime === undefined ? 'unknown' : 'ready';
    const state = engineState.phase === 'idle' ? whileIdle : engineState.phase;
    return { ...runtimeOf(open), deployed: true, state };
  });
  const start = (what: string, answer: (asked: Asked) => Promise<unknown>): void => {
    RED.httpAdmin.post(
      `/deeptone-engine/:id/${what}`,
      ...[fromOwnPages, jsonOnly, RED.auth.needsPermission(WRITE)],
      answering(answer),
    );
  };

  start('runtime', (engine) =>
    probeOf(engine.node).ask('runtime', async () => {
      const { node } = engine;
      const open = node ? node.engine() : openEngine({});
      try {
        await open.deeptone.start();
        const answer = { ...runtimeOf(open), deployed: node !== undefined, state: 'ready' };
        if (!node) tried = answer;
        return answer;
      } finally {
        if (!node) await open.deeptone.close();
      }
    }),
  );
  // Asked for again and again it runs once at a time, and no more often than every few seconds.
  start('test', ({ node }) =>
    probeOf(node).ask('test', () => trialOf(node, vocabularyOf(RED)), TEST_KEPT_MS),
  );
}

/** Has an engine tried out; one that is not deployed with the defaults, and closed again. */
async function trialOf(node: EngineNode | undefined, words: Vocabulary): Promise<object> {
  if (node) return { deployed: true, ...(await tryEngine(node.engine(), words)) };
  const open = openEngine({});
  try {
    return { deployed: false, ...(await tryEngine(open, words)) };
  } finally {
    await open.deeptone.close();
  }
}

const HOST = { platform: process.platform, architecture: process.arch, node: process.version };

function runtimeOf({ runtime }: OpenEngine): object {
  const { info, brokenModels = [] } = runtime;
  return {
    ...HOST,
    runtime: describeEngine(runtime),
    remark: info?.remark === undefined ? undefined : withoutPaths(info.remark),
    // What a machine cannot have is not offered to it.
    installLine: isSlow(info) && hasNativeBuild(describeHost()) ? installLine() : undefined,
    ownModels: info?.ownModels ?? [],
    brokenModels: brokenModels.map(({ name, reason }) => ({
      name: withoutPaths(name),
      reason: withoutPaths(reason),
    })),
  };
}

function offered(model: ModelDescription): OfferedModel {
  const { name, title, description, classes, receptiveFieldMs, pooling, license, trainingData } = model;
  return { name, title, description, classes, receptiveFieldMs, pooling, license, trainingData };
}

/** Runs on WebAssembly although that was not asked for. */
function isSlow(info: EngineInfo | undefined): boolean {
  return info?.runtime === 'onnxruntime-web' && info.remark !== undefined;
}

function installLine(): string {
  return process.platform === 'win32' ? INSTALL_LINE_WINDOWS : INSTALL_LINE;
}

function failure(error: unknown): object {
  const code = codeOf(error) ?? 'OTHER';
  const canInstall = code === 'DEEPTONE_RUNTIME_UNAVAILABLE' && hasNativeBuild(describeHost());
  return {
    code,
    message: withoutPaths(spokenError(toError(error)).message),
    ...(canInstall ? { installLine: installLine() } : {}),
  };
}
