import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { Deeptone, type FileAnalysis } from '../../src';
import { generateLicenseKeyPair } from '../../src/license';
import { licenseKey as signedKey } from '../tools/licenses';
import { makeWav, noise } from '../tools/audio';
import { COMMAND, deeptone, jsonLines, start, temporaryFolder } from './run-deeptone';
import { makeLongSound, makeSounds, type Sounds } from './sounds';

interface Answer {
  readonly filename: string;
  readonly channels?: FileAnalysis['channels'];
  readonly error?: { readonly code: string; readonly message: string };
}

describe('deeptone analyze', () => {
  const folder = temporaryFolder();
  const options = ['--models', 'speech,gender', '--output-period', '512'];
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
      includeRawValues: true,
    });
    await engine.close();
  });

  const analyze = (...args: readonly string[]) => deeptone(['analyze', ...args]);

  it('holds to the limits that its flags set, and says which one it was', async () => {
    for (const [flag, value, name] of [
      ['--max-duration', '100', 'maxDuration'],
      ['--max-answer-values', '1', 'maxAnswerValues'],
    ] as const) {
      const { code, stderr } = await analyze(sounds.speech, ...options, flag, value);
      assert.equal(code, 1);
      assert.ok(stderr.includes(name), stderr);
    }
    assert.equal((await analyze(sounds.speech, ...options, '--max-channels', '0')).code, 2);
  });

  describe('json', () => {
    it('prints for one file exactly the object of processFile, and nothing else', async () => {
      const answer = await analyze(sounds.speech, ...options, '--summary', '--transitions', '--raw');
      assert.equal(answer.code, 0, answer.stderr);
      assert.deepEqual(JSON.parse(answer.stdout), expected);
      assert.equal(answer.stderr, '');
    });

    it('leaves out what was not asked for', async () => {
      const { stdout } = await analyze(sounds.speech, ...options);
      const { channels } = JSON.parse(stdout) as FileAnalysis;
      assert.deepEqual(Object.keys(channels['0'] ?? {}), ['time_series']);
      assert.deepEqual(Object.keys(channels['0']?.time_series[0] ?? {}), [
        'timestamp',
        'results',
        'shares',
        'level',
      ]);
    });

    it('prints the same, in the same order, whatever number of workers there is', async () => {
      const files = [sounds.speech, sounds.mp3, 'nowhere.wav', sounds.speech, sounds.broken, sounds.mp3];
      const one = await analyze(...files, ...options, '--quiet');
      const three = await analyze(...files, ...options, '--quiet', '--workers', '3');
      assert.deepEqual([three.code, three.stdout], [1, one.stdout]);
      assert.equal(three.stdout.trim().split('\n').length, files.length);
      const none = await analyze(sounds.speech, ...options, '--workers', '65');
      assert.equal(none.code, 2);
      assert.match(none.stderr, /workers is 65: a whole number from 1 to 64/);
    });

    it('prints a line per file for several, also for one that fails, and ends with code 1', async () => {
      const answer = await analyze(sounds.speech, sounds.broken, 'nowhere.wav', sounds.mp3, ...options);
      assert.equal(answer.code, 1);
      const lines = jsonLines(answer.stdout) as readonly Answer[];
      assert.deepEqual(
        lines.map(({ filename, channels, error }) => [
          basename(filename),
          channels !== undefined,
          error?.code,
        ]),
        [
          ['speech.wav', true, undefined],
          ['broken.wav', false, 'DEEPTONE_BAD_AUDIO'],
          ['nowhere.wav', false, 'DEEPTONE_FILE_NOT_FOUND'],
          ['speech.mp3', true, undefined],
        ],
      );
      assert.match(answer.stderr, /^deeptone: .*broken\.wav: .+\ndeeptone: nowhere\.wav: .+\n$/);
    });

    it('prints a line with the error when the only file fails', async () => {
      const answer = await analyze(sounds.broken, ...options);
      assert.equal(answer.code, 1);
      const [line] = jsonLines(answer.stdout) as readonly Answer[];
      assert.equal(line?.error?.code, 'DEEPTONE_BAD_AUDIO');
      assert.equal(line.filename, sounds.broken);
    });

    it('analyses every channel, or the one that is named', async () => {
      const all = await analyze(sounds.stereo, ...options);
      assert.deepEqual(Object.keys((JSON.parse(all.stdout) as FileAnalysis).channels), ['0', '1']);
      const one = await analyze(sounds.stereo, ...options, '--channel', '1');
      assert.deepEqual(Object.keys((JSON.parse(one.stdout) as FileAnalysis).channels), ['1']);
    });

    it('fails for the file that lacks the channel, and analyses the others', async () => {
      const answer = await analyze(sounds.speech, sounds.stereo, ...options, '--channel', '1');
      assert.equal(answer.code, 1);
      const lines = jsonLines(answer.stdout) as readonly Answer[];
      assert.equal(lines[0]?.error?.code, 'DEEPTONE_INVALID_ARGUMENT');
      assert.deepEqual(Object.keys(lines[1]?.channels ?? {}), ['1']);
    });
  });

  it('prints as ndjson one line with the name of the file', async () => {
    const answer = await analyze(
      sounds.speech,
      ...options,
      '--format',
      'ndjson',
      '--summary',
      '--transitions',
      '--raw',
    );
    assert.equal(answer.code, 0, answer.stderr);
    assert.deepEqual(jsonLines(answer.stdout), [{ filename: sounds.speech, ...expected }]);
  });

  it('prints as csv one table for all files, with a row per step', async () => {
    const answer = await analyze(sounds.speech, sounds.stereo, ...options, '--format', 'csv', '--raw');
    assert.equal(answer.code, 0, answer.stderr);
    const [header, first, ...others] = answer.stdout.trimEnd().split('\n');
    assert.equal(
      header,
      'filename,channel,timestamp,speech,speech_confidence,speech_music,speech_other,speech_speech,gender,gender_confidence,gender_female,gender_male,level,level_peak',
    );
    const step = expected.channels['0']?.time_series[0];
    const { speech, gender } = step?.results ?? {};
    assert.ok(speech && 'result' in speech && gender && 'result' in gender);
    const raw = [Object.values(step?.raw?.['speech'] ?? {}), Object.values(step?.raw?.['gender'] ?? {})];
    assert.equal(
      first,
      [
        sounds.speech,
        0,
        0,
        speech.result,
        speech.confidence,
        ...(raw[0] ?? []),
        gender.result,
        gender.confidence,
        ...(raw[1] ?? []),
        step?.level.mean,
        step?.level.peak,
      ].join(','),
    );
    const stereoRows = others.filter((row) => row.startsWith(`"${sounds.stereo}",`));
    const steps = expected.channels['0']?.time_series.length ?? 0;
    assert.equal(others.length - stereoRows.length, steps - 1);
    assert.deepEqual(
      new Set(stereoRows.map((row) => row.split('",')[1]?.split(',')[0])),
      new Set(['0', '1']),
    );
  });

  it('puts the columns of csv in the order of the models asked for, each once', async () => {
    const models = 'speaker-map,speech,speaker-map';
    const answer = await analyze(sounds.speech, '--models', models, '--format', 'csv');
    assert.equal(answer.code, 0, answer.stderr);
    const [header, ...rows] = answer.stdout.trimEnd().split('\n');
    assert.equal(
      header,
      'filename,channel,timestamp,speaker-map,speaker-map_count,speech,speech_confidence,level,level_peak',
    );
    for (const row of rows)
      assert.match(row, /,0,\d+,(speaker_\d+|unknown|silence|no_speech),\d+,\w+,[\d.]+,-[\d.]+,-[\d.]+$/);
  });

  it('decides as it is told, and tells what is loud', async () => {
    const decisions = JSON.stringify({ gender: { classes: ['male'] }, loudness: { period: 'any' } });
    const flags = ['--models', 'gender', '--loud-above', '-35', '--decisions', decisions, '--format', 'csv'];
    const answer = await analyze(sounds.speech, ...flags);
    assert.equal(answer.code, 0, answer.stderr);
    const [header, ...rows] = answer.stdout.trimEnd().split('\n');
    assert.equal(
      header,
      'filename,channel,timestamp,gender,gender_confidence,loudness,loudness_confidence,level,level_peak',
    );
    assert.ok(
      rows.some((row) => /,male,[\d.]+,loud,1,/.test(row)) && !rows.some((row) => row.includes('female')),
    );
  });

  describe('audacity', () => {
    it('prints a label track of the transitions, in seconds', async () => {
      const answer = await analyze(sounds.speech, '--models', 'speech', '--format', 'audacity');
      assert.equal(answer.code, 0, answer.stderr);
      const transitions = expected.channels['0']?.transitions?.['speech'] ?? [];
      assert.ok(transitions.length > 0);
      assert.equal(
        answer.stdout,
        transitions
          .map(
            (t) =>
              `${(t.timestamp_start / 1000).toFixed(3)}\t${(t.timestamp_end / 1000).toFixed(3)}\t${t.result}\n`,
          )
          .join(''),
      );
    });

    it('names the channel and the model where there are several, in the order of time', async () => {
      const answer = await analyze(sounds.stereo, ...options, '--format', 'audacity');
      const rows = answer.stdout
        .trimEnd()
        .split('\n')
        .map((row) => row.split('\t'));
      for (const name of ['0 speech', '0 gender', '1 speech', '1 gender']) {
        assert.ok(
          rows.some(([, , label]) => label?.startsWith(`${name}: `)),
          name,
        );
      }
      const starts = rows.map(([begin]) => Number(begin));
      assert.deepEqual(
        starts,
        starts.toSorted((a, b) => a - b),
      );
    });
  });

  describe('refuses at once, with code 2 and no output,', () => {
    const mistakes: readonly [what: string, args: readonly string[], message: RegExp][] = [
      [
        'a period off the grid',
        ['--models', 'gender', '--output-period', '100'],
        /100: a positive multiple of 64/,
      ],
      [
        'a model that is not there',
        ['--models', 'gender,mood'],
        /no model named "mood". Available models: speech-rt, /,
      ],
      ['an empty list of models', ['--models', ' , '], /empty list/],
      ['a threshold beyond 1', ['--models', 'gender', '--volume-threshold', '2'], /volumeThreshold is 2/],
      ['a channel below 0', ['--models', 'gender', '--channel', '-1'], /channel is -1/],
      [
        'a summary in a table',
        ['--models', 'gender', '--format', 'csv', '--summary'],
        /csv holds the time series/,
      ],
      [
        'raw values in a label track',
        ['--models', 'gender', '--format', 'audacity', '--raw'],
        /audacity holds the transitions/,
      ],
      ['decisions that are no JSON', ['--models', 'gender', '--decisions', '{'], /JSON is accepted/],
      [
        'a decision about a class that there is not',
        ['--models', 'gender', '--decisions', '{"gender": {"classes": ["child"]}}'],
        /class "child".*Accepted: female, male/,
      ],
      ['a level beyond full scale', ['--models', 'gender', '--loud-above', '3'], /a level from -120 to 0/],
      [
        'a license file that is not there',
        ['--models', 'gender', '--license-file', 'nowhere.license'],
        /nowhere\.license cannot be read/,
      ],
    ];
    for (const [what, args, message] of mistakes) {
      it(what, async () => {
        const { code, stdout, stderr } = await analyze(sounds.speech, ...args);
        assert.equal(code, 2, stderr);
        assert.equal(stdout, '');
        assert.match(stderr, message);
      });
    }

    it('several files for one label track', async () => {
      const answer = await analyze(sounds.speech, sounds.stereo, ...options, '--format', 'audacity');
      assert.equal(answer.code, 2);
      assert.match(answer.stderr, /holds one sound.*--output-dir/);
    });
  });

  it('says why a model of your own is left out, and works with the others', async () => {
    const mine = join(folder, 'mine');
    mkdirSync(mine);
    writeFileSync(join(mine, 'catalogue.json'), '{"version": 1, "models": [{"name": "doorbell"}]}');
    const own = ['--model-folder', mine, '--models'];
    const asked = await analyze(sounds.speech, ...own, 'doorbell');
    assert.equal(asked.code, 3);
    assert.match(asked.stderr, /"doorbell" cannot be used: .*source/);
    const other = await analyze(sounds.speech, ...own, 'speech');
    assert.equal(other.code, 0);
    assert.match(other.stderr, /doorbell is left out: /);
  });

  it('needs ffmpeg only for what is not WAV', async () => {
    const answer = await analyze(
      sounds.mp3,
      sounds.speech,
      ...options,
      '--ffmpeg',
      join(folder, 'no-ffmpeg'),
    );
    assert.equal(answer.code, 1);
    const lines = jsonLines(answer.stdout) as readonly Answer[];
    assert.match(lines[0]?.error?.code ?? '', /^DEEPTONE_FFMPEG_/);
    assert.ok(lines[1]?.channels);
  });

  describe('with a license', () => {
    const pair = generateLicenseKeyPair();
    const publicKey = join(folder, 'public.pem');
    const file = (days: number): string => {
      const name = join(folder, `${days}.license`);
      const begin = new Date('2024-01-01');
      const license = {
        id: `days-${days}`,
        licensee: 'Quiet Rooms Ltd',
        models: ['speech'],
        maxStreams: 2,
        notBefore: begin,
        expires: new Date(begin.getTime() + days * 86_400_000),
        evaluation: false,
      };
      writeFileSync(name, signedKey(license, pair));
      return name;
    };

    before(() => {
      writeFileSync(publicKey, pair.publicKey);
    });

    const licensed = (license: string, models: string) =>
      analyze(sounds.speech, '--models', models, '--license-file', license, '--public-key', publicKey);

    it('goes on after a file that has more channels than the license has streams', async () => {
      const [stereo, mono] = [join(folder, 'three.wav'), sounds.speech];
      writeFileSync(stereo, makeWav([noise(2), noise(2), noise(2)]));
      const key = ['--license-file', file(30_000), '--public-key', publicKey];
      const { code, stdout, stderr } = await analyze(stereo, mono, '--models', 'speech', ...key);
      assert.equal(code, 1);
      assert.match(stderr, /three\.wav.*2 parallel streams/);
      const [failed, answered] = jsonLines(stdout) as Partial<FileAnalysis>[];
      assert.equal(failed?.channels, undefined);
      assert.ok(answered?.channels);
    });

    it('works with the models that the license allows', async () => {
      assert.equal((await licensed(file(30_000), 'speech')).code, 0);
    });

    it('takes key and public key from the environment', async () => {
      const env = {
        DEEPTONE_LICENSE_KEY: readFileSync(file(30_000), 'utf8'),
        DEEPTONE_LICENSE_PUBLIC_KEY: pair.publicKey,
      };
      assert.equal((await deeptone(['analyze', sounds.speech, '--models', 'speech'], { env })).code, 0);
      const refused = await deeptone(['analyze', sounds.speech, '--models', 'gender'], { env });
      assert.equal(refused.code, 3);
      assert.match(refused.stderr, /"days-30000" does not allow the model "gender"/);
    });

    it('ends with code 3, and with no answer, when it has expired or does not allow the model', async () => {
      const expired = await licensed(file(30), 'speech');
      assert.equal(expired.code, 3);
      assert.match(expired.stderr, /"days-30" expired at 2024-01-31/);
      assert.equal(expired.stdout, '');
      const other = await licensed(file(30_000), 'speech,gender');
      assert.equal(other.code, 3);
      assert.match(other.stderr, /does not allow the model "gender"/);
    });
  });

  describe('on a terminal and in a pipe', () => {
    let long: string;

    before(() => {
      long = makeLongSound(folder, sounds.speech);
    });

    it('draws its progress on a terminal, away from the results', () => {
      const command = `${process.execPath} ${COMMAND} analyze ${long} --models speech --output-period 64000 > ${folder}/out.json`;
      const shown = execFileSync('script', ['-qec', command, '/dev/null'], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      assert.match(shown, /long\.wav \[#+-*\] \d+ %/);
      assert.ok(shown.endsWith('\r\u001b[2K'), 'the bar is taken away at the end');
      const written = execFileSync('cat', [join(folder, 'out.json')], { encoding: 'utf8' });
      assert.doesNotThrow(() => JSON.parse(written) as unknown);
    });

    it('ends quietly when its reader has seen enough', async () => {
      const child = start(['analyze', sounds.speech, long, sounds.speech, ...options]);
      const errors = text(child.stderr);
      await once(child.stdout, 'data');
      child.stdout.destroy();
      const [code] = (await once(child, 'exit')) as [number | null];
      assert.equal(await errors, '');
      assert.equal(code, 0);
    });

    it('ends on Ctrl-C with code 130 and no half answer', async () => {
      const child = start(['analyze', sounds.speech, long, ...options]);
      const output = text(child.stdout);
      await once(child.stdout, 'data');
      child.kill('SIGINT');
      const [code] = (await once(child, 'exit')) as [number | null];
      assert.equal(code, 130);
      assert.equal(jsonLines(await output).length, 1);
    });
  });
});
