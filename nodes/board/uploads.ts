/** Sounds that browsers send: written to files as they come, refused in words, forgotten after a while. */
import { createWriteStream } from 'node:fs';
import { lstat, mkdir, readdir, rm, unlink } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { BadAudioError, InvalidArgumentError, OverloadedError, TooLargeError } from '../../src';
import { describeContent, detectContainer } from '../../src/audio';
import { inLanguage, say } from '../../src/sentence';
import { UPLOADS } from '../shared/paths';

/** What tells the kind of a file. */
const HEAD_BYTES = 4_096;
const MEGABYTE = 1_000_000;
/** Files that may come at the same time: whoever sees the page can send some. */
const MOST_AT_ONCE = 4;
/** Files of the largest size that all that is kept may take together. */
const MOST_KEPT = 5;

export interface UploadedSound {
  /** Absolute path. */
  readonly path: string;
  /** As the browser called it. */
  readonly name: string;
  readonly bytes: number;
}

export class Uploads {
  readonly #mostBytes: number;
  readonly #mostFiles: number;
  readonly #folder = join(UPLOADS, randomUUID());
  #kept: readonly { readonly path: string; readonly bytes: number }[] = [];
  #coming = 0;

  /** @param mostFiles when one more comes, or all of them are too large together, the oldest are deleted */
  constructor(mostBytes: number, mostFiles = 20) {
    this.#mostBytes = mostBytes;
    this.#mostFiles = mostFiles;
  }

  /**
   * Takes a file out of a request.
   *
   * @throws TooLargeError, BadAudioError for what is no sound, InvalidArgumentError where it is cut, OverloadedError where too many come
   */
  async take(request: IncomingMessage, name: string): Promise<UploadedSound> {
    if (this.#coming >= MOST_AT_ONCE)
      throw new OverloadedError(say`${MOST_AT_ONCE} files are being sent already: try again in a moment.`);
    this.#coming += 1;
    try {
      return await this.#take(request, name);
    } finally {
      this.#coming -= 1;
    }
  }

  async #take(request: IncomingMessage, name: string): Promise<UploadedSound> {
    const announced = Number(request.headers['content-length'] ?? 0);
    if (announced > this.#mostBytes) throw this.#tooLarge(announced);
    await swept();
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const path = join(this.#folder, `${randomUUID()}${safeEnd(name)}`);
    try {
      const bytes = await this.#write(request, path, name);
      if (bytes === 0) throw new BadAudioError(say`${JSON.stringify(name)} is empty.`);
      await this.#keep({ path, bytes });
      return { path, name, bytes };
    } catch (error) {
      await unlink(path).catch(() => undefined);
      if (request.errored ?? !request.complete) throw cutOr(error, name);
      throw error;
    }
  }

  /** Deletes all of them. */
  async close(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #write(request: IncomingMessage, path: string, name: string): Promise<number> {
    let bytes = 0;
    let head: Buffer | undefined = Buffer.alloc(0);
    const checked = async function* (this: Uploads): AsyncGenerator<Buffer> {
      for await (const piece of request as AsyncIterable<Buffer>) {
        bytes += piece.length;
        if (bytes > this.#mostBytes) throw this.#tooLarge(bytes);
        if (head) {
          head = Buffer.concat([head, piece]);
          if (head.length < HEAD_BYTES) continue;
          refuseOther(head.subarray(0, HEAD_BYTES), name);
          yield head;
          head = undefined;
        } else yield piece;
      }
      if (!head || head.length === 0) return;
      refuseOther(head, name);
      yield head;
    };
    await pipeline(checked.call(this), createWriteStream(path, { flags: 'wx', mode: 0o600 }));
    return bytes;
  }

  async #keep(one: { readonly path: string; readonly bytes: number }): Promise<void> {
    const all = [...this.#kept, one];
    const old: string[] = [];
    let bytes = all.reduce((sum, each) => sum + each.bytes, 0);
    while (all.length > 1 && (all.length > this.#mostFiles || bytes > MOST_KEPT * this.#mostBytes)) {
      const oldest = all.shift();
      bytes -= oldest?.bytes ?? 0;
      if (oldest) old.push(oldest.path);
    }
    this.#kept = all;
    await Promise.all(old.map((path) => unlink(path).catch(() => undefined)));
  }

  #tooLarge(bytes: number): TooLargeError {
    return new TooLargeError(
      say`The file has ${inMegabytes(bytes)}; at most ${inMegabytes(this.#mostBytes)} are taken.`,
    );
  }
}

let sweeping: Promise<void> | undefined;

/** Once: what processes left that were killed. */
function swept(): Promise<void> {
  // What cannot be removed is no reason to refuse a sound.
  sweeping ??= sweep(dirname(UPLOADS), basename(UPLOADS).replace(/\d+$/u, '')).catch(() => undefined);
  return sweeping;
}

async function sweep(parent: string, prefix: string): Promise<void> {
  for (const name of await readdir(parent)) {
    const number = name.startsWith(prefix) ? Number(name.slice(prefix.length)) : NaN;
    if (!Number.isInteger(number) || number === process.pid || isAlive(number)) continue;
    const folder = join(parent, name);
    const { uid } = await lstat(folder);
    if (uid === (process.getuid?.() ?? uid)) await rm(folder, { recursive: true, force: true });
  }
}

function isAlive(id: number): boolean {
  try {
    process.kill(id, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** @throws BadAudioError for what is plainly no sound; ffmpeg judges the rest */
function refuseOther(head: Buffer, name: string): void {
  if (detectContainer(head) !== undefined) return;
  const content = describeContent(head);
  if (!inLanguage(content).startsWith('data of an unknown kind'))
    throw new BadAudioError(say`${JSON.stringify(name)} is not audio: it is ${content}.`);
}

function cutOr(error: unknown, name: string): unknown {
  const isOurs = error instanceof TooLargeError || error instanceof BadAudioError;
  return isOurs ? error : new InvalidArgumentError(say`${JSON.stringify(name)} was cut while it came.`);
}

/** The end of a name, by which ffmpeg and browsers tell some formats. */
function safeEnd(name: string): string {
  const end = extname(name).toLowerCase();
  return /^\.[a-z0-9]{1,5}$/u.test(end) ? end : '';
}

function inMegabytes(bytes: number): string {
  return bytes < MEGABYTE ? `${Math.ceil(bytes / 1_000)} kB` : `${Math.round(bytes / MEGABYTE)} MB`;
}
