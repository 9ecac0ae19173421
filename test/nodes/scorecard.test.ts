/**
 * What the Node-RED library's scorecard asks of a package, checked without a network. The official tool needs the
 * catalogue and the registry; its identifiers are kept.
 */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import ts from 'typescript';
import { migrated } from '../../nodes/shared/migrate';

const ROOT = join(__dirname, '../../..');

interface Manifest {
  readonly name: string;
  readonly license?: string;
  readonly repository?: unknown;
  readonly bugs?: unknown;
  readonly keywords: readonly string[];
  readonly engines: { readonly node: string };
  readonly files: readonly string[];
  readonly dependencies: Readonly<Record<string, string>>;
  readonly scripts: Readonly<Record<string, string>>;
  readonly 'node-red': { readonly version: string; readonly nodes: Readonly<Record<string, string>> };
}
const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Manifest;
const SETS = Object.keys(manifest['node-red'].nodes);
const NODES = SETS.filter((name) => name !== 'deeptone-engine');
/** English first: the others are held to it. */
const LANGUAGES = ['en-US', ...readdirSync(join(ROOT, 'nodes/locales')).filter((name) => name !== 'en-US')];

/** Whether a version meets a range of the one form that we use. */
function meets(version: string, range: string): boolean {
  const least = /^>=(\d+(?:\.\d+){0,2})$/.exec(range)?.[1];
  assert.ok(least !== undefined, `${range} is no plain ">=" range`);
  const [a, b] = [version, least].map((text) => text.split('.').map(Number));
  for (let part = 0; part < 3; part++) {
    const difference = (a?.[part] ?? 0) - (b?.[part] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}

function page(set: string): string {
  return readFileSync(join(ROOT, 'nodes', `${set}.html`), 'utf8');
}

interface ExampleNode {
  readonly type: string;
  readonly [property: string]: unknown;
}

function examples(
  folder: string,
): readonly { readonly name: string; readonly flow: readonly ExampleNode[] }[] {
  const path = join(ROOT, 'examples', folder);
  return readdirSync(path)
    .filter((name) => name.endsWith('.json'))
    .map((name) => ({
      name,
      flow: JSON.parse(readFileSync(join(path, name), 'utf8')) as readonly ExampleNode[],
    }));
}

/** The object of `RED.nodes.registerType('literal', {...})` in a page, as a plain script. */
function registration(set: string): ts.ObjectLiteralExpression {
  const script = /<script type="text\/javascript">([\s\S]*?)<\/script>/.exec(page(set))?.[1] ?? '';
  const source = ts.createSourceFile('page.js', script, ts.ScriptTarget.ES2022, true, ts.ScriptKind.JS);
  for (const statement of source.statements) {
    if (!ts.isExpressionStatement(statement) || !ts.isCallExpression(statement.expression)) continue;
    const { expression, arguments: given } = statement.expression;
    const [type, definition] = given;
    if (expression.getText() !== 'RED.nodes.registerType' || !type || !definition) continue;
    assert.ok(ts.isStringLiteral(type) && type.text === set);
    assert.ok(ts.isObjectLiteralExpression(definition), 'the definition is no inline object');
    return definition;
  }
  throw new Error(`${set} is not registered in its page.`);
}

function property(definition: ts.ObjectLiteralExpression, name: string): ts.Expression | undefined {
  for (const member of definition.properties) {
    if (ts.isPropertyAssignment(member) && member.name.getText() === name) return member.initializer;
  }
  return undefined;
}

function keysOf(value: unknown, path = ''): readonly string[] {
  if (typeof value !== 'object' || value === null) return [path];
  return Object.entries(value).flatMap(([key, member]) => keysOf(member, `${path}.${key}`));
}

describe('The package, by the scorecard of the Node-RED library', () => {
  it('P01 has a license', () => {
    assert.equal(manifest.license, 'Apache-2.0');
    assert.ok(existsSync(join(ROOT, 'LICENSE')));
  });

  it('P03 says where its code is and where to report bugs', () => {
    assert.ok(manifest.repository && manifest.bugs);
  });

  it('P04 has a scoped name', () => {
    assert.match(manifest.name, /^@[^/]+\/node-red-?/);
  });

  it('P05 has the keyword', () => {
    assert.ok(manifest.keywords.includes('node-red'));
  });

  it('P06 says which Node-RED it runs on: the maintained 4.1 and the current 5', () => {
    for (const version of ['4.1.0', '4.1.15', '5.0.7'])
      assert.ok(meets(version, manifest['node-red'].version));
  });

  it('P07 accepts the oldest Node.js of Node-RED 5, and says no less than it needs', () => {
    for (const version of ['20.0.0', '22.9.0', '24.0.0']) assert.ok(meets(version, manifest.engines.node));
  });

  it('D01 has six dependencies at most, D03 takes their updates', () => {
    const ranges = Object.values(manifest.dependencies);
    assert.ok(ranges.length <= 6);
    for (const range of ranges) assert.match(range, /^\^\d/);
  });

  it('runs no script when it is installed', () => {
    for (const name of ['preinstall', 'install', 'postinstall', 'prepare']) {
      assert.equal(manifest.scripts[name], undefined);
    }
  });

  it('has a page, help and translations for every set, complete in every language', () => {
    for (const set of SETS) {
      assert.equal(basename(manifest['node-red'].nodes[set] ?? ''), `${set}.js`);
      assert.ok(LANGUAGES.length > 1);
      const [english, ...others] = LANGUAGES.map((language) => {
        const folder = join(ROOT, 'nodes/locales', language);
        assert.ok(
          readFileSync(join(folder, `${set}.html`), 'utf8').includes(`data-help-name="${set}"`),
          `${set} in ${language}`,
        );
        return [...keysOf(JSON.parse(readFileSync(join(folder, `${set}.json`), 'utf8')))].sort();
      });
      for (const keys of others) assert.deepEqual(keys, english, set);
    }
  });

  it('N01 registers every node in a form that the library can read', () => {
    for (const set of SETS) {
      const definition = registration(set);
      const needed =
        set === 'deeptone-engine'
          ? ['category', 'defaults', 'credentials']
          : ['category', 'color', 'icon', 'inputs', 'outputs', 'defaults'];
      for (const name of needed) {
        const value = property(definition, name);
        assert.ok(
          value &&
            (ts.isLiteralExpression(value) ||
              ts.isNumericLiteral(value) ||
              ts.isObjectLiteralExpression(value)),
          `${set}: ${name}`,
        );
      }
    }
  });

  it('saves a version with every node, and has examples of the present one', () => {
    for (const set of SETS) {
      const defaults = property(registration(set), 'defaults');
      assert.ok(defaults && ts.isObjectLiteralExpression(defaults) && property(defaults, 'version'), set);
    }
    for (const { name, flow } of [...examples('flows'), ...examples('dashboard')]) {
      for (const node of flow.filter(({ type }) => SETS.includes(type)))
        assert.deepEqual(migrated(node.type, node), node, `${name}: ${node.type}`);
    }
  });

  it('has an icon for every node: 40 by 60, white on nothing', () => {
    for (const set of NODES) {
      const icon = property(registration(set), 'icon');
      assert.ok(icon && ts.isStringLiteral(icon));
      const svg = readFileSync(join(ROOT, 'icons', icon.text), 'utf8');
      assert.match(svg, /width="40" height="60"/);
      assert.match(svg, /stroke="#fff"|fill="#fff"/);
      assert.doesNotMatch(svg, /#(?!fff")[0-9a-f]{3,6}"/i);
    }
  });

  it('N02 has an example for every node', () => {
    const all = [...examples('flows'), ...examples('dashboard')];
    const used = new Set(all.flatMap(({ flow }) => flow.map(({ type }) => type)));
    for (const node of NODES) assert.ok(used.has(node), node);
  });

  it('has examples that explain themselves and need no other package; those with a dashboard are apart', () => {
    for (const { name, flow } of examples('flows')) {
      assert.ok(
        flow.some(({ type }) => type === 'comment'),
        name,
      );
      assert.ok(!flow.some(({ type }) => type.startsWith('ui-')), name);
    }
    for (const { name, flow } of examples('dashboard')) {
      assert.ok(
        flow.some(({ type }) => type === 'ui-base'),
        name,
      );
    }
  });

  it('ships examples, icons and editor files', () => {
    for (const folder of ['dist/src', 'dist/nodes', 'models', 'examples', 'resources']) {
      assert.ok(manifest.files.includes(folder), folder);
    }
  });
});
