import assert from 'node:assert/strict';
import { FOREIGN_PER_SECOND, Scout } from '../../../src/mqtt/group/scout';

/** Share of the time that it listens for, and messages that it takes a second, where others' devices send so many. */
function listening(perSecond: number, seconds: number): { readonly share: number; readonly taken: number } {
  const scout = new Scout();
  let [listened, taken] = [0, 0];
  for (let ms = 0; ms < seconds * 1_000; ms += 10) {
    if (!scout.listens(ms)) continue;
    listened += 10;
    for (let n = 0; n < perSecond / 100; n += 1) scout.passedOver();
    taken += perSecond / 100;
  }
  return { share: listened / (seconds * 1_000), taken: taken / seconds };
}

describe('The member that looks for new devices', () => {
  it('listens all the time where few others send', () => {
    assert.equal(listening(FOREIGN_PER_SECOND, 60).share, 1);
  });

  it('takes no more than the limit on average where many send', () => {
    for (const perSecond of [2_000, 10_000]) {
      const { taken } = listening(perSecond, 300);
      assert.ok(taken < 1.1 * FOREIGN_PER_SECOND && taken > 0.7 * FOREIGN_PER_SECOND, `${taken}`);
    }
  });

  it('looks every half minute however many send', () => {
    const { share } = listening(1_000_000, 310);
    assert.ok(share > 0.03 && share < 0.04, `${share}`);
  });

  it('begins at once when it is its turn again', () => {
    const scout = new Scout();
    scout.listens(0);
    for (let n = 0; n < 100_000; n += 1) scout.passedOver();
    assert.equal(scout.listens(1_000), false);
    scout.rest();
    assert.equal(scout.listens(1_010), true);
  });
});
