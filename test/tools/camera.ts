/** A camera with a microphone: RTSP or HTTP, with or without TLS, that lets in who knows the password. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import * as http from 'node:http';
import * as https from 'node:https';
import * as net from 'node:net';
import * as path from 'node:path';
import * as tls from 'node:tls';
import { encodeSamples, tone } from './audio';

export type Scheme = 'rtsp' | 'rtsps' | 'http' | 'https';
export type Authentication = 'Basic' | 'Digest';

export interface Camera {
  readonly port: number;
  /** Requests that were let in, and those that were not. */
  readonly visits: { in: number; out: number };
  close(): Promise<void>;
}

const REALM = 'camera';
const NONCE = 'f1d2d2f924e986ac';
/** Seconds of sound that it has to say; over and over. */
const SECONDS = 2;
const RATE = 8_000;
const PACKET = 160;

const SDP = [
  ...['v=0', 'o=- 0 0 IN IP4 127.0.0.1', 's=camera', 'c=IN IP4 0.0.0.0', 't=0 0'],
  ...['m=audio 0 RTP/AVP 0', 'a=control:track1', ''],
].join('\r\n');

let certificate: { readonly key: Buffer; readonly cert: Buffer } | undefined;

/** A key and a certificate that it signed itself, as cameras have. */
function ownCertificate(folder: string): { readonly key: Buffer; readonly cert: Buffer } {
  if (certificate) return certificate;
  const [key, cert] = [path.join(folder, 'key.pem'), path.join(folder, 'cert.pem')];
  const request = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  execFileSync(
    'openssl',
    [...request, '-keyout', key, '-out', cert, '-days', '2', '-subj', '/CN=127.0.0.1'],
    {
      stdio: 'ignore',
    },
  );
  certificate = { key: readFileSync(key), cert: readFileSync(cert) };
  return certificate;
}

/**
 * Starts one at a free port.
 *
 * @param sound body of HTTP answers, which do not end
 * @param folder for its certificate
 */
export async function startCamera(
  scheme: Scheme,
  kind: Authentication,
  who: { readonly user: string; readonly password: string },
  sound: Buffer,
  folder: string,
): Promise<Camera> {
  const visits = { in: 0, out: 0 };
  const isWelcome = (method: string, header: string | undefined): boolean => {
    const isIn = header !== undefined && isRight(header, method, kind, who);
    visits[isIn ? 'in' : 'out']++;
    return isIn;
  };
  const challenge = kind === 'Basic' ? `Basic realm="${REALM}"` : `Digest realm="${REALM}", nonce="${NONCE}"`;
  const answer = (request: http.IncomingMessage, response: http.ServerResponse): void => {
    if (!isWelcome(request.method ?? '', request.headers.authorization)) {
      response.writeHead(401, { 'www-authenticate': challenge }).end();
      return;
    }
    response.writeHead(200, { 'content-type': 'application/octet-stream' }).write(sound);
  };
  const talk = (socket: net.Socket): void => {
    speakRtsp(socket, (method, header) => (isWelcome(method, header) ? undefined : challenge));
  };
  const server = {
    http: () => http.createServer(answer),
    https: () => https.createServer(ownCertificate(folder), answer),
    rtsp: () => net.createServer(talk),
    rtsps: () => tls.createServer(ownCertificate(folder), talk),
  }[scheme]();
  const sockets = new Set<net.Socket>();
  server.on('connection', (socket: net.Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as net.AddressInfo;
  const close = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  };
  return { port, visits, close };
}

function isRight(
  header: string,
  method: string,
  kind: Authentication,
  { user, password }: { readonly user: string; readonly password: string },
): boolean {
  if (kind === 'Basic') {
    return header === `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  }
  const field = (name: string): string => new RegExp(`\\b${name}="([^"]*)"`, 'u').exec(header)?.[1] ?? '';
  const md5 = (text: string): string => createHash('md5').update(text).digest('hex');
  const expected = md5(`${md5(`${user}:${REALM}:${password}`)}:${NONCE}:${md5(`${method}:${field('uri')}`)}`);
  return header.startsWith('Digest ') && field('nonce') === NONCE && field('response') === expected;
}

/** RFC 2326 with RTP in the same connection (10.12), PCMU packets of 20 ms (RFC 3551). */
function speakRtsp(
  socket: net.Socket,
  refusal: (method: string, authorization: string | undefined) => string | undefined,
): void {
  let text = '';
  let timer: NodeJS.Timeout | undefined;
  socket.on('close', () => {
    clearInterval(timer);
  });
  socket.on('error', () => undefined);
  const reply = (request: string, status: string, lines: readonly string[] = [], body = ''): void => {
    const sequence = /^CSeq:\s*(\d+)/imu.exec(request)?.[1] ?? '0';
    const length = body === '' ? [] : [`Content-Length: ${body.length}`];
    socket.write([`RTSP/1.0 ${status}`, `CSeq: ${sequence}`, ...lines, ...length, '', body].join('\r\n'));
  };
  const serve = (request: string): void => {
    const method = request.split(' ', 1)[0] ?? '';
    const authorization = /^Authorization:\s*(.*)$/imu.exec(request)?.[1]?.trim();
    const challenge = method === 'OPTIONS' ? undefined : refusal(method, authorization);
    if (challenge !== undefined) {
      reply(request, '401 Unauthorized', [`WWW-Authenticate: ${challenge}`]);
    } else if (method === 'OPTIONS') {
      reply(request, '200 OK', ['Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN']);
    } else if (method === 'DESCRIBE') {
      reply(request, '200 OK', ['Content-Type: application/sdp'], SDP);
    } else if (method === 'SETUP') {
      reply(request, '200 OK', ['Transport: RTP/AVP/TCP;unicast;interleaved=0-1', 'Session: 1']);
    } else {
      reply(request, '200 OK', ['Session: 1']);
      if (method === 'PLAY') timer = play(socket);
      if (method === 'TEARDOWN') socket.end();
    }
  };
  socket.on('data', (bytes: Buffer) => {
    if (bytes[0] === 0x24) return; // Reports of who listens.
    text += bytes.toString('latin1');
    for (let end = text.indexOf('\r\n\r\n'); end >= 0; end = text.indexOf('\r\n\r\n')) {
      serve(text.slice(0, end + 2));
      text = text.slice(end + 4);
    }
  });
}

/** Twice as fast as it is said, so that nobody waits for long. */
function play(socket: net.Socket): NodeJS.Timeout {
  const sound = Buffer.from(encodeSamples([tone(440, SECONDS, RATE)], 'mulaw'));
  let sequence = 0;
  return setInterval(() => {
    const at = (sequence * PACKET) % (sound.length - PACKET);
    const packet = Buffer.alloc(16 + PACKET);
    packet.writeUInt8(0x24, 0);
    packet.writeUInt16BE(12 + PACKET, 2);
    packet.writeUInt8(0x80, 4);
    packet.writeUInt16BE(sequence & 0xffff, 6);
    packet.writeUInt32BE(sequence * PACKET, 8);
    packet.writeUInt32BE(1, 12);
    sound.copy(packet, 16, at, at + PACKET);
    if (socket.writable) socket.write(packet);
    sequence++;
  }, 10);
}
