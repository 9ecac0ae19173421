import assert from 'node:assert/strict';
import { Analysis, frameLevels, type Level } from '../../src/insight';
import { noise, tone } from '../tools/audio';
import { analyse, audioEvent, levels, predictions, repeat, settings } from './frames';

const NOISE_ROW = [0, 0, 0, 0, 0, 1];

function levelOf(samples: Float32Array): Level | undefined {
  const frames = frameLevels(samples);
  const analysis = new Analysis(settings({ models: [audioEvent], outputPeriod: null }));
  analysis.push(frames, predictions({ 'audio-event': repeat(frames.volumes.length, NOISE_ROW) }));
  return analysis.finish(samples.length).steps[0]?.level;
}

describe('The level (decision 28)', () => {
  it('is 0 dBFS for a square wave of full scale and -3 for a sine', () => {
    const square = Float32Array.from({ length: 4_096 }, (_, n) => (n % 20 < 10 ? 1 : -1));
    assert.deepEqual(levelOf(square), { mean: 0, peak: 0 });
    assert.deepEqual(levelOf(tone(1_000, 1, 16_000, 1)), { mean: -3, peak: 0 });
    assert.deepEqual(levelOf(tone(1_000, 1, 16_000, 0.1)), { mean: -23, peak: -20 });
  });

  it('has one decimal, and the peak of negative samples too', () => {
    const samples = noise(1, 16_000, 0.3);
    samples[700] = -0.77;
    const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
    assert.deepEqual(levelOf(samples), {
      mean: Number((10 * Math.log10(power)).toFixed(1)),
      peak: -2.3,
    });
  });

  it('is of the audio alone, without the zeros that fill the last frame', () => {
    assert.deepEqual(levelOf(new Float32Array(1_024 + 100).fill(0.1)), { mean: -20, peak: -20 });
    assert.deepEqual(levelOf(new Float32Array(1).fill(0.1)), { mean: -20, peak: -20 });
  });

  it('is -120 for digital silence and what is quieter, a number to compare with', () => {
    assert.deepEqual(levelOf(new Float32Array(3_000)), { mean: -120, peak: -120 });
    assert.deepEqual(levelOf(new Float32Array(3_000).fill(1e-9)), { mean: -120, peak: -120 });
    const empty = new Analysis(settings({ models: [audioEvent] }));
    assert.deepEqual(empty.summary().level, { mean: -120, peak: -120 });
  });

  it('is that of each period, and in the summary that of everything', () => {
    const { steps, analysis } = analyse(
      { models: [audioEvent], outputPeriod: 128 },
      { 'audio-event': repeat(4, NOISE_ROW) },
      { volumes: [1, 0, 0.1, 0.1] },
    );
    assert.deepEqual(
      steps.map(({ level }) => level),
      [
        { mean: -3, peak: 0 },
        { mean: -20, peak: -20 },
      ],
    );
    assert.deepEqual(analysis.summary().level, { mean: -5.9, peak: 0 });
  });

  it('is above 0 where samples are above full scale', () => {
    const analysis = new Analysis(settings({ models: [audioEvent] }));
    const [step] = analysis.push(levels([10]), predictions({ 'audio-event': [NOISE_ROW] })).steps;
    assert.deepEqual(step?.level, { mean: 20, peak: 20 });
  });
});
