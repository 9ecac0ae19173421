import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../package/consumer';
import { DASHBOARDS, exampleFlows } from './flows';
import type { FlowNode } from '../tools/mqtt/node-red';

interface Box {
  readonly name: string;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** Pixels of a status below a node, and of the least space between what is drawn. */
const STATUS = 18;
const LABELS: Readonly<Record<string, string>> = {
  catch: 'catch: all',
  'deeptone-file': 'audio file',
  'deeptone-bytes': 'audio bytes',
  'deeptone-chunk': 'audio chunk',
  'deeptone-stream': 'audio stream',
  'ui-deeptone-input': 'sound input',
  'ui-deeptone-live': 'live sound',
  'ui-deeptone-timeline': 'sound timeline',
};
/** Shares of the size of the type that wide and narrow letters of Arial take; all others 0.56. */
const WIDTHS: readonly (readonly [RegExp, number])[] = [
  [/[iljtf.,:;'|! ]/, 0.28],
  [/[mwMW%@]/, 0.84],
  [/[A-Z]/, 0.69],
];

function widthOf(text: string): number {
  const letters = Array.from(text, (letter) => WIDTHS.find(([letters]) => letters.test(letter))?.[1] ?? 0.56);
  return letters.reduce((sum, width) => sum + 14 * width, 0);
}

/** Where the editor draws a node: its coordinates are those of its middle, its width goes in steps of 20. */
function boxOf(node: FlowNode): Box {
  const text = (name: string): string => (typeof node[name] === 'string' ? node[name] : '');
  const number = (name: string): number => Number(node[name]);
  const name = text('name') || (LABELS[node.type] ?? `${node.type} ${text('url')}`);
  const wires = node['wires'] as readonly unknown[] | undefined;
  const width = Math.max(100, 20 * Math.ceil((widthOf(name) + 50) / 20));
  const height = Math.max(30, 15 * (wires?.length ?? 0));
  return {
    name: `${node.type} "${name}"`,
    left: number('x') - width / 2,
    right: number('x') + width / 2,
    top: number('y') - height / 2,
    bottom: number('y') + height / 2 + (node.type === 'comment' ? 0 : STATUS),
  };
}

function groupBox(node: FlowNode): Box {
  const [x, y, w, h] = ['x', 'y', 'w', 'h'].map((name) => Number(node[name])) as [
    number,
    number,
    number,
    number,
  ];
  return { name: `group "${String(node['name'])}"`, left: x, right: x + w, top: y, bottom: y + h };
}

function overlap(one: Box, other: Box): boolean {
  return one.left < other.right && other.left < one.right && one.top < other.bottom && other.top < one.bottom;
}

function assertApart(boxes: readonly Box[]): void {
  boxes.forEach((one, index) => {
    for (const other of boxes.slice(index + 1))
      assert.ok(!overlap(one, other), `${one.name} lies over ${other.name}`);
  });
}

/** What examples have in common, by its id. */
const SHARED: Readonly<Record<string, string>> = {
  'dt-engine': 'deeptone-engine',
  'dt-broker': 'mqtt-broker',
  'dt-base': 'ui-base',
  'dt-theme': 'ui-theme',
};
const FLOWS = exampleFlows();
const ALL = [...FLOWS, ...exampleFlows(DASHBOARDS)];

describe('The canvases of the example flows', () => {
  for (const { name, nodes } of ALL) {
    const drawn = nodes.filter((node) => node['z'] !== undefined && node.type !== 'group');
    const groups = nodes.filter(({ type }) => type === 'group');

    it(`are tidy: ${name}`, () => {
      const boxes = drawn.map(boxOf);
      assertApart(boxes);
      assertApart(groups.map(groupBox));
      for (const box of [...boxes, ...groups.map(groupBox)]) {
        assert.ok(box.left >= 0 && box.top >= 0, `${box.name} begins off the canvas`);
        assert.ok(box.right <= 1_400, `${box.name} needs a wide screen`);
      }
      for (const node of drawn) {
        const group = groups.find(({ id }) => id === node['g']);
        assert.ok(
          group && (group['nodes'] as readonly string[]).includes(node.id),
          `${node.id} is in a group`,
        );
        const [inner, outer] = [boxOf(node), groupBox(group)];
        assert.ok(
          inner.left >= outer.left &&
            inner.right <= outer.right &&
            inner.top >= outer.top &&
            inner.bottom <= outer.bottom,
          `${inner.name} sticks out of ${outer.name}`,
        );
      }
    });

    it(`say what you will see: ${name}`, () => {
      const comments = drawn.filter(({ type }) => type === 'comment').map((node) => String(node['name']));
      assert.ok(comments.some((comment) => comment.startsWith('What you will see: ')));
      assert.ok(String(nodes.find(({ type }) => type === 'tab')?.['info']).length > 20);
    });
  }

  it('have tabs of different names, and no node of the same id but for what they share', () => {
    const tabs = ALL.map(({ nodes }) => nodes.find(({ type }) => type === 'tab')?.['label']);
    assert.equal(new Set(tabs).size, tabs.length);
    const ids = ALL.flatMap(({ nodes }) => nodes.map(({ id }) => id)).filter((id) => !(id in SHARED));
    assert.equal(new Set(ids).size, ids.length);
  });

  // The second import uses what the first one brought: models are loaded once, and lists have one row for it.
  for (const [id, type] of Object.entries(SHARED)) {
    it(`share one ${type}, the same in all of them`, () => {
      const all = ALL.flatMap(({ nodes }) => nodes.filter((node) => node.type === type));
      assert.ok(all.length > 1);
      for (const node of all) assert.deepEqual(node, { ...all[0], id });
      assert.ok(all.every(({ name }) => typeof name === 'string' && name !== ''));
    });
  }

  it('have an engine each, which all of their nodes use', () => {
    for (const { name, nodes } of ALL) {
      assert.equal(nodes.filter(({ type }) => type === 'deeptone-engine').length, 1, name);
      const engines = nodes.filter((node) => 'engine' in node).map((node) => node['engine']);
      assert.ok(engines.length > 0 && engines.every((engine) => engine === 'dt-engine'), name);
    }
  });

  it('have only nodes of Node-RED itself and ours, each wired to nodes that are there', () => {
    const core =
      /^(tab|group|comment|inject|debug|catch|switch|change|function|template|delay|trigger|rbe|split|join|file|file in|watch|http (in|request|response)|mqtt (in|out)|mqtt-broker|deeptone-\w+)$/;
    for (const { name, nodes } of FLOWS) {
      const ids = new Set(nodes.map(({ id }) => id));
      for (const node of nodes) {
        assert.match(node.type, core, name);
        for (const target of ((node['wires'] ?? []) as readonly (readonly string[])[]).flat())
          assert.ok(ids.has(target), `${name}: ${target}`);
      }
    }
  });

  it('write nowhere and watch nothing before they are told where', () => {
    for (const { name, nodes } of FLOWS) {
      for (const node of nodes) {
        if (node.type === 'watch') assert.equal(node['d'], true, `${name} watches at once`);
        if (node.type !== 'file') continue;
        const before = nodes.filter(
          ({ type, wires }) =>
            type === 'switch' && (wires as readonly (readonly string[])[]).flat().includes(node.id),
        );
        assert.ok(before.length > 0, `${name} asks before it writes`);
      }
    }
  });
});

describe('The tree of Import', () => {
  it('has no folder without a flow: Node-RED shows every folder below "examples"', () => {
    const folder = join(ROOT, 'examples');
    // A checkout has the link that keeps the old path of the sounds; Node-RED follows none, and no package holds it.
    const folders = readdirSync(folder, { withFileTypes: true }).filter((entry) => !entry.isSymbolicLink());
    assert.ok(folders.length >= 2 && folders.every((entry) => entry.isDirectory()));
    for (const { name } of folders) {
      const files = readdirSync(join(folder, name));
      assert.ok(files.length > 0 && files.every((file) => file.endsWith('.json')), name);
    }
  });
});
