/** Several Node-REDs that share the microphones of one broker: each a process of its own, on a real mosquitto. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { ownerOf } from '../../../src/mqtt';
import { startBroker, type Broker } from '../../tools/mqtt/broker';
import { Listener } from '../../tools/mqtt/listener';
import { brokerNode, startNodeRed, type FlowNode, type NodeRedProcess } from '../../tools/mqtt/node-red';
import { SimulatedDevices } from '../../tools/mqtt/simulated-devices';
import { tone } from '../../tools/mqtt/sound';

const MICROPHONES = 13;
const WAIT_MS = 60_000;
const POLL_MS = 50;

interface FlowMessage {
  readonly topic?: string;
  readonly payload: Readonly<Record<string, unknown>>;
  readonly insight?: { readonly stream?: string; readonly duration?: number };
  readonly error?: { readonly message: string };
  readonly status?: { readonly text?: string };
}

/** An outlet that says whole messages of the flow under `flow/MEMBER/OUTLET`, by a broker that is never stopped. */
function outlet(member: string, id: string): FlowNode[] {
  const placed = { z: 'tab', x: 100, y: 100 };
  const func = `return { topic: 'flow/${member}/${id}', payload: { topic: msg.topic, payload: msg.payload, insight: msg.insight, error: msg.error, status: msg.status } };`;
  return [
    { id, type: 'function', func, outputs: 1, wires: [[`${id}-out`]], ...placed },
    {
      id: `${id}-out`,
      type: 'mqtt out',
      broker: 'outlets',
      topic: '',
      qos: '',
      retain: '',
      wires: [],
      ...placed,
    },
  ];
}

