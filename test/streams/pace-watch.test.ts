import assert from 'node:assert/strict';
import { PaceWatch } from '../../src/streams/pace-watch';

/** Sends 100 ms messages of `actual` Hz that are declared to have `declared` Hz, for a minute; gives what is suspected. */
function suspected(declared: number, actual: number, jitterMs = 0): (number | undefined)[] {
  const watch = new PaceWatch();
  const found: (number | undefined)[] = [];
  for (let n = 0; n < 600; n++) {
    const now = n * 100 + (n % 2 === 0 ? jitterMs : 0);
    found.push(watch.heard((100 * actual) / declared, declared, now));
  }
  return found.filter((rate) => rate !== undefined);
}

describe('The pace of live audio', () => {
  it('tells once which sample rate a device has that declares another', () => {
    assert.deepEqual(suspected(16_000, 48_000), [48_000]);
    assert.deepEqual(suspected(48_000, 16_000), [16_000]);
    assert.deepEqual(suspected(16_000, 8_000, 60), [8_000]);
  });

  it('says nothing of a device that declares its own, with a clock that is a little off', () => {
    assert.deepEqual(suspected(16_000, 16_100, 60), []);
  });

  it('says nothing of audio that comes at a pace of no sample rate', () => {
    assert.deepEqual(suspected(16_000, 400_000), []);
    assert.deepEqual(suspected(16_000, 18_500), []);
  });
});
