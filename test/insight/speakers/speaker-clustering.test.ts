import assert from 'node:assert/strict';
import { similarity, Centroid } from '../../../src/insight/speakers/centroid';
import { SpeakerClustering } from '../../../src/insight/speakers/speaker-clustering';
import { NOBODY } from '../../../src/insight/speakers/voice-source';
import {
  conversation,
  diarizationError,
  EASY,
  EMBEDDING_SIZE,
  HARD,
  VoiceWorld,
  type Turn,
  type VoiceStyle,
} from '../voices';

interface Outcome {
  readonly truth: readonly number[];
  /** Slot per frame of speech. */
  readonly found: readonly number[];
  readonly clustering: SpeakerClustering;
}

/** The voices made here lie nearer to each other, for how they scatter, than those of the shipped network. */
const MADE_VOICES = { groupCost: 0.05 };

function listen(
  world: VoiceWorld,
  turns: readonly Turn[],
  clustering = new SpeakerClustering(EMBEDDING_SIZE, MADE_VOICES),
): Outcome {
  const truth: number[] = [];
  const found: number[] = [];
  for (const [voice, frames] of turns) {
    for (let frame = 0; frame < frames; frame += 1) {
      const embedding = world.frame(voice);
      if (voice === null) clustering.skip();
      else {
        truth.push(voice);
        found.push(clustering.assign(embedding));
      }
    }
  }
  return { truth, found, clustering };
}

const share = (values: readonly number[], value: number) =>
  values.filter((other) => other === value).length / values.length;

const mean = (values: readonly number[]) => values.reduce((total, value) => total + value, 0) / values.length;

function errorsOf(style: VoiceStyle, voices: number): { error: number; speakers: number } {
  const outcomes = Array.from({ length: 8 }, (_, seed) =>
    listen(new VoiceWorld(seed + 1, style), conversation(seed + 1, voices, 30)),
  );
  return {
    error: mean(outcomes.map(({ truth, found }) => diarizationError(truth, found))),
    speakers: mean(outcomes.map(({ clustering }) => clustering.heardCount)),
  };
}

describe('The clustering of voices', () => {
  it('tells the speakers of a conversation apart without knowing their number', () => {
    for (const voices of [2, 3, 4]) {
      const { error, speakers } = errorsOf(EASY, voices);
      assert.ok(error < 0.19, `${voices} voices: error ${error}`);
      assert.ok(Math.abs(speakers - voices) < 0.5, `${voices} voices: found ${speakers}`);
    }
  });

  it('does so for voices that are alike and embeddings that are noisy', () => {
    for (const voices of [2, 3]) {
      const { error, speakers } = errorsOf(HARD, voices);
      assert.ok(error < 0.26, `${voices} voices: error ${error}`);
      assert.ok(Math.abs(speakers - voices) < 0.6, `${voices} voices: found ${speakers}`);
    }
  });

  it('does not wait for the next grouping when a voice sounds like nobody so far', () => {
    const delays = Array.from({ length: 20 }, (_, seed) => {
      const turns: Turn[] = [
        [0, 100],
        [1, 100],
      ];
      const clustering = new SpeakerClustering(EMBEDDING_SIZE, { ...MADE_VOICES, groupEvery: 40 });
      const { truth, found } = listen(new VoiceWorld(seed + 1, EASY), turns, clustering);
      const change = truth.indexOf(1);
      const known = found.findIndex(
        (slot, frame) => frame >= change && slot !== found[change - 1] && slot !== NOBODY,
      );
      return known < 0 ? Infinity : known - change;
    });
    assert.ok(mean(delays) < 30, `${mean(delays)} frames`);
  });

  it('finds one speaker in a monologue with pauses', () => {
    const world = new VoiceWorld(3, EASY);
    const turns = Array.from({ length: 40 }, (_, turn): Turn => [turn % 2 === 0 ? 0 : null, 30]);
    const { found, clustering } = listen(world, turns);
    assert.equal(clustering.heardCount, 1);
    assert.ok(share(found, 0) > 0.95);
  });

  it('numbers speakers in order of first appearance and knows them when they return', () => {
    const world = new VoiceWorld(5, EASY);
    const pause: Turn = [null, 8];
    const first = listen(world, [[7, 60], pause, [3, 60], pause, [5, 60], pause]);
    const again = listen(world, [[5, 60], pause, [7, 60], pause, [3, 60]], first.clustering);
    assert.deepEqual(
      [7, 3, 5].map((voice) => first.found.filter((_, index) => first.truth[index] === voice).at(-1)),
      [0, 1, 2],
    );
    assert.ok(diarizationError(again.truth, again.found) < 0.1);
    assert.deepEqual(
      [7, 3, 5].map((voice) => again.found.filter((_, index) => again.truth[index] === voice).at(-1)),
      [0, 1, 2],
    );
    assert.equal(first.clustering.heardCount, 3);
  });

  it('calls a new voice nobody until it has been heard for long enough, also in several short turns', () => {
    const world = new VoiceWorld(9, EASY);
    const settings = { confirmFrames: 20 };
    const clustering = new SpeakerClustering(EMBEDDING_SIZE, settings);
    const start = listen(world, [[0, 19]], clustering).found;
    assert.deepEqual(new Set(start), new Set([NOBODY]));
    assert.equal(listen(world, [[0, 40]], clustering).found.at(-1), 0);
    const turn = () =>
      listen(
        world,
        [
          [null, 8],
          [1, 15],
        ],
        clustering,
      ).found;
    assert.ok(!turn().includes(1), 'too early after one short turn');
    turn();
    assert.ok(turn().includes(1), 'not found after three short turns');
  });

  it('does not let a burst of noise become a speaker', () => {
    const world = new VoiceWorld(11, EASY);
    const turns: Turn[] = [
      [0, 80],
      [null, 5],
      [1, 6],
      [null, 5],
      [0, 80],
      [2, 6],
      [null, 9],
      [0, 50],
    ];
    const { clustering } = listen(world, turns, new SpeakerClustering(EMBEDDING_SIZE, undefined));
    assert.equal(clustering.heardCount, 1);
  });

  it('answers one frame at a time: what comes later changes nothing', () => {
    const turns = conversation(21, 3, 12);
    const whole = listen(new VoiceWorld(21, HARD), turns).found;
    const half = listen(new VoiceWorld(21, HARD), turns.slice(0, 6)).found;
    assert.deepEqual(whole.slice(0, half.length), half);
  });

  it('follows a voice that changes slowly', () => {
    const clustering = new SpeakerClustering(3, { memoryFrames: 200 });
    const answers = new Set<number>();
    for (let frame = 0; frame < 6000; frame += 1) {
      const angle = (frame / 6000) * Math.PI;
      answers.add(clustering.assign(Float32Array.of(Math.cos(angle), Math.sin(angle), 0)));
    }
    assert.deepEqual(answers, new Set([NOBODY, 0]));
  });
});

