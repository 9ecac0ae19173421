import assert from 'node:assert/strict';
import { TroubleLog } from '../../src/streams/trouble-log';

describe('The troubles of a stream', () => {
  it('are each gap, with what is known of it', () => {
    const log = new TroubleLog(() => 0);
    assert.deepEqual(log.gap('seq', 'silence', 99.6, 1_000.4), {
      kind: 'gap',
      evidence: 'seq',
      remedy: 'silence',
      lostMs: 100,
      timestamp: 1_000,
    });
    assert.equal(log.gap('ts', 'restart', null, 5).kind, 'gap');
    log.gap('arrival', 'silence', 0.8, 0);
    assert.deepEqual(log.counts, { gaps: 3, gapMs: 100, droppedMs: 0 });
  });

  it('are dropped audio, told at once and then at intervals, as one sum', () => {
    let now = 50;
    const log = new TroubleLog(() => now);
    assert.deepEqual(log.dropped(16_000), { kind: 'dropped', droppedMs: 1_000 });
    now += 4_999;
    assert.equal(log.dropped(16_000), undefined);
    assert.equal(log.dropped(16_000), undefined);
    now += 1;
    assert.deepEqual(log.dropped(8_000), { kind: 'dropped', droppedMs: 2_500 });
    assert.equal(log.counts.droppedMs, 3_500);
  });

  it('are warnings, each kind once', () => {
    const log = new TroubleLog(() => 0);
    assert.deepEqual(log.warning('late', 'Message 4 came late.'), {
      kind: 'warning',
      code: 'late',
      message: 'Message 4 came late.',
    });
    assert.equal(log.warning('late', 'Message 9 came late.'), undefined);
    assert.equal(log.warning('pace', 'Too fast.')?.kind, 'warning');
  });
});
