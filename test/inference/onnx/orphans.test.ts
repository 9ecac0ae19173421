import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import * as path from 'node:path';
import { createInterface } from 'node:readline';
import { isAlive } from '../../tools/processes';
import { endless, PACKAGE_ROOT, tinySet, userFolder } from '../model-folders';

/** A program with an engine in a process of its own, which says the number of that process. */
function program(afterwards: string): string {
  const options = { isolation: 'process', shippedFolder: tinySet(), modelFolders: [userFolder(endless)] };
  return `
    const { OnnxPredictionEngine } = require(${JSON.stringify(path.join(PACKAGE_ROOT, 'dist/src/inference'))});
    const engine = new OnnxPredictionEngine(${JSON.stringify(options)});
    (async () => {
      await engine.start();
      console.log((await engine.stats()).process.pid);
      ${afterwards}
    })();`;
}

const STAY = 'setInterval(() => undefined, 1_000);';
const HANG = `
  const pcm = new Float32Array(1024).fill(1e12);
  (await engine.openStream(['endless'])).predict(pcm).catch(() => undefined);
  await new Promise(setImmediate);
  console.log('hangs');`;

describe('The process of an engine', function () {
  this.timeout(30_000);
  const programs: ChildProcess[] = [];
  // What a test that failed has left would stay.
  afterEach(() => {
    for (const child of programs.splice(0)) child.kill('SIGKILL');
  });

  if (process.platform === 'win32') this.pending = true; // There are no such signals.

  const cases: readonly {
    readonly name: string;
    readonly script: string;
    /** What is done to the program once its engine runs. */
    readonly act?: (program: number, engine: number) => void;
  }[] = [
    { name: 'closes its engine', script: 'await engine.close();' },
    { name: 'comes to its end', script: '' },
    { name: 'calls process.exit()', script: 'process.exit(0);' },
    { name: 'throws', script: 'setImmediate(() => { throw new Error("It is over."); });' },
    {
      name: 'is killed',
      script: STAY,
      act: (pid) => {
        process.kill(pid, 'SIGKILL');
      },
    },
    {
      name: 'is killed while the engine hangs',
      script: HANG + STAY,
      act: (pid) => {
        process.kill(pid, 'SIGKILL');
      },
    },
    {
      name: 'is killed while the engine is stopped',
      script: STAY,
      act: (pid, engine) => {
        process.kill(engine, 'SIGSTOP');
        process.kill(pid, 'SIGKILL');
      },
    },
  ];
  for (const { name, script, act } of cases) {
    it(`is gone when the program ${name}`, async () => {
      const child = spawn(process.execPath, ['-e', program(script)], { stdio: ['ignore', 'pipe', 'ignore'] });
      programs.push(child);
      const exited = once(child, 'exit');
      const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
      const engine = Number((await lines.next()).value);
      assert.ok(engine > 0 && engine !== child.pid);
      if (script.includes('hangs')) await lines.next();
      if (child.pid !== undefined) act?.(child.pid, engine);
      await exited;
      while (isAlive(engine)) await new Promise((resolve) => setTimeout(resolve, 20));
    });
  }

  it('has no secrets, no telemetry, and is the first to go when memory runs out', async function () {
    if (process.platform !== 'linux') this.skip(); // What is looked at is there alone.
    const env = {
      ...process.env,
      DEEPTONE_LICENSE_KEY: 'eyJ-hidden',
      MQTT_PASSWORD: 'eyJ-hidden',
      ORT_DISABLE_TELEMETRY: '0',
    };
    const child = spawn(process.execPath, ['-e', program(STAY)], {
      stdio: ['ignore', 'pipe', 'ignore'],
      env,
    });
    programs.push(child);
    const exited = once(child, 'exit');
    const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
    const engine = Number((await lines.next()).value);
    const environment = readFileSync(`/proc/${engine}/environ`, 'utf8').split('\0');
    assert.ok(environment.includes('ORT_DISABLE_TELEMETRY=1'));
    assert.ok(!environment.some((entry) => entry.includes('eyJ-hidden')));
    assert.equal(readFileSync(`/proc/${engine}/oom_score_adj`, 'utf8').trim(), '500');
    child.kill('SIGKILL');
    await exited;
  });

  it('does not hear what a terminal tells the program', async () => {
    const script = program(`
      const timer = setInterval(() => undefined, 1_000);
      process.on('SIGINT', async () => {
        clearInterval(timer);
        console.log((await engine.stats()).openStreams);
        await engine.close();
      });
      console.log('hears');`);
    const child = spawn(process.execPath, ['-e', script], {
      stdio: ['ignore', 'pipe', 'ignore'],
      detached: true,
    });
    programs.push(child);
    const exited = once(child, 'exit');
    const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
    const engine = Number((await lines.next()).value);
    await lines.next();
    process.kill(engine, 'SIGINT');
    process.kill(-Number(child.pid), 'SIGINT');
    assert.equal((await lines.next()).value, '0');
    assert.deepEqual(await exited, [0, null]);
  });
});
