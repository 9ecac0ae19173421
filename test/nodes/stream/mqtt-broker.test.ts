import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { startBroker, type Broker } from '../../tools/mqtt/broker';
import { Listener } from '../../tools/mqtt/listener';
import { brokerNode, startNodeRed, type FlowNode, type NodeRedProcess } from '../../tools/mqtt/node-red';

const STREAM = resolve(__dirname, '../../../nodes/stream');
const MQTT = resolve(__dirname, '../../../src/mqtt');

/**
 * A node that listens to topics and shows results as the stream node does, with the length of each message as its
 * result: what is tested here is the way in and the way out.
 */
const PROBE = `
const { connectBroker } = require(${JSON.stringify(`${STREAM}/mqtt-broker`)});
const { listenToTopics, MqttResults } = require(${JSON.stringify(MQTT)});
module.exports = (RED) => {
  RED.nodes.registerType('mqtt-probe', function (config) {
    RED.nodes.createNode(this, config);
    const warn = (text) => connection.publish({ topic: 'probe/warning', payload: text, retain: false }, () => {});
    let results;
    const states = [];
    const connection = connectBroker(RED, this, config.broker, (state) => {
      states.push(state);
      results?.turned(state);
      this.status({ text: state });
      connection.publish({ topic: 'probe/states', payload: states.join(), retain: true }, () => {});
    });
    if (config.prefix) results = new MqttResults(connection, { prefix: config.prefix, filter: config.filter, models: () => [{ name: 'length', title: 'Length', classes: ['long', 'short'] }], discovery: { prefix: 'ha', version: '1' } }, warn);
    const open = new Set();
    listenToTopics(connection, { filter: config.filter, qos: 0 }, {
      warn,
      heard: (message) => {
        const { topic, payload, ...rest } = message;
        if (results) {
          if (!open.has(topic)) { open.add(topic); results.opened(topic); }
          const result = payload.length > 3 ? 'long' : 'short';
          results.changed(topic, [{ model: 'length', result, confidence: 1, timestampStart: 0 }], Date.now());
        }
        connection.publish({ topic: 'probe/heard/' + config.id + '/' + topic, payload: JSON.stringify({ text: String(payload), ...rest }), retain: false }, () => {});
      },
    });
    if (config.askOverlap) setTimeout(() => warn(connection.overlapping({ subscription: config.filter, filter: config.filter }).join()), 500);
    this.on('close', (removed, done) => { Promise.resolve(results?.close()).then(() => connection.close(removed)).then(done, done); });
  });
};
`;

function probe(id: string, more: object): FlowNode {
  return { id, type: 'mqtt-probe', z: 'tab', broker: 'broker', wires: [], ...more };
}

const TAB: FlowNode = { id: 'tab', type: 'tab', label: 'test' };