describe('Speakers who turn out to be one', () => {
  it('share the earlier label from then on, and are counted once', () => {
    const clustering = new SpeakerClustering(2, { newSpeakerBelow: 0.5, memoryFrames: 20 });
    const at = (degrees: number) =>
      Float32Array.of(Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180));
    const say = (degrees: number, frames: number) => {
      let last = NOBODY;
      for (let frame = 0; frame < frames; frame += 1) last = clustering.assign(at(degrees));
      return last;
    };
    assert.equal(say(0, 20), 0);
    assert.equal(say(75, 20), 1);
    assert.equal(clustering.heardCount, 2);
    for (const degrees of [65, 55, 45]) assert.equal(say(degrees, 12), 1);
    say(35, 200);
    assert.equal(clustering.heardCount, 1);
    assert.equal(say(35, 1), 0);
    assert.equal(say(75, 40), 1 - 1);
    assert.equal(clustering.centroidOf(1), undefined);
  });
});

describe('A stream of weeks', () => {
  const unit = (axis: number) => Float32Array.from({ length: 64 }, (_, index) => (index === axis ? 1 : 0));
  const visit = (clustering: SpeakerClustering, axis: number, frames = 20) => {
    for (let frame = 0; frame < 5; frame += 1) clustering.skip();
    let last = NOBODY;
    for (let frame = 0; frame < frames; frame += 1) last = clustering.assign(unit(axis));
    return last;
  };

  it('has room for a fixed number of speakers; more stay nobody while the others are recent', () => {
    const clustering = new SpeakerClustering(64, { maxSpeakers: 4 });
    assert.deepEqual(
      [0, 1, 2, 3].map((axis) => visit(clustering, axis)),
      [0, 1, 2, 3],
    );
    assert.equal(visit(clustering, 4), NOBODY);
    assert.equal(visit(clustering, 2), 2);
    assert.equal(clustering.slots, 4);
  });

  it('forgets the speaker who was not heard for longest, and never gives a number twice', () => {
    const clustering = new SpeakerClustering(64, { maxSpeakers: 4, forgetFrames: 60 });
    const serials: number[] = [];
    for (let axis = 0; axis < 60; axis += 1) serials.push(clustering.serialOf(visit(clustering, axis)));
    assert.deepEqual(
      serials,
      serials.map((_, index) => index + 1),
    );
    assert.equal(clustering.slots, 4);
    assert.equal(clustering.heardCount, 60);
    assert.equal(clustering.serialOf(visit(clustering, 59)), 60);
  });

  it('does not give a slot away that its owner still needs', () => {
    const clustering = new SpeakerClustering(64, { maxSpeakers: 1, forgetFrames: 10 }, [], () => false);
    assert.equal(visit(clustering, 0), 0);
    assert.equal(visit(clustering, 1), NOBODY);
  });
});

