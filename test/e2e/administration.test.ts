import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { NodeRedProcess, type FlowNode } from './support/node-red-process';
import { installPackage, ROOT, type InstalledPackage } from './support/package';

const bcrypt = createRequire(createRequire(__filename).resolve('node-red'))('bcryptjs') as {
  hashSync(text: string, rounds: number): string;
};
const SOUND = join(ROOT, 'resources/sounds/radio-show.wav');
const TOKEN = 'the-token-of-the-scraper-0123456789';
const TAB: FlowNode = { id: 'tab', type: 'tab' };
const ENGINE: FlowNode = { id: 'engine', type: 'deeptone-engine' };

/** A flow that answers a GET with what a file node, or a Catch node, has to say of `?file=`. */
const FILE_FLOW: readonly FlowNode[] = [
  TAB,
  ENGINE,
  { id: 'in', z: 'tab', type: 'http in', url: '/hear', method: 'get', wires: [['name']] },
  {
    ...{ id: 'name', z: 'tab', type: 'function', outputs: 1, wires: [['file']] },
    func: 'msg.filename = msg.req.query.file; return msg;',
  },
  {
    ...{ id: 'file', z: 'tab', type: 'deeptone-file', engine: 'engine', models: ['speech-rt'] },
    ...{ outputPeriod: 1024, filename: 'filename', filenameType: 'msg', wires: [[], ['told'], []] },
  },
  { id: 'catch', z: 'tab', type: 'catch', scope: null, wires: [['failed']] },
  {
    ...{ id: 'failed', z: 'tab', type: 'function', outputs: 1, wires: [['out']] },
    func: 'msg.payload = { code: msg.error.code, message: msg.error.message }; return msg;',
  },
  {
    ...{ id: 'told', z: 'tab', type: 'function', outputs: 1, wires: [['out']] },
    func: 'msg.payload = { code: "heard" }; return msg;',
  },
  { id: 'out', z: 'tab', type: 'http response', statusCode: '', headers: {}, wires: [] },
].map((node) => ('z' in node ? { ...node, x: 100, y: 100 } : node)); // Without a place it would be a configuration.

