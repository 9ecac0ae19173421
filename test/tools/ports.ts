/** Ports for programs that tests start, which take theirs later than it was chosen, and may leave it for a while. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';

/** Below those that systems give away by themselves, and that `deeptone demo` holds. */
const FIRST_PORT = 10_000;
const PAIRS = 5_000;

/**
 * A loopback port that nothing listens on, and that no other test gets as long as this process lives: who has one of them holds
 * its neighbour, and the system gives that to one process alone.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = FIRST_PORT + 2 * Math.floor(Math.random() * PAIRS);
    const held = await listen(port + 1);
    if (held === undefined) continue;
    const tried = await listen(port);
    await close(tried ?? held);
    if (tried) return port;
  }
}

/** @returns undefined where the port is taken */
async function listen(port: number): Promise<Server | undefined> {
  const server = createServer((socket) => socket.destroy());
  try {
    await once(server.listen(port, '127.0.0.1'), 'listening');
  } catch {
    return undefined;
  }
  return server.unref();
}

async function close(server: Server): Promise<void> {
  server.close();
  await once(server, 'close');
}
