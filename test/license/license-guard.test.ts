import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { LicenseManagerError, type LicenseProblem } from '../../src/errors';
import { LicenseGuard } from '../../src/license';
import { days, issuer, key, NOW } from './helpers';

/** A clock that a test turns. */
class TestClock {
  time: Date = NOW;
  readonly read = (): Date => this.time;
}

function guardFor(text: string, clock = new TestClock()): LicenseGuard {
  return new LicenseGuard(text, { publicKeys: [issuer.publicKey], clock: clock.read });
}

function isProblem(problem: LicenseProblem): (error: unknown) => boolean {
  return (error) => error instanceof LicenseManagerError && error.problem === problem;
}

describe('An engine without a license key', () => {
  it('works under the evaluation license and says so', () => {
    for (const nothing of [undefined, null, '', '  ']) {
      const guard = new LicenseGuard(nothing);
      guard.check(['gender', 'a-model-of-my-own']);
      assert.equal(guard.status().evaluation, true);
      assert.match(guard.status().message, /^Evaluation license/);
    }
  });

  it('takes the key from the environment, and a key that is set wins over it', () => {
    process.env['DEEPTONE_LICENSE_KEY'] = key({ licensee: 'Environment' });
    try {
      assert.equal(guardFor('').status().licensee, 'Environment');
      assert.equal(guardFor(key({ licensee: 'Setting' })).status().licensee, 'Setting');
    } finally {
      delete process.env['DEEPTONE_LICENSE_KEY'];
    }
  });
});

describe('A license guard', () => {
  it('says 14 days ahead that the license expires', () => {
    const clock = new TestClock();
    const guard = guardFor(key({ expires: days(100) }), clock);
    clock.time = new Date(days(86).getTime() - 1);
    assert.equal(guard.status().state, 'valid');
    clock.time = days(86);
    assert.equal(guard.status().state, 'expiring');
    assert.equal(guard.status().daysLeft, 14);
    assert.match(guard.status().message, /expires in 14 days, at 2027-06-18 12:00 UTC/);
    guard.check(['gender']);
    clock.time = new Date(days(100).getTime() - 1);
    assert.match(guard.status().message, /expires in 1 day,/);
  });

  it('refuses new work once the license expires while it runs, and lets work in flight end', () => {
    const clock = new TestClock();
    const guard = guardFor(key({ expires: days(1), maxStreams: 2 }), clock);
    const inFlight = guard.acquireStream();
    clock.time = days(1);
    assert.equal(guard.status().state, 'expired');
    assert.equal(guard.status().daysLeft, 0);
    assert.throws(() => {
      guard.check(['gender']);
    }, isProblem('expired'));
    assert.throws(() => guard.acquireStream(), isProblem('expired'));
    assert.equal(guard.status().activeStreams, 1);
    inFlight();
    assert.equal(guard.status().activeStreams, 0);
  });

  it('lets what is open go on for a day after the end, and says until when', () => {
    const clock = new TestClock();
    const guard = guardFor(key({ expires: days(1) }), clock);
    assert.match(guard.status().message, /what is open stops 24 hours later/);
    assert.equal(guard.graceNotice(), undefined);
    clock.time = days(1);
    guard.checkOpen();
    assert.equal(guard.status().graceEnds.getTime(), days(2).getTime());
    assert.match(guard.graceNotice() ?? '', /what was open then may go on until 2027-03-12 12:00 UTC/);
    clock.time = new Date(days(2).getTime() - 1);
    guard.checkOpen();
    clock.time = days(2);
    assert.throws(() => {
      guard.checkOpen();
    }, isProblem('expired'));
    assert.match(guard.status().message, /what was open then is stopped since 2027-03-12/);
  });

  it('waits for a license that is not valid yet', () => {
    const clock = new TestClock();
    const guard = guardFor(key({ notBefore: days(2), expires: days(300) }), clock);
    assert.equal(guard.status().state, 'not-yet-valid');
    assert.throws(() => {
      guard.check();
    }, isProblem('not-yet-valid'));
    clock.time = days(2);
    guard.check();
  });

  it('allows the models of the license and names the one that it does not', () => {
    const guard = guardFor(key({ models: ['speech', 'gender'] }));
    guard.check(['gender', 'speech']);
    assert.throws(() => {
      guard.check(['speech', 'emotions']);
    }, /does not allow the model "emotions". It allows: speech, gender./);
  });

  it('counts parallel streams over all engines that share the license', () => {
    const text = key({ maxStreams: 2 });
    const [one, other] = [guardFor(text), guardFor(text)];
    const first = one.acquireStream();
    other.acquireStream();
    assert.throws(() => one.acquireStream(), isProblem('too-many-streams'));
    first();
    first();
    assert.equal(one.status().activeStreams, 1);
    one.acquireStream();
    assert.throws(() => other.acquireStream(), /allows 2 parallel streams, and 2 are running/);
  });

  it('counts without end where the license names no maximum', () => {
    const guard = guardFor(key({ maxStreams: null }));
    const releases = Array.from({ length: 5_000 }, () => guard.acquireStream());
    assert.equal(guard.status().activeStreams, 5_000);
    for (const release of releases) release();
    assert.equal(guard.status().activeStreams, 0);
  });

  it('finds out once whether the signature holds, and nothing else does', async () => {
    await guardFor(key()).verified();
    const [header, , signature] = key({ licensee: 'Quiet Rooms Ltd' }).split('.');
    const [, payload] = key({ licensee: 'Somebody else' }).split('.');
    const forged = guardFor([header, payload, signature].join('.'));
    for (let times = 0; times < 2; times += 1) {
      await assert.rejects(forged.verified(), isProblem('bad-signature'));
    }
    assert.equal(forged.verified(), forged.verified());
  });

  it('shows no part of the key, whoever prints it', () => {
    const text = key();
    const guard = guardFor(text);
    const shown = inspect([guard, guard.status()], { depth: null, showHidden: true }) + JSON.stringify(guard);
    for (const part of text.split('.')) assert.ok(!shown.includes(part.slice(0, 12)));
  });
});
