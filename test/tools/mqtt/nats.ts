/** Real NATS servers on loopback that speak MQTT 3.1.1, alone or as a cluster, for tests and benches. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectAsync } from 'mqtt';
import { freePort } from '../ports';

export interface NatsServer {
  readonly url: string;
  /** Ends it as a power cut does. */
  kill(): Promise<void>;
  start(): Promise<void>;
}

export interface NatsCluster {
  readonly servers: readonly NatsServer[];
  /** Addresses with commas between them. */
  readonly urls: string;
  close(): Promise<void>;
}

const READY_WITHIN_MS = 60_000;
const READY_POLL_MS = 100;
// Debian keeps it in a folder that is not on every user's path.
const PATH = [process.env['PATH'] ?? '', '/usr/sbin', '/usr/local/sbin'].join(delimiter);

export function hasNats(): boolean {
  return spawnSync('nats-server', ['--version'], { env: { ...process.env, PATH } }).status === 0;
}

/**
 * Starts servers and waits until each lets a client in.
 *
 * @param mappings lines of `mappings` in the configuration
 */
export async function startNats(count: 1 | 3, mappings: readonly string[]): Promise<NatsCluster> {
  const folder = await mkdtemp(join(tmpdir(), 'deeptone-nats-'));
  const ports = await Promise.all(
    Array.from({ length: count }, async () => ({
      client: await freePort(),
      route: await freePort(),
      mqtt: await freePort(),
    })),
  );
  const routes = ports.map(({ route }) => `nats://127.0.0.1:${route}`);
  const servers = ports.map(({ client, route, mqtt }, index): NatsServer & { prepare(): Promise<void> } => {
    const configuration = join(folder, `${index}.conf`);
    let server: ChildProcess | undefined;
    return {
      url: `mqtt://127.0.0.1:${mqtt}`,
      prepare: () =>
        writeFile(
          configuration,
          [
            `listen: 127.0.0.1:${client}`,
            `server_name: n${index}`,
            `jetstream { store_dir: "${join(folder, `store-${index}`)}", max_file_store: 1GB }`,
            `mqtt { listen: 127.0.0.1:${mqtt} }`,
            ...(count === 1
              ? []
              : [`cluster { name: test, listen: 127.0.0.1:${route}, routes: [${routes.join(', ')}] }`]),
            `mappings = {\n${mappings.join('\n')}\n}`,
            '',
          ].join('\n'),
        ),
      start: () => {
        server = spawn('nats-server', ['-c', configuration], {
          env: { ...process.env, PATH },
          stdio: 'ignore',
        });
        return Promise.resolve();
      },
      kill: async () => {
        if (!server || server.exitCode !== null || server.signalCode !== null) return;
        const ended = once(server, 'exit');
        server.kill('SIGKILL');
        await ended;
      },
    };
  });
  for (const server of servers) {
    await server.prepare();
    await server.start();
  }
  const close = async (): Promise<void> => {
    for (const server of servers) await server.kill();
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    for (const { url } of servers) await letsIn(url);
  } catch (error) {
    await close();
    throw error;
  }
  return { servers, urls: servers.map(({ url }) => url).join(','), close };
}

/** A cluster first has to agree on who leads. */
async function letsIn(url: string): Promise<void> {
  const limit = Date.now() + READY_WITHIN_MS;
  for (;;) {
    try {
      const client = await connectAsync(
        url,
        { protocolVersion: 4, reconnectPeriod: 0, connectTimeout: 5_000 },
        false,
      );
      await client.endAsync();
      return;
    } catch (cause) {
      if (Date.now() > limit) throw new Error(`nats-server does not let anybody in at ${url}.`, { cause });
      await sleep(READY_POLL_MS);
    }
  }
}
