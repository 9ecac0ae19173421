/** A real mosquitto on a free loopback port, for tests and benches: its own process, nothing kept on disk. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../ports';

export interface BrokerOptions {
  /** Messages that the broker keeps for one client that does not keep up (`max_queued_messages`). */
  readonly maxQueuedMessages?: number;
  /** Further lines of `mosquitto.conf`. */
  readonly extraLines?: readonly string[];
}

/** One mosquitto. It listens from {@link startBroker} on; `stop` and `start` play a broker that goes and comes back. */
export interface Broker {
  readonly port: number;
  /** `mqtt://127.0.0.1:port` */
  readonly url: string;
  readonly processId: number | undefined;
  /** Ends the process; clients lose their connection, retained messages are forgotten. */
  stop(): Promise<void>;
  /** Starts it again on the same port. */
  start(): Promise<void>;
  /** Stops it and removes its folder. */
  close(): Promise<void>;
}

const READY_WITHIN_MS = 30_000;
const READY_POLL_MS = 20;

/**
 * Starts mosquitto and waits until it accepts connections.
 *
 * @throws Error when mosquitto is not installed or does not start
 */
export async function startBroker(options: BrokerOptions = {}): Promise<Broker> {
  const folder = await mkdtemp(join(tmpdir(), 'deeptone-broker-'));
  const port = await freePort();
  const configuration = join(folder, 'mosquitto.conf');
  await writeFile(configuration, configurationLines(port, options).join('\n'));
  let process = await launch(configuration, port);

  const stop = async (): Promise<void> => {
    if (process.exitCode !== null || process.signalCode !== null) return;
    const ended = once(process, 'exit');
    process.kill('SIGTERM');
    await ended;
  };
  return {
    port,
    url: `mqtt://127.0.0.1:${port}`,
    get processId() {
      return process.pid;
    },
    stop,
    start: async () => {
      await stop();
      process = await launch(configuration, port);
    },
    close: async () => {
      await stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function configurationLines(port: number, options: BrokerOptions): string[] {
  return [
    `listener ${port} 127.0.0.1`,
    'allow_anonymous true',
    'persistence false',
    'log_type error',
    ...(options.maxQueuedMessages === undefined ? [] : [`max_queued_messages ${options.maxQueuedMessages}`]),
    ...(options.extraLines ?? []),
    '',
  ];
}

async function launch(configuration: string, port: number): Promise<ChildProcess> {
  // Debian keeps mosquitto in a folder that is not on every user's path.
  const path = [process.env['PATH'] ?? '', '/usr/sbin', '/usr/local/sbin'].join(delimiter);
  const broker = spawn('mosquitto', ['-c', configuration], {
    env: { ...process.env, PATH: path },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let lastWords = '';
  let failure: Error | undefined;
  broker.stderr.on('data', (text: Buffer) => {
    lastWords = (lastWords + text.toString()).slice(-2_000);
  });
  broker.once('error', (error) => {
    failure = error;
  });
  const deadline = Date.now() + READY_WITHIN_MS;
  while (!(await accepts(port))) {
    if (failure) throw new Error('mosquitto cannot be started; is it installed?', { cause: failure });
    if (broker.exitCode !== null) throw new Error(`mosquitto ended at once: ${lastWords}`);
    if (Date.now() > deadline) {
      broker.kill('SIGKILL');
      throw new Error(`mosquitto does not listen on port ${port}: ${lastWords}`);
    }
    await sleep(READY_POLL_MS);
  }
  return broker;
}

async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
