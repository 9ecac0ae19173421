import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { probeFile } from './wav';
import { exampleFlows, RunningExamples } from './flows';
import { temporaryFolder } from '../tools/audio';
import type { FlowNode } from '../tools/mqtt/node-red';

interface Asked {
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

/** A service of somebody else's: remembers what it was asked, and says the same always. */
class Service {
  readonly asked: Asked[] = [];
  readonly #server: Server;

  constructor(answer: string) {
    this.#server = createServer((request, response) => {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part));
      request.on('end', () => {
        this.asked.push({ url: request.url ?? '', headers: request.headers, body: Buffer.concat(parts) });
        response.setHeader('content-type', 'application/json');
        response.end(answer);
      });
    });
  }

  async open(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

interface Variable {
  readonly name: string;
  readonly value?: string;
  readonly type: string;
}

/** Everything but what needs a broker; see `mqtt-examples.test.ts` for that. */
const WANTED = exampleFlows().filter(({ nodes }) => !nodes.some(({ type }) => type === 'mqtt-broker'));

describe('Each example flow, with the sound that it is about', function () {
  this.timeout(60_000);
  const folder = temporaryFolder();
  const [speechToText, influx, ntfy] = [
    new Service('{"text": " Hello there.\\n"}'),
    new Service(''),
    new Service('{}'),
  ];
  let running: RunningExamples;

  /** What a user fills in, and no waiting for sounds to play. */
  async function filledIn(): Promise<(node: FlowNode) => FlowNode> {
    const values: Readonly<Record<string, string>> = {
      FOLDER: folder,
      REPORT: join(folder, 'report.txt'),
      STT: `${await speechToText.open()}/inference`,
      INFLUX: await influx.open(),
      TOKEN: 'secret',
      SERVER: await ntfy.open(),
      TOPIC: 'our cellar',
    };
    return (node) => {
      if (node.type === 'deeptone-stream') return { ...node, fast: true, loop: false };
      if (node.type !== 'tab') return node;
      const env = (node['env'] ?? []) as readonly Variable[];
      return {
        ...node,
        env: env.map(({ name, value, type }) => ({
          name,
          value: values[name] ?? value,
          type: type === 'cred' ? 'str' : type,
        })),
      };
    };
  }

  before(async () => {
    running = await RunningExamples.start(WANTED, await filledIn(), ['dt-baby-first']);
  });
  after(async () => {
    await running.stop();
    await Promise.all([speechToText, influx, ntfy].map((service) => service.close()));
  });

  it('baby monitor: rings for a cry and not for a cat', async () => {
    const [heard] = await running.messages('dt-baby-heard');
    assert.match(JSON.stringify(heard), /crying or screaming/, 'a meow is heard, as something like a cry');
    await running.messages('dt-baby-ring');
    const rings = await running.messages('dt-baby-first-spy');
    assert.deepEqual(
      rings.map(({ topic }) => topic),
      ['nursery'],
    );
    assert.match(String(await running.payload('dt-baby-ring')), /^Ring! Crying in the nursery, \d{4}-/);
  });

  it('meeting by speaker: tells the two voices of the show apart', async () => {
    await running.press('dt-meeting-inject');
    const talk = (await running.payload('dt-meeting-debug-1')) as { speaker: string; seconds: number }[];
    assert.deepEqual(talk.map(({ speaker }) => speaker).toSorted(), ['speaker_1', 'speaker_2']);
    for (const { seconds } of talk) assert.ok(seconds > 2 && seconds < 9, JSON.stringify(talk));
    const turns = (await running.payload('dt-meeting-debug-2')) as string[];
    assert.match(turns[0] ?? '', /^0:0[34] to 0:0[78] speaker_1$/);
    assert.ok(turns.length >= 2 && turns.length <= 5, turns.join());
  });

  it('call centre report: says who talked how long, and how long nobody did', async () => {
    await running.press('dt-centre-inject');
    const report = (await running.payload('dt-centre-debug-1')) as Record<string, number>;
    const within = (name: string, low: number, high: number): void => {
      const value = report[name] ?? NaN;
      assert.ok(value >= low && value <= high, `${name}: ${value}`);
    };
    within('agentSeconds', 3, 5);
    within('callerSeconds', 2.5, 4.5);
    within('talkToListen', 0.8, 1.8);
    within('silenceSeconds', 1, 4);
    within('overlapSeconds', 0, 0.5);
    within('turns', 3, 5);
  });

  it('talk time of a phone call: has a line for each side', async () => {
    await running.press('dt-call-inject-1');
    const lines = (await running.messages('dt-call-debug-1', 2)).map(({ payload }) => String(payload));
    assert.match(lines.toSorted().join(), /^agent: [34]\.\d s of speech,caller: [34]\.\d s of speech$/);
  });

  it('what is in a sound: says it in words', async () => {
    await running.press('dt-file-inject-1');
    const [said] = await running.messages('dt-file-debug-1');
    assert.match((said?.['insight'] as { text: string }).text, /4\d % speech, \d+ % music/);
  });

  it('a clip in a message, one answer per message: music first, then speech', async () => {
    await running.press('dt-bytes-inject');
    const clips = (await running.messages('dt-bytes-debug-1', 2)).map(({ payload }) => String(payload));
    assert.match(clips[0] ?? '', /\d+ % music/);
    assert.match(clips[1] ?? '', /^\d\d % speech/);
    await running.press('dt-chunk-inject');
    const answers = await running.messages('dt-chunk-debug-1', 2);
    assert.match(JSON.stringify(answers[0]?.['payload']), /"speech":\{"result":"music"/);
    assert.match(JSON.stringify(answers[1]?.['payload']), /"speech":\{"result":"speech"/);
  });

  it('a file in pieces: steps, and a summary when the last piece has come', async () => {
    await running.press('dt-chunks-inject');
    const [end] = await running.messages('dt-chunks-debug-2');
    assert.equal((end?.['insight'] as { cause: string }).cause, 'end');
    assert.ok((await running.messages('dt-chunks-debug-1')).length > 2);
    await running.messages('dt-chunks-debug-3');
  });

  it('folder to report: a line for a recording, on a button before any folder is watched', async () => {
    await running.press('dt-folder-inject');
    const line = String(await running.payload('dt-folder-debug-1'));
    assert.match(line, /radio-show\.wav; 20\.\d s; speech \d+ %; music \d+ %; women \d+ %; men \d+ %$/);
    await until(() => existsSync(join(folder, 'report.txt')));
    assert.equal(readFileSync(join(folder, 'report.txt'), 'utf8').trim(), line);
  });

  it('loud noise alarm: one for each slam of the door', async () => {
    const alarms = await running.messages('dt-loud-alarm');
    assert.match(String(alarms[0]?.['payload']), /^Loud in the hall, \d{4}-/);
    const levels = (await running.messages('dt-loud-debug-2', 7)).map(({ payload }) => Number(payload));
    assert.ok(Math.max(...levels) > -30 && Math.min(...levels) < -50, levels.join());
  });

  it('camera events with clip, voice-activated recording: the sound of what is said is written', async () => {
    const [first] = await running.messages('dt-clip-tell', 2);
    const event = first?.['event'] as { camera: string; label: string; clipSeconds: number };
    assert.deepEqual([event.camera, event.label], ['front door', 'speech']);
    await until(() => readdirSync(folder).some((name) => name.startsWith('front-door')));
    await running.messages('dt-record-debug-2', 2);
    const recordings = readdirSync(folder).filter((name) => name.endsWith('.wav'));
    assert.ok(
      recordings.some((name) => name.startsWith('microphone-')),
      recordings.join(),
    );
    const clip = recordings.find((name) => name.startsWith('front-door')) ?? '';
    const { seconds, peak } = probeFile(join(folder, clip));
    assert.ok(seconds > 1 && seconds < 12 && peak > 0.1, `${seconds} s, ${peak}`);
  });

  it('music or talk: music, then talk, then the shares of both', async () => {
    await running.messages('dt-radio-debug-3');
    const texts = [await running.messages('dt-radio-music'), await running.messages('dt-radio-talk')];
    assert.ok(texts.every((messages) => messages.length >= 1));
    assert.match(String(await running.payload('dt-radio-debug-3')), /4\d % speech, 3\d % music/);
  });

  it('voice notes to text: sends a WAV of what is said, and nothing else', async () => {
    const note = (await running.payload('dt-notes-debug-2')) as { text: string; time: string };
    assert.equal(note.text, 'Hello there.');
    const { headers, body, url } = speechToText.asked[0] ?? { headers: {}, body: Buffer.alloc(0), url: '' };
    assert.equal(url, '/inference');
    assert.match(headers['content-type'] ?? '', /^multipart\/form-data/);
    assert.ok(body.includes('RIFF') && body.includes('filename="note.wav"') && body.length > 32_000);
  });

  it('language router: German one way, English the other', async () => {
    for (const language of ['de', 'en']) {
      const [clip] = await running.messages(`dt-language-${language}`);
      const { segment } = clip?.['insight'] as { segment: { result: string } };
      assert.equal(segment.result, language);
    }
  });

  it('event list: gives events over HTTP as Frigate does, and their sound', async () => {
    await running.messages('dt-events-debug-1', 3);
    const { url } = running.nodeRed;
    const list = (await (await fetch(`${url}/deeptone/events?label=speech`)).json()) as {
      id: string;
      label: string;
      has_clip: boolean;
      start_time: number;
      end_time: number;
    }[];
    assert.ok(list.length >= 1 && list.every(({ label, has_clip: has }) => label === 'speech' && has));
    const [latest] = list;
    assert.ok(latest && latest.end_time > latest.start_time);
    const clip = await fetch(`${url}/deeptone/events/${latest.id}.wav`);
    assert.equal(clip.headers.get('content-type'), 'audio/wav');
    assert.equal(Buffer.from(await clip.arrayBuffer()).toString('latin1', 0, 4), 'RIFF');
    assert.equal((await fetch(`${url}/deeptone/events/none.wav`)).status, 404);
  });

  it('InfluxDB and Grafana: ten lines at a time, with shares and level', async () => {
    await until(() => influx.asked.length >= 2);
    const { url, headers, body } = influx.asked[0] ?? { url: '', headers: {}, body: Buffer.alloc(0) };
    assert.equal(url, '/api/v2/write?org=home&bucket=sound&precision=ms');
    assert.equal(headers.authorization, 'Token secret');
    const lines = body.toString().split('\n');
    assert.equal(lines.length, 10);
    for (const line of lines)
      assert.match(
        line,
        /^sound,stream=office speech=[\d.]+,music=[\d.]+,other=[\d.]+,level=-[\d.]+ \d{13}$/,
      );
  });

  it('notify a phone: one notification for a voice', async () => {
    await until(() => ntfy.asked.length >= 1);
    const { url, headers, body } = ntfy.asked[0] ?? { url: '', headers: {}, body: Buffer.alloc(0) };
    assert.deepEqual(
      [url, headers['title'], body.toString()],
      ['/our%20cellar', 'DeepTone', 'Somebody speaks in the cellar.'],
    );
    assert.equal(ntfy.asked.length, 1);
  });

  it('camera to alert, talk time, health: say what they are there for', async () => {
    assert.match(String(await running.payload('dt-camera-debug-1')), /^A voice at camera, /);
    const talk = (await running.messages('dt-talk-debug-1', 4)).at(-1)?.['payload'] as Record<string, number>;
    assert.ok((talk['female'] ?? 0) > 2 && (talk['male'] ?? 0) > 1, JSON.stringify(talk));
    for (let status = ''; status !== 'ready';) {
      await running.press('dt-health-inject');
      const told = await running.messages('dt-health-notify');
      ({ status } = told.at(-1)?.['payload'] as { status: string });
    }
    const told = (await running.messages('dt-health-notify')).map(({ payload }) => JSON.stringify(payload));
    assert.equal(new Set(told).size, told.length, 'told only when it changes');
  });
});

/** Waits for something that is not told by a message. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 50));
}
