import assert from 'node:assert/strict';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { consumerFolder, ROOT } from '../package/consumer';
import { run } from '../tools/audio';
import type { FlowNode } from '../tools/mqtt/node-red';
import { RunningExamples } from '../examples/flows';
import { RADIO_SHOW } from '../nodes/support/sounds';

const README = readFileSync(join(ROOT, 'README.md'), 'utf8');
const { name, bin, repository, scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  readonly name: string;
  readonly bin: Readonly<Record<string, string>>;
  readonly repository: { readonly url: string };
  readonly scripts: Readonly<Record<string, string>>;
};
const HOME = repository.url.replace(/^git\+/, '').replace(/\.git$/, '');

function blocks(language: string): readonly string[] {
  return [...README.matchAll(new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\``, 'gm'))].map(
    ([, block = '']) => block,
  );
}

/** As GitHub makes them: small letters, no punctuation, hyphens. */
function anchorsOf(page: string): readonly string[] {
  return [...page.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

function filesIn(folder: string): readonly string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return filesIn(path);
    return path.endsWith('.md') ? [path] : [];
  });
}

describe('The README', function () {
  this.timeout(120_000);

  it('links to pages that are there, by addresses that lead there from anywhere', () => {
    const links = [...README.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link);
    assert.ok(links.length > 20);
    for (const link of links) {
      assert.match(link, /^https:\/\//);
      const [, path, anchor] = /^.*\/node-red\/(?:blob\/)?main\/([^#]+)(?:#(.+))?$/.exec(link) ?? [];
      assert.ok(
        path !== undefined && (link.startsWith(HOME) || link.includes('raw.githubusercontent.com')),
        link,
      );
      assert.ok(existsSync(join(ROOT, path)), link);
      if (anchor !== undefined)
        assert.ok(anchorsOf(readFileSync(join(ROOT, path), 'utf8')).includes(anchor), link);
    }
  });

  it('names commands that are there', () => {
    const [demo, test, pack, install] = blocks('');
    // npx runs the one command that a package has, whatever its name.
    assert.ok(README.includes(`\`npx ${name} demo\``));
    assert.deepEqual(Object.keys(bin), ['deeptone']);
    assert.deepEqual([demo, test], ['npm ci && npm run demo\n', 'npm ci && npm test\n']);
    assert.equal(pack, 'npm ci && npm run build && npm pack\n');
    assert.match(install ?? '', /npm install \/path\/to\/deeptone-node-red-[\d.]+\.tgz\n$/);
    for (const script of ['demo', 'test', 'build']) assert.ok(scripts[script], script);
  });

  it('has a flow that says what is in a sound', async () => {
    const [flow = ''] = blocks('json');
    const running = await RunningExamples.start(
      [{ name: 'README', nodes: JSON.parse(flow) as FlowNode[] }],
      (node) => node,
    );
    try {
      await running.press('dt-readme-button');
      assert.match(
        String(await running.payload('dt-readme-debug')),
        /^48 % speech, 28 % music, 12 % other sound/,
      );
    } finally {
      await running.stop();
    }
  });

  describe('has programs and commands that run', () => {
    let folder: string;

    before(() => {
      folder = consumerFolder();
      copyFileSync(RADIO_SHOW, join(folder, 'interview.wav'));
      mkdirSync(join(folder, 'node_modules/.bin'), { recursive: true });
      symlinkSync(join(ROOT, 'dist/src/cli/main.js'), join(folder, 'node_modules/.bin/deeptone'));
    });

    it('in code', async () => {
      writeFileSync(join(folder, 'talk.mjs'), blocks('js')[0] ?? '');
      const said = await run('sh', ['-c', 'cd "$0" && exec "$1" talk.mjs', folder, process.execPath]);
      assert.match(said.toString(), /speech_fraction: 0\.4/);
    });

    for (const line of (blocks('sh')[0] ?? '').trim().split('\n')) {
      const [command = ''] = line.split('#');
      it(`in a shell: ${command.trim()}`, async () => {
        const called = command.trim().replace(/^npx /, './node_modules/.bin/');
        await run('sh', ['-c', `cd "$0" && ${called} > said.txt`, folder]);
        const written = command.includes('--output') ? 'talk.rttm' : 'said.txt';
        assert.match(readFileSync(join(folder, written), 'utf8'), /speech|SPEAKER|runs|onnxruntime/);
      });
    }
  });
});

describe('Links with an anchor', () => {
  it('lead to a heading', () => {
    const pages = [
      'README.md',
      'CONTRIBUTING.md',
      ...filesIn('docs').filter((page) => !page.includes('/api/')),
    ];
    for (const page of pages) {
      const text = readFileSync(join(ROOT, page), 'utf8').replace(/^```[^]*?^```/gm, '');
      for (const [, target = ''] of text.matchAll(/\]\((?!https?:)([^)\s]*#[^)\s]+)\)/g)) {
        const [path = '', anchor = ''] = target.split('#');
        const file = path === '' ? page : join(page, '..', path);
        if (!file.endsWith('.md')) continue;
        assert.ok(anchorsOf(readFileSync(join(ROOT, file), 'utf8')).includes(anchor), `${page}: ${target}`);
      }
    }
  });
});