describe('Node-REDs that share microphones', function () {
  this.timeout(240_000);
  let broker: Broker;
  let outlets: Broker;
  let heard: Listener;
  let devices: SimulatedDevices | undefined;
  const members = new Map<string, NodeRedProcess>();

  before(async () => {
    outlets = await startBroker();
    heard = await Listener.open(outlets.url, 'flow/#');
  });
  after(async () => {
    await heard.close();
    await outlets.close();
  });
  afterEach(async () => {
    await devices?.stop();
    devices = undefined;
    await Promise.all([...members.values()].map((member) => member.stop()));
    members.clear();
    await broker.close();
    heard.messages.length = 0;
  });

  function flow(member: string, protocol: 4 | 5, stream: object = {}): FlowNode[] {
    const placed = { z: 'tab', x: 100, y: 100 };
    return [
      { id: 'tab', type: 'tab', label: 'shared' },
      { id: 'engine', type: 'deeptone-engine', name: '' },
      brokerNode('broker', broker.port, protocol, { keepalive: '5' }),
      brokerNode('outlets', outlets.port, 4),
      {
        ...{
          id: 'stream',
          type: 'deeptone-stream',
          engine: 'engine',
          models: ['speech-rt'],
          outputPeriod: 256,
        },
        ...{
          source: 'mqtt',
          broker: 'broker',
          mqttTopic: 'audio/+/pcm',
          group: 'home',
          events: true,
          ...placed,
        },
        wires: [['steps'], [], [], ['events']],
        ...stream,
      },
      ...['steps', 'events', 'errors', 'statuses'].flatMap((id) => outlet(member, id)),
      { id: 'catch', type: 'catch', scope: null, wires: [['errors']], ...placed },
      { id: 'status', type: 'status', scope: ['stream'], wires: [['statuses']], ...placed },
    ];
  }

  async function join(
    member: string,
    protocol: 4 | 5,
    stream: object = {},
    nodeArguments: string[] = [],
  ): Promise<void> {
    const nodeRed = await startNodeRed({ nodeArguments });
    members.set(member, nodeRed);
    await nodeRed.deploy(flow(member, protocol, stream));
  }

  async function play(protocol: 4 | 5): Promise<readonly string[]> {
    devices = new SimulatedDevices({
      ...{ brokerUrl: broker.url, protocolVersion: protocol, devices: MICROPHONES, sounds: [tone(5_000)] },
    });
    await devices.start();
    return devices.topics;
  }

  function messages(
    outletName: string,
    member = '+',
  ): readonly (FlowMessage & { readonly member: string })[] {
    return heard.messages.flatMap(({ topic, payload }) => {
      const [, from = '', name] = topic.split('/');
      if (name !== outletName || (member !== '+' && member !== from)) return [];
      return [{ member: from, ...(JSON.parse(payload.toString()) as FlowMessage) }];
    });
  }

  async function until<T>(what: string, look: () => T | undefined | false): Promise<T> {
    const deadline = Date.now() + WAIT_MS;
    for (;;) {
      const found = look();
      if (found !== undefined && found !== false) return found;
      if (Date.now() > deadline) {
        const outputs = [...members].map(([id, nodeRed]) => `${id}: ${nodeRed.output().slice(-1_500)}`);
        throw new Error(`${what} did not happen.\n${outputs.join('\n')}`);
      }
      await sleep(POLL_MS);
    }
  }

  /** What a member knows of the group: itself first. */
  function groupOf(member: string): { readonly own: unknown; readonly ids: readonly string[] } {
    const last = messages('events', member).findLast(({ payload }) => payload['kind'] === 'members');
    const { own, members: ids } = last?.payload ?? {};
    return { own, ids: Array.isArray(ids) ? ids.map(String) : [] };
  }

  async function together(count: number): Promise<void> {
    await until(`${count} members`, () =>
      [...members.keys()].every((one) => groupOf(one).ids.length === count),
    );
  }

  /** Waits until each microphone gives steps at the one of the running members that owns it; says which. */
  async function everyoneHeard(topics: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const names = [...members.keys()];
    await together(names.length);
    const byId = new Map(names.map((name) => [String(groupOf(name).own), name]));
    const wanted = new Map(
      topics.map((topic) => [topic, byId.get(ownerOf(topic.split('/')[1] ?? '', byId.keys()) ?? '') ?? '']),
    );
    heard.messages.splice(
      0,
      heard.messages.length,
      ...heard.messages.filter(({ topic }) => !topic.endsWith('/steps')),
    );
    await until('Every microphone heard by its owner', () => {
      const steps = messages('steps');
      return topics.every((topic) =>
        steps.some(({ member, insight }) => insight?.stream === topic && member === wanted.get(topic)),
      );
    });
    return wanted;
  }

  /** Ends the microphones; milliseconds that all members together have heard of each, silence in the place of lost audio included. */
  async function heardOfEach(topics: readonly string[]): Promise<ReadonlyMap<string, number>> {
    await devices?.stop();
    const sums = new Map<string, number>();
    await until('The end of all streams', () => {
      sums.clear();
      const open = new Map<string, number>();
      for (const { payload, insight } of messages('events')) {
        const { stream = '', duration = 0 } = insight ?? {};
        if (payload['kind'] === 'opened') open.set(stream, (open.get(stream) ?? 0) + 1);
        if (payload['kind'] !== 'closed') continue;
        open.set(stream, (open.get(stream) ?? 0) - 1);
        sums.set(stream, (sums.get(stream) ?? 0) + duration);
      }
      return topics.every((topic) => open.get(topic) === 0);
    });
    return sums;
  }

  /** Milliseconds of sound that a microphone has sent. */
  function sentOf(topic: string): number {
    return (devices?.framesOf(topic) ?? 0) * 100;
  }

  for (const protocol of [4, 5] as const) {
    const version = protocol === 4 ? '3.1.1' : '5';

    it(`divide them, and go on when one is killed, with MQTT ${version}`, async () => {
      broker = await startBroker();
      const topics = await play(protocol);
      await join('a', protocol);
      await everyoneHeard(topics);
      await join('b', protocol);
      await join('c', protocol);
      const before = await everyoneHeard(topics);
      assert.equal(new Set(before.values()).size, 3);
      const killed = members.get('b');
      members.delete('b');
      await killed?.kill();
      await killed?.stop();
      const after = await everyoneHeard(topics);
      for (const [topic, owner] of before) {
        if (owner !== 'b') assert.equal(after.get(topic), owner, 'only the microphones of the lost one move');
      }
      const taken = messages('events').filter(
        ({ payload }) => payload['kind'] === 'taken' && payload['cause'] === 'lost',
      );
      const lost = [...before].filter(([, owner]) => owner === 'b').map(([topic]) => topic);
      assert.deepEqual(taken.map(({ topic }) => topic).sort(), lost.sort());
      for (const { payload } of taken) assert.ok(Number(payload['lostMs']) > 0);
      const gaps = messages('events').filter(({ payload }) => payload['evidence'] === 'handover');
      assert.ok(lost.every((topic) => gaps.some((gap) => gap.topic === topic)));
      assert.deepEqual(messages('errors'), []);
    });

    it(`hear nothing twice when one stands still and goes on, with MQTT ${version}`, async () => {
      broker = await startBroker();
      const topics = await play(protocol);
      for (const member of ['a', 'b', 'c']) await join(member, protocol);
      const before = await everyoneHeard(topics);
      const stopped = members.get('b') ?? assert.fail();
      members.delete('b');
      process.kill(stopped.process.pid ?? assert.fail(), 'SIGSTOP');
      await everyoneHeard(topics);
      process.kill(stopped.process.pid ?? assert.fail(), 'SIGCONT');
      members.set('b', stopped);
      assert.deepEqual(await everyoneHeard(topics), before);
      const given = messages('events').filter(({ payload }) => payload['kind'] === 'given');
      assert.ok(given.some(({ member }) => member !== 'b'));
      const sums = await heardOfEach(topics);
      for (const [topic, ms] of sums)
        assert.ok(ms <= sentOf(topic), `${topic}: ${ms} ms of ${sentOf(topic)} were heard`);
      assert.deepEqual(messages('errors'), []);
    });
  }
});
