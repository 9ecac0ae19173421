import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import * as path from 'node:path';
import { EngineLostError, InferenceError } from '../../../src/errors';
import {
  ISOLATIONS,
  OnnxPredictionEngine,
  type EngineEvent,
  type OnnxEngineOptions,
  type PredictionStream,
} from '../../../src/inference';
import { endless, noise, PACKAGE_ROOT, slow, tinySet, userFolder } from '../model-folders';

/** Its worker throws when it is asked for statistics, until it is mended. */
class CrashingEngine extends OnnxPredictionEngine {
  mended = false;

  protected override workerFile(): string {
    return this.mended ? super.workerFile() : path.join(__dirname, 'crashing-worker.js');
  }
}

class FailingEngine extends OnnxPredictionEngine {
  protected override workerFile(): string {
    return path.join(__dirname, 'no-worker.js');
  }
}

/** A busy machine may let a worker wait for a second before it can give a sign of life. */
const PATIENCE_MS = 2_500;
/** By which it is known how long many more of them take here. */
const FEW_FRAMES = 300;

/** Frames of which the first keeps the endless model busy: 1e9 for longer than anybody waits, 3 for about a second. */
function spell(frames: number, strength: number): Float32Array {
  const pcm = noise(frames, 1);
  pcm[0] = strength;
  return pcm;
}

