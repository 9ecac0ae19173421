/** `deeptone-engine/metrics`, `deeptone-engine/:id/metrics` and `deeptone-engine/:id/health`: for the administrator, and for who has the token. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { CONTENT_TYPE, metricsText, type MeasuredEngine } from '../../src/supervision';
import { administration } from '../shared/administration';
import type { NodeAPI } from '../shared/node-red';
import { isEngine, type EngineNode } from './connection';
import { fromOwnPages } from './requests';
import { phrase } from '../../src/sentence';

const READ = 'deeptone-engine.read';

/** Registers the requests. They start nothing and cost nothing but counting. */
export function serveObservation(RED: NodeAPI): void {
  const login = RED.auth.needsPermission(READ) as RequestHandler;
  const mayRead = (request: Request, response: Response, next: NextFunction): void => {
    if (hasToken(RED, request)) next();
    else login(request, response, next);
  };
  const engineOf = (request: Request): EngineNode | undefined => {
    const { id } = request.params;
    const node: unknown = typeof id === 'string' ? RED.nodes.getNode(id) : undefined;
    return isEngine(node) ? node : undefined;
  };
  const metrics = (response: Response, engines: readonly EngineNode[]): void => {
    // As it is: the framework would put its own words about the alphabet behind it.
    response.setHeader('Content-Type', CONTENT_TYPE);
    response.end(metricsText(engines.map(measured)));
  };
  const notFound = (response: Response): void => {
    response.status(404).json({ code: 'OTHER', message: phrase`There is no such engine.` });
  };

  RED.httpAdmin.get('/deeptone-engine/metrics', fromOwnPages, mayRead, (_request, response) => {
    const engines: EngineNode[] = [];
    RED.nodes.eachNode(({ id, type }) => {
      const node: unknown = type === 'deeptone-engine' ? RED.nodes.getNode(id) : undefined;
      if (isEngine(node)) engines.push(node);
    });
    metrics(response, engines);
  });
  RED.httpAdmin.get('/deeptone-engine/:id/metrics', fromOwnPages, mayRead, (request, response) => {
    const engine = engineOf(request);
    if (engine) metrics(response, [engine]);
    else notFound(response);
  });
  RED.httpAdmin.get('/deeptone-engine/:id/health', fromOwnPages, mayRead, (request, response) => {
    const engine = engineOf(request);
    if (!engine) {
      notFound(response);
      return;
    }
    const { health } = engine;
    const answers = health.status === 'ready' || health.status === 'degraded';
    response.status(answers ? 200 : 503).json(health);
  });
}

/** Whether a request has the token that the administrator has set. */
function hasToken(RED: NodeAPI, request: Request): boolean {
  const given = /^Bearer +(.+)$/iu.exec(request.get('authorization') ?? '')?.[1];
  const token = settingOf(RED);
  // Of equal lengths, so that the time that it takes tells nothing.
  return given !== undefined && token !== undefined && timingSafeEqual(digest(given.trim()), digest(token));
}

/** A setting that is not accepted lets nobody in; the engines say what is wrong with it. */
function settingOf(RED: NodeAPI): string | undefined {
  try {
    return administration(RED).metrics?.token;
  } catch {
    return undefined;
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function measured(node: EngineNode): MeasuredEngine {
  const { id, name = '', health, engineState, meter } = node;
  const state = engineState;
  return {
    id,
    name,
    health,
    counts: meter.counts,
    runtime: node.runtimeWords,
    licenseDaysLeft: state.phase === 'ready' ? state.license.daysLeft : undefined,
  };
}
