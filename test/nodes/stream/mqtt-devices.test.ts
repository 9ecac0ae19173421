import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { startBroker, type Broker } from '../../tools/mqtt/broker';
import { Listener } from '../../tools/mqtt/listener';
import { brokerNode, startNodeRed, type FlowNode, type NodeRedProcess } from '../../tools/mqtt/node-red';
import { tone } from '../../tools/mqtt/sound';

const SOUND = Buffer.from(tone(200).buffer);

function flow(port: number, protocol: 4 | 5, more: object): FlowNode[] {
  const placed = (node: FlowNode): FlowNode => ({ z: 'tab', x: 100, y: 100, wires: [], ...node });
  return [
    { id: 'tab', type: 'tab', label: 'test' },
    { id: 'engine', type: 'deeptone-engine' },
    brokerNode('broker', port, protocol),
    placed({
      ...{ id: 'stream', type: 'deeptone-stream', engine: 'engine', models: ['speech-rt'], outputPeriod: 64 },
      ...{ source: 'mqtt', broker: 'broker', mqttTopic: 'audio/+/pcm', idle: 1 },
      ...{ publish: true, discovery: true, publishDevice: 'audio/{device}/pcm', ...more },
    }),
    placed({
      ...{ id: 'control', type: 'mqtt in', broker: 'broker', topic: 'control', qos: '0', datatype: 'json' },
      wires: [['command']],
    }),
    placed({
      ...{ id: 'command', type: 'function', outputs: 1, wires: [['stream']] },
      func: 'return { topic: msg.payload.topic, forget: msg.payload.forget };',
    }),
    placed({ id: 'catch', type: 'catch', scope: null, wires: [['failed']] }),
    placed({
      ...{ id: 'failed', type: 'function', outputs: 1, wires: [['out']] },
      func: 'return { topic: "failed", payload: msg.error.message };',
    }),
    placed({ id: 'out', type: 'mqtt out', broker: 'broker', topic: '', qos: '', retain: '' }),
  ];
}

describe('Devices on a broker', function () {
  this.timeout(120_000);
  let broker: Broker;
  let nodeRed: NodeRedProcess;
  let listener: Listener;

  before(async () => {
    nodeRed = await startNodeRed();
  });
  after(async () => {
    await nodeRed.stop();
  });
  beforeEach(async () => {
    broker = await startBroker();
    listener = await Listener.open(broker.url, '#');
  });
  afterEach(async () => {
    await nodeRed.deploy([]);
    await listener.close();
    await broker.close();
  });

  async function deploy(nodes: readonly FlowNode[]): Promise<void> {
    const before = nodeRed.output().length;
    await nodeRed.deploy(nodes);
    while (!nodeRed.output().slice(before).includes('Connected to broker')) await sleep(20);
    await listener.waitFor(
      ({ topic, payload }) => topic === 'deeptone/availability' && payload.toString() === 'online',
    );
    await listener.settle();
  }

  /** Everything that the broker keeps about devices, as one who comes now is told. */
  async function kept(): Promise<readonly string[]> {
    const newcomer = await Listener.open(broker.url, '#');
    await newcomer.settle();
    await newcomer.close();
    const topics = newcomer.messages.filter(({ packet }) => packet.retain).map(({ topic }) => topic);
    return topics.filter((topic) => /^(deeptone\/.+\/|homeassistant\/)/.test(topic));
  }

  const of = (device: string) => (topic: string) => topic.includes(device);

  async function hear(device: string): Promise<void> {
    await listener.publish(`audio/${device}/pcm`, SOUND);
    await listener.waitFor(({ topic }) => topic === `deeptone/${device}/state`, `the state of ${device}`);
  }

  for (const protocol of [4, 5] as const) {
    it(`are forgotten on request, with all that is kept of them, in MQTT ${protocol === 4 ? '3.1.1' : '5'}`, async () => {
      await deploy(flow(broker.port, protocol, {}));
      for (const device of ['alpha', 'beta', 'gamma']) await hear(device);
      assert.ok((await kept()).filter(of('alpha')).length > 5);
      await listener.publish('control', JSON.stringify({ topic: 'audio/alpha/pcm', forget: true }));
      await listener.publish('control', JSON.stringify({ forget: 'beta' }));
      for (const device of ['alpha', 'beta']) {
        await listener.waitFor(
          ({ topic, payload }) => topic === `deeptone/${device}/state` && payload.length === 0,
        );
      }
      await listener.settle();
      let left = await kept();
      assert.deepEqual(left.filter(of('alpha')), []);
      assert.deepEqual(left.filter(of('beta')), []);
      assert.ok(left.filter(of('gamma')).length > 5);
      // What comes back is shown again.
      listener.messages.length = 0;
      await hear('alpha');
      // Also what an earlier Node-RED left behind is forgotten.
      await deploy(flow(broker.port, protocol, { idle: 2 }));
      await listener.publish('control', JSON.stringify({ forget: true }));
      await listener.waitFor(
        ({ topic, payload }) => topic === 'deeptone/gamma/state' && payload.length === 0,
      );
      await listener.settle();
      left = await kept();
      assert.deepEqual(left, []);
      await listener.publish('control', JSON.stringify({ forget: 7 }));
      const refused = await listener.waitFor(({ topic }) => topic === 'failed');
      assert.match(refused.payload.toString(), /msg\.forget takes the name of a device/);
    });
  }

  it('are no more than may be, and are forgotten by themselves', async () => {
    await deploy(flow(broker.port, 5, { publishDevices: 3, publishExpiry: 2 / 86_400 }));
    for (const device of ['alpha', 'beta', 'gamma']) await hear(device);
    for (let n = 0; n < 30; n++) await listener.publish(`audio/flood-${n}/pcm`, SOUND);
    while (!/there are 3 devices already/.test(nodeRed.output())) await sleep(20);
    assert.equal((await kept()).filter(of('flood')).length, 0);
    for (const device of ['alpha', 'beta', 'gamma']) {
      await listener.waitFor(
        ({ topic, payload }) => topic === `deeptone/${device}/state` && payload.length === 0,
      );
    }
    await listener.settle();
    assert.deepEqual(
      (await kept()).filter((topic) => /alpha|beta|gamma/.test(topic)),
      [],
    );
  });
});
