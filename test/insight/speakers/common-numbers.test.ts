import assert from 'node:assert/strict';
import { commonNumbers, type ChannelSpeaker } from '../../../src/insight';

/** A voice that points along one axis, a little towards the next. */
function voice(axis: number, lean = 0): Float32Array {
  return Float32Array.from({ length: 8 }, (_, index) => (index === axis ? 1 : index === axis + 1 ? lean : 0));
}

function speaker(label: string, firstMs: number, own: Float32Array | undefined): ChannelSpeaker {
  return { label, firstMs, voice: own };
}

function numbers(channels: readonly (readonly ChannelSpeaker[])[], taken: readonly string[] = []) {
  return commonNumbers(channels, 0.5, new Set(taken)).map((labels) => Object.fromEntries(labels));
}

describe('One numbering of speakers (decision 35)', () => {
  it('goes on over the channels, in the order in which speakers are heard first', () => {
    const left = [speaker('speaker_1', 500, voice(0)), speaker('speaker_2', 3_000, voice(1))];
    const right = [speaker('speaker_1', 1_000, voice(4))];
    assert.deepEqual(numbers([left, right]), [
      { speaker_1: 'speaker_1', speaker_2: 'speaker_3' },
      { speaker_1: 'speaker_2' },
    ]);
  });

  it('knows a voice again on another channel, the most alike of several', () => {
    const left = [speaker('speaker_1', 0, voice(0, 0.9)), speaker('speaker_2', 10, voice(1))];
    const right = [speaker('speaker_1', 500, voice(1, 0.1)), speaker('speaker_2', 600, voice(0))];
    assert.deepEqual(numbers([left, right]), [
      { speaker_1: 'speaker_1', speaker_2: 'speaker_2' },
      { speaker_1: 'speaker_2', speaker_2: 'speaker_1' },
    ]);
  });

  it('never makes one of two that a channel tells apart', () => {
    const left = [speaker('speaker_1', 0, voice(0))];
    const right = [speaker('speaker_1', 10, voice(0)), speaker('speaker_2', 20, voice(0))];
    assert.deepEqual(numbers([left, right])[1], { speaker_1: 'speaker_1', speaker_2: 'speaker_2' });
  });

  it('begins with the lower channel where two are heard first at once, and gives one that was forgotten a number of its own', () => {
    const channels = [[speaker('speaker_1', 0, undefined)], [speaker('speaker_1', 0, voice(0))]];
    assert.deepEqual(numbers(channels), [{ speaker_1: 'speaker_1' }, { speaker_1: 'speaker_2' }]);
  });

  it('leaves out numbers that known voices have as names', () => {
    assert.deepEqual(numbers([[speaker('speaker_1', 0, voice(0))]], ['speaker_1', 'speaker_2']), [
      { speaker_1: 'speaker_3' },
    ]);
  });
});
