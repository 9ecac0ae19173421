/** A broker that dies or freezes, deployments without end, and the end of Node-RED, all while devices speak. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive, processesBelow } from '../../tools/processes';
import { startBroker, type Broker } from '../../tools/mqtt/broker';
import {
  countingFlow,
  modelProcess,
  startCountingNodeRed,
  stepsOfAll,
  tallyOf,
  type Tally,
} from '../../tools/mqtt/tally';
import type { NodeRedProcess } from '../../tools/mqtt/node-red';
import { SimulatedDevices } from '../../tools/mqtt/simulated-devices';
import { tone } from '../../tools/mqtt/sound';

/** How often the flows are deployed anew; the long run is `DEEPTONE_REDEPLOYS=1000`. */
const REDEPLOYS = Number(process.env['DEEPTONE_REDEPLOYS'] ?? 100);
/** Every so many of them restart everything, with the process of the engine. */
const FULL_EVERY = 20;
const MICROPHONES = 8;
const POLL_MS = 20;
/** Milliseconds for what comes and goes with a deployment. */
const GONE_WITHIN_MS = 30_000;

describe('Streams over MQTT under load', function () {
  this.timeout(120_000 + 2_000 * REDEPLOYS);
  let broker: Broker;
  let nodeRed: NodeRedProcess;
  let devices: SimulatedDevices;

  beforeEach(async () => {
    broker = await startBroker();
    nodeRed = await startCountingNodeRed();
    devices = new SimulatedDevices({
      ...{ brokerUrl: broker.url, devices: MICROPHONES, sounds: [tone(5_000)] },
    });
    await devices.start();
  });
  afterEach(async () => {
    await devices.stop();
    await nodeRed.stop();
    await broker.close();
  });

  /** Waits until Node-RED has said something once more than before. */
  async function said(text: string, before: string): Promise<void> {
    const count = (output: string): number => output.split(text).length;
    while (count(nodeRed.output()) <= count(before)) await sleep(POLL_MS);
  }

  /** Waits until as many gaps were told as there are microphones: steps of audio from before may still come first. */
  async function gapsOfAll(): Promise<Tally> {
    let tally = await tallyOf(nodeRed);
    while (tally.gaps < MICROPHONES) {
      await sleep(POLL_MS);
      tally = await tallyOf(nodeRed);
    }
    return tally;
  }

  const faults = {
    'is killed and comes back': async () => {
      const before = nodeRed.output();
      process.kill(broker.processId ?? assert.fail(), 'SIGKILL');
      await said('Disconnected from broker', before);
      await broker.start();
    },
    'freezes and thaws': async () => {
      const before = nodeRed.output();
      process.kill(broker.processId ?? assert.fail(), 'SIGSTOP');
      try {
        await said('Disconnected from broker', before); // No answer to a ping.
      } finally {
        process.kill(broker.processId ?? assert.fail(), 'SIGCONT');
      }
    },
  };
  for (const [what, fault] of Object.entries(faults)) {
    it(`go on in all their places when the broker ${what}, and tell what is missing`, async () => {
      await nodeRed.deploy(countingFlow(broker.port, { broker: { keepalive: '1' } }));
      const { errors: none } = await stepsOfAll(nodeRed, devices.topics);
      assert.deepEqual(none, {});
      await fault();
      await stepsOfAll(nodeRed, devices.topics);
      assert.deepEqual((await gapsOfAll()).errors, {});
      assert.doesNotMatch(nodeRed.output(), /Unhandled|Uncaught/u);
    });
  }

  it(`leave nothing behind when they are deployed ${REDEPLOYS} times`, async () => {
    const deploy = async (round: number): Promise<void> => {
      const stream = { outputPeriod: round % 2 === 0 ? 256 : 128 };
      const flow = countingFlow(broker.port, { engine: { isolation: 'process' }, stream });
      await nodeRed.deploy(flow, round % FULL_EVERY === 0 ? 'full' : 'nodes');
    };
    await deploy(0);
    await stepsOfAll(nodeRed, devices.topics);
    for (let round = 1; round < 5; round += 1) await deploy(round);
    const before = await stepsOfAll(nodeRed, devices.topics);
    for (let round = 5; round < 5 + REDEPLOYS; round += 1) await deploy(round);
    let after = await stepsOfAll(nodeRed, devices.topics);
    // What a deployment has opened (connections, files) goes a moment later; what is left behind stays.
    const left = (): readonly string[] =>
      (['handles', 'threads', 'listeners'] as const)
        .filter((what) => after[what] > before[what] + 2)
        .map((what) => `${what}: ${before[what]}, then ${after[what]}`);
    for (const until = Date.now() + GONE_WITHIN_MS; left().length > 0 && Date.now() < until;) {
      await sleep(POLL_MS);
      after = await tallyOf(nodeRed);
    }
    assert.deepEqual(left(), []);
    assert.equal(after.children, before.children, 'one engine, as before');
    assert.deepEqual(after.errors, {});
    assert.doesNotMatch(nodeRed.output(), /Unhandled|Uncaught|MaxListeners/u);
  });

  for (const signal of ['SIGTERM', 'SIGINT', 'SIGKILL'] as const) {
    it(`end with Node-RED, and leave no process behind, at ${signal}`, async () => {
      await nodeRed.deploy(countingFlow(broker.port, { engine: { isolation: 'process' } }));
      await stepsOfAll(nodeRed, devices.topics);
      const engine = modelProcess(nodeRed) ?? assert.fail('There is no process of the engine.');
      const below = processesBelow(nodeRed.process.pid).map(({ pid }) => pid);
      assert.ok(below.includes(engine));
      const exited = once(nodeRed.process, 'exit');
      nodeRed.process.kill(signal);
      assert.deepEqual(await exited, signal === 'SIGKILL' ? [null, signal] : [0, null], nodeRed.output());
      while (below.some(isAlive)) await sleep(POLL_MS);
    });
  }

  it('go on without the process of the engine, with one error and a gap', async () => {
    await nodeRed.deploy(countingFlow(broker.port, { engine: { isolation: 'process' } }));
    await stepsOfAll(nodeRed, devices.topics);
    process.kill(modelProcess(nodeRed) ?? assert.fail(), 'SIGKILL');
    await stepsOfAll(nodeRed, devices.topics);
    assert.deepEqual((await gapsOfAll()).errors, { DEEPTONE_ENGINE_LOST: 1 });
  });
});
