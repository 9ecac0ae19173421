import assert from 'node:assert/strict';
import { EngineHub, type EngineState } from '../../../nodes/engine/hub';
import { openEngine } from '../../../nodes/engine/open-engine';
import { InferenceError } from '../../../src/errors';

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
});
