/** One demo a folder: two would write into the same files. */
import { randomUUID } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { connect, createServer, type AddressInfo, type Server } from 'node:net';
import { join } from 'node:path';
import { UsageError } from '../report';
import { HOST } from './port';

/** Names the port at which the demo of the folder says a word of its own; no process that has ended does. */
export const LOCK = 'demo.lock';
const PATIENCE_MS = 5_000;

interface Held {
  readonly port: number;
  readonly word: string;
}

/**
 * @returns gives the folder free
 * @throws UsageError where a demo runs in it
 */
export async function hold(folder: string): Promise<() => Promise<void>> {
  const file = join(folder, LOCK);
  const word = randomUUID();
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.end(word);
  });
  await new Promise<void>((done) => server.listen(0, HOST, done));
  server.unref();
  const held = JSON.stringify({ port: (server.address() as AddressInfo).port, word } satisfies Held);
  if (!(await isWritten(file, held)) && (await isHeld(file))) {
    await closed(server);
    throw new UsageError(
      `A demo runs in the folder ${folder} already: stop it, or choose another one with --folder.`,
    );
  }
  await writeFile(file, held);
  return async () => {
    await rm(file, { force: true });
    await closed(server);
  };
}

/** @returns whether there was none */
async function isWritten(file: string, content: string): Promise<boolean> {
  try {
    await writeFile(file, content, { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

async function isHeld(file: string): Promise<boolean> {
  let held: Partial<Held>;
  try {
    held = JSON.parse(await readFile(file, 'utf8')) as Partial<Held>;
  } catch {
    return false;
  }
  const { port, word } = held;
  if (port === undefined || word === undefined) return false;
  return (await wordAt(port)) === word;
}

/** What is said at a port, by whomever. */
function wordAt(port: number): Promise<string> {
  return new Promise((done) => {
    let said = '';
    const socket = connect(port, HOST);
    const end = (): void => {
      socket.destroy();
      done(said);
    };
    socket.setTimeout(PATIENCE_MS, end);
    socket.setEncoding('utf8').on('data', (part: string) => {
      said += part;
    });
    socket.on('end', end).on('error', end);
  });
}

function closed(server: Server): Promise<void> {
  return new Promise((done) => {
    server.close(() => {
      done();
    });
  });
}