describe('A node on a core MQTT broker node', () => {
  let broker: Broker;
  let nodeRed: NodeRedProcess;
  let listener: Listener;

  before(async () => {
    broker = await startBroker();
    nodeRed = await startNodeRed({ extraNodes: { 'mqtt-probe': PROBE } });
  });
  after(async () => {
    await nodeRed.stop();
    await broker.close();
  });
  beforeEach(async () => {
    listener = await Listener.open(broker.url, '#');
  });
  afterEach(async () => {
    await nodeRed.deploy([]);
    await listener.close();
  });

  /** The probe says what it hears under `probe/heard/<its id>/<topic>`. */
  function heardBy(
    id: string,
    topic: string,
  ): Promise<{ text: string; contentType?: string; userProperties?: object }> {
    return listener
      .waitFor((message) => message.topic === `probe/heard/${id}/${topic}`, `what ${id} heard of ${topic}`)
      .then(({ payload }) => JSON.parse(payload.toString()) as { text: string });
  }

  async function deployAndConnect(flow: readonly FlowNode[]): Promise<void> {
    listener.messages.length = 0;
    await nodeRed.deploy([TAB, ...flow]);
    await listener.waitFor(
      ({ topic, packet }) => topic === 'probe/states' && !packet.retain,
      'the connection',
    );
    // The subscription is on its way right after the connection; a message of ours goes through when it is there.
    await listener.settle();
  }

  it('hears each topic of a filter, with the properties of MQTT 5', async () => {
    await deployAndConnect([brokerNode('broker', broker.port, 5), probe('p', { filter: 'audio/+/pcm' })]);
    await listener.publish('audio/kitchen/pcm', 'hello', {
      properties: { contentType: 'audio/pcm', userProperties: { seq: '7' } },
    });
    const { text, contentType, userProperties } = await heardBy('p', 'audio/kitchen/pcm');
    assert.deepEqual(
      { text, contentType, userProperties },
      {
        text: 'hello',
        contentType: 'audio/pcm',
        userProperties: { seq: '7' },
      },
    );
  });

  for (const protocol of [4, 5] as const) {
    it(`passes over retained messages in MQTT ${protocol === 4 ? '3.1.1' : '5'}`, async () => {
      await listener.publish('audio/old/pcm', 'stale', { retain: true });
      await deployAndConnect([
        brokerNode('broker', broker.port, protocol),
        probe('p', { filter: 'audio/+/pcm' }),
      ]);
      await listener.publish('audio/new/pcm', 'fresh');
      await heardBy('p', 'audio/new/pcm');
      assert.equal(listener.latest('probe/heard/p/audio/old/pcm'), undefined);
      await listener.publish('audio/old/pcm', '', { retain: true });
    });
  }

  it('hears again when the broker was gone and is back', async () => {
    await deployAndConnect([
      brokerNode('broker', broker.port),
      probe('p', { filter: 'audio/#', prefix: 'seen' }),
    ]);
    await listener.publish('audio/a', 'hello');
    await listener.waitFor(({ topic }) => topic === 'seen/a/state');
    await broker.stop();
    await broker.start();
    const again = await Listener.open(broker.url, '#');
    await again.waitFor(
      ({ topic, payload }) => topic === 'seen/a/length/long' && payload.toString() === 'ON',
    );
    await again.waitFor(
      ({ topic, payload }) => topic === 'probe/states' && /disconnected.*connected$/.test(payload.toString()),
    );
    await again.publish('audio/b', 'x');
    await again.waitFor(
      ({ topic, payload }) => topic === 'seen/b/length/short' && payload.toString() === 'ON',
    );
    await again.close();
  });

  it('shows results as retained messages, and takes its word back when the node goes', async () => {
    const flow = [brokerNode('broker', broker.port), probe('p', { filter: 'audio/+', prefix: 'seen' })];
    await deployAndConnect(flow);
    await listener.publish('audio/hall', 'hello');
    await listener.waitFor(({ topic }) => topic === 'seen/hall/state');
    const late = await Listener.open(broker.url, 'seen/#');
    await late.waitFor(({ topic }) => topic === 'seen/availability');
    await late.settle();
    assert.equal(late.latest('seen/hall/length/long'), 'ON');
    assert.equal(late.latest('seen/hall/length/short'), 'OFF');
    assert.equal(late.latest('seen/hall/availability'), 'online');
    assert.match(listener.latest('ha/device/deeptone__seen__hall/config') ?? '', /"name":"Hall"/);
    await late.close();
    listener.messages.length = 0;
    await nodeRed.deploy([TAB, brokerNode('broker', broker.port)], 'full');
    await listener.waitFor(
      ({ topic, payload }) => topic === 'seen/availability' && payload.toString() === 'offline',
    );
    assert.equal(listener.latest('seen/hall/length/long'), 'OFF');
    assert.equal(listener.latest('seen/hall/availability'), 'offline');
  });

  for (const protocol of [4, 5] as const) {
    it(`never takes results for sound in MQTT ${protocol === 4 ? '3.1.1' : '5'}, its own or another node's`, async () => {
      await deployAndConnect([
        brokerNode('broker', broker.port, protocol),
        probe('p', { filter: 'in/#', prefix: 'in/seen' }),
        probe('q', { filter: '#', prefix: 'others' }),
      ]);
      await listener.publish('in/a', 'hello');
      await listener.waitFor(({ topic }) => topic === 'in/seen/a/state');
      await listener.waitFor(({ topic }) => topic === 'others/in-a/state');
      await listener.settle();
      const taken = listener.messages.filter(({ topic }) =>
        /^probe\/heard\/.*\/(in\/seen|others)\//.test(topic),
      );
      assert.deepEqual(
        taken.map(({ topic }) => topic),
        [],
      );
    });
  }

  it('says so when a shared subscription tears streams apart', async () => {
    await deployAndConnect([
      brokerNode('broker', broker.port, 5),
      brokerNode('other', broker.port, 5),
      probe('p', { filter: '$share/ears/audio/+' }),
      probe('q', { filter: '$share/ears/audio/+', broker: 'other' }),
    ]);
    await listener.waitFor(({ topic }) => topic === 'probe/states');
    for (let seq = 0; seq < 200; seq += 1) {
      await listener.publish('audio/a', 'x', { properties: { userProperties: { seq: String(seq) } } });
    }
    const { payload } = await listener.waitFor(({ topic }) => topic === 'probe/warning', 'the warning');
    assert.match(payload.toString(), /about 2 subscribers/);
  });

  it('knows filters of other nodes on the same connection that would double its messages', async () => {
    await deployAndConnect([
      brokerNode('broker', broker.port, 5),
      probe('p', { filter: 'audio/+/pcm', askOverlap: true }),
      {
        id: 'in',
        type: 'mqtt in',
        z: 'tab',
        broker: 'broker',
        topic: 'audio/#',
        qos: '0',
        datatype: 'buffer',
        wires: [[]],
      },
      {
        id: 'in2',
        type: 'mqtt in',
        z: 'tab',
        broker: 'broker',
        topic: 'video/#',
        qos: '0',
        datatype: 'buffer',
        wires: [[]],
      },
    ]);
    const { payload } = await listener.waitFor(({ topic }) => topic === 'probe/warning', 'the overlap');
    assert.equal(payload.toString(), 'audio/#');
  });
});
