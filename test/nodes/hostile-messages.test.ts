/** Messages that resist: nothing that they throw, in whatever place, ends Node-RED or the node. */
import assert from 'node:assert/strict';
import helper from 'node-red-node-test-helper';
import type { Node } from 'node-red';
import deeptoneBytes from '../../nodes/deeptone-bytes';
import deeptoneChunk from '../../nodes/deeptone-chunk';
import deeptoneEngine from '../../nodes/deeptone-engine';
import deeptoneFile from '../../nodes/deeptone-file';
import deeptoneStream from '../../nodes/deeptone-stream';
import { makeWav, noise } from '../tools/audio';
import { runFlow, useNodeRed, type RunningFlow } from './support/flow';
import { RADIO_SHOW } from './support/sounds';

const NODES = [deeptoneEngine, deeptoneFile, deeptoneBytes, deeptoneChunk, deeptoneStream];
const WAV = makeWav([noise(2)]);

/** Throws what is no error, and cannot be written down. */
function throwOddly(): never {
  throw Object.create(null);
}

function cyclic(): object {
  const whole: Record<string, unknown> = { a: 1 };
  whole['self'] = whole;
  return whole;
}

function detached(): Uint8Array {
  const bytes = new Uint8Array(3_200);
  structuredClone(bytes, { transfer: [bytes.buffer] });
  return bytes;
}

/** Everything about it throws. */
function untouchable(): object {
  const trap = (): never => {
    throw new Error('Do not touch.');
  };
  return new Proxy(
    {},
    { get: trap, ownKeys: trap, getPrototypeOf: trap, has: trap, getOwnPropertyDescriptor: trap },
  );
}

const throwing = (property: string): object =>
  Object.defineProperty({}, property, {
    enumerable: true,
    get: () => {
      throw new TypeError(`${property} is private.`);
    },
  });
const throwingOddly = (property: string): object =>
  Object.defineProperty({}, property, { enumerable: true, get: throwOddly });

/** Payloads, and whole properties, that resist. */
const HOSTILE: Readonly<Record<string, () => object>> = {
  'a payload whose property throws': () => ({ payload: throwing('data') }),
  'a payload whose property throws what is no error': () => ({ payload: throwingOddly('data') }),
  'a payload that may not be touched': () => ({ payload: untouchable() }),
  'a BigInt': () => ({ payload: 12n }),
  'an array of BigInts': () => ({ payload: [1n, 2n] }),
  'a BigInt64Array': () => ({ payload: new BigInt64Array(4_096) }),
  'a payload that holds itself': () => ({ payload: cyclic() }),
  'memory that was given away': () => ({ payload: detached() }),
  'a frozen object': () => ({ payload: Object.freeze({ audio: Object.freeze({}) }) }),
  'a payload with toJSON that throws': () => ({ payload: { toJSON: throwOddly, data: 'x' } }),
  'a payload that cannot be text': () => ({ payload: { toString: throwOddly, valueOf: throwOddly } }),
  'a symbol': () => ({ payload: Symbol('sound') }),
  'a function': () => ({ payload: throwOddly }),
  'options that throw when read': () => ({
    payload: WAV,
    filename: RADIO_SHOW,
    deeptone: throwing('models'),
  }),
  'options that may not be touched': () => ({ payload: WAV, filename: RADIO_SHOW, deeptone: untouchable() }),
  'options that hold themselves': () => ({ payload: WAV, filename: RADIO_SHOW, deeptone: cyclic() }),
  'a topic that may not be touched': () => ({ payload: WAV, topic: untouchable() }),
  'a topic that is a symbol': () => ({ payload: WAV, topic: Symbol('a') }),
  'a topic that is a BigInt': () => ({ payload: WAV, topic: 1n }),
  'a file name that may not be touched': () => ({ payload: WAV, filename: untouchable() }),
  'parts that throw when read': () => ({ payload: WAV, filename: RADIO_SHOW, parts: throwing('id') }),
  'properties of MQTT that throw when read': () => ({ payload: WAV, userProperties: throwing('seq') }),
  'another property that may not be touched': () => ({
    payload: WAV,
    filename: RADIO_SHOW,
    held: untouchable(),
  }),
  'another property that throws when read': () => Object.assign(throwing('held'), {}),
};

