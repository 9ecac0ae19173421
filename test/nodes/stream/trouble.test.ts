import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { troubleCause } from '../../../nodes/stream/sources/trouble';

/** Sentences as ffmpeg and the live source make them. */
const SENTENCES = {
  refused: 'ffmpeg failed with code 1: [tcp @ 0x1] Connection to tcp://camera:554 failed: Connection refused',
  unauthorized: 'ffmpeg failed: Server returned 401 Unauthorized (authorization failed)',
  forbidden: 'ffmpeg failed: Server returned 403 Forbidden (access denied)',
  notFound: 'ffmpeg failed: Server returned 404 Not Found',
  unknownHost: 'ffmpeg failed: Failed to resolve hostname camera: Name or service not known',
  unreachable: 'Nothing came from "rtsp://camera/busy/404" for 15000 ms.',
  busy: 'ffmpeg failed: cannot open audio device hw:1 (Device or resource busy)',
  broken: '"rtsp://camera/refused" came to its end.',
  other: 'ffmpeg failed: Invalid data found when processing input',
} as const;

describe('Why a source is not heard', () => {
  for (const [cause, sentence] of Object.entries(SENTENCES)) {
    it(`is "${cause}" where it is said "${sentence}"`, () => {
      assert.equal(troubleCause(sentence), cause);
    });
  }

  it('has a word in every language', () => {
    for (const language of ['en-US', 'de']) {
      const file = join(__dirname, '../../../../nodes/locales', language, 'deeptone-stream.json');
      const texts = JSON.parse(readFileSync(file, 'utf8')) as {
        'deeptone-stream': { status: { trouble: object } };
      };
      assert.deepEqual(
        Object.keys(texts['deeptone-stream'].status.trouble).sort(),
        Object.keys(SENTENCES).sort(),
      );
    }
  });
});
