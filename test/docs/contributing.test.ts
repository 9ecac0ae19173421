import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { ROOT } from '../package/consumer';

const NOT_OURS = new Set(['node_modules', 'dist', '.git', '.cache', '__pycache__']);
/** What is shipped, and what makes it: tests, benches and examples may speak of anything. */
const PRODUCT = /^(src|nodes|resources|models|training|docs)\//;
/** Shows things at work, and tells no list of them. */
const SHOWS = /^docs\/sdk\.md$/;

function filesIn(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (NOT_OURS.has(entry.name)) return [];
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return filesIn(path);
    return entry.isFile() ? [relative(ROOT, path).replaceAll('\\', '/')] : [];
  });
}

function read(file: string): string {
  return readFileSync(join(ROOT, file), 'utf8');
}

/** `*` stands for any name, a word in capitals for the name of what is added. */
function patternOf(path: string): RegExp {
  const escaped = path.replace(/[.+^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${escaped.replace(/\b(NAME|LANGUAGE)\b|\*/g, '[^/]+')}$`);
}

/** The paths in the list below a heading; not what stands behind them in words. */
function pathsBelow(heading: string): readonly string[] {
  const section = read('CONTRIBUTING.md').split(`### ${heading}\n`)[1]?.split(/^##/m)[0] ?? '';
  const items = [...section.matchAll(/^- (.+?)(?:: .*)?$/gm)].map(([, paths = '']) => paths);
  return items.flatMap((item) => [...item.matchAll(/`([^`]+)`/g)].map(([, path = '']) => path));
}

const HEADINGS = [...read('CONTRIBUTING.md').matchAll(/^### (.+)$/gm)].map(([, heading = '']) => heading);

describe('The page for contributors', () => {
  const files = filesIn(ROOT);

  it('names files that are there', () => {
    const paths = HEADINGS.flatMap((heading) => pathsBelow(heading));
    assert.ok(paths.length > 40);
    for (const path of paths)
      assert.ok(
        files.some((file) => patternOf(path).test(file)),
        path,
      );
  });

  // Something that is there already shows which files know of its kind.
  const witnesses = [
    ['a shipped head', 'underage-speaker'],
    ['a sample encoding', 's24in32le'],
    ['an output format of the command line', 'audacity'],
    ['a source of live audio', 'mqttTopic'],
    ['an option', 'useChunking'],
  ] as const;
  for (const [errand, witness] of witnesses) {
    it(`leaves out no file that knows of ${errand} such as ${witness}`, () => {
      const patterns = pathsBelow(`Add ${errand}`).map(patternOf);
      const texts = files.filter(
        (file) => PRODUCT.test(file) && !SHOWS.test(file) && !/\.(onnx|png)$/.test(file),
      );
      const knowing = texts.filter((file) => read(file).includes(witness));
      assert.ok(knowing.length > 2);
      assert.deepEqual(
        knowing.filter((file) => !patterns.some((pattern) => pattern.test(file))),
        [],
        `CONTRIBUTING.md does not name these files, which know "${witness}"`,
      );
    });
  }

  it('leaves out no kind of file that a language has', () => {
    const patterns = pathsBelow('Add a language').map(patternOf);
    const german = files.filter((file) => file.startsWith('nodes/locales/de/'));
    assert.ok(german.length > 5);
    for (const file of german)
      assert.ok(
        patterns.some((pattern) => pattern.test(file)),
        file,
      );
  });

  it('tells every command of the package, and none that is not there', () => {
    const { scripts } = JSON.parse(read('package.json')) as {
      readonly scripts: Readonly<Record<string, string>>;
    };
    const told = [...read('CONTRIBUTING.md').matchAll(/`npm (?:run )?([\w:-]+)`/g)].map(
      ([, name = '']) => name,
    );
    assert.deepEqual([...new Set(told)].toSorted(), Object.keys(scripts).toSorted());
  });

  it('has a fast lane that leaves out suites that are there', () => {
    const { ignore } = JSON.parse(read('.mocharc.fast.json')) as { readonly ignore: readonly string[] };
    const suites = files.map((file) => `dist/${file.replace(/\.ts$/, '.js')}`);
    for (const pattern of ignore)
      assert.ok(
        suites.some((suite) => matchesGlob(suite, pattern)),
        pattern,
      );
  });
});

describe('The form for bugs', () => {
  it('offers every node', () => {
    const form = read('.github/ISSUE_TEMPLATE/bug.yml');
    const { 'node-red': nodeRed } = JSON.parse(read('package.json')) as { 'node-red': { nodes: object } };
    for (const node of Object.keys(nodeRed.nodes)) assert.match(form, new RegExp(`^ {8}- ${node}$`, 'm'));
  });
});

describe('The pages', () => {
  it('link to files that are there', () => {
    for (const page of filesIn(ROOT).filter((file) => file.endsWith('.md'))) {
      // Links in code are code.
      const words = read(page)
        .replace(/^```[^]*?^```/gm, '')
        .replace(/`[^`\n]*`/g, '');
      for (const [, target = ''] of words.matchAll(/\]\(([^)\s]+)\)/g)) {
        const [path = ''] = target.split('#');
        if (path === '' || /^[a-z]+:/.test(path)) continue;
        assert.ok(existsSync(join(ROOT, dirname(page), decodeURI(path))), `${page}: ${target}`);
      }
    }
  });
});

/** Stars, as mocha reads them: two stand for any folders, one for any name. */
function matchesGlob(path: string, glob: string): boolean {
  const pattern = glob
    .replace(/[.]/g, '\\.')
    .replace(/\*\*\/?|\*/g, (stars) => (stars === '*' ? '[^/]*' : '.*'));
  return new RegExp(`^${pattern}$`).test(path);
}
