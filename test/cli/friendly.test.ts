/** `deeptone analyze` as people use it: without options, on a terminal, with folders, into files. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FileAnalysis } from '../../src';
import { COMMAND, deeptone, jsonLines, start, temporaryFolder } from './run-deeptone';
import { makeLongSound, makeSounds, type Sounds } from './sounds';

const USUAL = ['speech', 'gender', 'speaker-map', 'audio-event'];

/** What a command shows on a terminal. */
function onTerminal(command: string, environment: NodeJS.ProcessEnv = {}): string {
  const env = { ...process.env, TERM: 'xterm', ...environment };
  if (!('NO_COLOR' in environment)) Reflect.deleteProperty(env, 'NO_COLOR');
  return execFileSync('script', ['-qec', command, '/dev/null'], { encoding: 'utf8', env });
}

describe('deeptone analyze, as people use it', () => {
  const folder = temporaryFolder();
  const shell = (...args: readonly string[]): string =>
    [process.execPath, COMMAND, 'analyze', ...args].map((arg) => `'${arg}'`).join(' ');
  const analyze = (...args: readonly string[]) => deeptone(['analyze', ...args]);
  let sounds: Sounds;

  before(() => {
    sounds = makeSounds(folder);
  });

  describe('without options', () => {
    it('runs the models that most people want, and gives a program JSON', async () => {
      const { code, stdout, stderr } = await analyze(sounds.speech);
      assert.equal(code, 0, stderr);
      const { channels } = JSON.parse(stdout) as FileAnalysis;
      assert.deepEqual(Object.keys(channels['0']?.time_series[0]?.results ?? {}), USUAL);
    });

    it('gives a person words', () => {
      const shown = onTerminal(shell(sounds.speech));
      assert.match(shown, /speech\.wav/);
      for (const model of [...USUAL, 'level']) assert.match(shown, new RegExp(`^  ${model} +\\S`, 'mu'));
      assert.match(shown, /\d:\d\d\.\d - +\d:\d\d\.\d {2}speech/);
      assert.ok(shown.includes('\u001b[1m'), 'the name stands out');
      assert.doesNotMatch(shown, /"results"/);
    });

    it('sets nothing off where a terminal cannot or its user does not want it', () => {
      for (const environment of [{ NO_COLOR: '1' }, { TERM: 'dumb' }]) {
        // Only the progress bar moves the cursor.
        assert.ok(!onTerminal(`${shell(sounds.speech)} 2>/dev/null`, environment).includes('\u001b'));
      }
    });

    it('runs all models by the name of all, and knows how other programs call its options', async () => {
      const { stdout } = await analyze(sounds.speech, '-m', 'all', '-p', '512', '-f', 'ndjson');
      const [answer] = jsonLines(stdout) as { channels: FileAnalysis['channels'] }[];
      const steps = answer?.channels['0']?.time_series ?? [];
      assert.equal(Object.keys(steps[0]?.results ?? {}).length, 9);
      assert.equal(steps[1]?.timestamp, 512);
      const named = await analyze(sounds.speech, '--model=gender');
      assert.deepEqual(
        Object.keys((JSON.parse(named.stdout) as FileAnalysis).channels['0']?.time_series[0]?.results ?? {}),
        ['gender'],
      );
    });
  });

  describe('of', () => {
    it('standard input, by the name that other programs have for it', () => {
      const run = (input: Buffer, ...more: readonly string[]) =>
        spawnSync(process.execPath, [COMMAND, 'analyze', '-', '-m', 'speech', ...more], {
          input,
          encoding: 'utf8',
        });
      const { status, stdout } = run(readFileSync(sounds.speech));
      assert.equal(status, 0);
      assert.ok((JSON.parse(stdout) as FileAnalysis).channels['0']);
      const refused = run(Buffer.from('<html><body>Not found</body></html>'));
      assert.equal(refused.status, 1);
      assert.match(refused.stderr, /deeptone: -: .*HTML/i);
      const large = run(readFileSync(sounds.speech), '--max-duration', '10');
      assert.match(large.stderr, /maxDuration/);
    });

    it('a folder is the sounds in it and its folders, and a pattern in quotes what fits it', async () => {
      const tree = join(temporaryFolder(), 'tree');
      mkdirSync(join(tree, 'deep', 'deeper'), { recursive: true });
      for (const name of ['b.wav', 'a.wav', 'deep/c.WAV', 'deep/deeper/d.wav'])
        copyFileSync(sounds.speech, join(tree, name));
      writeFileSync(join(tree, 'notes.txt'), 'no sound');
      symlinkSync(tree, join(tree, 'deep', 'round'));
      const names = async (...args: readonly string[]): Promise<readonly string[]> => {
        const { stdout, stderr, code } = await analyze(...args, '-m', 'speech', '-f', 'ndjson');
        assert.equal(code, 0, stderr);
        return (jsonLines(stdout) as { filename: string }[]).map(({ filename }) =>
          filename.slice(tree.length + 1),
        );
      };
      assert.deepEqual(await names(tree), ['a.wav', 'b.wav', 'deep/c.WAV', 'deep/deeper/d.wav']);
      assert.deepEqual(await names(join(tree, '?.wav')), ['a.wav', 'b.wav']);
      assert.deepEqual(await names(join(tree, '*b*.w*v*')), ['b.wav']);
      // What takes a regular expression for ever.
      copyFileSync(sounds.speech, join(tree, `${'a'.repeat(120)}.wav`));
      const endless = await analyze(join(tree, `${'*a'.repeat(60)}*b`));
      assert.match(endless.stderr, /nor any that it fits/);
      const none = await analyze(join(tree, '*.flac'));
      assert.equal(none.code, 1);
      assert.match(none.stderr, /nor any that it fits/);
      mkdirSync(join(tree, 'empty'));
      assert.match((await analyze(join(tree, 'empty'))).stderr, /no sound in the folder/);
    });
  });

  describe('into', () => {
    it('a file, which is there only when all is written, or a device', async () => {
      const out = join(temporaryFolder(), 'answer.json');
      const { code, stdout } = await analyze(sounds.speech, '-o', out);
      assert.deepEqual([code, stdout], [0, '']);
      assert.ok((JSON.parse(readFileSync(out, 'utf8')) as FileAnalysis).channels['0']);
      assert.deepEqual(readdirSync(dirname(out)), ['answer.json']);
      assert.equal((await analyze(sounds.speech, '-o', '/dev/null')).code, 0);
      assert.ok(!existsSync('/dev/null.part'));
      const dashed = await analyze(sounds.speech, '-o', '-', '-m', 'speech');
      assert.match(dashed.stdout, /"channels"/);
    });

    it('a folder, with a file for each sound, also where several have one name', async () => {
      const out = join(temporaryFolder(), 'labels');
      const other = join(temporaryFolder(), 'speech.wav');
      copyFileSync(sounds.stereo, other);
      const answer = await analyze(
        sounds.speech,
        other,
        join(folder, 'missing.wav'),
        '-m',
        'speech',
        '-f',
        'srt',
        '--output-dir',
        out,
      );
      assert.equal(answer.code, 1);
      assert.match(answer.stderr, /missing\.wav: There is no file/);
      assert.deepEqual(readdirSync(out).sort(), ['speech.srt', 'speech.wav.srt']);
    });

    it('nothing where it is stopped before the end: what was there stays', async () => {
      const out = join(temporaryFolder(), 'answer.json');
      writeFileSync(out, 'of yesterday');
      const long = makeLongSound(folder, sounds.speech);
      const child = start(['analyze', sounds.speech, long, long, '-m', 'all', '-f', 'ndjson', '-o', out]);
      const exit = once(child, 'exit') as Promise<[number | null]>;
      // It is there when the first of them has been answered.
      while (readdirSync(dirname(out)).length < 2) await sleep(10);
      child.kill('SIGINT');
      assert.equal((await exit)[0], 130);
      assert.deepEqual(readdirSync(dirname(out)), ['answer.json']);
      assert.equal(readFileSync(out, 'utf8'), 'of yesterday');
    });

    it('nothing that cannot be: it says why', async () => {
      const nowhere = await analyze(sounds.speech, '-o', join(folder, 'no', 'such', 'answer.json'));
      assert.equal(nowhere.code, 1);
      assert.match(nowhere.stderr, /answer\.json" cannot be written: ENOENT/);
      const file = await analyze(sounds.speech, '--output-dir', sounds.speech);
      assert.match(file.stderr, /cannot be written/);
      const both = await analyze(sounds.speech, '-o', 'a', '--output-dir', 'b');
      assert.deepEqual([both.code, both.stdout], [2, '']);
      const several = await analyze(sounds.speech, sounds.stereo, '-f', 'vtt');
      assert.equal(several.code, 2);
      assert.match(several.stderr, /--output-dir/);
    });

    it('no terminal of its own accord: a quiet command says nothing but errors', () => {
      assert.equal(onTerminal(`${shell(sounds.speech, '-q', '-f', 'json')} > /dev/null`), '');
    });
  });

  describe('in formats of other programs', () => {
    /** What is written of a sound of two channels. */
    async function written(format: string, models = 'speech,speaker-map'): Promise<string> {
      const { stdout, stderr, code } = await analyze(sounds.stereo, '-m', models, '-f', format);
      assert.equal(code, 0, stderr);
      return stdout;
    }

    it('srt and vtt: subtitles of what is heard, and none of silence', async () => {
      const srt = await written('srt');
      const cues = srt
        .trimEnd()
        .split('\n\n')
        .map((cue) => cue.split('\n'));
      assert.ok(cues.length > 2);
      for (const [index, [number, times = '', words = '', ...rest]] of cues.entries()) {
        assert.equal(number, String(index + 1));
        assert.match(times, /^\d\d:\d\d:\d\d,\d{3} --> \d\d:\d\d:\d\d,\d{3}$/);
        assert.match(words, /^[01] (speech|speaker-map): (?!silence|no_speech|unknown)\w+$/);
        assert.deepEqual(rest, []);
      }
      const vtt = await written('vtt');
      assert.ok(vtt.startsWith('WEBVTT\n\n'));
      assert.equal(vtt.match(/ --> /gu)?.length, cues.length);
      const seen = spawnSync('ffmpeg', ['-v', 'error', '-f', 'srt', '-i', '-', '-f', 'webvtt', '-'], {
        input: srt,
        encoding: 'utf8',
      });
      assert.equal(seen.status, 0, seen.stderr);
    });

    it('rttm: who speaks when, of all files in one, also where the speakers were not asked for', async () => {
      const { stdout } = await analyze(sounds.speech, sounds.stereo, '-m', 'speech', '-f', 'rttm');
      const lines = stdout.trimEnd().split('\n');
      assert.ok(lines.length > 1);
      for (const line of lines) {
        assert.match(
          line,
          /^SPEAKER (speech|stereo,_left_and_right) [12] \d+\.\d{3} \d+\.\d{3} <NA> <NA> speaker_\d+ <NA> <NA>$/,
        );
      }
    });

    it('textgrid: tiers of intervals without a gap', async () => {
      const grid = await written('textgrid');
      assert.match(
        grid,
        /^File type = "ooTextFile"\nObject class = "TextGrid"\n\nxmin = 0\nxmax = ([\d.]+)\n/,
      );
      const tiers = grid.split(/ {4}item \[\d+\]:\n/u).slice(1);
      assert.deepEqual(
        tiers.map((tier) => /name = "([^"]*)"/u.exec(tier)?.[1]),
        ['0 speech', '0 speaker-map', '1 speech', '1 speaker-map'],
      );
      for (const tier of tiers) {
        const [, end] = /xmax = ([\d.]+)/u.exec(tier) ?? [];
        const intervals = [...tier.matchAll(/intervals \[\d+\]:\s+xmin = ([\d.]+)\s+xmax = ([\d.]+)/gu)];
        let at = '0';
        for (const [, from, to = ''] of intervals) {
          assert.equal(from, at);
          at = to;
        }
        assert.equal(at, end);
      }
    });

    it('svg: a picture that a browser can show', async () => {
      const picture = await written('svg');
      assert.match(picture, /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg"/);
      for (const row of ['0 speech', '1 speaker-map']) assert.ok(picture.includes(`>${row}</text>`));
      const parsed = spawnSync('python3', ['-c', 'import sys, xml.dom.minidom as m; m.parse(sys.stdin)'], {
        input: picture,
      });
      assert.equal(parsed.status, 0, String(parsed.stderr));
    });

    it('refuse what they have no place for', async () => {
      for (const format of ['srt', 'vtt', 'rttm', 'textgrid', 'svg', 'audacity', 'text']) {
        const { code, stdout } = await analyze(sounds.speech, '-f', format, '--raw');
        assert.deepEqual([format, code, stdout], [format, 2, '']);
      }
    });
  });
});

describe('deeptone completion', () => {
  const folderOfScripts = temporaryFolder();
  /** What bash offers for a line. */
  function offered(...words: readonly string[]): readonly string[] {
    const script = `source <("${process.execPath}" "${COMMAND}" completion bash)
COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}; _deeptone; echo "\${COMPREPLY[@]}"`;
    return execFileSync('bash', ['-c', script], { encoding: 'utf8' }).trim().split(' ');
  }

  it('offers commands, options and their values in bash', () => {
    assert.deepEqual(offered('deeptone', 'an'), ['analyze']);
    assert.deepEqual(offered('deeptone', 'analyze', '--form'), ['--format']);
    assert.deepEqual(offered('deeptone', 'analyze', 'talk.wav', '--format', 't'), ['text', 'textgrid']);
    assert.deepEqual(offered('deeptone', 'license', 'i'), ['issue', 'inspect']);
    assert.deepEqual(offered('deeptone', 'analyze', 'ta'), ['']);
  });

  for (const shell of ['zsh', 'fish']) {
    it(`is read by ${shell}`, async function () {
      if (spawnSync(shell, ['--version']).status !== 0) {
        console.warn(`\n      NOT TESTED: completion in ${shell}, which is not installed.`);
        this.skip();
      }
      const { stdout } = await deeptone(['completion', shell]);
      const script = join(folderOfScripts, `deeptone.${shell}`);
      writeFileSync(script, stdout);
      const read = spawnSync(shell, ['-n', script], { encoding: 'utf8' });
      assert.equal(read.status, 0, read.stderr);
    });
  }

  it('is refused for a shell that it does not know', async () => {
    assert.equal((await deeptone(['completion', 'cmd'])).code, 2);
  });
});
