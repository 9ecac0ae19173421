import assert from 'node:assert/strict';
import { EngineHub, type EngineState } from '../../../src/supervision';
import { openEngine } from '../../../nodes/engine/open-engine';
import type { OnnxPredictionEngine } from '../../../src/inference';
import { EngineLostError, InferenceError } from '../../../src/errors';

describe('The one engine of an engine node', () => {
  it('is started again by its next user when it could not start, and then says that it is ready', async () => {
    const open = openEngine({});
    const start = open.deeptone.start.bind(open.deeptone);
    let failures = 1;
    open.deeptone.start = () =>
      failures-- > 0 ? Promise.reject(new InferenceError('There is no memory left.')) : start();
    const phases: EngineState['phase'][] = [];
    const problems: string[] = [];
    const hub = new EngineHub(() => open, {
      changed: ({ phase }) => phases.push(phase),
      note: () => undefined,
      warn: () => undefined,
      problem: ({ message }) => problems.push(message),
    });
    await hub.start();
    assert.equal(hub.state.phase, 'failed');
    hub.engine();
    hub.engine();
    await hub.start();
    await hub.close();
    assert.deepEqual(phases, ['starting', 'failed', 'starting', 'ready']);
    assert.deepEqual(problems, ['There is no memory left.']);
  });

  it('says that it starts again when what runs its models is lost, each time, and then that it is ready', async () => {
    const phases: EngineState['phase'][] = [];
    const problems: Error[] = [];
    let ready: () => void = () => undefined;
    const hub = new EngineHub((onEngineEvent) => openEngine({ isolation: 'process', onEngineEvent }), {
      changed: ({ phase }) => {
        phases.push(phase);
        if (phase === 'ready') ready();
      },
      note: () => undefined,
      warn: () => undefined,
      problem: (error) => problems.push(error),
    });
    await hub.start();
    for (let loss = 0; loss < 2; loss++) {
      const again = new Promise<void>((resolve) => (ready = resolve));
      const { pid } =
        (await (hub.engine().runtime as OnnxPredictionEngine).stats())?.process ?? assert.fail();
      process.kill(pid, 'SIGKILL');
      await again;
    }
    await hub.close();
    assert.deepEqual(phases, ['starting', 'ready', 'restarting', 'ready', 'restarting', 'ready']);
    assert.deepEqual(
      problems.map((error) => error instanceof EngineLostError && error.how),
      ['ended', 'ended'],
    );
  });
});
