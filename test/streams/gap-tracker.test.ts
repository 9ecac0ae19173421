import assert from 'node:assert/strict';
import { GapTracker, type Place } from '../../src/streams/gap-tracker';
import type { SenderMarks } from '../../src/streams/sender-marks';

const MESSAGE_MS = 100;
const NEXT: Place = { is: 'next' };

/** Plays messages of 100 ms to a tracker and gives the places of those that were not simply the next. */
class Sender {
  readonly tracker: GapTracker;
  now = 1_700_000_000_000;

  constructor(arrivalMs = 3_000) {
    this.tracker = new GapTracker(arrivalMs);
  }

  /** The message arrives when it ends. Lost audio is filled with silence where its length is known. */
  send(marks: SenderMarks, ms = MESSAGE_MS): Place {
    this.now += ms;
    const place = this.tracker.place(marks, this.now);
    if (place.is === 'past') return place;
    if (place.is === 'after-gap') {
      if (place.lostMs === null) this.tracker.restart();
      else this.tracker.fill(place.lostMs);
    }
    this.tracker.heard(marks, ms, this.now);
    return place;
  }
}

describe('Lost audio', () => {
  describe('by sequence numbers', () => {
    it('is as long as the messages that are missing', () => {
      const sender = new Sender();
      for (const seq of [5, 6, 7]) assert.deepEqual(sender.send({ seq }), NEXT);
      assert.deepEqual(sender.send({ seq: 10 }), { is: 'after-gap', evidence: 'seq', lostMs: 200 });
      assert.deepEqual(sender.send({ seq: 11 }), NEXT);
      assert.equal(sender.tracker.clockMs, 700);
    });

    it('is as long as the capture times say, where there are both', () => {
      const sender = new Sender();
      sender.send({ seq: 1, ts: 1_000 });
      assert.deepEqual(sender.send({ seq: 3, ts: 1_350 }), { is: 'after-gap', evidence: 'seq', lostMs: 250 });
    });

    it('is none when the counter passes its end', () => {
      for (const end of [2 ** 8, 2 ** 16, 2 ** 32]) {
        const sender = new Sender();
        sender.send({ seq: end - 1 });
        assert.deepEqual(sender.send({ seq: 0 }), NEXT);
      }
    });

    it('is none where a message comes twice or late: its place is taken', () => {
      const sender = new Sender();
      for (const seq of [1, 2, 3, 5]) sender.send({ seq });
      assert.deepEqual(sender.send({ seq: 5 }), { is: 'past', twice: true });
      assert.deepEqual(sender.send({ seq: 3 }), { is: 'past', twice: true });
      assert.deepEqual(sender.send({ seq: 4 }), { is: 'past', twice: false });
      assert.deepEqual(sender.send({ seq: 6 }), NEXT);
    });

    it('is of unknown length when the sender counts anew, from zero or far back', () => {
      for (const again of [0, 10]) {
        const sender = new Sender();
        for (let seq = 1_000; seq < 1_010; seq++) sender.send({ seq });
        assert.deepEqual(sender.send({ seq: again }), { is: 'after-gap', evidence: 'seq', lostMs: null });
        assert.deepEqual(sender.send({ seq: again + 1 }), NEXT);
      }
    });

    it('is seen after a few messages when the sender counts anew a little way back', () => {
      const sender = new Sender();
      for (let seq = 1; seq <= 20; seq++) sender.send({ seq });
      const places = [1, 2, 3, 4, 5].map((seq) => sender.send({ seq }).is);
      assert.deepEqual(places, ['past', 'past', 'past', 'after-gap', 'next']);
    });
  });

  describe('by capture times', () => {
    it('is the jump, and a single message is enough', () => {
      const sender = new Sender();
      for (const ts of [0, 100, 200]) assert.deepEqual(sender.send({ ts }), NEXT);
      assert.deepEqual(sender.send({ ts: 400 }), { is: 'after-gap', evidence: 'ts', lostMs: 100 });
      assert.deepEqual(sender.send({ ts: 500 }), NEXT);
    });

    it('is none where clocks drift apart or times jitter a little', () => {
      const sender = new Sender();
      for (let n = 0; n < 36_000; n++) {
        const jitter = [0, 15, -15, 5][n % 4] ?? 0;
        assert.deepEqual(sender.send({ ts: n * MESSAGE_MS * 1.0002 + jitter }), NEXT, `message ${n}`);
      }
    });

    it('is of unknown length when the clock was set back', () => {
      const sender = new Sender();
      sender.send({ ts: 500_000 });
      assert.deepEqual(sender.send({ ts: 1_000 }), { is: 'after-gap', evidence: 'ts', lostMs: null });
    });
  });

  describe('by arrival', () => {
    it('is a pause beyond the limit, and not a shorter one', () => {
      const sender = new Sender();
      sender.send({});
      sender.now += 2_900;
      assert.deepEqual(sender.send({}), NEXT);
      sender.now += 4_000;
      const place = sender.send({});
      assert.ok(place.is === 'after-gap' && place.evidence === 'arrival' && (place.lostMs ?? 0) >= 4_000);
    });

    it('is none while audio comes faster than real time', () => {
      const sender = new Sender();
      for (let n = 0; n < 100; n++) {
        sender.send({});
        sender.now -= 99;
      }
      sender.now += 5_000;
      assert.deepEqual(sender.send({}), NEXT);
    });

    it('is none when it is switched off', () => {
      const sender = new Sender(0);
      sender.send({});
      sender.now += 60_000;
      assert.deepEqual(sender.send({}), NEXT);
    });
  });

  it('does not move the moment that the stream began', () => {
    const sender = new Sender();
    const epoch = 1_600_000_000_000;
    sender.send({ seq: 1, ts: epoch });
    sender.send({ seq: 4, ts: epoch + 300 });
    assert.equal(sender.tracker.segment.startTime, epoch);
    assert.equal(sender.tracker.clockMs, 400);
  });

  it('moves the moment that the stream began when time stands still over it', () => {
    const { tracker } = new Sender();
    const epoch = 1_600_000_000_000;
    tracker.heard({ ts: epoch }, 100, 0);
    tracker.passOver(500);
    tracker.heard({ ts: epoch + 600 }, 100, 600);
    assert.equal(tracker.segment.startTime, epoch + 500);
  });

  it('takes the arrival of the first message for the moment that the stream began when no clock tells it', () => {
    const { tracker } = new Sender();
    tracker.heard({ ts: 17 }, 100, 1_700_000_000_100);
    assert.equal(tracker.segment.startTime, 1_700_000_000_000);
  });
});
