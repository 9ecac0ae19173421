import assert from 'node:assert/strict';
import { InvalidArgumentError } from '../../src/errors';
import { Analysis, TransitionFilter, type TransitionEvent, type TransitionEvents } from '../../src/insight';
import { levels, predictions, randomNumbers, repeat, settings, SPEECH_ROW } from './frames';

/** A letter is a frame: f(emale), m(ale), silence as a blank. */
const ROWS: Readonly<Record<string, readonly number[]>> = { f: [0.9, 0.1], m: [0.1, 0.9], ' ': [0.5, 0.5] };
const NAMES: Readonly<Record<string, string>> = { f: 'female', m: 'male', ' ': 'silence' };

/** Runs letters through an analysis and a filter, `piece` frames at a time. */
function filter(
  letters: string,
  minimumMs: number,
  holdMs: number,
  piece: (at: number) => number = () => 1,
): { begun: TransitionEvent[]; ended: TransitionEvent[]; decidedAt: number[] } {
  const analysis = new Analysis(settings({}));
  const steady = new TransitionFilter({ minimumMs, holdMs });
  const begun: TransitionEvent[] = [];
  const ended: TransitionEvent[] = [];
  const decidedAt: number[] = [];
  for (let at = 0; at < letters.length;) {
    const part = letters.slice(at, at + piece(at)).split('');
    at += part.length;
    const rows = {
      gender: part.map((letter) => ROWS[letter] ?? []),
      'speech-rt': repeat(part.length, SPEECH_ROW),
    };
    const volumes = part.map((letter) => (letter === ' ' ? 0 : 1));
    const out = steady.push(analysis.push(levels(volumes), predictions(rows)), at * 64);
    out.begun.forEach(() => decidedAt.push(at * 64));
    begun.push(...out.begun);
    ended.push(...out.ended);
  }
  const last = steady.finish(analysis.finish(letters.length * 1024), letters.length * 64);
  return { begun: [...begun, ...last.begun], ended: [...ended, ...last.ended], decidedAt };
}

const phases = (events: readonly TransitionEvent[]) =>
  events.map(({ result, timestamp_start, timestamp_end }) => [result, timestamp_start, timestamp_end]);

describe('Steady transitions', () => {
  it('ignore a label that does not last for the minimum duration', () => {
    const { ended } = filter('ffffmfffff', 128, 0);
    assert.deepEqual(phases(ended), [['female', 0, 640]]);
  });

  it('count a label from where it began, once it has lasted for the minimum duration', () => {
    const { begun, decidedAt } = filter('ffffmmmm', 128, 0);
    assert.deepEqual(phases(begun), [
      ['female', 0, null],
      ['male', 256, null],
    ]);
    assert.deepEqual(decidedAt, [128, 384]);
  });

  it('hold a label until it has been absent for the hold time', () => {
    const { ended, decidedAt } = filter('fff   fff     mm', 0, 256);
    assert.deepEqual(phases(ended), [
      ['female', 0, 576],
      ['silence', 576, 1024],
    ]);
    assert.deepEqual(decidedAt, [64, 832]);
  });

  it('count what is too short to count to the phase before, so that phases stay contiguous', () => {
    const { ended } = filter('ffff mmmm', 128, 0);
    assert.deepEqual(phases(ended), [
      ['female', 0, 320],
      ['male', 320, 576],
    ]);
  });

  it('have the mean confidence of the frames with their label', () => {
    const { ended } = filter('ff ff', 128, 128);
    assert.deepEqual(ended, [
      {
        model: 'gender',
        result: 'female',
        previous: null,
        confidence: 0.8,
        timestamp_start: 0,
        timestamp_end: 320,
      },
    ]);
  });

  it('name the steady phase before', () => {
    const { begun, ended } = filter('fff mmm', 128, 0);
    assert.deepEqual(
      begun.map((event) => event.previous),
      [null, 'female'],
    );
    assert.deepEqual(
      ended.map((event) => event.previous),
      [null, 'female'],
    );
  });

  it('are none where nothing lasts long enough', () => {
    assert.deepEqual(phases(filter('fmfmfm', 128, 0).ended), []);
  });

  it('begin where the first label that counts begins', () => {
    assert.deepEqual(phases(filter('mffff', 128, 0).ended), [['female', 64, 320]]);
  });

  it('are the raw ones with neither minimum nor hold', () => {
    const analysis = new Analysis(settings({ outputPeriod: null }));
    const letters = 'ffm  mfmmm f'.split('');
    const rows = {
      gender: letters.map((letter) => ROWS[letter] ?? []),
      'speech-rt': repeat(letters.length, SPEECH_ROW),
    };
    const raw = analysis.push(levels(letters.map((letter) => (letter === ' ' ? 0 : 1))), predictions(rows));
    const end = analysis.finish(letters.length * 1024 - 300);
    const steady = new TransitionFilter({ minimumMs: 0, holdMs: 0 });
    const endMs = letters.length * 64 - 19;
    assert.deepEqual(withoutSteps(steady.push(raw, letters.length * 64)), withoutSteps(raw));
    assert.deepEqual(withoutSteps(steady.finish(end, endMs)), withoutSteps(end));
  });

  it('keep models apart', () => {
    const event = (model: string, result: string, start: number, end: number | null): TransitionEvent => ({
      model,
      result,
      previous: null,
      confidence: 1,
      timestamp_start: start,
      timestamp_end: end,
    });
    const steady = new TransitionFilter({ minimumMs: 128, holdMs: 0 });
    const first = steady.push(
      { begun: [event('gender', 'male', 0, null), event('speech', 'music', 0, null)], ended: [] },
      64,
    );
    assert.deepEqual(first, { begun: [], ended: [] });
    const second = steady.push(
      { begun: [event('speech', 'speech', 64, null)], ended: [event('speech', 'music', 0, 64)] },
      128,
    );
    assert.deepEqual(phases(second.begun), [['male', 0, null]]);
    const third = steady.push({ begun: [], ended: [] }, 192);
    assert.deepEqual(phases(third.begun), [['speech', 64, null]]);
  });

  it('refuse times that are none', () => {
    assert.throws(() => new TransitionFilter({ minimumMs: -1, holdMs: 0 }), InvalidArgumentError);
    assert.throws(() => new TransitionFilter({ minimumMs: 0, holdMs: NaN }), /holdMs is NaN/);
  });
});

