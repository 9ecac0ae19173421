import assert from 'node:assert/strict';
import { between } from '../../bench/accuracy/cards';
import { passed, soundOf, soundRow, spread } from '../../bench/accuracy/gate';
import { developmentClips } from '../../bench/accuracy/manifest';
import {
  aucFigures,
  compared,
  f1Figures,
  f1Of,
  sceneOf,
  type SceneCondition,
} from '../../bench/accuracy/speech-frames';
import type { Window } from '../../bench/accuracy/windows';
import { tone } from '../tools/audio';

const FRAME = 1_024;

function windowOf(samples: Float32Array, voice = 'v'): Window {
  return { samples, contextFrames: 0, truth: 0, voice, corpus: 'made' };
}

const surroundings = { noises: [tone(100, 3)], music: [tone(5_000, 3)], rooms: [Float32Array.of(1)] };

function scene(index: number, condition: SceneCondition = 'clean') {
  return sceneOf(windowOf(tone(440, 3)), index, [windowOf(tone(2_000, 1))], condition, surroundings);
}

describe('Scenes of the accuracy bench', () => {
  it('have speech between a gap and another sound, which come first in turns, and say which frames are which', () => {
    for (const index of [0, 1]) {
      const { sound, labels } = scene(index);
      const spoken = labels.flatMap((label, frame) => (label === true ? [frame] : []));
      assert(spoken.length > 40 && spoken.length <= 3 * 16, `${spoken.length} frames of 3 s`);
      const first = spoken[0] ?? 0;
      assert.deepEqual(
        spoken,
        Array.from(spoken, (_, n) => first + n),
      );
      assert.equal(
        sound.subarray(0, FRAME).some((sample) => sample !== 0),
        index === 1,
      );
      assert(labels.slice(0, first - 1).every((label) => label === false));
    }
  });

  it('are the same whoever hears them, and have music under all of it where that is asked for', () => {
    assert.deepEqual(scene(4, 'music 5 dB'), scene(4, 'music 5 dB'));
    const level = (samples: Float32Array) =>
      Math.sqrt(samples.reduce((sum, s) => sum + s * s, 0) / samples.length);
    const { sound } = scene(0);
    const under = scene(0, 'music 5 dB').sound.map((sample, n) => sample - (sound[n] ?? 0));
    assert(Math.abs(20 * Math.log10(level(sound) / level(under)) - 5) < 0.1);
  });

  it('are judged by frames that are sure: area, and F1 of what was answered', () => {
    const labels = [true, true, true, false, false, null];
    const scores = [0.9, 0.8, 0.2, 0.1, 0.6, 1];
    const said = [true, true, false, false, true, true];
    const one = { voice: 'a', ...compared({ scores, said }, labels) };
    assert.deepEqual(one.counts, { hits: 2, claimed: 3, actual: 3 });
    assert.equal(aucFigures([one])?.value, 5 / 6);
    assert.deepEqual(f1Figures([one]), { value: 2 / 3, interval: [2 / 3, 2 / 3], items: 5, voices: 1 });
  });

  it('tell scores apart that are all but certain', () => {
    const labels = [true, false, true, false];
    const close = { scores: [0.9999, 0.999, 0.0001, 0.00001], said: [] };
    assert.equal(aucFigures([{ voice: 'a', ...compared(close, labels) }])?.value, 0.75);
    const extreme = { scores: [1, 0, 1, 0], said: [] };
    assert.equal(aucFigures([{ voice: 'a', ...compared(extreme, labels) }])?.value, 1);
  });

  it('have no figures unless somebody speaks in some of the frames and nobody in others', () => {
    assert.equal(f1Of([{ hits: 0, claimed: 0, actual: 0 }]), 0);
    const answers = { scores: [0.1, 0.9], said: [false, true] };
    const mixed = compared(answers, [false, true]);
    for (const labels of [[], [null, null], [false, false], [true, true]]) {
      const one = { voice: 'a', ...compared(answers, labels) };
      assert.deepEqual([aucFigures([one]), f1Figures([one])], [null, null], String(labels));
      assert.equal(f1Figures([one, { voice: 'b', ...mixed }])?.voices, 2);
    }
    assert.deepEqual([aucFigures([]), f1Figures([])], [null, null]);
  });
});

