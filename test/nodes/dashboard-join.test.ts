/** Widgets beside every Dashboard there may be: none, an older one, another one, and ours. */
import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Node, NodeAPI } from 'node-red';
import { watchMissingDashboard } from '../../nodes/board';
import { dashboardVersion, isTooOld, LEAST_DASHBOARD } from '../../nodes/board/dashboard-version';
import engine from '../../nodes/deeptone-engine';
import timeline from '../../nodes/ui-deeptone-timeline';
import { logged, LEVEL, runFlow, useNodeRed, type RunningFlow } from './support/flow';

const ROOT = join(__dirname, '../../..');

describe('The version of Dashboard 2', () => {
  for (const [version, expected] of [
    ['1.14.0', true],
    ['1.26.99', true],
    ['0.99.0', true],
    ['1.27.0', false],
    ['1.27.0-beta.1', false],
    ['1.100.0', false],
    ['2.0.0', false],
    ['', false],
    ['next', false],
  ] as const) {
    it(`${JSON.stringify(version)} is ${expected ? 'too old' : 'tried'}`, () => {
      assert.equal(isTooOld(version), expected);
    });
  }

  it('that is needed is the same everywhere', () => {
    const packageJson = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
      readonly 'node-red-dashboard-2': { readonly version: string };
    };
    assert.equal(packageJson['node-red-dashboard-2'].version, LEAST_DASHBOARD);
    const short = LEAST_DASHBOARD.replace(/\.0$/, '');
    assert.ok(readFileSync(join(ROOT, 'docs/dashboard.md'), 'utf8').includes(`version ${short} or newer`));
    for (const language of ['de', 'en-US', 'es', 'fr', 'it', 'ja', 'zh-CN']) {
      for (const node of ['input', 'live', 'timeline']) {
        const file = join(ROOT, `nodes/locales/${language}/ui-deeptone-${node}.json`);
        assert.ok(readFileSync(file, 'utf8').includes(short), file);
      }
    }
  });
});

/** A package that lies where Dashboard does, and is loaded as Node-RED loads it. */
class FakeDashboard {
  readonly #folder = mkdtempSync(join(tmpdir(), 'deeptone-dashboard-'));
  readonly #file: string;

