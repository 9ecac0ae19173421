/** The port that the demo is opened at. */
import { createServer } from 'node:net';
import { UsageError } from '../report';
import { HOST } from './host';
import { mayUse } from './lock';

const USUAL_PORT = 1_880;
const MOST_PORT = 65_535;

/** @throws UsageError */
export function portIn(text: string | undefined): number | undefined {
  if (text === undefined || text === '') return undefined;
  const port = Number(text);
  if (Number.isInteger(port)) return port;
  throw new UsageError(`PORT is ${JSON.stringify(text)}: a whole number is accepted.`);
}

/**
 * The port that was asked for, or none; else the usual one of Node-RED, or a free one where that is taken.
 *
 * @throws UsageError
 */
export async function portToUse(wanted: number | undefined): Promise<number> {
  if (wanted === undefined) {
    // Node-RED takes seconds until it has its port: another demo would find it free for so long, and take that page for its own.
    const isUsual = (await mayUse(USUAL_PORT)) && (await freePort(USUAL_PORT)) !== undefined;
    return isUsual ? USUAL_PORT : ((await freePort(0)) ?? USUAL_PORT);
  }
  if (wanted < 1 || wanted > MOST_PORT)
    throw new UsageError(`The port is ${wanted}: a whole number from 1 to ${MOST_PORT} is accepted.`);
  if ((await freePort(wanted)) !== undefined) return wanted;
  throw new UsageError(`Port ${wanted} is taken: choose another one with --port.`);
}

/** @param wanted 0 for any; undefined comes of one that is taken */
async function freePort(wanted: number): Promise<number | undefined> {
  const server = createServer();
  const port = await new Promise<number | undefined>((done) => {
    server.once('error', () => {
      done(undefined);
    });
    server.listen(wanted, HOST, () => {
      const address = server.address();
      done(typeof address === 'object' && address ? address.port : undefined);
    });
  });
  if (port !== undefined) await new Promise((done) => server.close(done));
  return port;
}
