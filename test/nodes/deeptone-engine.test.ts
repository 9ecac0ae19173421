import assert from 'node:assert/strict';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import helper from 'node-red-node-test-helper';
import deeptoneEngine from '../../nodes/deeptone-engine';
import deeptoneFile from '../../nodes/deeptone-file';
import type { EngineNode } from '../../nodes/engine';
import { readSound } from '../../src/audio';
import type { License } from '../../src/license';
import { generateLicenseKeyPair } from '../../src/license';
import { licenseKey as signedKey } from '../tools/licenses';
import { LEVEL, logged, runFlow, useNodeRed, type RunningFlow } from './support/flow';
import { PHONE_CALL, temporaryFolder } from './support/sounds';

const DAY_MS = 86_400_000;
const issuer = generateLicenseKeyPair();
let issued = 0;

/** A license key of an organisation of our own, good from yesterday until some days from now. */
function key(daysLeft: number, changes: Partial<License> = {}): string {
  const now = Date.now();
  return signedKey(
    {
      id: `N-${++issued}`,
      licensee: 'Quiet Rooms Ltd',
      models: '*',
      maxStreams: null,
      notBefore: new Date(now - 60 * DAY_MS),
      expires: new Date(now + daysLeft * DAY_MS),
      evaluation: false,
      ...changes,
    },
    issuer,
  );
}

function start(engine: Readonly<Record<string, unknown>> = {}, licenseKey?: string): Promise<RunningFlow> {
  return runFlow(
    [deeptoneEngine, deeptoneFile],
    { type: 'deeptone-file', models: ['speech'], outputPeriod: '1024' },
    { licensePublicKeys: [issuer.publicKey], ...engine },
    licenseKey === undefined ? {} : { engine: { licenseKey } },
  );
}

/** Has a runtime tried out, as the editor does for who may deploy. */
async function tryOut(id: string): Promise<{ status: number; body: unknown }> {
  const path = `/deeptone-engine/${id}/runtime`;
  const { status, body } = await helper
    .request()
    .post(path)
    .set('content-type', 'application/json')
    .send('{}');
  return { status, body };
}

async function ask(path: string): Promise<{ status: number; body: unknown }> {
  const { status, body } = await helper.request().get(path);
  return { status, body };
}

