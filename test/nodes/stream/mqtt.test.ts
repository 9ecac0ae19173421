import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { generateLicenseKeyPair } from '../../../src/license';
import { licenseKey as signedKey } from '../../tools/licenses';
import { startBroker, type Broker } from '../../tools/mqtt/broker';
import { encodeFrame, FRAME_FORMATS, type FrameFormat } from '../../tools/mqtt/frames';
import { startPlayingBroker, type PlayedMessage } from '../../tools/mqtt/playing-broker';
import { Listener } from '../../tools/mqtt/listener';
import { brokerNode, startNodeRed, type FlowNode, type NodeRedProcess } from '../../tools/mqtt/node-red';
import { SimulatedDevices, type SimulationOptions } from '../../tools/mqtt/simulated-devices';
import { speak, tone } from '../../tools/mqtt/sound';

const TAB: FlowNode = { id: 'tab', type: 'tab', label: 'test' };
const ENGINE: FlowNode = { id: 'engine', type: 'deeptone-engine' };
const MODELS = ['speech-rt', 'speech', 'gender'];
const FRAME_MS = 100;

/** What a message of the flow looks like after it went through the broker as JSON. */
interface FlowMessage {
  readonly topic: string;
  readonly payload: Readonly<Record<string, unknown>>;
  readonly insight?: {
    readonly kind: string;
    readonly stream: string;
    readonly duration: number;
    readonly gaps?: number;
    readonly cause?: string;
  };
  readonly error?: { readonly code?: string; readonly message: string };
  readonly status?: { readonly text?: string };
}

function placed(node: FlowNode): FlowNode {
  return { z: 'tab', x: 100, y: 100, wires: [], ...node };
}

/** Publishes whole messages of the flow under a topic of its own, through a connection of its own. */
function outlet(id: string, port: number): FlowNode[] {
  return [
    placed({
      id,
      type: 'function',
      func: `return { topic: 'flow/${id}', payload: msg };`,
      outputs: 1,
      wires: [[`${id}-out`]],
    }),
    placed({ id: `${id}-out`, type: 'mqtt out', broker: 'outlets', topic: '', qos: '', retain: '' }),
    ...(id === 'steps' ? [brokerNode('outlets', port)] : []),
  ];
}

function stream(more: object): FlowNode {
  return placed({
    id: 'stream',
    type: 'deeptone-stream',
    engine: 'engine',
    models: MODELS,
    outputPeriod: 256,
    wires: [['steps'], ['summaries'], ['transitions']],
    ...more,
  });
}

