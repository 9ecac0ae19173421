import assert from 'node:assert/strict';
import { BackOff } from '../../src/serve/back-off';
import { isForGood, Refusals, troubleIn } from '../../src/serve/refusals';

const AUTO = { protocol: 'auto', retain: true } as const;
const code = (reason: number): object => ({ code: reason });

describe('What a broker refuses of a connection', () => {
  it('is left out of the next: MQTT 5', () => {
    for (const reason of [1, 132]) {
      const refusals = new Refusals(AUTO);
      assert.equal(refusals.concede(code(reason)), true);
      assert.equal(refusals.version, 4);
      assert.deepEqual(refusals.letIn(undefined), ['version']);
      assert.deepEqual(refusals.letIn(undefined), []);
    }
    const asked = new Refusals({ protocol: '5', retain: true });
    assert.equal(asked.concede(code(132)), false);
    assert.equal(asked.version, 5);
  });

  it('is left out of the next: the will, unless that was not the reason', () => {
    const refusals = new Refusals(AUTO);
    assert.equal(refusals.concede(code(135)), true);
    assert.equal(refusals.will, false);
    assert.deepEqual(refusals.letIn(undefined), ['will']);

    const wrongPassword = new Refusals(AUTO);
    assert.equal(wrongPassword.concede(code(135)), true);
    assert.equal(wrongPassword.concede(code(135)), false);
    assert.equal(wrongPassword.will, true);
  });

  it('is left out of the next: messages that are kept, also where nothing is said', () => {
    const told = new Refusals(AUTO);
    assert.equal(told.concede(code(154)), true);
    assert.equal(told.retain, false);

    const onConnection = new Refusals(AUTO);
    assert.deepEqual(onConnection.letIn(false), ['retain']);
    assert.equal(onConnection.retain, false);

    const silent = new Refusals({ protocol: '3.1.1', retain: true });
    assert.equal(silent.concede(undefined), false, 'a broker that is going closes connections too');
    assert.equal(silent.concede(undefined), true);
    assert.equal(silent.retain, false);
    assert.deepEqual(silent.letIn(undefined), ['retain']);
  });

  it('is not doubted once it was taken', () => {
    const refusals = new Refusals({ protocol: '3.1.1', retain: true });
    refusals.letIn(undefined);
    for (let n = 0; n < 5; n++) assert.equal(refusals.concede(undefined), false);
    assert.equal(refusals.concede(code(5)), false);
    assert.deepEqual([refusals.will, refusals.retain], [true, true]);
  });

  it('is for good, or not', () => {
    for (const one of [4, 5, 134, 135, 'DEPTH_ZERO_SELF_SIGNED_CERT', 'ERR_TLS_CERT_ALTNAME_INVALID'])
      assert.equal(isForGood({ code: one }), true, String(one));
    for (const one of [3, 136, 137, 'ECONNREFUSED', 'ENOTFOUND', undefined])
      assert.equal(isForGood({ code: one }), false, String(one));
  });

  it('has words', () => {
    assert.equal(
      troubleIn(Object.assign(new Error('connect ECONNREFUSED ::1'), { code: 'ECONNREFUSED' })),
      'connect ECONNREFUSED ::1',
    );
    assert.equal(troubleIn(code(142)), 'code 142');
    assert.equal(troubleIn(undefined), undefined);
  });
});

describe('Waits between attempts', () => {
  it('grow to half a minute, and begin anew after a success', () => {
    const longest = new BackOff(() => 1);
    assert.deepEqual(
      [1, 2, 3, 4, 5, 6, 7, 8].map(() => longest.next()),
      [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000],
    );
    longest.reset();
    assert.equal(longest.next(), 500);
    assert.equal(new BackOff(() => 0).next(), 250);
  });
});
