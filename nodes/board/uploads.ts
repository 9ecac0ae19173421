/** Sounds that browsers send: written to files as they come, refused in words, forgotten after a while. */
import { createWriteStream } from 'node:fs';
import { mkdir, rm, unlink } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { BadAudioError, InvalidArgumentError, TooLargeError } from '../../src';
import { describeContent, detectContainer } from '../../src/audio';
import { inLanguage, say } from '../../src/sentence';
import { UPLOADS } from '../shared/paths';

/** What tells the kind of a file. */
const HEAD_BYTES = 4_096;
const MEGABYTE = 1_000_000;

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
  #paths: readonly string[] = [];

  /** @param mostFiles when one more comes, the oldest is deleted */
  constructor(mostBytes: number, mostFiles = 20) {
    this.#mostBytes = mostBytes;
    this.#mostFiles = mostFiles;
  }

  /**
   * Takes a file out of a request.
   *
   * @throws TooLargeError, BadAudioError for what is no sound, InvalidArgumentError where it is cut
   */
  async take(request: IncomingMessage, name: string): Promise<UploadedSound> {
    const announced = Number(request.headers['content-length'] ?? 0);
    if (announced > this.#mostBytes) throw this.#tooLarge(announced);
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const path = join(this.#folder, `${randomUUID()}${safeEnd(name)}`);
    try {
      const bytes = await this.#write(request, path, name);
      if (bytes === 0) throw new BadAudioError(say`${JSON.stringify(name)} is empty.`);
      await this.#keep(path);
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

  async #keep(path: string): Promise<void> {
    const all = [...this.#paths, path];
    const old = all.slice(0, Math.max(0, all.length - this.#mostFiles));
    this.#paths = all.slice(old.length);
    await Promise.all(old.map((one) => unlink(one).catch(() => undefined)));
  }

  #tooLarge(bytes: number): TooLargeError {
    return new TooLargeError(
      say`The file has ${inMegabytes(bytes)}; at most ${inMegabytes(this.#mostBytes)} are taken.`,
    );
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