describe('Live streams over MQTT', () => {
  let broker: Broker;
  let nodeRed: NodeRedProcess;
  let listener: Listener;
  /** What the flow says leaves through a broker of its own, which stays when the other goes. */
  let outlets: Broker;
  let flowListener: Listener;
  let speech: Int16Array;
  let devices: SimulatedDevices | undefined;

  before(async () => {
    speech = await speak('The quick brown fox jumps over the lazy dog.');
    broker = await startBroker();
    outlets = await startBroker();
    nodeRed = await startNodeRed();
  });
  after(async () => {
    await nodeRed.stop();
    await broker.close();
    await outlets.close();
  });
  beforeEach(async () => {
    listener = await Listener.open(broker.url, '#');
    flowListener = await Listener.open(outlets.url, 'flow/#');
  });
  afterEach(async () => {
    await devices?.stop();
    devices = undefined;
    await nodeRed.deploy([]);
    await listener.close();
    await flowListener.close();
  });

  function flow(more: object, others: readonly FlowNode[] = []): FlowNode[] {
    return [
      TAB,
      ENGINE,
      stream(more),
      ...['steps', 'summaries', 'transitions', 'errors', 'statuses'].flatMap((id) =>
        outlet(id, outlets.port),
      ),
      placed({ id: 'catch', type: 'catch', scope: null, wires: [['errors']] }),
      placed({ id: 'status', type: 'status', scope: ['stream'], wires: [['statuses']] }),
      ...others,
    ];
  }

  /** Deploys a flow and waits until its connections stand. */
  async function deploy(nodes: readonly FlowNode[], type: 'full' | 'nodes' = 'full'): Promise<void> {
    const before = nodeRed.output().length;
    await nodeRed.deploy(nodes, type);
    const brokers = nodes.filter((node) => node.type === 'mqtt-broker' && node.id !== 'unused').length;
    const deadline = Date.now() + 20_000;
    while (nodeRed.output().slice(before).split('Connected to broker').length - 1 < brokers) {
      if (Date.now() > deadline) throw new Error(`No connection:\n${nodeRed.output()}`);
      await sleep(20);
    }
    // Subscriptions are asked for right after the connection; what is published from now on comes after them.
    await sleep(100);
    await listener.settle();
  }

  async function simulate(options: Partial<SimulationOptions>): Promise<SimulatedDevices> {
    devices = new SimulatedDevices({ brokerUrl: broker.url, devices: 1, sounds: [speech], ...options });
    await devices.start();
    return devices;
  }

  function messages(outletName: string): FlowMessage[] {
    return flowListener.messages
      .filter(({ topic }) => topic === `flow/${outletName}`)
      .map(({ payload }) => JSON.parse(payload.toString()) as FlowMessage);
  }

  async function message(
    outletName: string,
    wanted: (message: FlowMessage) => boolean,
  ): Promise<FlowMessage> {
    const found = await flowListener.waitFor(
      ({ topic, payload }) =>
        topic === `flow/${outletName}` && wanted(JSON.parse(payload.toString()) as FlowMessage),
      `a message from ${outletName}`,
    );
    return JSON.parse(found.payload.toString()) as FlowMessage;
  }

  /** The summary at the end of a stream. */
  function lastSummary(topic: string): Promise<FlowMessage> {
    return message('summaries', ({ insight }) => insight?.stream === topic && insight.cause === 'end');
  }

  for (const protocol of [4, 5] as const) {
    const version = protocol === 4 ? '3.1.1' : '5';

    it(`are heard through a core MQTT node in MQTT ${version}`, async () => {
      await deploy(
        flow({ idle: 1 }, [
          brokerNode('broker', broker.port, protocol),
          placed({
            id: 'in',
            type: 'mqtt in',
            broker: 'broker',
            topic: 'audio/+/pcm',
            qos: '0',
            datatype: 'buffer',
            wires: [['stream']],
          }),
        ]),
      );
      await simulate({ protocolVersion: protocol, devices: 3, frames: 20, speed: 4 });
      for (const device of ['mic-1', 'mic-2', 'mic-3']) {
        const { insight } = await lastSummary(`audio/${device}/pcm`);
        assert.equal(insight?.duration, 2_000);
      }
      assert.deepEqual(messages('errors'), []);
    });

    it(`are heard without wires by the node itself in MQTT ${version}`, async () => {
      await deploy(
        // The key is a leftover of messages by wire, which the dialog hides now.
        flow(
          { source: 'mqtt', broker: 'broker', mqttTopic: 'audio/+/pcm', idle: 1, key: 'one', keyType: 'str' },
          [brokerNode('broker', broker.port, protocol)],
        ),
      );
      await simulate({ protocolVersion: protocol, devices: 20, frames: 20, speed: 2 });
      const { topics } = devices ?? assert.fail();
      for (const topic of topics) assert.equal((await lastSummary(topic)).insight?.duration, 2_000);
      const steps = messages('steps').filter(({ topic }) => topic === 'audio/mic-7/pcm');
      assert.deepEqual(
        steps.map(({ payload }) => payload['timestamp']),
        [0, 256, 512, 768, 1_024, 1_280, 1_536, 1_792],
      );
      assert.deepEqual(messages('errors'), []);
    });
  }

  it('are heard once where the broker delivers messages again after a connection was lost', async () => {
    const frames = Array.from({ length: 20 }, (_, n) =>
      Buffer.from(speech.slice(n * 1_600, (n + 1) * 1_600).buffer),
    );
    const [first, second] = ['audio/a/pcm', 'audio/b/pcm'];
    const all = frames.flatMap((payload, n): PlayedMessage[] => [
      { topic: first, payload, packetId: 2 * n + 1 },
      { topic: second, payload, packetId: 2 * n + 2 },
    ]);
    const again = all.slice(14, 24).map((one) => ({ ...one, dup: true }));
    const playing = await startPlayingBroker([all.slice(0, 24), again, [...again, ...all.slice(24)]]);
    try {
      await nodeRed.deploy(
        flow(
          { source: 'mqtt', broker: 'broker', mqttTopic: 'audio/+/pcm', mqttQos: '1', idle: 2, events: true },
          [brokerNode('broker', playing.port)],
        ),
      );
      for (const topic of [first, second]) {
        const { insight, ...kept } = await lastSummary(topic);
        assert.equal(insight?.duration, 2_000);
        assert.ok(!('dup' in kept) && !('packetId' in kept));
      }
      assert.deepEqual(messages('errors'), []);
      assert.match(nodeRed.output(), /Stream "audio\/a\/pcm": A message came twice/u);
    } finally {
      await nodeRed.deploy([]);
      await playing.close();
    }
  });

  it('are the same in every frame format that devices use', async () => {
    await deploy(
      flow({ source: 'mqtt', broker: 'broker', mqttTopic: 'audio/+/pcm', idle: 2 }, [
        brokerNode('broker', broker.port, 5),
      ]),
    );
    const frames = Math.floor(speech.length / 1_600);
    const summaries = new Map<FrameFormat, unknown>();
    for (const format of FRAME_FORMATS) {
      const device = new SimulatedDevices({
        brokerUrl: broker.url,
        devices: 1,
        deviceName: () => format,
        format,
        frames,
        speed: 8,
        sounds: [speech],
      });
      await device.start();
      await device.finished;
      await device.stop();
    }
    for (const format of FRAME_FORMATS) {
      const { insight, payload } = await lastSummary(`audio/${format}/pcm`);
      assert.equal(insight?.duration, frames * FRAME_MS, format);
      summaries.set(format, payload);
    }
    const raw = summaries.get('raw');
    for (const format of FRAME_FORMATS) {
      if (format !== 'u8') assert.deepEqual(summaries.get(format), raw, format);
    }
    assert.deepEqual(messages('errors'), []);
  });

  it('stay on time when messages are lost or come twice, and count what is missing', async () => {
    await deploy(
      flow({ source: 'mqtt', broker: 'broker', mqttTopic: 'audio/+/pcm', idle: 1 }, [
        brokerNode('broker', broker.port, 5),
      ]),
    );
    const simulation = await simulate({ frames: 40, speed: 2, loss: 0.2, duplicates: 0.2, seed: 3 });
    const { insight } = await lastSummary('audio/mic-1/pcm');
    const { lost, duplicated } = simulation.counts;
    assert.ok(lost > 0 && duplicated > 0);
    // What is lost before the first message that arrives, or after the last, nobody can know.
    assert.ok(insight?.gaps !== undefined && insight.gaps > 0 && insight.gaps <= lost * FRAME_MS);
    assert.equal(insight.duration - insight.gaps, simulation.counts.sent * FRAME_MS);
  });

  it('go on when the broker was gone and is back', async () => {
    await deploy(
      flow({ source: 'mqtt', broker: 'broker', mqttTopic: 'audio/+/pcm', publish: true }, [
        brokerNode('broker', broker.port, 5),
      ]),
    );
    await simulate({ devices: 2 });
    await message('steps', ({ topic }) => topic === 'audio/mic-2/pcm');
    await broker.stop();
    await message('statuses', ({ status }) => /\.(disconnected|connectingBroker)$/.test(status?.text ?? ''));
    flowListener.messages.length = 0;
    await broker.start();
    const again = await Listener.open(broker.url, '#');
    await message('steps', ({ topic }) => topic === 'audio/mic-2/pcm');
    await again.waitFor(
      ({ topic, payload }) => topic === 'deeptone/mic-1/availability' && payload.toString() === 'online',
    );
    await again.waitFor(({ topic }) => topic === 'deeptone/mic-1/state');
    await again.close();
    await message('statuses', ({ status }) => status?.text?.startsWith('2 streams') === true);
  });

  it('are refused beyond the cap without harm to those that are open', async () => {
    await deploy(
      flow({ source: 'mqtt', broker: 'broker', mqttTopic: 'audio/#', maxStreams: 3 }, [
        brokerNode('broker', broker.port, 4),
      ]),
    );
    await simulate({ protocolVersion: 4, devices: 3 });
    for (const topic of devices?.topics ?? []) await message('steps', (step) => step.topic === topic);
    const frame = encodeFrame('raw', tone(FRAME_MS), false, 0);
    for (let flood = 0; flood < 300; flood += 1) await listener.publish(`audio/flood-${flood}/pcm`, frame);
    const { error } = await message('errors', () => true);
    assert.equal(error?.code, 'DEEPTONE_OVERLOADED');
    assert.match(error.message, /3 live streams/);
    flowListener.messages.length = 0;
    for (const topic of devices?.topics ?? []) await message('steps', (step) => step.topic === topic);
    assert.ok(messages('errors').length < 10, 'a flood of messages is not a flood of errors');
  });

  it('are refused beyond the license without harm to those that are open', async () => {
    const issuer = generateLicenseKeyPair();
    const now = Date.now();
    const licenseKey = signedKey(
      {
        id: `two-streams-${now}`,
        licensee: 'Quiet Rooms Ltd',
        models: '*',
        maxStreams: 2,
        notBefore: new Date(now - 86_400_000),
        expires: new Date(now + 86_400_000),
        evaluation: false,
      },
      issuer,
    );
    const nodes = flow({ source: 'mqtt', broker: 'broker', mqttTopic: 'audio/+/pcm' }, [
      brokerNode('broker', broker.port, 5),
    ]);
    await deploy(
      nodes.map((node) =>
        node.id === 'engine'
          ? {
              ...node,
              licensePublicKeys: [issuer.publicKey],
              credentials: { licenseKey },
            }
          : node,
      ),
    );
    await simulate({ devices: 4 });
    const { error } = await message('errors', () => true);
    assert.equal(error?.code, 'DEEPTONE_LICENSE');
    const heard = new Set<string>();
    while (heard.size < 2) heard.add((await message('steps', ({ topic }) => !heard.has(topic))).topic);
    await sleep(1_000);
    assert.deepEqual(new Set(messages('steps').map(({ topic }) => topic)), heard);
  });

  it('say what to do when an MQTT node has made text of a message, and hear the next one', async () => {
    await deploy(
      flow({}, [
        brokerNode('broker', broker.port, 4),
        placed({
          id: 'in',
          type: 'mqtt in',
          broker: 'broker',
          topic: 'audio/+/pcm',
          qos: '0',
          datatype: 'auto-detect',
          wires: [['stream']],
        }),
      ]),
    );
    await listener.publish('audio/mic-1/pcm', 'printable bytes, but not base64!');
    const { error } = await message('errors', () => true);
    assert.equal(error?.code, 'DEEPTONE_BAD_AUDIO');
    assert.match(error.message, /a Buffer/);
    await simulate({ protocolVersion: 4, frames: 10, speed: 4 });
    await message('steps', ({ topic }) => topic === 'audio/mic-1/pcm');
  });

  it('survive being deployed again and again while devices speak', async () => {
    const nodes = flow({ source: 'mqtt', broker: 'broker', mqttTopic: 'audio/+/pcm', publish: true }, [
      brokerNode('broker', broker.port, 5),
    ]);
    await deploy(nodes);
    await simulate({ devices: 5 });
    await message('steps', ({ topic }) => topic === 'audio/mic-5/pcm');
    for (let round = 1; round <= 3; round += 1) {
      const changed = nodes.map((node) =>
        node.id === 'stream' ? { ...node, outputPeriod: 256 * (round + 1) } : node,
      );
      await nodeRed.deploy(changed, round === 3 ? 'full' : 'nodes');
      flowListener.messages.length = 0;
      for (const topic of devices?.topics ?? []) {
        await message(
          'steps',
          (step) => step.topic === topic && step.payload['timestamp'] === 256 * (round + 1),
        );
      }
    }
    assert.equal(listener.latest('deeptone/availability') ?? 'online', 'online');
    assert.deepEqual(messages('errors'), []);
    assert.doesNotMatch(nodeRed.output(), /Unhandled|Uncaught|\[error\]/);
  });

  it('are shown on the broker: what is on, what is off, and who is there', async () => {
    const prefix = 'home/ears';
    await deploy(
      flow(
        {
          source: 'mqtt',
          broker: 'broker',
          mqttTopic: 'hermes/audioServer/+/audioFrame',
          idle: 1,
          publish: true,
          publishPrefix: prefix,
          publishDevice: 'hermes/audioServer/{device}/audioFrame',
          discovery: true,
        },
        [brokerNode('broker', broker.port, 4)],
      ),
    );
    const loud = new Int16Array(32_000);
    loud.set(tone(1_000), 16_000);
    await simulate({
      topic: 'hermes/audioServer/{device}/audioFrame',
      deviceName: () => 'kitchen',
      format: 'hermes',
      protocolVersion: 4,
      sounds: [loud],
      frames: 40,
      speed: 2,
    });
    const silence = `${prefix}/kitchen/speech-rt/silence`;
    await listener.waitFor(({ topic, payload }) => topic === silence && payload.toString() === 'ON');
    await listener.waitFor(({ topic, payload }) => topic === silence && payload.toString() === 'OFF');
    await listener.waitFor(
      ({ topic, payload }) => topic === `${prefix}/kitchen/availability` && payload.toString() === 'offline',
    );
    const turns = listener.messages
      .filter(({ topic }) => topic === silence)
      .map(({ payload }) => payload.toString());
    assert.deepEqual(turns, ['ON', 'OFF', 'ON', 'OFF'], 'it changes only when the sound does');
    const states = listener.messages
      .filter(({ topic }) => topic === `${prefix}/kitchen/state`)
      .map(
        ({ payload }) =>
          JSON.parse(payload.toString()) as {
            results: Record<string, { result: string }>;
            level?: { mean: number; peak: number };
          },
      );
    assert.equal(states[0]?.results['speech-rt']?.result, 'silence');
    assert.deepEqual(states.at(-1)?.results, {});
    const means = states.flatMap(({ level }) => level?.mean ?? []);
    assert.ok(Math.max(...means) > -40 && Math.min(...means) < -80, `the levels were ${means.join()} dBFS`);
    assert.match(
      listener.latest('homeassistant/device/deeptone__home_2fears__kitchen/config') ?? '',
      /"name":"Kitchen"/,
    );
  });

  it('are said to be gone by the broker when Node-RED dies', async () => {
    const other = await startNodeRed();
    try {
      const nodes = flow({ source: 'mqtt', broker: 'broker', mqttTopic: 'audio/+/pcm', publish: true }, [
        brokerNode('broker', broker.port, 5, {
          willTopic: 'deeptone/availability',
          willPayload: 'offline',
          willQos: '0',
          willRetain: 'true',
        }),
      ]);
      await other.deploy(nodes);
      await listener.waitFor(
        ({ topic, payload }) => topic === 'deeptone/availability' && payload.toString() === 'online',
      );
      listener.messages.length = 0;
      await other.kill();
      await listener.waitFor(
        ({ topic, payload }) => topic === 'deeptone/availability' && payload.toString() === 'offline',
      );
    } finally {
      await other.stop();
    }
  });

  it('say what is wrong when the settings of MQTT are', async () => {
    const settings = { source: 'mqtt', broker: 'broker', mqttTopic: 'audio/+/pcm' };
    await deploy(flow(settings, [brokerNode('broker', broker.port)]));
    const wrong = flow({ ...settings, mqttTopic: 'audio/#/pcm' }, [brokerNode('broker', broker.port)]);
    await nodeRed.deploy(wrong, 'nodes');
    const { error } = await message('errors', () => true);
    assert.equal(error?.code, 'DEEPTONE_INVALID_ARGUMENT');
    assert.match(error.message, /audio\/#\/pcm/);
  });

  it('say that nothing is heard where the results are published above the devices', async () => {
    const settings = { source: 'mqtt', broker: 'broker', mqttTopic: 'audio/+/pcm', publish: true };
    await deploy(flow({ ...settings, publishPrefix: 'audio' }, [brokerNode('broker', broker.port)]));
    const { error } = await message('errors', () => true);
    assert.equal(error?.code, 'DEEPTONE_INVALID_ARGUMENT');
    assert.match(error.message, /Nothing of "audio\/\+\/pcm" is heard/);
  });

  it('are not taken from what is announced to Home Assistant, whatever the filter', async () => {
    const settings = { source: 'mqtt', broker: 'broker', mqttTopic: '#', publish: true };
    const announcing = { ...settings, discovery: true, discoveryPrefix: 'announced' };
    await deploy(flow(announcing, [brokerNode('broker', broker.port)]));
    await listener.publish('audio/mic-1/pcm', Buffer.alloc(32_000));
    await listener.waitFor(({ topic }) => topic === 'deeptone/audio-mic-1-pcm/state', 'the state');
    await listener.settle();
    const announced = listener.messages.filter(({ topic }) => topic.startsWith('announced/'));
    assert.deepEqual(
      announced.map(({ topic }) => topic),
      ['announced/device/deeptone__deeptone__audio-mic-1-pcm/config'],
    );
  });
});