describe('Known voices', () => {
  it('are recognised from their first frame, and others still become speakers', () => {
    const world = new VoiceWorld(31, EASY);
    const known = [world.voice(4), world.voice(2)];
    const clustering = new SpeakerClustering(EMBEDDING_SIZE, MADE_VOICES, known);
    assert.equal(clustering.heardCount, 0);
    const { truth, found } = listen(
      world,
      [
        [2, 60],
        [null, 8],
        [0, 60],
        [null, 8],
        [4, 60],
        [null, 8],
        [2, 30],
      ],
      clustering,
    );
    assert.deepEqual(
      [2, 0, 4].map((voice) => found.filter((_, index) => truth[index] === voice).at(-1)),
      [1, 2, 0],
    );
    assert.equal(found[3], 1);
    assert.equal(clustering.serialOf(0), 0);
    assert.equal(clustering.serialOf(2), 1);
    assert.equal(clustering.heardCount, 3);
    assert.ok(diarizationError(truth, found) < 0.12);
  });

  it('have a threshold of their own, which the others do not have', () => {
    const world = new VoiceWorld(31, EASY);
    const strict = { ...MADE_VOICES, knownAbove: 1.1 };
    const { truth, found } = listen(
      world,
      [
        [2, 60],
        [null, 8],
        [0, 60],
        [null, 8],
        [2, 60],
      ],
      new SpeakerClustering(EMBEDDING_SIZE, strict, [world.voice(2)]),
    );
    assert.ok(!found.includes(0), 'nobody is so much alike');
    const last = (voice: number): number | undefined =>
      found.filter((_, index) => truth[index] === voice).at(-1);
    assert.deepEqual([last(2), last(0)], [1, 2], 'and who has no name is known again all the same');
  });

  it('do not keep somebody who is not enough like them waiting for the next grouping', () => {
    const known = Float32Array.of(1, 0);
    const alike = Float32Array.of(0.7, Math.sqrt(0.51));
    /** Frames of a voice that is 0.7 like the known one until it is somebody's. */
    const framesUntilFound = (knownAbove: number): readonly [frames: number, slot: number] => {
      const settings = { ...MADE_VOICES, sameAbove: 0.5, knownAbove, groupEvery: 40 };
      const clustering = new SpeakerClustering(2, settings, [known]);
      for (let frames = 1; frames <= 400; frames += 1) {
        const slot = clustering.assign(alike);
        if (slot !== NOBODY) return [frames, slot];
      }
      return [Infinity, NOBODY];
    };
    assert.deepEqual(framesUntilFound(0.6), [1, 0]);
    assert.deepEqual(framesUntilFound(0.8), [8, 1]);
  });

  it('do not move', () => {
    const world = new VoiceWorld(33, HARD);
    const clustering = new SpeakerClustering(EMBEDDING_SIZE, undefined, [world.voice(0)]);
    listen(world, [[0, 500]], clustering);
    assert.ok(similarity(clustering.centroidOf(0) ?? new Float32Array(96), world.voice(0)) > 0.9999);
  });
});

describe('Means of embeddings', () => {
  it('weigh all frames alike until the memory is full, then let the oldest fade', () => {
    const centroid = new Centroid(1, 4);
    for (const value of [1, 2, 3, 4]) centroid.add(Float32Array.of(value));
    assert.equal(centroid.mean[0], 2.5);
    centroid.add(Float32Array.of(6.5));
    assert.equal(centroid.mean[0], 3.5);
    assert.equal(centroid.weight, 4);
  });

  it('compare by angle; nothing is like nothing', () => {
    assert.equal(similarity(Float32Array.of(2, 0), Float32Array.of(0.5, 0)), 1);
    assert.equal(similarity(Float32Array.of(0, 0), Float32Array.of(1, 0)), 0);
  });
});