  constructor(packageJson: string) {
    const home = join(this.#folder, '@flowfuse/node-red-dashboard');
    mkdirSync(join(home, 'nodes/config'), { recursive: true });
    writeFileSync(join(home, 'package.json'), packageJson);
    this.#file = join(home, 'nodes/config/ui_base.js');
    writeFileSync(this.#file, '');
    createRequire(__filename)(this.#file);
  }

  remove(): void {
    Reflect.deleteProperty(require.cache, require.resolve(this.#file));
    rmSync(this.#folder, { recursive: true });
  }
}

interface Watched {
  readonly status: { readonly args: readonly (readonly [{ readonly text?: string }])[] };
}

const TEXTS = '@deeptone/node-red/ui-deeptone-timeline:';

/** The helper has no translations: a text is its key. */
function shortly(text = ''): string {
  return text.replace(TEXTS, '');
}

/** What our nodes warn of: the helper itself warns, too. */
function warnings(): readonly string[] {
  return logged(LEVEL.warn)
    .filter((text) => text.includes(TEXTS))
    .map(shortly);
}

type Base = Readonly<Record<string, unknown>>;

describe('A widget', () => {
  useNodeRed();
  let dashboard: FakeDashboard | undefined;
  afterEach(() => {
    dashboard?.remove();
    dashboard = undefined;
  });

  /** Runs a timeline in a group whose base is this; what a group of Dashboard does with a widget is `register`. */
  async function run(
    base: Base | (() => never),
    register?: (node: Node, config: object) => void,
  ): Promise<RunningFlow> {
    const groups = (RED: NodeAPI): void => {
      function Group(this: Node, config: never): void {
        RED.nodes.createNode(this, config);
        const getBase = typeof base === 'function' ? base : (): Base => base;
        Object.assign(this, { getBase, ...(register ? { register } : {}) });
      }
      RED.nodes.registerType('ui-group', Group);
    };
    return runFlow(
      [engine, groups, timeline],
      { id: 'node', type: 'ui-deeptone-timeline', z: 'flow', group: 'group', wires: [] },
      {},
      {},
      [{ id: 'group', type: 'ui-group' }],
    );
  }

  /** What stands under the node, and that a message does nothing. */
  async function statusOf(flow: RunningFlow): Promise<string> {
    // It is said while the node is made, before the listeners are: the helper has watched.
    const {
      status: { args },
    } = flow.node as unknown as Watched;
    flow.send({ insight: { kind: 'summary', text: 'Speech.' }, payload: {} });
    await flow.completed.message();
    assert.deepEqual(flow.caught.messages, []);
    return shortly(args.at(-1)?.[0].text);
  }

  it('says under itself that Dashboard is not installed, and no more', async () => {
    const flow = await runFlow([engine, timeline], {
      type: 'ui-deeptone-timeline',
      group: 'gone',
      wires: [],
    });
    assert.equal(await statusOf(flow), 'missing.noDashboard');
    assert.deepEqual(logged(LEVEL.error), []);
    assert.deepEqual(warnings(), []);
  });

  it('says that no group is chosen where Dashboard is there', async () => {
    dashboard = new FakeDashboard('{ "version": "1.31.0" }');
    const flow = await runFlow([engine, timeline], { type: 'ui-deeptone-timeline', group: '', wires: [] });
    assert.equal(await statusOf(flow), 'missing.noGroup');
  });

  it('names an older Dashboard, and which one is needed', async () => {
    dashboard = new FakeDashboard('{ "version": "1.14.0" }');
    assert.equal(dashboardVersion(), '1.14.0');
    const flow = await run({ emit: () => undefined, uiShared: { contribs: {} } });
    assert.equal(await statusOf(flow), 'missing.oldDashboard');
    assert.deepEqual(warnings(), ['advice.oldDashboard']);
  });

  const nothing = (): void => undefined;
  const cases: Readonly<
    Record<string, readonly [Base | (() => never), ((node: Node, config: object) => void)?]>
  > = {
    'has no list of widgets': [{ emit: nothing, uiShared: {} }, nothing],
    'has nothing at all': [{}, nothing],
    'registers nothing': [{ emit: nothing, uiShared: { contribs: {} } }],
    'does not look at the list': [
      { emit: nothing, uiShared: { contribs: {} }, ui: { widgets: new Map([['node', { src: undefined }]]) } },
      nothing,
    ],
    throws: [
      () => {
        throw new Error('of another Dashboard');
      },
      nothing,
    ],
  };
  for (const [what, [base, register]] of Object.entries(cases)) {
    it(`is on no page of a Dashboard that ${what}, and says so`, async () => {
      dashboard = new FakeDashboard('{ "version": 7 }');
      const flow = await run(base, register);
      assert.equal(await statusOf(flow), 'missing.otherDashboard');
      assert.deepEqual(warnings(), ['advice.otherDashboard']);
    });
  }

  it('leaves what Dashboard itself read in package.json as it is', async () => {
    dashboard = new FakeDashboard('{ "version": "1.31.0" }');
    const official = { package: 'official' };
    const contribs = { 'ui-deeptone-timeline': official };
    const widgets = new Map<string, { src: unknown }>();
    await run({ emit: nothing, uiShared: { contribs }, ui: { widgets } }, (node) => {
      widgets.set(node.id, { src: contribs['ui-deeptone-timeline'] });
    });
    assert.equal(contribs['ui-deeptone-timeline'], official);
    assert.deepEqual(warnings(), []);
  });
});

describe('Flows with nodes of a Dashboard that is gone', () => {
  it('have a warning that says what to do, once for all widgets', () => {
    const warnings: string[] = [];
    const events = new EventEmitter();
    const RED = { events, log: { warn: (text: string) => warnings.push(text) }, _: (key: string) => key };
    for (let i = 0; i < 3; i++) watchMissingDashboard(RED as unknown as NodeAPI);
    const stop = (types: unknown): void => {
      events.emit('runtime-event', { id: 'runtime-state', payload: { error: 'missing-types', types } });
    };
    for (const types of [undefined, 'ui-base', ['mqtt in']]) stop(types);
    events.emit('runtime-event', { id: 'runtime-state', payload: null });
    assert.deepEqual(warnings, []);
    stop(['mqtt in', 'ui-group']);
    assert.deepEqual(warnings, [`${TEXTS}advice.goneDashboard`]);
  });
});
