import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ESLint } from 'eslint';
import { ROOT } from './consumer';

/** What the linter of this repository says of one import, by the rule about rooms. */
describe('The rooms of the house, as the linter knows them', function () {
  this.timeout(60_000);
  const eslint = new ESLint({ cwd: ROOT });

  /** Imports that a file may not have: the reasons by import. */
  async function refused(
    file: string,
    imports: readonly string[],
  ): Promise<Readonly<Record<string, string>>> {
    const config = (await eslint.calculateConfigForFile(join(ROOT, file))) as {
      readonly rules: Readonly<Record<string, readonly unknown[]>>;
    };
    const [severity, options] = config.rules['no-restricted-imports'] ?? [];
    assert.equal(severity, 2, `${file} is not watched`);
    const bare = new ESLint({
      cwd: ROOT,
      overrideConfigFile: true,
      overrideConfig: { rules: { 'no-restricted-imports': ['error', options] } },
    });
    const code = imports.map((path, index) => `import * as name${index} from '${path}';`).join('\n');
    const [result] = await bare.lintText(code, { filePath: 'room.mjs' });
    const told = result?.messages.map(({ line, message }) => [imports[line - 1], message]) ?? [];
    return Object.fromEntries(told) as Record<string, string>;
  }

  it('may be known by their indexes from the rooms above', async () => {
    assert.deepEqual(
      await refused('src/pipeline/x.ts', ['../audio', '../inference', '../errors', './y', 'node:fs', 'ajv']),
      {},
    );
    assert.deepEqual(await refused('src/index.ts', ['./pipeline', './errors', './audio']), {});
    assert.deepEqual(await refused('src/audio/pcm/x.ts', ['../wav/y', '../../clock', '..']), {});
    assert.deepEqual(
      await refused('nodes/stream/sources/x.ts', ['../../../src', '../../../src/mqtt', '../../engine']),
      {},
    );
    assert.deepEqual(await refused('nodes/x.ts', ['./answers', './shared/failure', '../src/audio']), {});
    assert.deepEqual(
      await refused('test/audio/pcm/x.ts', ['../../../src/audio/pcm/resampler', '../../../src/insight']),
      {},
    );
  });

  it('may not be looked into', async () => {
    const cases = {
      'src/pipeline/x.ts': '../audio/pcm/resampler',
      'src/insight/speakers/x.ts': '../../inference/onnx/batcher',
      'src/index.ts': './pipeline/deeptone',
      'nodes/x.ts': '../src/inference/catalogue',
      'nodes/stream/sources/x.ts': '../../engine/connection',
      'nodes/answers/x.ts': '../../src/audio/sniff',
      'test/insight/x.ts': '../../src/inference/catalogue',
      'bench/x.ts': '../src/insight/gate',
    };
    for (const [file, path] of Object.entries(cases)) {
      assert.match(
        (await refused(file, [path]))[path] ?? 'nothing',
        /known by its index/,
        `${file}: ${path}`,
      );
    }
  });

  it('may not be known from beside or below', async () => {
    const cases = {
      'src/errors.ts': './audio',
      'src/audio/x.ts': '../pipeline',
      'src/audio/wav/x.ts': '../../inference',
      'src/inference/x.ts': '../insight',
      'src/insight/x.ts': '../pipeline',
      'src/pipeline/x.ts': '../streams',
      'src/streams/x.ts': '../mqtt',
      'src/mqtt/x.ts': '../cli',
      'src/heads/x.ts': '../index',
      'nodes/shared/x.ts': '../engine',
      'nodes/answers/x.ts': '../stream',
      'nodes/x.ts': '../src/cli',
    };
    for (const [file, path] of Object.entries(cases)) {
      assert.match(
        (await refused(file, [path]))[path] ?? 'nothing',
        /on the same floor or above/,
        `${file}: ${path}`,
      );
    }
    assert.match(
      (await refused('src/cli/x.ts', ['../../nodes/shared']))['../../nodes/shared'] ?? '',
      /nothing of Node-RED/,
    );
  });

  it('are all watched', async () => {
    const rooms = ['src', 'nodes'].flatMap((side) =>
      readdirSync(join(ROOT, side), { withFileTypes: true })
        .filter((entry) => entry.isDirectory() && entry.name !== 'locales')
        .map((entry) => `${side}/${entry.name}`),
    );
    assert.ok(rooms.length > 10);
    for (const room of rooms) {
      // From every room but the topmost something is above.
      const above = room.startsWith('src/') ? '../index' : '../../src/cli';
      assert.ok(above in (await refused(`${room}/x.ts`, [above])), room);
    }
  });
});
