/** What the editor asks an engine: its models, its license (never the key), and whether it runs here. */
import type { ModelDescription } from '../../src';
import { isEngine } from './connection';
import type { OpenEngine } from './hub';
import { codeOf, toError } from '../shared/failure';
import type { NodeAPI } from '../shared/node-red';
import { openEngine } from './open-engine';
import { Probe } from './probe';

const PERMISSION = 'deeptone-engine.read';

/** What the editor shows of a model. */
export interface OfferedModel {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly classes: readonly string[];
  readonly receptiveFieldMs: number;
  readonly license: string;
  readonly trainingData: ModelDescription['trainingData'];
}

/** Registers `deeptone-engine/:id/models | license | runtime`; an engine that is not deployed answers with the defaults. */
export function serveEngineFacts(RED: NodeAPI): void {
  const deployed = (id: unknown): OpenEngine | undefined => {
    const node: unknown = typeof id === 'string' ? RED.nodes.getNode(id) : undefined;
    return isEngine(node) ? node.engine() : undefined;
  };
  /** Of engines that are not deployed: all of them have the same to say. */
  const defaults = new Probe();
  const probes = new WeakMap<OpenEngine, Probe>();
  const probeOf = (engine: OpenEngine): Probe => {
    const probe = probes.get(engine) ?? new Probe();
    probes.set(engine, probe);
    return probe;
  };
  const serve = (what: string, answer: (engine: OpenEngine, isDeployed: boolean) => unknown): void => {
    RED.httpAdmin.get(
      `/deeptone-engine/:id/${what}`,
      RED.auth.needsPermission(PERMISSION),
      (request, response) => {
        Promise.resolve()
          .then(() => {
            const engine = deployed(request.params['id']);
            if (!engine) return defaults.ask(what, () => answer(openEngine({}), false));
            return what === 'runtime'
              ? probeOf(engine).ask(what, () => answer(engine, true))
              : answer(engine, true);
          })
          .then(
            (body) => response.json(body),
            (error: unknown) => response.status(500).json(failure(error)),
          );
      },
    );
  };

  serve('models', ({ deeptone }) => deeptone.describeModels().map(offered));
  serve('license', ({ deeptone }, isDeployed) => {
    const { state, daysLeft, evaluation, licensee, id, message } = deeptone.license;
    return { deployed: isDeployed, state, daysLeft, evaluation, licensee, id, message };
  });
  serve('runtime', async ({ deeptone, runtime }, isDeployed) => {
    try {
      await deeptone.start();
      const { info, brokenModels } = runtime;
      return {
        deployed: isDeployed,
        runtime: `${info.runtime} ${info.version ?? ''}`.trim(),
        platform: process.platform,
        architecture: process.arch,
        node: process.version,
        brokenModels,
      };
    } finally {
      if (!isDeployed) await deeptone.close();
    }
  });
}

function offered(model: ModelDescription): OfferedModel {
  const { name, title, description, classes, receptiveFieldMs, license, trainingData } = model;
  return { name, title, description, classes, receptiveFieldMs, license, trainingData };
}

function failure(error: unknown): { readonly code: string; readonly message: string } {
  return { code: codeOf(error) ?? 'OTHER', message: toError(error).message };
}
