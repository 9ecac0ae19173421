/** The same samples through every way in that gives steps. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import * as path from 'node:path';
import type { AnalysisOptions, Deeptone, TimeSeriesStep } from '../../src';
import { deeptone as command, jsonLines } from '../cli/run-deeptone';
import { TestHub } from '../streams/live-hub';
import { makeWav, temporaryFolder } from '../tools/audio';

type Options = Pick<AnalysisOptions, 'models' | 'outputPeriod' | 'includeRawValues'>;
/** 16 kHz samples of one channel, whole numbers of 16 bits, so that all ways get the same. */
type Hear = (samples: Float32Array) => Promise<readonly TimeSeriesStep[]>;

/** Each way by its name. */
export function waysIn(deeptone: Deeptone, options: Options): readonly (readonly [string, Hear])[] {
  return [
    [
      'a file',
      async (samples) => {
        const file = path.join(temporaryFolder(), 'sound.wav');
        writeFileSync(file, makeWav([samples]));
        return (await deeptone.processFile(file, options)).channels['0']?.time_series ?? [];
      },
    ],
    ['bytes', async (samples) => (await deeptone.processAudioBytes(samples, options)).time_series],
    [
      'a container in memory',
      async (samples) =>
        (await deeptone.processContainer(makeWav([samples]), options)).channels['0']?.time_series ?? [],
    ],
    [
      'a stream in odd pieces',
      async (samples) => {
        const steps: TimeSeriesStep[] = [];
        for await (const step of deeptone.processStream(pieces(samples, 777), options)) steps.push(step);
        return steps;
      },
    ],
    [
      'a hub of live streams',
      async (samples) => {
        const test = new TestHub(deeptone, { options });
        for (const payload of pieces(samples, 1_600)) await test.hub.hear('a', { payload });
        await test.hub.end('a');
        return test.of('step').map(({ step }) => step);
      },
    ],
    [
      'the command line',
      async (samples) => {
        const args = ['--models', options.models.join(), '--output-period', String(options.outputPeriod)];
        const raw = options.includeRawValues ? ['--raw'] : [];
        const { code, stdout, stderr } = await command(['stream', ...args, ...raw], {
          input: makeWav([samples]),
        });
        assert.equal(code, 0, stderr);
        return jsonLines(stdout) as TimeSeriesStep[];
      },
    ],
  ];
}

/** Whole numbers of 16 bits. */
export function rounded(samples: Float32Array): Float32Array {
  return samples.map((sample) => Math.round(sample * 32_768) / 32_768);
}

export function pieces(samples: Float32Array, size: number): Float32Array[] {
  return Array.from({ length: Math.ceil(samples.length / size) }, (_, index) =>
    samples.slice(index * size, (index + 1) * size),
  );
}
