/** HTTP requests with the user and password of an address: Basic (RFC 7617) and Digest (RFC 7616). */
import { createHash, randomBytes } from 'node:crypto';

const MAX_REDIRECTS = 5;
/** Digests, the best first, by the names of the servers. */
const ALGORITHMS: readonly (readonly [name: string, hash: string])[] = [
  ['SHA-256', 'sha256'],
  ['MD5', 'md5'],
];

export interface HttpRequest {
  readonly address: string;
  /** ffmpeg's options for it, of which `-user_agent`, `-headers`, `-cookies` and `-referer` count. */
  readonly inputOptions: readonly string[];
  /** Schemes to which a redirect may lead. */
  readonly allowedProtocols: readonly string[];
  readonly signal: AbortSignal;
}

export interface HttpAnswer {
  /** The address that answered, after redirects. */
  readonly url: URL;
  readonly response: Response;
}

/**
 * Asks as ffmpeg would: user and password are told when the server wants them, in the way that it wants, and only to whom they were
 * given for.
 *
 * @returns the answer, whatever its status; undefined where it led too far, or to what is not allowed
 * @throws Error when there is no answer
 */
export async function httpGet(request: HttpRequest): Promise<HttpAnswer | undefined> {
  let url = new URL(request.address);
  const { origin } = url;
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
    if (!request.allowedProtocols.includes(url.protocol.slice(0, -1))) return undefined;
    const response = await authorized(url, url.origin === origin, request);
    const location = response.headers.get('location');
    if (response.status < 300 || response.status >= 400 || location === null) return { url, response };
    await response.body?.cancel();
    url = new URL(location, url);
  }
  return undefined;
}

async function authorized(
  url: URL,
  isOwn: boolean,
  { inputOptions, signal }: HttpRequest,
): Promise<Response> {
  const headers = headersFor(isOwn, inputOptions);
  const bare = new URL(url);
  bare.username = '';
  bare.password = '';
  const response = await fetch(bare, { headers, redirect: 'manual', signal });
  const answer = response.status === 401 ? authorization(url, response.headers) : undefined;
  if (answer === undefined) return response;
  await response.body?.cancel();
  headers.set('authorization', answer);
  return fetch(bare, { headers, redirect: 'manual', signal });
}

/** Those that ffmpeg would send; what is secret goes to nobody but whom it was given for. */
function headersFor(isOwn: boolean, inputOptions: readonly string[]): Headers {
  const headers = new Headers();
  const option = (name: string): string | undefined => {
    const at = inputOptions.lastIndexOf(name);
    return at === -1 ? undefined : inputOptions[at + 1];
  };
  headers.set('user-agent', option('-user_agent') ?? 'Lavf');
  if (!isOwn) return headers;
  const referer = option('-referer');
  if (referer !== undefined) headers.set('referer', referer);
  // ffmpeg's are lines of `name=value; path=...`, as servers set them.
  const cookies = (option('-cookies') ?? '').split(/\r?\n/u).map((line) => line.split(';')[0]?.trim() ?? '');
  const cookie = cookies.filter((one) => one !== '').join('; ');
  if (cookie !== '') headers.set('cookie', cookie);
  for (const line of (option('-headers') ?? '').split(/\r?\n/u)) {
    const [, name, value] = /^([!#$%&'*+.^_`|~\w-]+):\s*(.*)$/u.exec(line) ?? [];
    if (name !== undefined && value !== undefined) headers.set(name, value);
  }
  return headers;
}

/** What a server that answers 401 wants to hear; undefined where there is no user, or it wants what nobody here knows. */
function authorization(url: URL, answer: Headers): string | undefined {
  if (url.username === '') return undefined;
  const user = decodeURIComponent(url.username);
  const password = decodeURIComponent(url.password);
  const challenges = answer.get('www-authenticate') ?? '';
  const digests = challenges.split(/(?=\bDigest\s)/iu).filter((one) => /^Digest\s/iu.test(one));
  for (const [name, hash] of ALGORITHMS) {
    const challenge = digests
      .map(fieldsOf)
      .find((fields) => (fields.get('algorithm') ?? 'MD5').toUpperCase() === name);
    if (challenge) return digest(challenge, { user, password, uri: url.pathname + url.search, name, hash });
  }
  if (!/\bBasic\b/iu.test(challenges)) return undefined;
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}

function fieldsOf(challenge: string): ReadonlyMap<string, string> {
  const fields = challenge.matchAll(/(\w+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))/gu);
  return new Map(
    [...fields].map(([, name = '', inQuotes, plain]) => [name.toLowerCase(), inQuotes ?? plain ?? '']),
  );
}

interface DigestParts {
  readonly user: string;
  readonly password: string;
  readonly uri: string;
  readonly name: string;
  readonly hash: string;
}

function digest(challenge: ReadonlyMap<string, string>, parts: DigestParts): string {
  const { user, password, uri, name, hash } = parts;
  const hashed = (text: string): string => createHash(hash).update(text).digest('hex');
  const [realm, nonce] = [challenge.get('realm') ?? '', challenge.get('nonce') ?? ''];
  const isCounted = (challenge.get('qop') ?? '').split(/\s*,\s*/u).includes('auth');
  const clientNonce = randomBytes(8).toString('hex');
  const middle = isCounted ? `${nonce}:00000001:${clientNonce}:auth` : nonce;
  const response = hashed(`${hashed(`${user}:${realm}:${password}`)}:${middle}:${hashed(`GET:${uri}`)}`);
  const opaque = challenge.get('opaque');
  const inQuotes = (text: string): string => `"${text.replace(/["\\]/gu, '\\$&')}"`;
  return [
    `Digest username=${inQuotes(user)}`,
    `realm="${realm}"`,
    `nonce="${nonce}"`,
    `uri=${inQuotes(uri)}`,
    `algorithm=${name}`,
    `response="${response}"`,
    ...(opaque === undefined ? [] : [`opaque="${opaque}"`]),
    ...(isCounted ? ['qop=auth', 'nc=00000001', `cnonce="${clientNonce}"`] : []),
  ].join(', ');
}
