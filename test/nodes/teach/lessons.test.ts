/** What is kept of the recordings that teach a sound. */
import assert from 'node:assert/strict';
import { Lessons } from '../../../nodes/teach/lessons';
import { makeWav, noise, temporaryFolder } from '../../tools/audio';

describe('The names of files that teach a sound', () => {
  const long = `${'a'.repeat(79)}🔔${'b'.repeat(1_000_000)}`;
  const names: readonly (readonly [given: unknown, kept: string | undefined])[] = [
    ['bell.wav', 'bell.wav'],
    ['/home/ann/sounds/bell.wav', 'bell.wav'],
    ['C:\\sounds\\bell.wav', 'bell.wav'],
    ['../../etc/passwd', 'passwd'],
    ['two\nlines\u2028and\u2029more.wav', 'twolinesandmore.wav'],
    ['turned\u202Ewav.exe', 'turnedwav.exe'],
    [' \t ', undefined],
    ['', undefined],
    [undefined, undefined],
    [{ length: 3 }, undefined],
    ['__proto__', '__proto__'],
    [long, `${'a'.repeat(79)}🔔`],
  ];
  for (const [index, [given, kept]] of names.entries()) {
    it(`are one short line without a folder: ${JSON.stringify([given]).slice(0, 40)}`, async () => {
      const lessons = new Lessons(temporaryFolder());
      const { id } = await lessons.begin('Bell');
      const lesson = await lessons.add(id, 'that', makeWav([noise(1, 16_000, 0.5, index + 1)]), given);
      assert.equal(lesson.examples.that[0]?.name, kept);
      assert.equal((await lessons.find(id)).examples.that[0]?.name, kept);
    });
  }
});
