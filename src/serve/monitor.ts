/** What a monitor, a supervisor and Prometheus ask a worker over HTTP. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { InvalidArgumentError } from '../errors';
import { CONTENT_TYPE } from '../supervision';
import { isWell, type WorkerHealth } from './worker-health';

export interface MonitorAddress {
  readonly host: string;
  readonly port: number;
}

export interface MonitorFacts {
  readonly health: () => WorkerHealth;
  /** In the text format of Prometheus. */
  readonly metrics: () => string;
}

const LOOPBACK = '127.0.0.1';
const HIGHEST_PORT = 65_535;
/** Milliseconds for one request to come in. */
const REQUEST_WITHIN_MS = 10_000;

/**
 * Reads `PORT`, or `HOST:PORT`; without a host only this machine may ask.
 *
 * @throws InvalidArgumentError
 */
export function parseAddress(text: string): MonitorAddress {
  const [, bracketed, plain, digits] = /^(?:(?:\[([^\]]+)\]|([^:[\]\s]+)):)?(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  if (digits === undefined || port > HIGHEST_PORT) {
    throw new InvalidArgumentError(
      `The address for monitors is "${text}": PORT or HOST:PORT is accepted, such as 9464 or 0.0.0.0:9464.`,
    );
  }
  return { host: bracketed ?? plain ?? LOOPBACK, port };
}

/**
 * `GET /livez` (the process answers), `/readyz` (it hears and answers), `/health` (why not), `/metrics`. With a token the last two are
 * for who has it.
 */
export class Monitor {
  readonly #facts: MonitorFacts;
  readonly #token: string | undefined;
  readonly #server: Server;

  private constructor(facts: MonitorFacts, token: string | undefined) {
    this.#facts = facts;
    this.#token = token;
    this.#server = createServer((request, response) => {
      this.#answer(request, response);
    });
    this.#server.requestTimeout = REQUEST_WITHIN_MS;
    this.#server.headersTimeout = REQUEST_WITHIN_MS;
  }

  /** @throws InvalidArgumentError when nothing can listen there */
  static async open(
    { host, port }: MonitorAddress,
    facts: MonitorFacts,
    token: string | undefined,
  ): Promise<Monitor> {
    const monitor = new Monitor(facts, token);
    monitor.#server.listen(port, host);
    try {
      await once(monitor.#server, 'listening');
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException;
      throw new InvalidArgumentError(`Monitors cannot be answered at ${host}:${port} (${String(code)}).`, {
        cause,
      });
    }
    monitor.#server.on('error', () => undefined); // Of one connection, which ends by that.
    return monitor;
  }

  /** Where it listens. */
  get url(): string {
    const { address, port, family } = this.#server.address() as AddressInfo;
    return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    response.setHeader('Cache-Control', 'no-store');
    response.setHeader('X-Content-Type-Options', 'nosniff');
    const [path = ''] = (request.url ?? '').split('?', 1);
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      reply(response, 405, 'GET is accepted.\n');
      return;
    }
    switch (path) {
      case '/livez':
        reply(response, 200, 'ok\n');
        return;
      case '/readyz': {
        const isReady = isWell(this.#facts.health());
        reply(response, isReady ? 200 : 503, isReady ? 'ok\n' : 'not ready\n');
        return;
      }
      case '/health':
      case '/metrics':
        if (this.#mayRead(request)) this.#tell(path, response);
        else {
          response.setHeader('WWW-Authenticate', 'Bearer');
          reply(response, 401, 'A token is needed.\n');
        }
        return;
      default:
        reply(response, 404, 'There are /livez, /readyz, /health and /metrics.\n');
    }
  }

  #tell(path: '/health' | '/metrics', response: ServerResponse): void {
    if (path === '/metrics') {
      reply(response, 200, this.#facts.metrics(), CONTENT_TYPE);
      return;
    }
    const health = this.#facts.health();
    reply(
      response,
      isWell(health) ? 200 : 503,
      `${JSON.stringify(health)}\n`,
      'application/json; charset=utf-8',
    );
  }

  #mayRead({ headers }: IncomingMessage): boolean {
    if (this.#token === undefined) return true;
    const given = /^Bearer +(.+)$/iu.exec(headers.authorization ?? '')?.[1];
    // Of equal lengths, so that the time that it takes tells nothing.
    return given !== undefined && timingSafeEqual(digest(given.trim()), digest(this.#token));
  }
}

function reply(
  response: ServerResponse,
  status: number,
  body: string,
  type = 'text/plain; charset=utf-8',
): void {
  response.writeHead(status, { 'Content-Type': type, 'Content-Length': Buffer.byteLength(body) });
  response.end(body);
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
