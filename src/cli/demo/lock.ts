/**
 * What one demo has alone: its folder, as two would write into the same files, and the usual port while its Node-RED starts.
 * A demo holds them by ports of its own: the system gives each to one process, and takes it back however that has ended.
 * So there is no lock that a dead demo could leave, or that two could take at once.
 */
import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { UsageError } from '../report';
import { HOST } from './host';

/** Below those that systems give away by themselves, from 32768 on. */
const FIRST_PORT = 20_000;
const PORTS = 10_000;

/**
 * Holds the folder while this process lives.
 *
 * @throws UsageError where a demo runs in it
 */
export async function hold(folder: string): Promise<void> {
  const port = await portOf(folder);
  const cause = await take(port);
  if (cause === undefined) return;
  if (cause.code !== 'EADDRINUSE')
    throw new UsageError(
      `Port ${port}, by which demos of one folder know each other, cannot be used (${String(cause.code)}): choose another folder with --folder.`,
      { cause },
    );
  throw new UsageError(
    `A demo runs in the folder ${folder} already, or another program has port ${port}, by which demos of one folder know each other: stop it, or choose another folder with --folder.`,
    { cause },
  );
}

/** Whether this demo, and no other that starts now, may use a port that is free. */
export async function mayUse(port: number): Promise<boolean> {
  return (await take(lockPort(`port ${port}`))) === undefined;
}

/** @returns why it cannot be had */
async function take(port: number): Promise<NodeJS.ErrnoException | undefined> {
  const server = createServer((socket) => socket.destroy());
  const failure = await new Promise<NodeJS.ErrnoException | undefined>((done) => {
    server.on('error', done).listen(port, HOST, () => {
      done(undefined);
    });
  });
  server.unref();
  return failure;
}

/** Of the folder itself, whatever its names: links lead to one and the same. */
async function portOf(folder: string): Promise<number> {
  const { dev, ino } = await stat(folder, { bigint: true });
  return lockPort(`${dev}:${ino}`);
}

function lockPort(what: string): number {
  const digest = createHash('sha256').update(what).digest();
  return FIRST_PORT + (digest.readUInt32BE() % PORTS);
}
