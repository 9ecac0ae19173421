import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import {
  GroupListener,
  RESULT_MARK,
  type BrokerConnection,
  type BrokerState,
  type GroupListenerEvents,
  type HeardMqtt,
  type MqttPacket,
  type Publish,
  type TopicFilter,
} from '../../../src/mqtt';
import { filterMatches } from '../../../src/mqtt/topics';

/** A connection that says to itself what it publishes. */
class Loop implements BrokerConnection {
  state: BrokerState = 'connected';
  readonly mqtt5 = true;
  readonly lastWords = { will: undefined, close: undefined };
  readonly subscriptions = new Map<string, HeardMqtt>();
  /** Whether what is published is written, or waits for ever. */
  isWriting = true;

  subscribe({ subscription }: TopicFilter, _qos: 0 | 1 | 2, heard: HeardMqtt): void {
    this.subscriptions.set(subscription, heard);
  }

  unsubscribe({ subscription }: TopicFilter): void {
    this.subscriptions.delete(subscription);
  }

  overlapping(): readonly string[] {
    return [];
  }

  readonly publish: Publish = ({ topic, payload }, done) => {
    if (!this.isWriting) return;
    setImmediate(() => {
      this.say(topic, payload);
      done();
    });
  };

  say(topic: string, payload: string, packet: MqttPacket = {}): void {
    for (const [filter, heard] of this.subscriptions) {
      if (filterMatches(filter, topic)) heard(topic, Buffer.from(payload), packet);
    }
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

describe('The sound of a member of a group', () => {
  let connection: Loop;
  let listener: GroupListener | undefined;
  let heard: string[];
  let warnings: string[];

  beforeEach(() => {
    connection = new Loop();
    heard = [];
    warnings = [];
  });
  afterEach(() => listener?.leave('for-good'));

  /** Resolves when it takes part. */
  async function join(more: Partial<GroupListenerEvents> = {}, id = 'a'): Promise<GroupListener> {
    const settings = { name: 'home', id, filter: 'audio/+', qos: 0, lostMs: 4_000 } as const;
    await new Promise<void>((resolve) => {
      listener = new GroupListener(connection, settings, {
        heard: (message) => heard.push(`${message.topic}:${message.payload.toString()}`),
        told: ({ kind }) => {
          if (kind === 'members') resolve();
        },
        warn: (text) => warnings.push(text),
        ...more,
      });
      // Its own clock holds the process no longer than others do.
      const alive = setInterval(() => undefined, 50);
      void Promise.resolve().then(async () => {
        while (listener?.members.length === 0) await turn();
        clearInterval(alive);
        resolve();
      });
    });
    return listener ?? assert.fail();
  }

  it('is what devices send at this moment, and nothing that is kept or published', async () => {
    await join();
    connection.say('audio/kitchen', '1');
    connection.say('audio/kitchen', '2', { retain: true });
    connection.say('audio/kitchen', '3', { properties: { userProperties: { [RESULT_MARK]: 'true' } } });
    connection.say('audio/kitchen', '4', { properties: { userProperties: { seq: '4' } } });
    assert.deepEqual(heard, ['audio/kitchen:1', 'audio/kitchen:4']);
  });

  it('goes on where a listener throws, and says so', async () => {
    const member = await join({
      told: () => {
        throw new Error('a flow that fails');
      },
    });
    assert.deepEqual(member.members, ['a']);
    assert.match(warnings.join(), /a flow that fails/u);
    connection.say('audio/kitchen', '1');
    assert.deepEqual(heard, ['audio/kitchen:1']);
  });

  it('ends when it leaves, and nothing stays subscribed to', async () => {
    const member = await join();
    assert.deepEqual([...connection.subscriptions.keys()].sort(), ['audio/+', 'deeptone/groups/home/#']);
    assert.deepEqual(member.will, { topic: 'deeptone/groups/home/members/a', payload: '', retain: true });
    await member.leave('for-good');
    await member.leave('for-good');
    assert.deepEqual([...connection.subscriptions.keys()], []);
  });

  it('does not wait for ever for a broker that takes no last words', async () => {
    const member = await join();
    connection.isWriting = false;
    await member.leave('maybe-back');
    assert.deepEqual([...connection.subscriptions.keys()], []);
  });

  it('has topics as they are, with spaces at their ends', async () => {
    const member = await join({}, 'b'); // Of the two, "a" looks for new devices.
    const announced = { session: 's', agreement: { filter: 'audio/+', lostMs: 4_000 } };
    const topics = Array.from({ length: 40 }, (_, n) => `audio/ mic ${n} `);
    let beat = 0;
    const other = setInterval(() => {
      connection.say('deeptone/groups/home/members/a', JSON.stringify({ ...announced, beat: ++beat }));
      connection.say('deeptone/groups/home/topics', JSON.stringify({ from: 'a', topics }));
    }, 20);
    while (member.members.length < 2) await turn();
    const own = topics.filter((topic) => member.owns(topic));
    while (own.some((topic) => !connection.subscriptions.has(topic))) await turn();
    clearInterval(other);
    assert.ok(own.length > 0 && own.length < topics.length);
    assert.equal(connection.subscriptions.has('audio/+'), false);
  });
});