/** Sends without the runtime's own copying and looking, which throws before a node hears anything. */
function hand(message: object, done: (error?: unknown) => void = () => undefined): void {
  const node = helper.getNode('node') as Node & { _inputCallback?: unknown };
  const callbacks = [node._inputCallback].flat().filter((each) => typeof each === 'function');
  assert.ok(callbacks.length > 0, 'The node hears nothing.');
  for (const hear of callbacks as ((...args: unknown[]) => void)[]) {
    hear.call(
      node,
      message,
      (outputs: unknown) => {
        node.send(outputs as never);
      },
      done,
    );
  }
}

describe('A message that resists', function () {
  this.timeout(60_000);
  useNodeRed();
  const escaped: unknown[] = [];
  const hear = (thrown: unknown): void => {
    escaped.push(thrown);
  };
  // What escapes would end Node-RED.
  before(() => process.on('unhandledRejection', hear).on('uncaughtException', hear));
  after(() => process.off('unhandledRejection', hear).off('uncaughtException', hear));

  const start = (type: string): Promise<RunningFlow> =>
    runFlow(NODES, {
      type,
      models: ['speech'],
      outputPeriod: '1024',
      ...(type === 'deeptone-stream' ? { events: true } : {}),
      ...(type === 'deeptone-chunk' ? { memory: true } : {}),
    });

  for (const type of ['deeptone-file', 'deeptone-bytes', 'deeptone-chunk', 'deeptone-stream']) {
    it(`is done or fails in ${type}, once, and the next good one is answered`, async () => {
      const flow = await start(type);
      for (const [what, make] of Object.entries(HOSTILE)) {
        const ends: unknown[] = [];
        await new Promise<void>((resolve) => {
          hand(make(), (error) => {
            ends.push(error);
            resolve();
          });
        });
        assert.ok(ends[0] === undefined || ends[0] instanceof Error, `${what}: ${typeof ends[0]}`);
        assert.equal(ends.length, 1, what);
      }
      flow.series.messages.splice(0);
      const good = { payload: WAV, filename: RADIO_SHOW, topic: 'good' };
      flow.send(good);
      await flow.series.find(({ topic }) => topic === 'good');
      assert.deepEqual(escaped, []);
    });

    it(`may have a done() and a send() that throw, in ${type}`, async () => {
      const flow = await start(type);
      for (const message of [{ payload: 12n }, { payload: WAV, filename: RADIO_SHOW, topic: 'a' }]) {
        await new Promise<void>((resolve) => {
          hand(message, () => {
            setImmediate(resolve);
            throwOddly();
          });
        });
      }
      const { node } = flow;
      const send = node.send.bind(node);
      node.send = throwOddly;
      await new Promise<void>((resolve) => {
        hand({ payload: WAV, filename: RADIO_SHOW, topic: 'b' }, () => {
          resolve();
        });
      });
      node.send = send;
      flow.send({ payload: WAV, filename: RADIO_SHOW, topic: 'good' });
      await flow.series.find(({ topic }) => topic === 'good');
      assert.deepEqual(escaped, []);
    });
  }

  it('does not matter where nobody can be shown a status', async () => {
    const flow = await start('deeptone-bytes');
    const { node } = flow;
    const tried = new Promise<void>((resolve) => {
      node.status = () => {
        setImmediate(resolve);
        throwOddly();
      };
    });
    flow.send({ payload: 12n });
    assert.ok((await flow.caught.message()).error);
    flow.send({ payload: WAV, topic: 'good' });
    await flow.series.find(({ topic }) => topic === 'good');
    await tried;
    assert.deepEqual(escaped, []);
  });
});
