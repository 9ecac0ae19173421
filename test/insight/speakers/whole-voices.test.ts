import assert from 'node:assert/strict';
import type { ClusteringSettings } from '../../../src/inference';
import { WholeVoices } from '../../../src/insight/speakers/whole-voices';
import { NOBODY } from '../../../src/insight/speakers/voice-source';
import { atOnce } from '../../../src/steps';

/** Embeddings: a voice that has a name, one that has none, and one that is as much like the first as the degrees between them. */
const ANNA = Float32Array.of(1, 0, 0);
const BEN = Float32Array.of(0, 1, 0);
function degreesFromAnna(degrees: number): Float32Array {
  const angle = (degrees * Math.PI) / 180;
  return Float32Array.of(Math.cos(angle), 0, Math.sin(angle));
}

type Turn = readonly [voice: Float32Array, frames: number];
const PAUSE_FRAMES = 10;

/** The slots in which the frames of each turn are found, with pauses between the turns. */
function slotsOf(turns: readonly Turn[], settings: ClusteringSettings = {}): readonly (readonly number[])[] {
  const voices = new WholeVoices(3, settings, [ANNA]);
  for (const [voice, frames] of turns) {
    for (let frame = 0; frame < frames; frame += 1) voices.hear(voice);
    for (let frame = 0; frame < PAUSE_FRAMES; frame += 1) voices.hear(undefined);
  }
  atOnce(voices.settle());
  return turns.map(([, frames]) => {
    const slots = Array.from({ length: frames }, () => voices.next().slot);
    for (let frame = 0; frame < PAUSE_FRAMES; frame += 1) voices.skip();
    return [...new Set(slots)];
  });
}

/** Slot 0 is Anna's, 1 that of whoever has no name and is heard first. */
describe('Voices of sound that is at hand as a whole', () => {
  const long: Turn = [BEN, 60];

  it('are of few words where they have a name, and else must be heard for longer', () => {
    assert.deepEqual(slotsOf([long, [ANNA, 12]]), [[1], [0]]);
    assert.deepEqual(slotsOf([long, [degreesFromAnna(90), 12]]), [[1], [NOBODY]]);
    assert.deepEqual(slotsOf([long, [degreesFromAnna(90), 24]]), [[1], [2]]);
    assert.deepEqual(slotsOf([long, [ANNA, 6]]), [[1], [NOBODY]], 'too few for anybody');
  });

  it('have a name, in few words as in many, from the likeness on that is asked for', () => {
    for (const frames of [12, 60]) {
      const stranger = frames < 24 ? NOBODY : 2;
      const found = (degrees: number, settings?: ClusteringSettings) =>
        slotsOf([long, [degreesFromAnna(degrees), frames]], settings)[1];
      // The cosines of 55, 65 and 40 degrees are 0.57, 0.42 and 0.77; 0.5 is asked for where nothing is said.
      assert.deepEqual([found(55), found(65)], [[0], [stranger]], `${frames} frames`);
      assert.deepEqual(found(55, { knownAbove: 0.7 }), [stranger], `${frames} frames, strict`);
      assert.deepEqual(found(40, { knownAbove: 0.7 }), [0], `${frames} frames, strict`);
    }
  });

  it('are somebody all the same where nobody is heard for long', () => {
    assert.deepEqual(slotsOf([[BEN, 12]]), [[1]]);
    assert.deepEqual(slotsOf([[degreesFromAnna(55), 12]]), [[0]]);
  });
});