for (const isolation of ISOLATIONS) {
  describe(`OnnxPredictionEngine that loses its ${isolation}`, () => {
    const engines: OnnxPredictionEngine[] = [];
    const events: EngineEvent[] = [];
    const options = (more: OnnxEngineOptions = {}): OnnxEngineOptions => ({
      shippedFolder: tinySet(),
      isolation,
      onEvent: (event) => events.push(event),
      ...more,
    });

    function kept<T extends OnnxPredictionEngine>(engine: T): T {
      engines.push(engine);
      return engine;
    }

    beforeEach(() => events.splice(0));
    afterEach(async () => {
      await Promise.all(engines.splice(0).map((each) => each.close()));
    });

    it('tells everyone who waits, and starts a new one for the next stream', async () => {
      const made = kept(new CrashingEngine(options()));
      const [one, two] = await Promise.all([made.openStream(['loudness']), made.openStream(['voice'])]);
      const answers = Promise.allSettled([one.predict(noise(9_000, 1)), two.predict(noise(1, 2))]);
      const statistics = made.stats().catch(() => undefined);
      const waiting = await answers;
      await statistics;
      const lost = waiting.filter((result) => result.status === 'rejected');
      assert.ok(lost.length > 0);
      for (const { reason } of lost) {
        assert.ok(reason instanceof EngineLostError && reason instanceof InferenceError);
        assert.equal(reason.code, 'DEEPTONE_ENGINE_LOST');
        assert.equal(reason.how, 'ended');
        assert.match(reason.message, /ended unexpectedly \(.*(made to crash|code 1)/);
      }
      await assert.rejects(one.predict(noise(1, 1)), EngineLostError);
      made.mended = true;
      const again = await made.openStream(['loudness']);
      assert.equal((await again.predict(noise(1, 1))).frameCount, 1);
      one.close();
      assert.deepEqual(
        events.map(({ kind, losses }) => [kind, losses]),
        [
          ['lost', 1],
          ['restarted', 1],
        ],
      );
    });

    it('says so when it crashes while it starts', async () => {
      const made = kept(new FailingEngine(options()));
      await assert.rejects(made.start(), EngineLostError);
      assert.deepEqual(
        events.map((event) => event.kind === 'lost' && event.restartInMs),
        [0],
      );
    });

    it('waits before the third start in a row, and close() does not wait for it', async () => {
      const made = new FailingEngine(options());
      await assert.rejects(made.start(), EngineLostError);
      await assert.rejects(made.start(), EngineLostError);
      const [, second] = events;
      assert.ok(second?.kind === 'lost' && second.restartInMs > 0);
      const third = assert.rejects(made.start(), /closed/);
      await made.close();
      await third;
    });

    it('is not stopped by a listener that throws', async () => {
      const onEvent = (): never => {
        throw new Error('The listener is broken.');
      };
      const warned = once(process, 'warning');
      const made = kept(new FailingEngine(options({ onEvent })));
      await assert.rejects(made.start(), EngineLostError);
      const [warning] = (await warned) as [Error];
      assert.equal(warning.message, 'The listener is broken.');
    });

    it('does not take a long request, or nothing to do, for a hang', async () => {
      const modelFolders = [userFolder(slow)];
      const made = kept(new OnnxPredictionEngine(options({ patienceMs: PATIENCE_MS, modelFolders })));
      const stream = await made.openStream(['slow']);
      const began = performance.now();
      await stream.predict(noise(FEW_FRAMES, 1));
      const frameMs = (performance.now() - began) / FEW_FRAMES;
      await stream.predict(noise(Math.ceil((2 * PATIENCE_MS) / frameMs), 1));
      await new Promise((resolve) => setTimeout(resolve, 1.5 * PATIENCE_MS));
      await stream.predict(noise(1, 1));
      assert.deepEqual(events, []);
    });
  });
}

async function caught(stream: PredictionStream): Promise<EngineLostError> {
  try {
    await stream.predict(spell(1, 1e12));
  } catch (error) {
    assert.ok(error instanceof EngineLostError);
    return error;
  }
  return assert.fail('It came to an end.');
}

describe('OnnxPredictionEngine whose model never ends', () => {
  const options = (more: OnnxEngineOptions): OnnxEngineOptions => ({
    shippedFolder: tinySet(),
    modelFolders: [userFolder(endless)],
    patienceMs: 600,
    ...more,
  });

  it('ends a process that hangs, and goes on', async () => {
    const made = new OnnxPredictionEngine(options({ isolation: 'process' }));
    const [hanging, beside] = await Promise.all([
      made.openStream(['endless']),
      made.openStream(['loudness']),
    ]);
    const [error] = await Promise.all([
      caught(hanging),
      assert.rejects(beside.predict(noise(500, 1)), EngineLostError).catch(() => undefined),
    ]);
    assert.equal(error.how, 'hung');
    assert.match(error.message, /no sign of life for 0\.6 s and was ended/);
    const again = await made.openStream(['endless']);
    assert.equal((await again.predict(noise(1, 1))).frameCount, 1);
    await made.close();
  });

  it('ends a thread that hangs in WebAssembly, and goes on', async () => {
    const made = new OnnxPredictionEngine(
      options({ isolation: 'thread', runtime: 'wasm', patienceMs: 2_000 }),
    );
    assert.equal((await caught(await made.openStream(['endless']))).how, 'hung');
    const again = await made.openStream(['endless']);
    assert.equal((await again.predict(noise(1, 1))).frameCount, 1);
    await made.close();
  });

  it('closes although it hangs', async () => {
    const made = new OnnxPredictionEngine(options({ isolation: 'process' }));
    const error = caught(await made.openStream(['endless']));
    await made.close();
    assert.equal((await error).how, 'hung');
  });

  /** Runs a script that hangs by a sample of so much, and gives what it printed and how it ended. */
  function hangInThread(
    sample: number,
    afterwards: string,
  ): { readonly lines: string[]; readonly end: unknown } {
    const inference = path.join(PACKAGE_ROOT, 'dist', 'src', 'inference');
    const script = `
      const { OnnxPredictionEngine } = require(${JSON.stringify(inference)});
      const hanging = new Promise((resolve) => process.once('worker', resolve));
      const engine = new OnnxPredictionEngine(${JSON.stringify(options({ isolation: 'thread' }))});
      const ask = async (model, sample) => {
        const pcm = new Float32Array(1024).fill(sample);
        await (await engine.openStream([model])).predict(pcm).then(
          () => console.log(model + ' answers'),
          (error) => console.log(error.code, error.how, error.message));
      };
      (async () => {
        await ask('endless', ${sample});
        await ask('loudness', 0.5);
        ${afterwards}
        await engine.close();
        console.log('closed');
      })();`;
    const { stdout, signal, status } = spawnSync(process.execPath, ['-e', script], {
      encoding: 'utf8',
      timeout: 50_000,
      killSignal: 'SIGTERM',
    });
    return { lines: stdout.trim().split('\n'), end: signal ?? status };
  }

  it('goes on without a thread that hangs, says what would help, and the process can end', () => {
    const { lines, end } = hangInThread(1e12, '');
    assert.match(lines[0] ?? '', /^DEEPTONE_ENGINE_LOST stuck .*with isolation "process" it can/);
    assert.deepEqual(lines.slice(1), ['loudness answers', 'closed']);
    assert.equal(end, 'SIGKILL');
  });

  it('lets a thread end that comes to itself late, and nothing else with it', () => {
    const ended = `
      const stay = setInterval(() => undefined, 1_000);
      const thread = await hanging;
      if (thread.threadId !== -1) await new Promise((resolve) => thread.once('exit', resolve));
      console.log('has ended');
      clearInterval(stay);`;
    const { lines, end } = hangInThread(2, ended);
    assert.match(lines[0] ?? '', /^DEEPTONE_ENGINE_LOST stuck/);
    assert.deepEqual(lines.slice(1), ['loudness answers', 'has ended', 'closed']);
    assert.equal(end, 0);
  });

  it('gives up with a word about it when thread after thread hangs', () => {
    const again =
      "for (const n of [1, 2]) await ask('endless', 1e12).catch((error) => console.log(error.message));";
    const { lines, end } = hangInThread(1e12, again);
    assert.match(lines[2] ?? '', /^DEEPTONE_ENGINE_LOST stuck/);
    assert.match(lines[3] ?? '', /2 threads hang .* set isolation to "process"/);
    assert.equal(lines[4], 'closed');
    assert.equal(end, 'SIGKILL');
  });
});
