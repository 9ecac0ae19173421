import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { DeeptoneErrorCode } from '../../src';
import { DeeptoneError } from '../../src';
import { loadCatalogue } from '../../src/inference';
import { trainHead, type HeadReport } from '../../src/heads';
import { deeptone } from '../cli/run-deeptone';
import { makeWav, noise, run, temporaryFolder } from '../tools/audio';
import { HISS, LOW_TONE, recordings } from './sounds';

const BOTH = { hiss: HISS, low: LOW_TONE };

interface Catalogue {
  readonly models: readonly {
    readonly name: string;
    readonly classes?: readonly string[];
    readonly source?: Readonly<Record<string, unknown>>;
  }[];
}

function catalogueOf(folder: string): Catalogue {
  return JSON.parse(readFileSync(join(folder, 'catalogue.json'), 'utf8')) as Catalogue;
}

function train(folder: string, out: string, more: object = {}): Promise<HeadReport> {
  return trainHead(folder, { name: 'tones', out, ...more });
}

describe('Training a head', function () {
  this.timeout(180_000);
  let sounds: string;

  before(() => {
    sounds = recordings(BOTH);
  });

  async function fails(
    code: DeeptoneErrorCode,
    message: RegExp,
    folder: string,
    more: object = {},
    out = join(temporaryFolder(), 'models'),
  ): Promise<void> {
    const before = existsSync(out) ? readdirSync(out) : [];
    await assert.rejects(train(folder, out, more), (error: Error) => {
      assert.ok(error instanceof DeeptoneError, error.stack);
      assert.equal(error.code, code);
      assert.match(error.message, message);
      return true;
    });
    assert.deepEqual(existsSync(out) ? readdirSync(out) : [], before, 'nothing was written');
  }

  it('gives the same head for the same recordings, on every tap', async () => {
    for (const tap of ['tap_rt', 'tap_longest']) {
      const [one, two] = [temporaryFolder(), temporaryFolder()];
      const report = await train(sounds, one, { tap });
      await train(sounds, two, { tap });
      assert.equal(report.heldOut.recordingsRight, 8);
      for (const file of ['tones.onnx', 'catalogue.json']) {
        assert.ok(readFileSync(join(one, file)).equals(readFileSync(join(two, file))), file);
      }
      const { models, broken } = loadCatalogue({ modelFolders: [one] });
      assert.deepEqual(broken, []);
      assert.equal(
        models.at(-1)?.description.receptiveFieldMs,
        loadCatalogue().trunk.taps[tap]?.receptiveFieldMs,
      );
      // With it a head is left out, rather than wrong, once the package brings another trunk.
      assert.equal(catalogueOf(one).models[0]?.source?.['trunkSha256'], loadCatalogue().trunk.sha256);
    }
  });

  it('learns nothing from the offset of a microphone', async () => {
    const steps = (samples: Float32Array, offset: number) =>
      samples.map((sample) => Math.round(sample * 16_384) / 32_768 + offset);
    const raised = (offset: number) =>
      recordings({ hiss: (n) => steps(HISS(n), offset), low: (n) => steps(LOW_TONE(n), offset) });
    const [plain, offset] = [temporaryFolder(), temporaryFolder()];
    await train(raised(0), plain);
    await train(raised(0.125), offset);
    assert.ok(readFileSync(join(plain, 'tones.onnx')).equals(readFileSync(join(offset, 'tones.onnx'))));
  });

  it('does not call recordings told apart that only differ by chance', async () => {
    const folder = recordings(
      { a: (n) => noise(0.5, 16_000, 0.3, n), b: (n) => noise(0.5, 16_000, 0.3, n + 50) },
      12,
    );
    const { heldOut, temperature } = await train(folder, temporaryFolder());
    assert.ok(heldOut.recordingsRight <= 18, `${heldOut.recordingsRight} of 24`);
    assert.ok(heldOut.mistakes.length >= 6);
    assert.ok(temperature > 1, `confidence must fall: ${temperature}`);
  });

  it('reads other formats through ffmpeg, several channels, and folders within a class', async () => {
    const folder = recordings(BOTH);
    await run('ffmpeg', [
      '-v',
      'error',
      '-i',
      join(folder, 'low', '000.wav'),
      join(folder, 'low', '000.mp3'),
    ]);
    rmSync(join(folder, 'low', '000.wav'));
    writeFileSync(join(folder, 'low', '001.wav'), makeWav([LOW_TONE(1), LOW_TONE(1)]));
    mkdirSync(join(folder, 'low', 'more'));
    writeFileSync(join(folder, 'low', 'more', 'x.wav'), makeWav([LOW_TONE(9)]));
    writeFileSync(join(folder, 'low', '.hidden'), 'not a sound');
    writeFileSync(join(folder, 'readme.txt'), 'what these recordings are');
    const { heldOut } = await train(folder, temporaryFolder());
    assert.equal(heldOut.recordings, 9);
  });

  it('keeps the other models of the folder, and replaces one of the same name only when asked', async () => {
    const out = temporaryFolder();
    const other = { name: 'mine', made: 'elsewhere' };
    writeFileSync(join(out, 'catalogue.json'), JSON.stringify({ version: 1, models: [other] }));
    await train(sounds, out);
    await fails('DEEPTONE_INVALID_ARGUMENT', /has a model named "tones" already/, sounds, {}, out);
    await train(recordings({ ...BOTH, silence_of_a_fan: (n) => noise(0.6, 16_000, 0.02, n) }), out, {
      replace: true,
    });
    const { models } = catalogueOf(out);
    assert.deepEqual(models[0], other);
    assert.deepEqual(
      models.map(({ name, classes }) => [name, classes?.length]),
      [
        ['mine', undefined],
        ['tones', 3],
      ],
    );
  });

  describe('says what is wrong, and writes nothing, when', () => {
    it('the name is one of a shipped model, or none that a model can have', async () => {
      await fails('DEEPTONE_INVALID_ARGUMENT', /"gender" is the name of a model that ships/, sounds, {
        name: 'gender',
      });
      for (const name of ['', 'Door bell', '../tones', 'a'.repeat(65)]) {
        await fails('DEEPTONE_INVALID_ARGUMENT', /lower-case letters, digits/, sounds, { name });
      }
      await fails('DEEPTONE_INVALID_ARGUMENT', /the level of the sound in every summary/, sounds, {
        name: 'level',
      });
    });

    it('the tap is unknown', async () => {
      await fails('DEEPTONE_INVALID_ARGUMENT', /no tap "tap_loud": tap_rt \(\d+ ms\), /, sounds, {
        tap: 'tap_loud',
      });
    });

    it('there is no folder, or it is a file', async () => {
      await fails('DEEPTONE_FILE_NOT_FOUND', /There is no folder/, join(sounds, 'none'));
      await fails(
        'DEEPTONE_FILE_UNREADABLE',
        /is a file; a folder is needed/,
        join(sounds, 'low', '000.wav'),
      );
    });

    it('there is one class, or none', async () => {
      await fails(
        'DEEPTONE_INVALID_ARGUMENT',
        /one sub-folder, "low".*"other"/,
        recordings({ low: LOW_TONE }),
      );
      await fails('DEEPTONE_INVALID_ARGUMENT', /no sub-folder/, join(sounds, 'low'));
    });

    it('a class has too few recordings', async () => {
      await fails('DEEPTONE_INVALID_ARGUMENT', /"hiss" has 3 recordings: at least 4/, recordings(BOTH, 3));
    });

    it('a class has the name of an answer that the engine gives itself', async () => {
      const folder = recordings({ low: LOW_TONE, silence: HISS });
      await fails('DEEPTONE_INVALID_ARGUMENT', /cannot be named "silence"/, folder);
    });

    it('a recording is no audio, empty, silent, or a link that leads nowhere', async () => {
      const folder = recordings(BOTH);
      const file = join(folder, 'low', '002.wav');
      const whole = readFileSync(file);
      writeFileSync(file, 'Dear diary, this is not a sound.');
      await fails('DEEPTONE_BAD_AUDIO', /002\.wav" is not audio/, folder);
      writeFileSync(file, whole.subarray(0, 44));
      await fails('DEEPTONE_BAD_AUDIO', /002\.wav": it holds no sample/, folder);
      writeFileSync(file, makeWav([noise(1, 16_000, 0.001)]));
      await fails('DEEPTONE_BAD_AUDIO', /002\.wav": all of it is silence/, folder);
      rmSync(file);
      symlinkSync(join(folder, 'gone.wav'), file);
      await fails('DEEPTONE_FILE_NOT_FOUND', /002\.wav/, folder);
    });

    it('the folder of models cannot be written, or its catalogue cannot be read', async () => {
      const file = join(sounds, 'low', '000.wav');
      await assert.rejects(train(sounds, file), /cannot be written \(EEXIST\)/);
      const out = temporaryFolder();
      writeFileSync(join(out, 'catalogue.json'), '{"version": 1, "models": [');
      await fails('DEEPTONE_MODEL_INVALID', /is not JSON/, sounds, {}, out);
    });

    it('it is aborted', async () => {
      await fails('DEEPTONE_ABORTED', /aborted/, sounds, { signal: AbortSignal.abort() });
    });
  });

  it('prints a table for people, and ends with code 2 for a name that is taken', async () => {
    const out = temporaryFolder();
    const { code, stdout, stderr } = await deeptone(['train-head', sounds, '--name', 'tones', '--out', out]);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^ +hiss +low\n +hiss +4 +0\n +low +0 +4\n/m);
    assert.match(stdout, /Right: 8 of 8 recordings, \d+\.\d % of the 64 ms frames/);
    assert.ok(stdout.includes(`--models tones --model-folder ${out}`));
    const again = await deeptone(['train-head', sounds, '--name', 'tones', '--out', out]);
    assert.equal(again.code, 2);
    assert.equal(again.stdout, '');
    assert.match(again.stderr, /^deeptone: .* already: take another name/);
  });
});