describe('A Node-RED with an administrator', function () {
  this.timeout(120_000);
  let installed: InstalledPackage;
  let nodeRed: NodeRedProcess;
  let sounds: string;
  const tokens = new Map<string, string>();

  function ask(user: string, path: string, options: RequestInit = {}): Promise<Response> {
    const token = tokens.get(user);
    const headers = new Headers(options.headers);
    if (token !== undefined) headers.set('authorization', `Bearer ${token}`);
    return fetch(nodeRed.url + path, { ...options, headers });
  }

  function tryOut(user: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
    const json = { 'content-type': 'application/json', ...headers };
    return ask(user, '/deeptone-engine/none/runtime', { method: 'POST', headers: json, body: '{}' });
  }

  /** Deploys, and waits until the flows run. */
  async function deploy(flows: readonly FlowNode[]): Promise<void> {
    const starts = (): number => nodeRed.output.split('Started flows').length;
    const before = starts();
    const response = await ask('admin', '/flows', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(flows),
    });
    assert.equal(response.status, 204);
    while (starts() === before) await sleep(20);
  }

  async function hear(file: string): Promise<Readonly<Record<string, unknown>>> {
    const response = await fetch(`${nodeRed.url}/hear?file=${encodeURIComponent(file)}`);
    return (await response.json()) as Readonly<Record<string, unknown>>;
  }

  before(async () => {
    installed = installPackage();
    sounds = join(installed.userDir, 'sounds');
    mkdirSync(join(sounds, 'inner'), { recursive: true });
    copyFileSync(SOUND, join(sounds, 'inner', 'a.wav'));
    copyFileSync(SOUND, join(installed.userDir, 'secret.wav'));
    symlinkSync(join(installed.userDir, 'secret.wav'), join(sounds, 'link.wav'));
    symlinkSync(installed.userDir, join(sounds, 'up'));
    const users = Object.entries({ admin: '*', reader: 'read' });
    nodeRed = await NodeRedProcess.start(installed.userDir, {
      adminAuth: {
        type: 'credentials',
        users: users.map(([username, permissions]) => ({
          ...{ username, permissions, password: bcrypt.hashSync(username, 4) },
        })),
      },
      deeptone: { folders: [sounds], metrics: { token: TOKEN } },
    });
    for (const [user] of users) {
      const body = { client_id: 'node-red-admin', grant_type: 'password', scope: '', username: user };
      const response = await fetch(`${nodeRed.url}/auth/token`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ ...body, password: user }),
      });
      tokens.set(user, ((await response.json()) as { readonly access_token: string }).access_token);
    }
    await deploy(FILE_FLOW);
  });
  after(async () => {
    await nodeRed.stop();
    installed.remove();
  });

  it('tells nobody without an account anything of an engine', async () => {
    for (const what of ['models', 'license', 'runtime']) {
      assert.equal((await ask('nobody', `/deeptone-engine/engine/${what}`)).status, 401, what);
    }
    assert.equal((await tryOut('nobody')).status, 401);
  });

  it('tells who may read what is known, and has nothing tried out for them', async () => {
    for (const what of ['models', 'license', 'runtime']) {
      assert.equal((await ask('reader', `/deeptone-engine/engine/${what}`)).status, 200, what);
    }
    const unknown = await ask('reader', '/deeptone-engine/none/runtime');
    assert.equal(((await unknown.json()) as { state: string }).state, 'unknown');
    assert.equal((await tryOut('reader')).status, 401);
    const still = await ask('reader', '/deeptone-engine/none/runtime');
    assert.equal(((await still.json()) as { state: string }).state, 'unknown');
  });

  it('tells of live streams to who may read, to nobody else, and to no page of somebody else', async () => {
    const paths = ['/deeptone/live', '/deeptone/live/1'];
    for (const path of paths) assert.equal((await ask('nobody', path)).status, 401, path);
    const seen = await ask('reader', '/deeptone/live');
    assert.match(await seen.text(), /^\{"engines":\[\{"id":"engine"/);
    for (const id of ['1', 'x', '../metrics', '9'.repeat(15)])
      assert.equal((await ask('reader', `/deeptone/live/${encodeURIComponent(id)}`)).status, 404, id);
    const foreign = { headers: { 'sec-fetch-site': 'cross-site' } };
    for (const path of paths) assert.equal((await ask('reader', path, foreign)).status, 403, path);
  });

  it('installs nothing for who may only read', async () => {
    const install = (user: string): Promise<Response> =>
      ask(user, '/deeptone-engine/runtime/install', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{}',
      });
    assert.equal((await install('nobody')).status, 401);
    assert.equal((await install('reader')).status, 401);
    const state = await ask('reader', '/deeptone-engine/runtime/install');
    assert.deepEqual(await state.json(), { state: 'none' });
  });

  it('tells metrics and health to who may read, and to who has the token, and nothing else to that', async () => {
    const paths = ['metrics', 'engine/metrics', 'engine/health'].map((path) => `/deeptone-engine/${path}`);
    const by = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });
    for (const path of paths) {
      assert.equal((await ask('nobody', path)).status, 401, path);
      assert.equal((await ask('nobody', path, by(`${TOKEN}.`))).status, 401, path);
      assert.notEqual((await ask('reader', path)).status, 401, path);
      assert.notEqual((await ask('nobody', path, by(TOKEN))).status, 401, path);
    }
    assert.match(await (await ask('nobody', paths[0] ?? '', by(TOKEN))).text(), /^# HELP deeptone_/);
    for (const path of ['/deeptone-engine/engine/license', '/flows']) {
      assert.equal((await ask('nobody', path, by(TOKEN))).status, 401, path);
    }
  });

  it('teaches sounds for who may deploy, and shows them to who may read', async () => {
    const begin = (user: string, headers: Record<string, string> = {}): Promise<Response> =>
      ask(user, '/deeptone/teach', {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: '{"title":"Ring"}',
      });
    for (const user of ['nobody', 'reader']) assert.equal((await begin(user)).status, 401, user);
    assert.equal((await begin('admin', { 'sec-fetch-site': 'cross-site' })).status, 403);
    assert.equal((await begin('admin', { 'content-type': 'text/plain' })).status, 415);
    assert.equal((await begin('admin')).status, 200);
    assert.equal((await ask('nobody', '/deeptone/teach')).status, 401);
    const seen = await (await ask('reader', '/deeptone/teach')).text();
    assert.match(seen, /"title":"Ring"/);
    assert.ok(!seen.includes(installed.userDir));
    for (const path of ['/ring', '/ring/that/00000000'])
      assert.equal((await ask('reader', `/deeptone/teach${path}`, { method: 'DELETE' })).status, 401);
    for (const path of ['/ring/that/..%2F..%2Flesson.json', '/..%2F..%2Fsecret.wav/that/0', '/ring/up/0'])
      assert.equal((await ask('admin', `/deeptone/teach${path}`)).status, 400, path);
    assert.equal((await ask('admin', '/deeptone/teach/ring', { method: 'DELETE' })).status, 200);
  });

  it('takes nothing that a page of somebody else can send', async () => {
    const headers = { 'sec-fetch-site': 'cross-site' };
    assert.equal((await tryOut('admin', headers)).status, 403);
    assert.equal((await ask('admin', '/deeptone-engine/engine/license', { headers })).status, 403);
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
    ]) {
      assert.equal((await tryOut('admin', { 'content-type': type })).status, 415, type);
    }
    const foreign = { origin: 'https://elsewhere.example' };
    assert.equal((await tryOut('admin', foreign)).status, 403);
    assert.equal((await ask('admin', '/deeptone-engine/engine/license', { headers: foreign })).status, 403);
    const answer = await ask('admin', '/deeptone-engine/engine/license', {
      headers: { origin: nodeRed.url },
    });
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get('access-control-allow-origin'), null);
    assert.equal(answer.headers.get('cross-origin-resource-policy'), 'same-origin');
  });

  it('has the runtime tried out for who may deploy, and tells everybody who may read', async () => {
    const tried = await tryOut('admin');
    assert.equal(tried.status, 200);
    assert.match(((await tried.json()) as { runtime: string }).runtime, /^onnxruntime-\w+ \d/);
    const known = (await (await ask('reader', '/deeptone-engine/none/runtime')).json()) as { state: string };
    assert.equal(known.state, 'ready');
  });

  it('has an engine tested for who may deploy: all that an answer takes, and a sound that is heard', async () => {
    const headers = { 'content-type': 'application/json' };
    const test = (user: string, id = 'engine'): Promise<Response> =>
      ask(user, `/deeptone-engine/${id}/test`, { method: 'POST', headers, body: '{}' });
    for (const user of ['nobody', 'reader']) assert.equal((await test(user)).ok, false, user);
    for (const id of ['engine', 'none']) {
      const answer = await test('admin', id);
      assert.equal(answer.status, 200);
      const text = await answer.text();
      const { deployed, findings, summary } = JSON.parse(text) as {
        readonly deployed: boolean;
        readonly findings: readonly { subject: string; state: string; values: Record<string, unknown> }[];
        readonly summary: Record<string, Record<string, number>>;
      };
      assert.equal(deployed, id === 'engine');
      const subjects = findings.map(({ subject }) => subject).sort();
      assert.deepEqual(subjects, ['ffmpeg', 'license', 'memory', 'models', 'runtime', 'sound', 'speed']);
      assert.ok(!findings.some(({ state }) => state === 'problem'), text);
      const speed = findings.find(({ subject }) => subject === 'speed');
      assert.ok(Number(speed?.values['times']) > 0 && Number(speed?.values['streams']) >= 0);
      assert.ok((summary['speech']?.['speech_fraction'] ?? 0) > 0.3, text);
      assert.ok(!text.includes(installed.userDir), text);
    }
  });

  it('says in no answer where something is on the machine', async () => {
    const broken = { ...ENGINE, id: 'broken', modelFolders: [join(installed.userDir, 'no such models')] };
    const user = { id: 'user', z: 'tab', x: 0, y: 0, type: 'deeptone-file', engine: 'broken', wires: [] };
    await deploy([...FILE_FLOW, broken, user]);
    const json = { 'content-type': 'application/json' };
    const options = { method: 'POST', headers: json, body: '{}' };
    const tried = await (await ask('admin', '/deeptone-engine/broken/runtime', options)).text();
    assert.match(tried, /no such models/);
    const read = await (await ask('reader', '/deeptone-engine/broken/runtime')).text();
    for (const text of [tried, read]) assert.ok(!text.includes(installed.userDir), text);
  });

  describe('who has set the folders of sounds', () => {
    it('has what is in them heard, and the sounds of the package', async () => {
      const heard = [join(sounds, 'inner', 'a.wav'), join(sounds, 'up/sounds/inner/../inner/a.wav')];
      for (const file of [...heard, 'example:radio-show.wav']) {
        assert.equal((await hear(file))['code'], 'heard', file);
      }
    });

    it('has nothing else heard, by whatever name, and not told whether it is there', async () => {
      const refused = [
        join(installed.userDir, 'secret.wav'),
        join(installed.userDir, 'nothing.wav'),
        join(sounds, 'link.wav'),
        join(sounds, 'up', 'secret.wav'),
        `${sounds}/../secret.wav`,
        `file://${sounds}/%2e%2e/secret.wav`,
        `${sounds}-too/a.wav`,
        '/proc/self/fd/0',
        `/proc/self/root${installed.userDir}/secret.wav`,
        '/etc/passwd',
        sounds,
      ];
      for (const file of refused) {
        const { code, message } = await hear(file);
        assert.equal(code, 'DEEPTONE_FILE_NOT_ALLOWED', `${file}: ${String(message)}`);
      }
      assert.equal((await hear(join(sounds, 'nothing.wav')))['code'], 'DEEPTONE_FILE_NOT_FOUND');
    });
  });
});
