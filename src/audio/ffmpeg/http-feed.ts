/** Fetches what an address holds, and hands it to ffmpeg. */
import type { Writable } from 'node:stream';
import { FfmpegError } from '../../errors';
import { say } from '../../sentence';
import { drained } from './drained';
import { httpGet, type HttpRequest } from './http-request';
import { Redaction, secretsOf } from './secrets';

/**
 * Writes a body as it comes and as it is taken; ends the input with it.
 *
 * @param name of the source, for messages
 * @throws FfmpegError when the server is not there, or answers something else than a body
 */
export async function feedFromHttp(request: HttpRequest, input: Writable, name: string): Promise<void> {
  try {
    const answer = await httpGet(request);
    if (answer?.response.ok !== true || !answer.response.body) {
      const status = answer ? `${answer.response.status} ${answer.response.statusText}`.trim() : 'a redirect';
      throw new FfmpegError('DEEPTONE_FFMPEG_FAILED', say`The server of ${name} answered ${status}.`);
    }
    for await (const piece of answer.response.body) {
      const bytes: Uint8Array = piece;
      if (input.destroyed || input.writableEnded) return;
      if (!input.write(bytes)) await drained(input);
    }
  } catch (error) {
    if (request.signal.aborted || error instanceof FfmpegError) throw error;
    const { message, cause } = error instanceof Error ? error : new Error(String(error));
    const why = cause instanceof Error && cause.message !== '' ? cause.message : message;
    throw new FfmpegError(
      'DEEPTONE_FFMPEG_FAILED',
      say`${name} could not be fetched: ${new Redaction(secretsOf(request.address)).of(why)}.`,
      { cause: error },
    );
  } finally {
    input.end();
  }
}
