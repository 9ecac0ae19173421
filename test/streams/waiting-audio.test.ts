import assert from 'node:assert/strict';
import { WaitingAudio } from '../../src/streams/waiting-audio';

describe('Audio that waits', () => {
  it('begins anew once, however often it was to begin anew with nothing in between', () => {
    const line = new WaitingAudio({ samples: 0 });
    line.add({ kind: 'audio', samples: new Float32Array(10), settle: undefined });
    for (let startTime = 1; startTime <= 1_000; startTime++) {
      line.add({ kind: 'restart', segment: { startTime } });
    }
    assert.equal(line.take()?.kind, 'audio');
    assert.deepEqual(line.take(), { kind: 'restart', segment: { startTime: 1_000 } });
    assert.equal(line.take(), undefined);
  });
});
