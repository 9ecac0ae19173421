import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { announcement } from '../../src/mqtt';
import { Deeptone } from '../../src';
import { rawShow } from '../nodes/support/sounds';
import { consumerFolder, ROOT } from '../package/consumer';
import { run, temporaryFolder } from '../tools/audio';
import { startBroker } from '../tools/mqtt/broker';
import { Listener } from '../tools/mqtt/listener';

const PAGES = join(ROOT, 'docs/how-to');

/** The blocks of a page in a language. */
function blocks(page: string, language: string): readonly string[] {
  const text = readFileSync(join(PAGES, page), 'utf8');
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\``, 'gm'))].map(
    ([, block = '']) => block,
  );
}

interface Sent {
  readonly topic: string;
  readonly payload?: Buffer;
  readonly complete?: boolean;
  readonly deeptone?: {
    readonly format: { readonly encoding: string; readonly rate: number; readonly channels: number };
  };
}

/** Runs the code of a function node with messages one after the other; answers what it sends on its first output. */
function functionNode(code: string, messages: readonly object[]): readonly Sent[] {
  const kept = new Map<string, unknown>();
  const context = {
    get: (key: string) => kept.get(key),
    set: (key: string, value: unknown) => kept.set(key, value),
  };
  // eslint-disable-next-line @typescript-eslint/no-implied-eval -- Node-RED does the same with it.
  const node = new Function('msg', 'context', code) as (msg: object, context: object) => unknown;
  return messages.flatMap((message) => {
    const sent = node(message, context);
    const first: unknown = Array.isArray(sent) ? sent[0] : sent;
    if (first === null || first === undefined) return [];
    return Array.isArray(first) ? (first as Sent[]) : [first as Sent];
  });
}

/** The share of speech in the 16-bit samples that a function node sent. */
async function speechIn(sent: readonly Sent[]): Promise<number> {
  const sound = Buffer.concat(sent.flatMap(({ payload }) => payload ?? []));
  const format = sent.find(({ deeptone }) => deeptone)?.deeptone?.format;
  assert.ok(format?.encoding === 's16le');
  const deeptone = new Deeptone();
  const samples = Int16Array.from({ length: sound.length / 2 }, (_, i) => sound.readInt16LE(2 * i));
  const { summary } = await deeptone.processAudioBytes(samples, {
    ...{ models: ['speech'], outputPeriod: 1_024, includeSummary: true, rateIn: format.rate },
  });
  await deeptone.close();
  return summary?.['speech']?.['speech_fraction'] ?? NaN;
}

/** A sound in pieces of any size, as networks deliver it. */
function torn(bytes: Buffer, size = 1_000): readonly Buffer[] {
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, n) =>
    bytes.subarray(n * size, (n + 1) * size),
  );
}