describe('Sounds that the gate should not let through', () => {
  const kinds: readonly (readonly [event: string, corpus: string, note: string, kind: string | undefined])[] =
    [
      ['nat_human_sounds', 'covidcough', '', 'coughs'],
      ['nat_human_sounds', 'dcase16', 'class=cough', 'coughs'],
      ['nat_human_sounds', 'dcase16', 'class=clearthroat', 'throat clearing'],
      ['nat_human_sounds', 'esc10', 'class=Person sneeze', 'sneezes'],
      ['nat_human_sounds', 'snoring', 'snoring', 'snores'],
      ['nat_human_sounds', 'other', 'class=hiccup', undefined],
      ['pos_human_sounds', 'babylaugh', '', 'laughs'],
      ['neg_human_sounds', 'donateacry', 'device=1', 'cries of babies'],
      ['neg_human_sounds', 'screams', '', 'screams'],
      ['noise', 'dcase16', 'class=knock', 'knocks'],
      ['noise', 'moodist', 'light-rain.mp3', 'other noise'],
      ['noise', 'moodist', 'crowded-bar.mp3;babble', undefined],
      ['music', 'songs-ultrastar', '', 'songs'],
      ['music', 'music-mir', '', 'instruments, mostly'],
      ['speech', 'screams', '', undefined],
    ];
  for (const [event, corpus, note, kind] of kinds) {
    it(`counts ${event} of ${corpus} (${note}) as ${kind ?? 'nothing'}`, () => {
      const manifest = `file,start,end,corpus,voice,part,event,note\nx,0,1,${corpus},v,dev,${event},${note}`;
      const [clip] = developmentClips(manifest);
      assert(clip);
      assert.equal(soundOf(clip), kind);
    });
  }
});

describe('What the gate lets through', () => {
  it('is the share of the frames that are not silent, of all sounds of a kind', () => {
    const t = true;
    const f = false;
    const some = passed('a', [t, f, t, f, t], [t, t, f, f]);
    assert.deepEqual(some, { voice: 'a', frames: 3, passed: 1 });
    const silent = passed('b', [f, f], [t, t]);
    assert.deepEqual(silent, { voice: 'b', frames: 0, passed: 0 });
    const { figures } = soundRow('coughs', [some, silent, passed('c', [t], [t])]);
    assert.deepEqual(
      figures && 'items' in figures && [figures.value, figures.items, figures.voices],
      [0.5, 4, 3],
    );
    assert.equal(soundRow('coughs', [silent]).figures, null, 'nothing was heard');
  });

  it('is measured on sixty sounds of a kind at most, of as many voices as there are', () => {
    const clips = developmentClips(
      [
        'file,start,end,corpus,voice,part,event',
        ...Array.from(
          { length: 100 },
          (_, n) => `x,${n},${n + 1},made,${n < 97 ? 'often' : `once${n}`},dev,noise`,
        ),
      ].join('\n'),
    );
    const chosen = spread(clips);
    assert.equal(chosen.length, 60);
    assert.deepEqual(
      chosen.slice(0, 5).map(({ voice, start }) => [voice, start]),
      [
        ['often', 0],
        ['once97', 97],
        ['once98', 98],
        ['once99', 99],
        ['often', 1],
      ],
    );
    assert.deepEqual(spread([]), []);
  });
});

describe('Figures in cards', () => {
  it('take the place of what stands between their marks, and nothing where there are none', () => {
    const card = 'a\n<!-- accuracy:open -->\nold\n<!-- /accuracy:open -->\nb';
    assert.equal(
      between(card, 'accuracy:open', 'new'),
      'a\n<!-- accuracy:open -->\n\nnew\n<!-- /accuracy:open -->\nb',
    );
    assert.equal(between(card, 'accuracy:standard', 'new'), undefined);
    assert.equal(between('<!-- /x --> <!-- x -->', 'x', 'new'), undefined);
  });
});
