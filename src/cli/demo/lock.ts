/** One demo a folder: two would write into the same files. */
import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { UsageError } from '../report';
import { HOST } from './port';

/** Below those that systems give away by themselves, from 32768 on. */
const FIRST_PORT = 20_000;
const PORTS = 10_000;

/**
 * Holds the folder while this process lives, by a port of its own: the system gives it to one process, and takes it back
 * however that has ended. So there is no lock that a dead demo could leave, or that two could take at once.
 *
 * @throws UsageError where a demo runs in it
 */
export async function hold(folder: string): Promise<void> {
  const port = await portOf(folder);
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((done, fail) => {
    server.on('error', fail).listen(port, HOST, done);
  }).catch((cause: unknown) => {
    const { code } = cause as NodeJS.ErrnoException;
    if (code !== 'EADDRINUSE')
      throw new UsageError(
        `Port ${port}, by which demos of one folder know each other, cannot be used (${String(code)}): choose another folder with --folder.`,
        { cause },
      );
    throw new UsageError(
      `A demo runs in the folder ${folder} already, or another program has port ${port}, by which demos of one folder know each other: stop it, or choose another folder with --folder.`,
      { cause },
    );
  });
  server.unref();
}

/** Of the folder itself, whatever its names: links lead to one and the same. */
async function portOf(folder: string): Promise<number> {
  const { dev, ino } = await stat(folder, { bigint: true });
  const digest = createHash('sha256').update(`${dev}:${ino}`).digest();
  return FIRST_PORT + (digest.readUInt32BE() % PORTS);
}