describe('deeptone-engine', () => {
  useNodeRed();

  it('runs the models on as many workers as it is set to, and on no number that makes no sense', async () => {
    const flow = await start({ workers: '2' });
    flow.send({ filename: PHONE_CALL });
    await flow.series.message();
    const { info } = (helper.getNode('engine') as unknown as EngineNode).engine().runtime;
    assert.equal((info as { readonly workers?: number }).workers, 2);
    await helper.unload();
    const wrong = await start({ workers: '0' });
    const { error } = await wrong.caught.message();
    assert.match(error?.message ?? '', /workers is 0: a whole number from 1 to 64/);
  });

  it('gives names to voices as strictly as it is set to', async () => {
    const hers = await readSound({ file: PHONE_CALL }, { channels: 0 });
    const named: number[] = [];
    for (const voiceStrictness of ['strict', 'usual', undefined, 'generous']) {
      await start({ voiceStrictness });
      const { deeptone } = (helper.getNode('engine') as unknown as EngineNode).engine();
      const audio = hers.subarray(0, 4 * 16_000);
      const voiceSignatures = await deeptone.createVoiceSignatures([{ speakerId: 'Anna', audio }]);
      const options = { models: ['speaker-map'], outputPeriod: 1_024, voiceSignatures };
      const stream = await deeptone.openStream(options);
      await stream.push(hers.subarray(7 * 16_000));
      await stream.finish();
      named.push(Number(stream.summary()['speaker-map']?.['Anna_fraction']));
      stream.close();
      await helper.unload();
    }
    const [strict = 1, usual = 0, left, generous = 0] = named;
    assert.ok(0 < strict && strict < usual && usual < generous, String(named));
    assert.equal(left, usual, 'flows that were saved before there was the choice');
  });

  describe('the license', () => {
    it('is the evaluation license where none is set, and that is logged once', async () => {
      const flow = await start();
      flow.send({ filename: PHONE_CALL });
      flow.send({ filename: PHONE_CALL });
      await flow.completed.message(2);
      assert.equal(logged(LEVEL.info).filter((text) => text.startsWith('Evaluation license')).length, 1);
      assert.equal(flow.series.messages[0]?.insight?.['evaluation'], true);
    });

    it('that is good is used without a word', async () => {
      const flow = await start({}, key(300));
      flow.send({ filename: PHONE_CALL });
      const message = await flow.series.message();
      assert.equal(message.insight?.['evaluation'], undefined);
      assert.equal(logged(LEVEL.info).filter((text) => /license/i.test(text)).length, 0);
    });

    it('may come from an environment variable', async () => {
      process.env['DEEPTONE_TEST_KEY'] = key(300);
      const flow = await start({}, '${DEEPTONE_TEST_KEY}');
      flow.send({ filename: PHONE_CALL });
      assert.equal((await flow.series.message()).insight?.['evaluation'], undefined);
    });

    it('that ends soon is told once as a warning and shows under the nodes', async () => {
      const flow = await start({}, key(3));
      await flow.statuses.find(({ status }) => /status\.expiring$/.test(status?.text ?? ''));
      flow.send({ filename: PHONE_CALL });
      await flow.completed.message();
      assert.equal(logged(LEVEL.warn).filter((text) => /expires in 3 days/.test(text)).length, 1);
    });

    it('that has expired refuses work with a code and shows under the nodes', async () => {
      const flow = await start({}, key(-2));
      await flow.statuses.find(({ status }) => /status\.expired$/.test(status?.text ?? ''));
      flow.send({ filename: PHONE_CALL });
      const { error } = await flow.caught.message();
      assert.equal(error?.code, 'DEEPTONE_LICENSE');
      assert.match(error.message, /expired/);
      assert.equal(logged(LEVEL.warn).filter((text) => /expired/.test(text)).length, 1);
    });

    it('that is no license is told once to the Catch nodes of the users, and refused for each message', async () => {
      const flow = await start({}, 'not.a.license');
      const first = await flow.caught.message();
      assert.equal(first.error?.code, 'DEEPTONE_LICENSE');
      assert.equal(first.error.source.id, 'engine');
      flow.send({ filename: PHONE_CALL });
      flow.send({ filename: PHONE_CALL });
      await flow.caught.message(3);
      assert.deepEqual(
        flow.caught.messages.map(({ error }) => error?.source.id),
        ['engine', 'node', 'node'],
      );
    });

    it('is never in a message, a log or an answer to the editor', async () => {
      const secret = key(3, { models: ['speech-rt'] });
      const flow = await start({}, secret);
      flow.send({ filename: PHONE_CALL });
      const caught = await flow.caught.message();
      const { body } = await ask('/deeptone-engine/engine/license');
      const signature = secret.split('.')[2] ?? secret;
      const everything = JSON.stringify([
        caught,
        flow.statuses.messages,
        body,
        logged(LEVEL.info),
        logged(LEVEL.warn),
        logged(LEVEL.error),
      ]);
      assert.ok(!everything.includes(signature));
    });
  });

  describe('what it tells the editor', () => {
    it('is the models that it offers, with what a person needs to choose', async () => {
      await start();
      const { status, body } = await ask('/deeptone-engine/engine/models');
      assert.equal(status, 200);
      const speech = (body as Record<string, unknown>[]).find(({ name }) => name === 'speech');
      assert.ok(speech?.['title'] && speech['description'] && speech['trainingData']);
      assert.equal(speech['receptiveFieldMs'], 1_088);
    });

    it('is the default models for an engine that is not deployed', async () => {
      await start();
      const { status, body } = await ask('/deeptone-engine/_ADD_/models');
      assert.equal(status, 200);
      assert.ok((body as { name: string }[]).some(({ name }) => name === 'speech-rt'));
    });

    it('is the state of the license', async () => {
      await start({}, key(3));
      const { body } = await ask('/deeptone-engine/engine/license');
      const { message, id, ...rest } = body as Record<string, unknown>;
      assert.match(String(message), /Quiet Rooms Ltd: expires in 3 days/);
      assert.match(String(id), /^N-/);
      assert.deepEqual(rest, {
        deployed: true,
        state: 'expiring',
        daysLeft: 3,
        evaluation: false,
        licensee: 'Quiet Rooms Ltd',
      });
    });

    it('is what is wrong with a key', async () => {
      await start({}, 'not.a.license');
      const { status, body } = await ask('/deeptone-engine/engine/license');
      assert.equal(status, 500);
      assert.equal((body as { code: string }).code, 'DEEPTONE_LICENSE');
    });

    it('is whether the runtime runs here, once that was tried out', async () => {
      await start();
      for (const id of ['engine', 'unknown']) {
        const tried = await tryOut(id);
        assert.equal(tried.status, 200);
        const { status, body } = await ask(`/deeptone-engine/${id}/runtime`);
        assert.equal(status, 200);
        assert.deepEqual(body, tried.body);
        const { runtime, deployed, state } = body as { runtime: string; deployed: boolean; state: string };
        assert.match(runtime, /^onnxruntime-node \d/);
        assert.equal(deployed, id === 'engine');
        assert.equal(state, 'ready');
      }
    });
  });

  describe('what it runs on', () => {
    const slow = (text: string): boolean => /status\.readySlow$/.test(text);

    it('is in the log when it is deployed, before any message', async () => {
      const flow = await start();
      await flow.statuses.find(
        ({ status }) => status?.fill === 'green' && /status\.ready$/.test(status.text ?? ''),
      );
      const told = logged(LEVEL.info).filter((text) => text.startsWith('The models run on'));
      assert.equal(told.length, 1);
      assert.match(told[0] ?? '', /onnxruntime-node \d/);
    });

    it('is WebAssembly where that is asked for, without a complaint', async () => {
      const flow = await start({ runtime: 'wasm' });
      flow.send({ filename: PHONE_CALL });
      await flow.series.message();
      assert.match(logged(LEVEL.info).join('\n'), /The models run on onnxruntime-web [\d.]+ \(WebAssembly\)/);
      assert.ok(!flow.statuses.messages.some(({ status }) => slow(status?.text ?? '')));
      const { body } = await ask('/deeptone-engine/engine/runtime');
      assert.equal((body as { installLine?: string }).installLine, undefined);
    });

    it('is installed natively only where settings.js lets the editor install modules', async () => {
      helper.settings({ externalModules: { palette: { allowInstall: false } } });
      await start();
      const path = '/deeptone-engine/runtime/install';
      const refused = await helper.request().post(path).set('content-type', 'application/json').send('{}');
      assert.equal(refused.status, 403);
      assert.match((refused.body as { message: string }).message, /allowInstall/);
      assert.deepEqual((await ask(path)).body, { state: 'none' });
      assert.equal(
        (await helper.request().post(path).set('content-type', 'text/plain').send('{}')).status,
        415,
      );
    });
  });

  describe("users' own models", () => {
    const folder = temporaryFolder();

    it('are offered beside ours; a broken one is warned of once and the rest works', async () => {
      const fixtures = join(__dirname, '../../../test/fixtures/onnx');
      const models = join(folder, 'mine');
      mkdirSync(models);
      cpSync(join(fixtures, 'pcm.onnx'), join(models, 'pcm.onnx'));
      writeFileSync(
        join(models, 'catalogue.json'),
        JSON.stringify({ version: 1, set: 'mine', title: 'Mine', models: [{ name: 'broken' }] }),
      );
      const flow = await start({ modelFolders: [models, join(folder, 'missing')] });
      flow.send({ filename: PHONE_CALL });
      await flow.series.message();
      const warnings = logged(LEVEL.warn).filter((text) => text.includes('is left out'));
      assert.equal(warnings.length, 2);
      const { body } = await ask('/deeptone-engine/engine/runtime');
      assert.equal((body as { brokenModels: unknown[] }).brokenModels.length, 2);
    });
  });

  it('starts at most one engine for all requests about engines that are not deployed', async () => {
    await start();
    await tryOut('engine');
    let workers = 0;
    const count = (): void => {
      workers++;
    };
    process.on('worker', count);
    const asked = Array.from({ length: 12 }, (_, n) => tryOut(n % 2 ? `no${n}` : 'engine'));
    const answers = await Promise.all(asked);
    process.off('worker', count);
    assert.ok(workers <= 1, `${workers} were started`);
    for (const { body } of answers) assert.match(JSON.stringify(body), /onnxruntime/);
  });

  describe('what the administrator has set for all nodes', () => {
    afterEach(() => {
      helper.settings({ deeptone: undefined });
    });

    const wrong = [
      [{ folders: ['sounds'] }, /settings\.js .*deeptone\.folders\.0 is "sounds": a list of absolute paths/],
      [{ folders: '/sounds' }, /deeptone\.folders is "\/sounds"/],
      [{ folder: ['/sounds'] }, /deeptone\.folder is unknown/],
      [{ metrics: { token: 'short' } }, /deeptone\.metrics\.token is of type string: a text of at least 16/],
      [['/sounds'], /deeptone is/],
    ] as const;
    for (const [deeptone, words] of wrong) {
      it(`refuses all work where it is not accepted: ${JSON.stringify(deeptone)}`, async () => {
        helper.settings({ deeptone });
        const flow = await start();
        const { error } = await flow.caught.message();
        assert.equal(error?.code, 'DEEPTONE_INVALID_ARGUMENT');
        assert.match(error.message, words);
        flow.send({ filename: PHONE_CALL });
        assert.match((await flow.caught.message(2)).error?.message ?? '', words);
      });
    }

    it('lets the sounds of the package be heard, whatever the folders', async () => {
      helper.settings({ deeptone: { folders: [] } });
      const flow = await start();
      flow.send({ filename: 'example:phone-call.wav' });
      await flow.series.message();
      flow.send({ filename: '/no/such/place/nothing.wav' });
      assert.equal((await flow.caught.message()).error?.code, 'DEEPTONE_FILE_NOT_ALLOWED');
    });
  });

  it('closes with the flows, and a new deployment starts anew', async () => {
    const flow = await start();
    flow.send({ filename: PHONE_CALL });
    await flow.series.message();
    await helper.unload();
    const again = await start();
    again.send({ filename: PHONE_CALL });
    await again.series.message();
  });
});
