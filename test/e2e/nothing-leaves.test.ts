/** Nothing leaves the machine, and nothing is left on it: programs that analyse sound, watched at their system calls. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream, readdirSync, readFileSync } from 'node:fs';
import * as path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ROOT } from '../package/consumer';
import { temporaryFolder } from '../tools/audio';

/** The runtime, left to itself, looks up its maker's host some 5 s after its first session. */
const WATCHED_MS = 15_000;
/** Addresses of networks, and the services of this machine that look names up for others. */
const LEAVING = /\b(?:connect|sendto|sendmsg|sendmmsg)\(.*(?:AF_INET|nscd|resolve)/;

const SOUND = path.join(ROOT, 'resources', 'sounds', 'radio-show.wav');
const COMMAND = path.join(ROOT, 'dist', 'src', 'cli', 'main.js');
const MODELS = ['--models', 'speech,gender', '--output-period', '1024'];

interface Watched {
  readonly status: number | null;
  readonly output: string;
  /** System calls that reach for a network. */
  readonly calls: readonly string[];
  /** Names of files in the temporary folder afterwards. */
  readonly left: readonly string[];
}

const hasStrace = spawnSync('strace', ['-V']).status === 0;
/** A namespace without any network, so that what should not be sent is not sent even where a test fails. */
const apart = spawnSync('unshare', ['-rn', 'true']).status === 0 ? ['unshare', '-rn'] : [];

/** @param input milliseconds for which sound comes to standard input */
async function watch(args: readonly string[], input = 0): Promise<Watched> {
  const folder = temporaryFolder();
  const log = path.join(temporaryFolder(), 'calls');
  const [program = '', ...rest] = [
    ...apart,
    ...['strace', '-f', '-qq', '-e', 'trace=connect,sendto,sendmsg,sendmmsg', '-o', log],
    process.execPath,
    ...args,
  ];
  // Of our own environment no more than a program needs: in that of a CI the runtime reports nothing by itself.
  const { PATH, HOME } = process.env;
  const env: NodeJS.ProcessEnv = { PATH, HOME, TMPDIR: folder };
  const child = spawn(program, rest, { env, stdio: ['pipe', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  }
  child.stdin.on('error', () => undefined);
  if (input > 0) await feed(child.stdin, input);
  child.stdin.end();
  const [status] = (await once(child, 'close')) as [number | null];
  const calls = readFileSync(log, 'utf8').split('\n');
  return { status, output, calls: calls.filter((line) => LEAVING.test(line)), left: readdirSync(folder) };
}

async function feed(stdin: NodeJS.WritableStream, forMs: number): Promise<void> {
  const end = Date.now() + forMs;
  while (Date.now() < end) {
    createReadStream(SOUND).pipe(stdin, { end: false });
    await sleep(1_000);
  }
}

/** A program of the SDK that analyses a file again and again. */
function program(options: object): string {
  return `
    const { Deeptone } = require(${JSON.stringify(path.join(ROOT, 'dist', 'src'))});
    (async () => {
      const deeptone = new Deeptone(null, ${JSON.stringify(options)});
      const end = Date.now() + ${WATCHED_MS};
      while (Date.now() < end) {
        await deeptone.processFile(${JSON.stringify(SOUND)}, { models: ['speech'], outputPeriod: 1024 });
        await new Promise((resolve) => setTimeout(resolve, 1_000));
      }
      await deeptone.close();
      console.log('analysed');
    })();`;
}

describe('Analysing sound', function () {
  this.timeout(120_000);

  before(function () {
    if (hasStrace) return;
    console.warn(
      '\n      NOT TESTED: whether anything leaves the machine. Install strace (Debian: apt install strace).',
    );
    this.skip();
  });

  const CASES: readonly {
    readonly name: string;
    readonly args: readonly string[];
    readonly says: RegExp;
    readonly input?: number;
  }[] = [
    { name: 'in code, models in a thread', args: ['-e', program({})], says: /analysed/ },
    {
      name: 'in code, models in a process',
      args: ['-e', program({ isolation: 'process' })],
      says: /analysed/,
    },
    { name: 'in code, on WebAssembly', args: ['-e', program({ runtime: 'wasm' })], says: /analysed/ },
    { name: 'by deeptone analyze', args: [COMMAND, 'analyze', SOUND, ...MODELS], says: /"time_series"/ },
    {
      name: 'by deeptone stream',
      args: [COMMAND, 'stream', ...MODELS],
      says: /"speech"/,
      input: WATCHED_MS,
    },
    {
      name: 'by deeptone doctor',
      args: [COMMAND, 'doctor'],
      says: /telemetry: that of the runtime is switched off/,
    },
    {
      name: 'in a bench',
      args: [path.join(ROOT, 'dist', 'bench', 'main.js'), 'step-cost', '--seconds', '2'],
      says: /largest batch/,
    },
  ];

  it('reaches for no network and leaves no file, whichever way', async () => {
    const outcomes = await Promise.all(CASES.map(({ args, input }) => watch(args, input)));
    for (const [index, { name, says }] of CASES.entries()) {
      const { status, output, calls, left } = outcomes[index] ?? assert.fail();
      assert.match(output, says, `${name} (${status})`);
      assert.deepEqual({ calls, left }, { calls: [], left: [] }, name);
    }
  });

  it('would be caught if it did: the runtime without our switch', async function () {
    if (apart.length === 0) this.skip(); // It would be sent.
    const runtime = JSON.stringify(require.resolve('onnxruntime-node'));
    const model = JSON.stringify(path.join(ROOT, 'test', 'fixtures', 'onnx', 'head.onnx'));
    const { calls, left } = await watch([
      '-e',
      `require(${runtime}).InferenceSession.create(${model}).then(() => setTimeout(() => undefined, ${WATCHED_MS}));`,
    ]);
    assert.ok(
      calls.length > 0 && left.length > 0,
      'The runtime no longer reports: this suite proves nothing.',
    );
  });
});
