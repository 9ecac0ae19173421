/** Fetches the text of a playlist, and turns what it names into inputs that may be opened. */
import { open, stat } from 'node:fs/promises';
import * as path from 'node:path';
import { pathToFileURL } from 'node:url';
import { InvalidArgumentError } from '../../errors';
import { type Word, phrase, say } from '../../sentence';
import { httpGet } from './http-request';
import { isDevice, type LiveInput } from './live-input';
import { isBinary, playlistEntries, type PlaylistEntries } from './playlist';
import { withoutPassword } from './secrets';

/** A playlist is text of a few lines; nothing larger is read for one. */
const MAX_BYTES = 256 * 1_024;
const FETCH_MS = 5_000;

/** How an input is read. */
export interface PlaylistAccess {
  readonly inputOptions: readonly string[];
  readonly allowedProtocols: readonly string[];
  readonly signal: AbortSignal;
}

/** Where a text was found, after redirects, and the text. */
interface Found {
  /** An address, or an absolute path. */
  readonly at: string;
  readonly isFile: boolean;
  readonly type: string;
  readonly bytes: Uint8Array;
}

/**
 * What an input names, where it is a playlist, as inputs in its order, each with the reason where it must not be opened;
 * undefined where the input is something else, or is not there.
 *
 * What comes from the network names what is in the network, never a file or a sound card of this machine.
 *
 * @throws InvalidArgumentError when it is a playlist that names nothing
 */
export async function readPlaylist(
  input: LiveInput,
  access: PlaylistAccess,
): Promise<readonly (string | InvalidArgumentError)[] | undefined> {
  const found = input.isFile
    ? await readFile(input)
    : /^https?:/iu.test(input.address)
      ? await fetched(input.address, access)
      : undefined;
  if (!found) return undefined;
  const isNamed = /\.m3u8?$/iu.test(pathOf(found)) || /mpegurl/iu.test(found.type);
  const playlist = playlistEntries(found.bytes, isNamed);
  if (!playlist) return undefined;
  if (playlist.entries.length === 0) {
    throw new InvalidArgumentError(
      say`"${input.name}" is a playlist (${playlist.kind}) that names nothing to hear.`,
    );
  }
  return playlist.entries.map((entry) => resolved(entry, playlist, found, input, access));
}

/** Of a path or address, what may end in `.m3u`. */
function pathOf({ at, isFile }: Found): string {
  return isFile ? at : new URL(at).pathname;
}

function resolved(
  entry: string,
  { kind, isUri }: PlaylistEntries,
  found: Found,
  { name }: LiveInput,
  { allowedProtocols }: PlaylistAccess,
): string | InvalidArgumentError {
  const refusal = (why: Word): InvalidArgumentError =>
    new InvalidArgumentError(
      say`"${name}" is a playlist (${kind}) that names "${withoutPassword(entry)}", ${why}. Give this source the address of the sound itself.`,
    );
  const isPath = found.isFile && !isUri && !/^[a-z][a-z0-9+.-]+:/iu.test(entry);
  if (isPath) return path.resolve(path.dirname(found.at), ownSeparators(entry));
  let url: URL;
  try {
    url = new URL(entry, found.isFile ? pathToFileURL(found.at) : found.at);
  } catch {
    return refusal(phrase`which is no address`);
  }
  const scheme = url.protocol.slice(0, -1);
  if (scheme === 'file' && !found.isFile)
    return refusal(phrase`a file of this machine, and comes from the network`);
  if (isDevice(scheme)) return refusal(phrase`a sound card of this machine`);
  if (!allowedProtocols.includes(scheme)) {
    return refusal(
      say`which uses "${scheme}", and that is not allowed. Allowed: ${allowedProtocols.join(', ')}`,
    );
  }
  return url.href;
}

/** Playlists of Windows part folders in its own way. */
function ownSeparators(entry: string): string {
  return path.sep === '/' && !entry.includes('/') ? entry.replaceAll('\\', '/') : entry;
}

async function readFile({ address, openedAt }: LiveInput): Promise<Found | undefined> {
  const name = openedAt ?? address;
  try {
    const about = await stat(name);
    if (!about.isFile() || about.size > MAX_BYTES) return undefined; // Of a pipe, every byte is for ffmpeg.
    const file = await open(name);
    try {
      const { bytesRead, buffer } = await file.read(Buffer.alloc(MAX_BYTES), 0, MAX_BYTES, 0);
      return { at: address, isFile: true, type: '', bytes: buffer.subarray(0, bytesRead) };
    } finally {
      await file.close();
    }
  } catch {
    return undefined; // ffmpeg has said what is wrong with it.
  }
}

async function fetched(address: string, access: PlaylistAccess): Promise<Found | undefined> {
  const stop = new AbortController();
  const abort = (): void => {
    stop.abort();
  };
  const timer = setTimeout(abort, FETCH_MS);
  access.signal.addEventListener('abort', abort);
  if (access.signal.aborted) abort();
  try {
    return await fetchText(address, access, stop.signal);
  } catch {
    return undefined; // A server that speaks no HTTP, or not in time: ffmpeg has said what is wrong with it.
  } finally {
    abort();
    clearTimeout(timer);
    access.signal.removeEventListener('abort', abort);
  }
}

async function fetchText(
  address: string,
  access: PlaylistAccess,
  signal: AbortSignal,
): Promise<Found | undefined> {
  const answer = await httpGet({ ...access, address, signal });
  const bytes = answer?.response.ok === true ? await textIn(answer.response) : undefined;
  if (!answer || !bytes) return undefined;
  const type = answer.response.headers.get('content-type') ?? '';
  return { at: answer.url.href, isFile: false, type, bytes };
}

/** A body that is text and no longer than a playlist may be; of another, as little as tells it is read. */
async function textIn(response: Response): Promise<Uint8Array | undefined> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of response.body ?? []) {
    const bytes: Uint8Array = piece;
    size += bytes.length;
    if (size > MAX_BYTES || isBinary(bytes)) return undefined;
    pieces.push(bytes);
  }
  return Buffer.concat(pieces);
}
