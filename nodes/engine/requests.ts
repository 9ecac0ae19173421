/** Who may ask an engine over HTTP, and how. */
import type { NextFunction, Request, Response } from 'express';
import { TooLargeError } from '../../src';
import { phrase, say } from '../../src/sentence';

/** A minute of the largest WAV there is, and more. */
const MOST_BYTES = 50_000_000;

/**
 * Turns away what a page of somebody else asks for, whoever looks at that page: Node-RED by itself lets every page read its answers
 * (`Access-Control-Allow-Origin: *`). Answers are for no page but the editor's own, and for no cache.
 */
export function fromOwnPages(request: Request, response: Response, next: NextFunction): void {
  response.removeHeader('Access-Control-Allow-Origin');
  response.set({
    'Cache-Control': 'no-store',
    'Cross-Origin-Resource-Policy': 'same-origin',
    'X-Content-Type-Options': 'nosniff',
  });
  if (isOwn(request)) next();
  else refuse(response, 403, phrase`Other pages are not answered.`);
}

/** By what browsers say of a request, whichever page it is from. What is no browser says nothing of the kind. */
function isOwn(request: Request): boolean {
  const site = request.get('sec-fetch-site');
  if (site !== undefined) return site === 'same-origin' || site === 'none';
  // Browsers leave that out where they do not trust the connection, and name the page's origin where it is another or something changes.
  const origin = request.get('origin');
  if (origin === undefined) return true;
  const hosts = [request.get('host'), request.get('x-forwarded-host')];
  return URL.canParse(origin) && hosts.includes(new URL(origin).host);
}

/** Takes JSON alone, which no form of another page can send. */
export function jsonOnly(request: Request, response: Response, next: NextFunction): void {
  if (/^application\/json\s*(?:;|$)/iu.test(request.get('content-type') ?? '')) next();
  else refuse(response, 415, phrase`Send it as application/json.`);
}

function refuse(response: Response, status: number, message: string): void {
  response.status(status).json({ code: 'DEEPTONE_INVALID_ARGUMENT', message });
}

/**
 * The bytes of a sound that a page sends.
 *
 * @throws TooLargeError
 */
export async function bodyOf(request: Request): Promise<Uint8Array> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of request as AsyncIterable<Buffer>) {
    bytes += piece.length;
    // What is left is read to its end, so that the answer is heard.
    if (bytes <= MOST_BYTES) pieces.push(piece);
    else pieces.length = 0;
  }
  if (bytes > MOST_BYTES)
    throw new TooLargeError(say`It has more than ${MOST_BYTES / 1_000_000} MB: cut out what is meant.`);
  return Buffer.concat(pieces);
}
