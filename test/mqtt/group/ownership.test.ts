import assert from 'node:assert/strict';
import { ownerOf } from '../../../src/mqtt';

const DEVICES = Array.from({ length: 101 }, (_, n) => `mic-${n + 1}`);

describe('The owner of a device', () => {
  it('is nobody where there is nobody', () => {
    assert.equal(ownerOf('mic', []), undefined);
  });

  it('does not depend on the order of the members', () => {
    for (const device of DEVICES) {
      const owner = ownerOf(device, ['a', 'b', 'c', 'd']);
      assert.equal(ownerOf(device, ['d', 'b', 'a', 'c']), owner);
      assert.equal(ownerOf(device, new Set(['c', 'a', 'd', 'b', 'a'])), owner);
    }
  });

  it('moves to whoever joins, of about 1/N of the devices, for any members', () => {
    const many = Array.from({ length: 2_000 }, (_, n) => `audio/device-${n}/pcm`);
    for (let round = 0; round < 20; round += 1) {
      const members = Array.from({ length: 1 + (round % 7) }, (_, n) => `pi-${round}-${n}`);
      const joined = [...members, `new-${round}`];
      const moved = many.filter((device) => ownerOf(device, members) !== ownerOf(device, joined));
      for (const device of moved) assert.equal(ownerOf(device, joined), `new-${round}`);
      const expected = many.length / joined.length;
      // Four times the standard deviation of a binomial distribution.
      const tolerance = 4 * Math.sqrt(expected * (1 - 1 / joined.length));
      assert.ok(Math.abs(moved.length - expected) < tolerance, `${moved.length} of ${expected}`);
    }
  });
});
