import assert from 'node:assert/strict';
import type {
  AnalysisEvents,
  AnalysisWarning,
  Summary,
  TimeSeriesStep,
  TransitionEvent,
} from '../../src/insight';
import type { Told } from '../../src/streams/events';
import type { PumpEvent } from '../../src/streams/answer-pump';
import { AnswerReport } from '../../src/streams/answer-report';

const DIRECT = { minimumMs: 0, holdMs: 0, alsoRaw: false };
const SEGMENT = { startTime: 1_700_000_000_000.4 };
const LEVEL = { mean: -20, peak: -6 };
const SUMMARY: Summary = { gender: { male_fraction: 1 }, level: LEVEL };
const QUIET: AnalysisWarning = { code: 'quiet-speech', message: 'It is too quiet.', volumeThreshold: 0.001 };
const OPEN: PumpEvent = { did: 'open' };

function step(timestamp: number): TimeSeriesStep {
  const results = {} as TimeSeriesStep['results']; // Nobody looks into them here.
  return { timestamp, results, shares: {}, level: LEVEL };
}

function transition(result: string, from: number, to: number | null): TransitionEvent {
  const confidence = 0.9;
  const previous = null;
  return { model: 'gender', timestamp_start: from, timestamp_end: to, result, previous, confidence };
}

function answer(events: Partial<AnalysisEvents>, answeredMs: number): PumpEvent {
  const all = { steps: [], begun: [], ended: [], ...events };
  const nothing = { summary: undefined, warnings: [], settle: undefined };
  return { did: 'answer', events: all, segment: SEGMENT, answeredMs, ...nothing };
}

function finish(events: Partial<AnalysisEvents>, endMs: number, reason: 'gap' | 'complete' = 'complete') {
  const all = { steps: [], begun: [], ended: [], ...events };
  const whole = { summary: SUMMARY, warnings: [] };
  return { did: 'finish', reason, events: all, segment: SEGMENT, endMs, ...whole } as const;
}

function words(told: readonly Told[]): string[] {
  return told.map((one) => {
    switch (one.kind) {
      case 'step':
        return `step ${one.step.timestamp}`;
      case 'transition':
        return `${one.isSteady ? 'steady' : 'raw'} ${one.phase} ${one.transition.result}`;
      case 'summary':
        return `summary ${one.cause}`;
      case 'closed':
        return `closed ${one.reason}`;
      case 'segment':
      case 'opened':
      case 'gap':
      case 'dropped':
      case 'warning':
        return one.kind;
    }
  });
}

