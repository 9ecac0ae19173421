import assert from 'node:assert/strict';
import { ShareSuspicion } from '../../src/mqtt/share-suspicion';

function verdicts(sequence: readonly number[]): number[] {
  const suspicion = new ShareSuspicion();
  return sequence.map((value) => suspicion.observe(value)).filter((members) => members !== undefined);
}

describe('The sequence numbers of a shared subscription', () => {
  it('show that every third message arrives', () => {
    assert.deepEqual(verdicts(Array.from({ length: 50 }, (_, n) => 7 + 3 * n)), [3, 3]);
  });

  it('show it also where the broker deals at random', () => {
    let state = 5;
    const dealt = Array.from({ length: 400 }, (_, n) => n).filter(() => {
      state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
      return state / 2_147_483_648 < 0.1;
    });
    const heard = verdicts(dealt);
    assert.ok(heard.length > 0);
  });

  it('are not mistaken for it when some messages are lost, come twice, or the device starts anew', () => {
    const lossy = Array.from({ length: 200 }, (_, n) => n).filter((n) => n % 4 !== 0);
    assert.deepEqual(verdicts(lossy), []);
    assert.deepEqual(verdicts(Array.from({ length: 200 }, (_, n) => Math.floor(n / 2))), []);
    assert.deepEqual(verdicts(Array.from({ length: 200 }, (_, n) => n % 10)), []);
  });
});
