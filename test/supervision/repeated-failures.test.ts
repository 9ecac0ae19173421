import assert from 'node:assert/strict';
import { RepeatedFailures } from '../../src/supervision/repeated-failures';
import { BadAudioError, InvalidArgumentError, OverloadedError } from '../../src';

describe('A failure that comes with every message', () => {
  const bad = new BadAudioError('This is text.');

  it('is told once of each stream, and again after a minute', () => {
    let now = 0;
    const failures = new RepeatedFailures(() => now);
    const told = (stream: string): boolean => failures.isNew(stream, bad);
    assert.deepEqual([told('a'), told('a'), told('b'), told('a')], [true, false, true, false]);
    now = 59_999;
    assert.equal(told('a'), false);
    now = 60_000;
    assert.equal(told('a'), true);
  });

  it('is another where it is something else, or where the stream was heard meanwhile', () => {
    const failures = new RepeatedFailures();
    assert.ok(failures.isNew('a', bad));
    assert.ok(failures.isNew('a', new InvalidArgumentError('This is text.')));
    failures.heard('b');
    assert.ok(!failures.isNew('a', bad));
    failures.heard('a');
    assert.ok(failures.isNew('a', bad));
  });

  it('is told 16 times a minute of one stream, in whatever words', () => {
    let now = 0;
    const failures = new RepeatedFailures(() => now);
    const told = (): number =>
      Array.from({ length: 500 }, (_, n) => `word${'x'.repeat(n)}`).filter((word) =>
        failures.isNew('a', new BadAudioError(word)),
      ).length;
    assert.equal(told(), 16);
    now = 60_000;
    assert.equal(told(), 16);
  });

  it('is told of some streams where all are refused, and is remembered for so many only', () => {
    const failures = new RepeatedFailures();
    const told = Array.from({ length: 5_000 }, (_, n) =>
      failures.isNew(`topic ${n}`, new OverloadedError(`"topic ${n}" is one too many.`)),
    );
    assert.equal(told.filter(Boolean).length, 16);
    for (let n = 0; n < 5_000; n++) assert.ok(failures.isNew(`topic ${n}`, bad));
  });
});
