import assert from 'node:assert/strict';
import { WallClock } from '../../src/streams/wall-clock';

describe('The time of day', () => {
  const now = Date.now;

  afterEach(() => {
    Date.now = now;
  });

  it('tells once by how much it was set', () => {
    const clock = new WallClock();
    assert.equal(clock.read().setByMs, 0);
    for (const byMs of [2 * 86_400_000, -3_600_000]) {
      Date.now = () => now() + byMs;
      const { setByMs, now: told } = clock.read();
      assert.ok(Math.abs(setByMs - byMs) < 1_000, `${setByMs}`);
      assert.ok(Math.abs(told - now() - byMs) < 60_000);
      assert.equal(clock.read().setByMs, 0);
      Date.now = now;
      assert.ok(Math.abs(clock.read().setByMs + byMs) < 1_000);
    }
  });

  it('was not set where it only drifts', () => {
    const clock = new WallClock();
    for (let n = 1; n <= 20; n++) {
      Date.now = () => now() + 100 * n;
      assert.equal(clock.read().setByMs, 0);
    }
  });
});
