import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import type { FileAnalysis, VoiceSignature } from '../../src';
import { makeWav, temporaryFolder } from '../tools/audio';
import { shoot } from './support/dialogs';
import { openEditor, type OpenEditor } from './support/editor';
import { type FlowNode } from './support/node-red-process';
import { ROOT } from './support/package';

const CALL = join(ROOT, 'resources/sounds/phone-call.wav');

/** A flow that answers a GET with who speaks when in the phone call. */
const FLOW: readonly FlowNode[] = [
  { id: 'tab', type: 'tab', label: 'Voices' },
  { id: 'engine', type: 'deeptone-engine', name: '', modelSet: 'standard' },
  { id: 'for-work', type: 'deeptone-engine', name: '', modelSet: 'open' },
  { id: 'in', z: 'tab', type: 'http in', url: '/who', method: 'get', x: 100, y: 100, wires: [['file']] },
  {
    ...{ id: 'file', z: 'tab', type: 'deeptone-file', engine: 'engine', models: ['speaker-map'], name: '' },
    ...{ filename: 'example:phone-call.wav', filenameType: 'str', sendAs: 'deeptone', outputPeriod: '1024' },
    ...{ outputs: 3, x: 300, y: 100, wires: [['out'], [], []] },
  },
  {
    ...{ id: 'out', z: 'tab', type: 'http response', statusCode: '', headers: {} },
    x: 500,
    y: 100,
    wires: [],
  },
];

/** A part of a channel of the phone call, in which a woman and a man speak on a channel each. */
function cut(channel: number, from: number, to: number): string {
  const file = join(temporaryFolder(), 'voice.wav');
  const pan = `pan=mono|c0=c${channel},atrim=${from}:${to},asetpts=N/SR/TB`;
  execFileSync('ffmpeg', ['-loglevel', 'error', '-i', CALL, '-af', pan, file]);
  return file;
}

function joined(...files: readonly string[]): string {
  const file = join(temporaryFolder(), 'both.wav');
  const inputs = files.flatMap((name) => ['-i', name]);
  const filter = `concat=n=${files.length}:v=0:a=1`;
  execFileSync('ffmpeg', ['-loglevel', 'error', ...inputs, '-filter_complex', filter, file]);
  return file;
}