describe('Steady transitions of random labels', () => {
  const random = randomNumbers(99);
  const cases = Array.from({ length: 200 }, () => {
    let letter = 'f';
    const letters = Array.from({ length: 1 + Math.floor(random() * 80) }, () => {
      if (random() < 0.3) letter = 'fm '[Math.floor(random() * 3)] ?? 'f';
      return letter;
    }).join('');
    return {
      letters,
      minimumMs: [0, 64, 100, 128, 320][Math.floor(random() * 5)] ?? 0,
      holdMs: [0, 64, 150, 256, 640][Math.floor(random() * 5)] ?? 0,
    };
  });

  it('are what a look at every frame gives', () => {
    for (const { letters, minimumMs, holdMs } of cases) {
      const { ended } = filter(letters, minimumMs, holdMs);
      assert.deepEqual(
        phases(ended),
        naive(letters, minimumMs, holdMs),
        JSON.stringify({ letters, minimumMs, holdMs }),
      );
    }
  });

  it('do not depend on the size of the pieces', () => {
    for (const { letters, minimumMs, holdMs } of cases) {
      const fine = filter(letters, minimumMs, holdMs);
      const coarse = filter(letters, minimumMs, holdMs, (at) => 1 + ((at * 7) % 23));
      assert.deepEqual(coarse.ended, fine.ended);
      assert.deepEqual(coarse.begun, fine.begun);
    }
  });
});

/** Frame by frame: what lasts, since when, and since when the steady label is away. */
function naive(letters: string, minimumMs: number, holdMs: number): unknown[] {
  const found: { letter: string; start: number }[] = [];
  let runStart = 0;
  let lastPresent = -Infinity;
  letters.split('').forEach((letter, frame) => {
    const now = (frame + 1) * 64;
    if (frame > 0 && letters[frame - 1] !== letter) runStart = frame * 64;
    if (letter === found.at(-1)?.letter) lastPresent = now;
    else if (now - runStart >= minimumMs && now - lastPresent >= holdMs) {
      found.push({ letter, start: runStart });
      lastPresent = now;
    }
  });
  return found.map(({ letter, start }, index) => [
    NAMES[letter],
    start,
    found[index + 1]?.start ?? letters.length * 64,
  ]);
}

function withoutSteps({ begun, ended }: TransitionEvents): TransitionEvents {
  return { begun: [...begun], ended: [...ended] };
}