describe('The how-tos', function () {
  this.timeout(60_000);

  it('of telephony: takes the frames of Twilio', () => {
    const [twilio = ''] = blocks('telephony.md', 'js');
    const sound = rawShow('-e', 'mu-law', '-b', '8', '-r', '8000');
    const media = torn(sound, 160).map((piece) => ({
      payload: JSON.stringify({
        ...{ event: 'media', streamSid: 'MZ1' },
        media: { track: 'inbound', payload: piece.toString('base64') },
      }),
    }));
    const events = ['connected', 'start'].map((event) => ({ payload: JSON.stringify({ event }) }));
    const stop = { payload: JSON.stringify({ event: 'stop', streamSid: 'MZ1' }) };
    const sent = functionNode(twilio, [...events, ...media, stop]);
    assert.deepEqual(Buffer.concat(sent.flatMap(({ payload }) => payload ?? [])), sound);
    assert.deepEqual(
      sent.filter(({ complete }) => complete).map(({ topic }) => topic),
      ['twilio/MZ1/inbound', 'twilio/MZ1/outbound'],
    );
    assert.deepEqual(sent[0]?.deeptone?.format, { encoding: 'mulaw', rate: 8_000, channels: 1 });
  });

  it('of telephony: takes the frames of Asterisk, however TCP cuts them', async () => {
    const asterisk = blocks('telephony.md', 'js')[1] ?? '';
    const sound = rawShow('-e', 'signed', '-b', '16', '-r', '8000', '-L');
    const frame = (kind: number, payload: Buffer): Buffer => {
      const head = Buffer.from([kind, 0, 0]);
      head.writeUInt16BE(payload.length, 1);
      return Buffer.concat([head, payload]);
    };
    const call = Buffer.concat([
      frame(0x01, Buffer.from('40325ec25efd4bd3805f53576e581d13', 'hex')),
      ...torn(sound, 320).map((piece) => frame(0x10, piece)),
      frame(0x00, Buffer.alloc(0)),
    ]);
    const messages = torn(call, 777).map((payload) => ({ payload, _session: { id: 'a' } }));
    const sent = functionNode(asterisk, messages);
    assert.deepEqual(Buffer.concat(sent.flatMap(({ payload }) => payload ?? [])), sound);
    assert.ok(sent.every(({ topic }) => topic === 'asterisk/40325ec25efd4bd3805f53576e581d13'));
    assert.equal(sent.at(-1)?.complete, true);
    assert.ok((await speechIn(sent)) > 0.3);
  });

  it('of satellites: takes the events of Wyoming, with their data in the line or behind it', async () => {
    const [wyoming = ''] = blocks('satellites.md', 'js');
    const sound = rawShow('-e', 'signed', '-b', '16', '-L');
    const about = { rate: 16_000, width: 2, channels: 1 };
    const event = (piece: Buffer, n: number): Buffer => {
      const data = Buffer.from(JSON.stringify(about));
      const head =
        n % 2 === 0
          ? { type: 'audio-chunk', data: about, payload_length: piece.length }
          : { type: 'audio-chunk', data_length: data.length, payload_length: piece.length };
      return Buffer.concat([Buffer.from(`${JSON.stringify(head)}\n`), ...(n % 2 === 0 ? [] : [data]), piece]);
    };
    const stream = Buffer.concat([
      Buffer.from('{"type":"run-pipeline","data":{}}\n'),
      ...torn(sound, 2_048).map(event),
      Buffer.from('{"type":"audio-stop"}\n'),
    ]);
    const sent = functionNode(
      wyoming,
      torn(stream, 1_460).map((payload) => ({ payload })),
    );
    assert.deepEqual(Buffer.concat(sent.flatMap(({ payload }) => payload ?? [])), sound);
    assert.equal(sent.at(-1)?.complete, true);
    assert.ok((await speechIn(sent)) > 0.3);
  });

  it('of the ESP32: the sketch compiles, and sends what its microphone hears with number and time', function () {
    const [sketch = ''] = blocks('esp32.md', 'cpp');
    const folder = temporaryFolder();
    const [source, program] = [join(folder, 'sketch.cpp'), join(folder, 'sketch')];
    writeFileSync(source, sketch);
    const stubs = join(ROOT, 'test/fixtures/arduino');
    const compiled = spawnSync('g++', ['-std=c++17', '-Wall', '-Werror', '-I', stubs, '-o', program, source]);
    if (compiled.error) {
      console.warn(
        '!!! LEFT OUT: the sketch of docs/how-to/esp32.md was not compiled: there is no g++ here.',
      );
      this.skip();
    }
    assert.equal(compiled.status, 0, compiled.stderr.toString());
    const spoken = rawShow('-e', 'signed', '-b', '32', '-L').subarray(0, 4 * 16_000);
    const { stdout } = spawnSync(program, { input: spoken, maxBuffer: 1e7 });
    assert.equal(stdout.length, 10 * (12 + 3_200));
    for (let n = 0; n < 10; n++) {
      const message = stdout.subarray(n * 3_212, (n + 1) * 3_212);
      assert.equal(message.readUInt32LE(0), n);
      assert.ok(Math.abs(Number(message.readBigUInt64LE(4)) - Date.now()) < 60_000);
      for (let i = 0; i < 1_600; i++) {
        const heard = spoken.readInt32LE(4 * (1_600 * n + i)) >> 14;
        assert.equal(message.readInt16LE(12 + 2 * i), Math.max(-32_768, Math.min(32_767, heard)));
      }
    }
  });

  it('of the Raspberry Pi: its microphone sends over a broker', async () => {
    const [program = ''] = blocks('raspberry-pi.md', 'js');
    const folder = consumerFolder(['mqtt']);
    writeFileSync(join(folder, 'send.mjs'), program);
    const broker = await startBroker();
    const listener = await Listener.open(broker.url, 'audio/#');
    const sound = rawShow('-e', 'signed', '-b', '16', '-L').subarray(0, 32_000);
    try {
      await run(
        'sh',
        ['-c', 'cd "$0" && BROKER="$1" exec "$2" send.mjs', folder, broker.url, process.execPath],
        sound,
      );
      await listener.settle();
      const heard = listener.messages.filter(({ topic }) => topic === 'audio/pi/pcm');
      assert.equal(heard.length, 10);
      assert.deepEqual(Buffer.concat(heard.map(({ payload }) => payload)), sound);
    } finally {
      await listener.close();
      await broker.close();
    }
  });

  it('of Home Assistant: its automations are about entities that are announced', () => {
    const slug = (text: string): string =>
      text
        .toLowerCase()
        .replace(/[^a-z0-9]+/g, '_')
        .replace(/^_|_$/g, '');
    const { payload } = announcement({
      ...{ discoveryPrefix: 'homeassistant', prefix: 'deeptone', device: 'nursery', version: '1' },
      availability: 'deeptone/availability',
      models: [...new Deeptone().describeModels()],
    });
    const { dev, cmps } = JSON.parse(payload) as {
      dev: { name: string };
      cmps: Record<string, { p: string; name: string; enabled_by_default?: boolean }>;
    };
    const there = Object.values(cmps)
      .filter(({ enabled_by_default: enabled }) => enabled !== false)
      .map(({ p, name }) => `${p}.${slug(`${dev.name} ${name}`)}`);
    const page = readFileSync(join(PAGES, 'home-assistant.md'), 'utf8');
    const named = page.match(/(?:binary_)?sensor\.nursery_\w+/g) ?? [];
    assert.ok(named.length >= 3);
    for (const entity of named) assert.ok(there.includes(entity), `${entity} is none of ${there.join()}`);
    for (const automation of blocks('home-assistant.md', 'yaml')) {
      const { alias, triggers, actions } = load(automation) as Record<string, unknown>;
      assert.ok(typeof alias === 'string' && Array.isArray(triggers) && Array.isArray(actions));
    }
  });

  it('are all in the index of the docs', () => {
    const index = readFileSync(join(ROOT, 'docs/README.md'), 'utf8');
    for (const page of readdirSync(PAGES)) assert.ok(index.includes(`](how-to/${page})`), page);
  });

  it('install the file that npm packs', () => {
    const { name, version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
      readonly name: string;
      readonly version: string;
    };
    const packed = `${name.replace('@', '').replace('/', '-')}-${version}.tgz`;
    const pages = [join(ROOT, 'README.md'), join(PAGES, 'install.md')].map((page) =>
      readFileSync(page, 'utf8'),
    );
    for (const page of pages) for (const [file] of page.matchAll(/[\w.-]+\.tgz/g)) assert.equal(file, packed);
    assert.ok(pages.some((page) => page.includes(packed)));
  });
});