describe('People that an engine knows by name', function () {
  this.timeout(120_000);
  const woman = cut(0, 0, 4);
  const man = cut(1, 3.5, 7.2);
  let editor: OpenEditor;
  let page: Page;

  before(async () => {
    editor = await openEditor(FLOW, {
      browserArgs: [
        ...['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream'],
        `--use-file-for-fake-audio-capture=${woman}%noloop`,
      ],
    });
    ({ page } = editor);
    await page.evaluate(`RED.editor.editConfig('', 'deeptone-engine', 'engine')`);
    const fold = page.locator('.deeptone-fold', { has: page.locator('#deeptone-voices') });
    await fold.locator('summary').click();
    await page.waitForSelector('.deeptone-voices-list li');
  });
  after(() => editor.close());

  const names = () => page.locator('.deeptone-voices-list li').allInnerTexts();
  const sees = (sentence: RegExp) =>
    page.waitForFunction(`${String(sentence)}.test($('#deeptone-voices [role=status]').text())`);
  const choose = async (name: string, file: string): Promise<void> => {
    await page.locator('#deeptone-voice-name').fill(name);
    await page.locator('#deeptone-voice-file').setInputFiles(file);
  };
  /** Who is heard on the two channels of the phone call. */
  const heard = async (): Promise<readonly (readonly string[])[]> => {
    const { channels } = (await editor.nodeRed.get('/who')) as FileAnalysis;
    return Object.values(channels).map(({ time_series }) => [
      ...new Set(time_series.map(({ results }) => results['speaker-map'].speaker_top)),
    ]);
  };

  it('knows nobody at first, and asks for a name before it listens', async () => {
    assert.deepEqual(await names(), ['Nobody yet.']);
    await page.locator('#deeptone-voice-record').click();
    await sees(/whose voice it is/);
    assert.doesNotMatch(JSON.stringify(await heard()), /Anna/);
  });

  it('refuses what is no voice of one person, and says why', async () => {
    const folder = temporaryFolder();
    const text = join(folder, 'notes.txt');
    writeFileSync(text, 'Anna speaks.\n'.repeat(50));
    const quiet = join(folder, 'quiet.wav');
    writeFileSync(quiet, makeWav([new Float32Array(48_000)]));
    for (const [name, file, sentence] of [
      ['Anna', text, /not audio: it is text/],
      ['Anna', quiet, /less than 1 s of speech|of speech/],
      ['Anna', cut(0, 0, 0.8), /lasts 0\.8 s/],
      ['Anna', joined(woman, man), /Two people are heard/],
      ['speaker_1', woman, /DeepTone itself uses/],
    ] as const) {
      await choose(name, file);
      await sees(sentence);
    }
    assert.deepEqual(await names(), ['Nobody yet.']);
  });

  it('learns a voice from the microphone, and calls the person by name in another sentence, and nobody else', async () => {
    await page.locator('#deeptone-voice-name').fill('Anna');
    await page.locator('#deeptone-voice-record').click();
    await sees(/Speak now/);
    await page.waitForFunction("/Stop \\([1-6] s\\)/.test($('#deeptone-voice-record').text())");
    await page.locator('#deeptone-voice-record').click();
    await sees(/Anna is known now/);
    assert.deepEqual(await names(), ['Anna']);
    await shoot(page, 'voices');
    const [hers, his] = await heard();
    assert.ok(hers?.includes('Anna'), String(hers));
    assert.ok(!his?.includes('Anna'), String(his));
  });

  it('takes a name once, and a further person from a file', async () => {
    await choose('Anna', woman);
    await sees(/There is a voice named "Anna": remove it first/);
    await choose('<b>Bob</b>', man);
    await sees(/is known now/);
    assert.deepEqual(await names(), ['<b>Bob</b>', 'Anna']);
    const [hers, his] = await heard();
    assert.ok(hers?.includes('Anna') && !hers.includes('<b>Bob</b>'), String(hers));
    assert.ok(his?.includes('<b>Bob</b>'), String(his));
  });

  it('keeps what voices sound like in a file for its owner alone, tells no page of it, and puts it into no flow', async () => {
    const { userDir } = editor.installed;
    const file = join(userDir, 'deeptone/voices.json');
    assert.equal(statSync(file).mode & 0o777, 0o600);
    const { voices } = JSON.parse(readFileSync(file, 'utf8')) as {
      readonly voices: readonly { readonly signatures: readonly VoiceSignature[] }[];
    };
    const data = voices.flatMap(({ signatures }) => signatures.map((signature) => signature.data));
    assert.equal(data.length, 2);
    const told = JSON.stringify(await editor.nodeRed.get('/deeptone-engine/engine/voices'));
    const flows = readFileSync(join(userDir, 'flows.json'), 'utf8');
    for (const one of data) assert.ok(!told.includes(one) && !flows.includes(one));
  });

  it('says which voices another engine cannot know, as its models are others', async () => {
    assert.deepEqual(await editor.nodeRed.get('/deeptone-engine/for-work/voices'), [
      { name: '<b>Bob</b>', isUsable: false },
      { name: 'Anna', isUsable: false },
    ]);
  });

  it('says what to do where a browser does not let a page listen', async () => {
    await page.locator('#deeptone-voice-name').fill('Carl');
    await page.evaluate("Object.defineProperty(window, 'isSecureContext', { value: false })");
    await page.locator('#deeptone-voice-record').click();
    await sees(/open the editor as https:\/\//);
  });

  it('forgets a person, of whom nothing is left', async () => {
    for (const left of [['Anna'], ['Nobody yet.']]) {
      await page.locator('.deeptone-voices-list button').first().click();
      await page.waitForFunction(
        `$('.deeptone-voices-list li').first().text().trim() === ${JSON.stringify(left[0])}`,
      );
    }
    const file = join(editor.installed.userDir, 'deeptone/voices.json');
    assert.equal(readFileSync(file, 'utf8').trim(), '{"version":1,"voices":[]}');
    assert.doesNotMatch(JSON.stringify(await heard()), /Anna|Bob/);
  });

  it('asks how alike a voice has to be, in words, and saves it', async () => {
    const strictness = page.locator('#node-config-input-voiceStrictness');
    assert.equal(await strictness.inputValue(), 'usual', 'where a flow says nothing');
    assert.deepEqual(await strictness.locator('option').allInnerTexts(), [
      'when it is alike',
      'only when it is much alike',
      'also when it is less alike',
    ]);
    await strictness.selectOption('strict');
    await shoot(page, 'voices-strict');
    await page.locator('#node-config-dialog-ok').click();
    await page.waitForSelector('#node-config-dialog-ok', { state: 'detached' });
    assert.equal(await page.evaluate("RED.nodes.node('engine').voiceStrictness"), 'strict');
  });
});
