import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { Deeptone, type FileAnalysis, type TimeSeriesStep } from '../../src';
import { deeptone, jsonLines, start, temporaryFolder } from './run-deeptone';
import { makeSounds, type Sounds } from './sounds';

describe('deeptone stream', () => {
  const folder = temporaryFolder();
  const options = ['--models', 'speech,gender', '--output-period', '512'];
  const raw = ['--format', 's16le'];
  let sounds: Sounds;
  let expected: FileAnalysis;

  before(async () => {
    sounds = makeSounds(folder);
    const engine = new Deeptone();
    expected = await engine.processFile(sounds.speech, {
      models: ['speech', 'gender'],
      outputPeriod: 512,
      includeSummary: true,
      includeTransitions: true,
    });
    await engine.close();
  });

  const stream = (input: string | Uint8Array, ...args: readonly string[]) =>
    deeptone(['stream', ...args], { input });

  it('gives for a WAV on standard input the steps of the file', async () => {
    const answer = await stream(readFileSync(sounds.speech), ...options);
    assert.equal(answer.code, 0, answer.stderr);
    assert.equal(answer.stderr, '');
    assertSameSteps(jsonLines(answer.stdout) as TimeSeriesStep[], expected.channels['0']?.time_series ?? []);
  });

  it('gives for raw samples as many steps, with raw values when asked', async () => {
    const answer = await stream(readFileSync(sounds.raw), ...options, ...raw, '--raw');
    const steps = jsonLines(answer.stdout) as TimeSeriesStep[];
    assert.equal(steps.length, expected.channels['0']?.time_series.length);
    assert.ok(steps.every((step) => step.raw?.['gender']?.['female'] !== undefined));
  });

  it('adds transitions as they end, and the summary at the end', async () => {
    const answer = await stream(readFileSync(sounds.speech), ...options, '--transitions', '--summary');
    const lines = jsonLines(answer.stdout) as Record<string, unknown>[];
    const found = lines.filter((line) => 'transition' in line).length;
    const { gender = [], speech = [] } = expected.channels['0']?.transitions ?? {};
    assert.equal(found, gender.length + speech.length);
    assert.deepEqual(Object.keys(lines.at(-1) ?? {}), ['summary']);
  });

  it('decides as it is told, tells what is loud, and hears with the usual models or all', async () => {
    const decisions = JSON.stringify({ gender: { classes: ['male'] }, loudness: { period: 'any' } });
    const flags = ['--models', 'gender', '--loud-above', '-35', '--decisions', decisions];
    const answer = await stream(readFileSync(sounds.speech), ...flags);
    const steps = jsonLines(answer.stdout) as TimeSeriesStep[];
    const labels = (model: string): ReadonlySet<string> =>
      new Set(steps.flatMap(({ shares }) => Object.keys(shares[model] ?? {})));
    assert.ok(labels('gender').has('male') && !labels('gender').has('female'), answer.stderr);
    assert.ok(labels('loudness').has('loud'));
    const modelsOf = async (...more: readonly string[]): Promise<number> => {
      const [first] = jsonLines((await stream(readFileSync(sounds.speech), ...more)).stdout);
      return Object.keys((first as TimeSeriesStep).results).length;
    };
    assert.deepEqual([await modelsOf(), await modelsOf('--model', 'all')], [4, 9]);
  });

  it('gives each step while the sound is still coming in, and the last one on Ctrl-C', async () => {
    const child = start(['stream', ...options, ...raw]);
    const errors = text(child.stderr);
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const next = async (): Promise<TimeSeriesStep> =>
      JSON.parse((await lines.next()).value as string) as TimeSeriesStep;
    const samples = readFileSync(sounds.raw);

    child.stdin.write(samples.subarray(0, 2 * 512 * 16 + 1));
    assert.equal((await next()).timestamp, 0);
    child.stdin.write(samples.subarray(2 * 512 * 16 + 1, 2 * 1_300 * 16));
    assert.equal((await next()).timestamp, 512);

    child.kill('SIGINT');
    assert.equal((await next()).timestamp, 1_024);
    assert.equal((await lines.next()).done, true);
    const [code] = child.exitCode === null ? ((await once(child, 'exit')) as [number]) : [child.exitCode];
    assert.equal(code, 0);
    assert.equal(await errors, '');
  });

  it('averages channels, or hears the one that is named', async () => {
    const stereo = readFileSync(sounds.stereo);
    const left = jsonLines((await stream(stereo, ...options, '--channel', '0')).stdout) as TimeSeriesStep[];
    assertSameSteps(left.slice(0, 8), expected.channels['0']?.time_series.slice(0, 8) ?? []);
    assert.equal((await stream(stereo, ...options)).code, 0);
  });

  it('ends quietly when its reader has seen enough', async () => {
    const child = start(['stream', ...options, ...raw]);
    const errors = text(child.stderr);
    child.stdin.on('error', () => undefined);
    child.stdin.write(readFileSync(sounds.raw));
    await once(child.stdout, 'data');
    child.stdout.destroy();
    child.stdin.write(readFileSync(sounds.raw));
    const [code] = (await once(child, 'exit')) as [number | null];
    assert.equal(code, 0);
    assert.equal(await errors, '');
  });

  it('hears raw samples without --format as 16-bit ones, at the rate that is given', async () => {
    const bytes = readFileSync(sounds.raw);
    const [plain, slow] = await Promise.all([
      stream(bytes, ...options),
      stream(bytes, ...options, '--rate', '8000'),
    ]);
    assert.equal(plain.stdout, (await stream(bytes, ...options, ...raw)).stdout);
    assert.ok(jsonLines(slow.stdout).length >= 2 * jsonLines(plain.stdout).length - 1);
  });

  const mistakes: readonly [
    what: string,
    input: string,
    args: readonly string[],
    code: number,
    message: RegExp,
  ][] = [
    ['no sound', '', [], 1, /no sound/i],
    ['raw input without a sample', '', raw, 1, /not one sample/],
    [
      'input that is no audio',
      'Dear reader, this is not a sound.',
      [],
      1,
      /is not audio: it is text that begins/,
    ],
    ['an encoding that is not known', '', ['--format', 's12le'], 2, /"s12le": accepted are s8, u8, s16le/],
    ['a rate out of range', '', [...raw, '--rate', '100'], 2, /4000 to 384000/],
    ['a channel that is not there', '', [...raw, '--channel', '3'], 2, /channel 3/],
    ['a period off the grid', '', [...raw, '--output-period', '100'], 2, /multiple of 64/],
  ];
  for (const [what, input, args, code, message] of mistakes) {
    it(`ends with code ${code} for ${what}`, async () => {
      const answer = await stream(input, ...options, ...args);
      assert.equal(answer.code, code, answer.stderr);
      assert.equal(answer.stdout, '');
      assert.match(answer.stderr, message);
    });
  }
});

/** Equal results; decision 13 allows probabilities 1e-4, so confidences may differ in their last digit. */
function assertSameSteps(actual: readonly TimeSeriesStep[], wanted: readonly TimeSeriesStep[]): void {
  assert.equal(actual.length, wanted.length);
  for (const [index, step] of actual.entries()) {
    assert.equal(step.timestamp, wanted[index]?.timestamp);
    for (const [model, result] of Object.entries(step.results)) {
      const want = wanted[index]?.results[model];
      assert.ok('result' in result && want && 'result' in want);
      assert.equal(result.result, want.result);
      assert.ok(Math.abs(result.confidence - want.confidence) < 3e-4);
    }
  }
}