describe('What there is to tell of the answers', () => {
  it('is steps, then what ended and began, then the summary, then the end', () => {
    const report = new AnswerReport({}, DIRECT);
    assert.deepEqual(words(report.of(OPEN)), ['opened']);
    const begun = [transition('male', 0, null)];
    assert.deepEqual(words(report.of(answer({ steps: [step(0), step(64)], begun }, 128))), [
      'step 0',
      'step 64',
      'steady begun male',
    ]);
    const ended = [transition('male', 0, 192)];
    const next = [transition('female', 192, null)];
    assert.deepEqual(words(report.of(answer({ ended, begun: next }, 256))), [
      'steady ended male',
      'steady begun female',
    ]);
    assert.deepEqual(words(report.of(finish({ ended: [transition('female', 192, 300)] }, 300))), [
      'steady ended female',
      'summary end',
      'closed complete',
    ]);
  });

  it('has the time of day of steps and transitions, in whole milliseconds', () => {
    const report = new AnswerReport({}, DIRECT);
    report.of(OPEN);
    const begun = [transition('male', 64, null)];
    const times = report
      .of(answer({ steps: [step(128)], begun }, 192))
      .map((one) => 'time' in one && one.time);
    assert.deepEqual(times, [1_700_000_000_128, 1_700_000_000_064]);
  });

  it('has the running summary after the answers that it sums up', () => {
    const report = new AnswerReport({}, DIRECT);
    report.of(OPEN);
    for (const cause of ['interval', 'request'] as const) {
      const event = {
        ...answer({ steps: [step(0)] }, 64),
        summary: { cause, summary: SUMMARY },
      } as PumpEvent;
      assert.deepEqual(words(report.of(event)), ['step 0', `summary ${cause}`]);
    }
  });

  it('warns once in the life of a stream, and with every summary', () => {
    const report = new AnswerReport({}, DIRECT);
    const warnings = [QUIET];
    const summary = { cause: 'interval', summary: SUMMARY } as const;
    report.of(OPEN);
    const first = report.of({ ...answer({ steps: [step(0)] }, 64), summary, warnings } as PumpEvent);
    assert.deepEqual(words(first), ['step 0', 'warning', 'summary interval']);
    assert.deepEqual(first[1], { kind: 'warning', code: 'quiet-speech', message: 'It is too quiet.' });
    assert.deepEqual(first[2], { kind: 'summary', ...summary, warnings });
    const last = report.of({ ...finish({}, 64, 'gap'), warnings });
    assert.deepEqual(words(last), ['summary end', 'closed gap']);
    assert.deepEqual(last[0], { kind: 'summary', cause: 'end', summary: SUMMARY, warnings });
    report.of(OPEN);
    assert.deepEqual(words(report.of({ ...answer({}, 64), warnings } as PumpEvent)), []);
  });

  it('leaves out what is not wanted', () => {
    const report = new AnswerReport({ includeSummary: false, includeTransitions: false }, DIRECT);
    report.of(OPEN);
    const begun = [transition('male', 0, null)];
    assert.deepEqual(words(report.of(answer({ steps: [step(0)], begun }, 64))), ['step 0']);
    assert.deepEqual(words(report.of(finish({ ended: [transition('male', 0, 64)] }, 64))), [
      'closed complete',
    ]);
  });

  describe('with hysteresis', () => {
    const begun = [transition('male', 0, null)];

    it('holds a transition back until it has lasted, in whole frames of what was answered', () => {
      const report = new AnswerReport({}, { ...DIRECT, minimumMs: 128 });
      report.of(OPEN);
      assert.deepEqual(words(report.of(answer({ begun }, 64))), []);
      assert.deepEqual(words(report.of(answer({}, 127))), []);
      assert.deepEqual(words(report.of(answer({}, 128))), ['steady begun male']);
    });

    it('tells the raw ones beside it where that is set', () => {
      const report = new AnswerReport({}, { ...DIRECT, minimumMs: 128, alsoRaw: true });
      report.of(OPEN);
      assert.deepEqual(words(report.of(answer({ begun }, 64))), ['raw begun male']);
      assert.deepEqual(words(report.of(answer({}, 128))), ['steady begun male']);
    });

    it('begins anew with each opening', () => {
      const report = new AnswerReport({}, { ...DIRECT, minimumMs: 1_000 });
      report.of(OPEN);
      report.of(answer({ begun }, 64));
      report.of(OPEN);
      assert.deepEqual(words(report.of(answer({}, 2_000))), []);
    });
  });

  it('has no end of what never was open, except that it failed to open', () => {
    const report = new AnswerReport({}, DIRECT);
    const error = new Error('No engine.');
    assert.deepEqual(report.closed('reset', undefined), []);
    assert.deepEqual(report.of({ did: 'fail', error, waiting: [] }), [
      { kind: 'closed', reason: 'failed', error },
    ]);
    report.of(OPEN);
    assert.deepEqual(report.closed('reset', undefined), [{ kind: 'closed', reason: 'reset' }]);
    assert.deepEqual(report.closed('shutdown', undefined), []);
  });

  it('has the end of each part of a stream that begins anew', () => {
    const report = new AnswerReport({}, DIRECT);
    const told = [OPEN, finish({}, 64, 'gap'), OPEN, finish({}, 64)].flatMap((event) => report.of(event));
    assert.deepEqual(words(told), [
      'opened',
      'summary end',
      'closed gap',
      'opened',
      'summary end',
      'closed complete',
    ]);
  });
});
