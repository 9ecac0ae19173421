/** What the Node-RED library looks at when it judges a package, as far as that can be seen without a network. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import * as ts from 'typescript';
import { ROOT } from './consumer';

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license?: string;
  readonly repository?: { readonly url: string };
  readonly bugs?: { readonly url: string };
  readonly keywords: readonly string[];
  readonly engines: { readonly node: string };
  readonly dependencies: Readonly<Record<string, string>>;
  readonly 'node-red': { readonly version: string; readonly nodes: Readonly<Record<string, string>> };
}

function manifestAt(filename: string): Manifest {
  return JSON.parse(readFileSync(filename, 'utf8')) as Manifest;
}

const manifest = manifestAt(join(ROOT, 'package.json'));
/** What Node-RED 5 asks of Node.js: the library looks at the newest Node-RED. */
const NEWEST_NODE_RED_NEEDS = '>=22.9';
const nodeRed = manifestAt(createRequire(__filename).resolve('node-red/package.json'));

/** The first version that a range of the form ">=1.2.3" or ">=1.2" takes. */
function firstOf(range: string): readonly number[] {
  const [, numbers] = /^>=\s*(\d+(?:\.\d+)*)/u.exec(range) ?? [];
  assert.ok(numbers !== undefined, `${range} begins with ">="`);
  return numbers.split('.').map(Number);
}

function isNoLater(one: readonly number[], other: readonly number[]): boolean {
  const length = Math.max(one.length, other.length);
  const where = Array.from({ length }, (_, i) => (one[i] ?? 0) - (other[i] ?? 0)).find((by) => by !== 0);
  return (where ?? 0) <= 0;
}

/** A node as the library reads it out of the page of the editor: what is not written there word by word, it does not see. */
interface Definition {
  readonly type: string;
  readonly properties: ReadonlyMap<string, ts.Expression>;
}

function definitionsIn(page: string): readonly Definition[] {
  const scripts = [
    ...page.matchAll(/<script[^>]+type=['"]text\/javascript['"][^>]*>([\s\S]*?)<\/script>/giu),
  ];
  return scripts.flatMap(([, code = '']) => {
    const source = ts.createSourceFile('dialog.js', code, ts.ScriptTarget.Latest, true, ts.ScriptKind.JS);
    const found: Definition[] = [];
    const visit = (one: ts.Node): void => {
      if (ts.isCallExpression(one) && /\bregisterType$/u.test(one.expression.getText())) {
        const [type, definition] = one.arguments;
        assert.ok(type && ts.isStringLiteral(type), 'the type is written as it is');
        assert.ok(definition && ts.isObjectLiteralExpression(definition), 'so is the definition');
        found.push({ type: type.text, properties: propertiesOf(definition) });
      }
      ts.forEachChild(one, visit);
    };
    visit(source);
    return found;
  });
}

/** The library fails at a spread, and then knows nothing of the node. */
function propertiesOf(object: ts.ObjectLiteralExpression): ReadonlyMap<string, ts.Expression> {
  return new Map(
    object.properties.map((property) => {
      assert.ok(ts.isPropertyAssignment(property), `"${property.getText()}" is a name and a value`);
      return [property.name.getText(), property.initializer];
    }),
  );
}

const definitions = Object.values(manifest['node-red'].nodes).flatMap((code) =>
  definitionsIn(readFileSync(join(ROOT, code.replace(/\.js$/u, '.html')), 'utf8')),
);

describe("The library's score card", () => {
  it('finds a license, a repository and a place for faults', () => {
    assert.equal(manifest.license, 'Apache-2.0');
    assert.match(manifest.repository?.url ?? '', /^git\+https:/u);
    assert.match(manifest.bugs?.url ?? '', /^https:/u);
  });

  it('finds a scoped name and the keyword', () => {
    assert.match(manifest.name, /^@[a-z\d][\w.-]+\/[a-z\d][\w.-]*$/u);
    assert.ok(manifest.keywords.includes('node-red'));
  });

  it('finds that it works in Node-RED, and on the oldest Node.js that the newest Node-RED takes', () => {
    const version = nodeRed.version.split('.').map(Number);
    assert.ok(isNoLater(firstOf(manifest['node-red'].version), version));
    assert.ok(isNoLater(firstOf(manifest.engines.node), firstOf(NEWEST_NODE_RED_NEEDS)));
  });

  it('finds no more than six dependencies', () => {
    assert.ok(Object.keys(manifest.dependencies).length <= 6);
  });

  it('can read each node out of its page: type, settings, colour, icon, inputs and outputs', () => {
    assert.ok(definitions.length >= Object.keys(manifest['node-red'].nodes).length);
    for (const { type, properties } of definitions) {
      const defaults = properties.get('defaults');
      assert.ok(defaults && ts.isObjectLiteralExpression(defaults), `${type} has settings`);
      assert.ok(propertiesOf(defaults).has('name'));
      const category = properties.get('category');
      assert.ok(category && ts.isStringLiteral(category));
      if (category.text === 'config') continue;
      for (const name of ['color', 'icon', 'inputs', 'outputs'] as const) {
        const value = properties.get(name);
        assert.ok(value && ts.isLiteralExpression(value), `${name} of ${type} is written as it is`);
      }
    }
  });

  it('finds names of nodes that nobody else is likely to have', () => {
    const types = definitions.map(({ type }) => type);
    assert.equal(new Set(types).size, types.length);
    for (const type of types) assert.match(type, /deeptone-/u);
  });

  it('finds an example of each node', () => {
    const folder = join(ROOT, 'examples');
    const used = new Set(
      readdirSync(folder, { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.json'))
        .flatMap((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as { type: string }[])
        .map(({ type }) => type),
    );
    for (const { type, properties } of definitions) {
      const category = properties.get('category');
      if (category && ts.isStringLiteral(category) && category.text === 'config') continue;
      assert.ok(used.has(type), `${type} is in an example`);
    }
  });
});
