import assert from 'node:assert/strict';
import deeptoneBytes from '../../nodes/deeptone-bytes';
import deeptoneChunk from '../../nodes/deeptone-chunk';
import deeptoneEngine from '../../nodes/deeptone-engine';
import deeptoneFile from '../../nodes/deeptone-file';
import deeptoneStream from '../../nodes/deeptone-stream';
import { LEVEL, logged, runFlow, useNodeRed, type RunningFlow } from './support/flow';

const NODES = [deeptoneEngine, deeptoneFile, deeptoneBytes, deeptoneChunk, deeptoneStream];

/**
 * Node-RED's own copying throws at it, as when it tells Catch and Complete nodes of a message. A copy of an object that has a Buffer under
 * the name `__proto__` is one.
 */
function uncopyable(): unknown {
  return Object.create(Buffer.from('x'));
}

function start(type: string, more: object = {}): Promise<RunningFlow> {
  return runFlow(NODES, { type, models: ['speech'], outputPeriod: '1024', ...more });
}

describe('A message that Node-RED cannot copy', () => {
  useNodeRed();

  for (const type of ['deeptone-file', 'deeptone-bytes', 'deeptone-chunk', 'deeptone-stream']) {
    it(`fails in ${type} with a line in the log, and the next one is told as ever`, async () => {
      const flow = await start(type);
      const bad = { payload: '{{{: a: b: - [', filename: '/nowhere/x.wav', topic: 'bad' };
      flow.send({ ...bad, held: uncopyable() });
      flow.send({ ...bad, topic: 'next' });
      assert.equal((await flow.caught.message()).topic, 'next');
      assert.equal(logged(LEVEL.error).length, 1);
    });
  }

  it('fails in a node whose settings are refused, and the next one is told as ever', async () => {
    const flow = await start('deeptone-bytes', { waitingMessages: 'many' });
    flow.send({ payload: 'x', held: uncopyable() });
    flow.send({ payload: 'x', topic: 'next' });
    assert.equal((await flow.caught.message()).topic, 'next');
    assert.equal(logged(LEVEL.error).length, 1);
  });

  for (const type of ['deeptone-chunk', 'deeptone-stream']) {
    it(`may be all that ${type} was to do`, async () => {
      const flow = await start(type);
      flow.send({ reset: true, held: uncopyable() });
      flow.send({ reset: true, topic: 'next' });
      assert.equal((await flow.completed.message()).topic, 'next');
      assert.equal(logged(LEVEL.error).length, 1);
    });
  }

  it('is told once where its answers cannot be sent, and the stream goes on', async () => {
    const flow = await start('deeptone-stream');
    const payload = Buffer.alloc(65_536, 1);
    flow.send({ payload, topic: 'k', held: uncopyable() });
    assert.equal((await flow.caught.message()).topic, 'k');
    flow.send({ payload, topic: 'k' });
    assert.equal((await flow.series.message()).topic, 'k');
  });
});
