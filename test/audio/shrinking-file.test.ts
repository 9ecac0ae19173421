import assert from 'node:assert/strict';
import { truncateSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { openSound } from '../../src/audio';
import { BadAudioError } from '../../src/errors';
import { leftBehind, makeWav, noise, openResources, temporaryFolder } from '../tools/audio';

describe('A file that becomes shorter while it is read', () => {
  const folder = temporaryFolder();

  for (const [what, bytes, takesRaw] of [
    ['a WAV', makeWav([noise(20)]), false],
    ['raw samples', Buffer.from(noise(20).buffer), true],
  ] as const) {
    it(`is refused with both lengths, be it ${what}, and closed`, async () => {
      const before = openResources();
      const file = path.join(folder, 'shrinking');
      writeFileSync(file, bytes);
      const read = async (): Promise<number> => {
        const audio = await openSound({ file }, { takesRaw, channels: 'mix' });
        let pieces = 0;
        for await (const piece of audio.pieces) {
          assert.equal(piece.length, 1);
          if (pieces++ === 0) truncateSync(file, 300_000);
        }
        return pieces;
      };
      await assert.rejects(read(), (error) => {
        assert.ok(error instanceof BadAudioError);
        assert.ok(
          error.message.includes(`${bytes.length} bytes when it was opened, 300000 at the end`),
          error.message,
        );
        return true;
      });
      assert.deepEqual(leftBehind(before), []);
    });
  }
});
