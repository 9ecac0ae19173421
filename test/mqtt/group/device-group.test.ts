import assert from 'node:assert/strict';
import { SimulatedBroker, SimulatedMember, startDevices, World } from './simulated-group';

/** 100 would hide that round-robin over 2, 4 or 5 tears streams. */
const TOPICS = Array.from({ length: 101 }, (_, n) => `audio/mic-${n + 1}/pcm`);

describe('A group that shares devices', () => {
  let world: World;
  let broker: SimulatedBroker;
  beforeEach(() => {
    world = new World();
    broker = new SimulatedBroker();
  });

  function member(id: string, setup = {}): SimulatedMember {
    return new SimulatedMember(world, broker, id, setup).connect();
  }

  function owners(from = 0, until = Infinity): Map<string, Set<string>> {
    const owners = new Map<string, Set<string>>();
    for (const { topic, member: id, at } of world.heard) {
      if (at < from || at > until) continue;
      owners.set(topic, (owners.get(topic) ?? new Set()).add(id));
    }
    return owners;
  }

  /** Of each device's messages from a moment on: how many were heard not at all, and how many more than once. */
  function tally(
    from: number,
    until = world.now - 50,
  ): { missed: number; twice: number; worstMissed: number } {
    let [missed, twice, worstMissed] = [0, 0, 0];
    const byTopic = new Map(TOPICS.map((topic): [string, number[]] => [topic, []]));
    for (const { topic, number } of world.heard) byTopic.get(topic)?.push(number);
    for (const numbers of byTopic.values()) {
      const counts = new Map<number, number>();
      for (const number of numbers) counts.set(number, (counts.get(number) ?? 0) + 1);
      const first = Math.ceil(from / 100) + 1;
      const last = Math.floor(until / 100) - 3;
      let own = 0;
      for (let number = first; number <= last; number += 1) {
        const count = counts.get(number) ?? 0;
        if (count === 0) own += 1;
        if (count > 1) twice += 1;
      }
      missed += own;
      worstMissed = Math.max(worstMissed, own);
    }
    return { missed, twice, worstMissed };
  }

  for (const isCounting of [true, false]) {
    const how = isCounting ? 'that count their messages' : 'that do not count';

    it(`hears 101 devices ${how} once, while members join`, () => {
      startDevices(world, broker, TOPICS, isCounting);
      member('a');
      world.run(5_000);
      assert.deepEqual(tally(2_000), { missed: 0, twice: 0, worstMissed: 0 });
      for (const id of ['b', 'c', 'd']) {
        const before = owners(world.now - 500);
        member(id);
        world.run(4_000);
        const after = owners(world.now - 500);
        for (const topic of TOPICS) {
          const now = [...(after.get(topic) ?? [])];
          assert.equal(now.length, 1, topic);
          if (now[0] !== id)
            assert.deepEqual(now, [...(before.get(topic) ?? [])], 'moves only to whoever joins');
        }
      }
      assert.deepEqual(tally(2_000), { missed: 0, twice: 0, worstMissed: 0 });
    });

    it(`goes on elsewhere within 5 s for the devices ${how} of a killed member, and for no others`, () => {
      startDevices(world, broker, TOPICS, isCounting);
      const members = ['a', 'b', 'c', 'd'].map((id) => member(id));
      world.run(8_000);
      const before = owners(world.now - 500);
      members[1]?.kill();
      const killedAt = world.now;
      world.run(10_000);
      const after = owners(world.now - 500);
      for (const topic of TOPICS) {
        const [owner] = before.get(topic) ?? [];
        const now = [...(after.get(topic) ?? [])];
        assert.equal(now.length, 1);
        if (owner !== 'b') assert.equal(now[0], owner);
        else {
          const first = world.heard.find((one) => one.topic === topic && one.at > killedAt && one.takenOver);
          assert.ok(first && first.at - killedAt < 5_000, topic);
          assert.equal(first.takenOver?.from, 'b');
          assert.equal(first.takenOver.cause, 'lost');
          const last = world.heard.findLast((one) => one.topic === topic && one.member === 'b');
          const missing = (first.number - (last?.number ?? 0) - 1) * 100;
          const told = first.takenOver.lostMs;
          assert.ok(
            missing <= told + 100 && told <= missing + 1_200,
            `${missing} ms are missing, ${told} are told`,
          );
        }
      }
      assert.equal(tally(6_000).twice, 0);
      assert.ok(tally(6_000).worstMissed <= 50);
    });

    it(`does not hear devices ${how} twice when a stopped member goes on`, () => {
      startDevices(world, broker, TOPICS, isCounting);
      const [a] = ['a', 'b', 'c'].map((id) => member(id));
      world.run(8_000);
      a?.stop();
      world.run(10_000);
      a?.continue();
      world.run(6_000);
      assert.equal(tally(6_000).twice, 0);
      const now = owners(world.now - 500);
      assert.ok([...now.values()].every((one) => one.size === 1));
      assert.ok(
        [...now.values()].some((one) => one.has('a')),
        'it has its share again',
      );
    });
  }

  it('loses nothing and moves nothing when a member stands still for a moment', () => {
    startDevices(world, broker, TOPICS);
    const [a] = ['a', 'b', 'c'].map((id) => member(id));
    world.run(8_000);
    const before = owners(world.now - 500);
    a?.stop();
    world.run(2_000);
    a?.continue();
    world.run(5_000);
    assert.deepEqual(owners(world.now - 500), before);
    assert.deepEqual(tally(6_000), { missed: 0, twice: 0, worstMissed: 0 });
  });

  for (const isCounting of [true, false]) {
    for (const keeps of ['keeps what it is asked to keep', 'keeps nothing']) {
      it(`waits for members that stand still while another joins, ${isCounting ? 'with' : 'without'} numbers, where the broker ${keeps}`, () => {
        broker.keepsNothing = keeps === 'keeps nothing';
        startDevices(world, broker, TOPICS, isCounting);
        const members = ['a', 'b', 'c'].map((id) => member(id));
        world.run(8_000);
        for (const [index, one] of members.entries()) {
          one.stop();
          member(`new-${index + 1}`);
          world.run([600, 1_200, 1_900][index] ?? 0);
          one.continue();
          world.run(5_000);
        }
        assert.deepEqual(tally(6_000), { missed: 0, twice: 0, worstMissed: 0 });
      });
    }
  }

  it('does without a broker that keeps what it is asked to keep, and says so where that breaks the connection', () => {
    broker.refusesRetained = true;
    startDevices(world, broker, TOPICS);
    const members = ['a', 'b'].map((id) => member(id));
    world.run(10_000);
    for (const one of members) assert.match(one.warnings.join(), /is not asked any more/u);
    const before = world.now;
    members[0]?.kill();
    world.run(8_000);
    assert.equal(owners(before - 500, before).size, TOPICS.length);
    assert.deepEqual(tally(world.now - 2_000), { missed: 0, twice: 0, worstMissed: 0 });
  });

  it('shares nothing among members with other settings, hears all in each, and says what is different', () => {
    startDevices(world, broker, TOPICS);
    const [a, b, c] = [
      member('a', { agreement: { models: ['speech-rt'] } }),
      member('b', { agreement: { models: ['speech-rt', 'gender'] } }),
      member('c', { agreement: { models: ['speech-rt'] } }),
    ];
    world.run(8_000);
    assert.deepEqual(a.group.members, ['a', 'c']);
    assert.deepEqual(c.group.members, ['a', 'c']);
    assert.deepEqual(b.group.members, ['b']);
    const now = owners(world.now - 500);
    for (const topic of TOPICS) assert.equal(now.get(topic)?.size, 2, topic);
    assert.match(a.warnings.join(), /"b".*models \["speech-rt","gender"\], here \["speech-rt"\]/u);
    assert.equal(a.warnings.length, 1, 'once');
    assert.equal(b.warnings.length, 2, 'of each');
  });

  it('notices that two members have the same id', () => {
    startDevices(world, broker, TOPICS);
    const members = [member('copy'), member('copy')];
    world.run(12_000);
    const ids = members.map(({ group }) => group.id);
    assert.equal(new Set(ids).size, 2);
    assert.ok(members.some(({ warnings }) => /"copy" too/u.test(warnings.join())));
    assert.deepEqual(tally(world.now - 3_000), { missed: 0, twice: 0, worstMissed: 0 });
  });

  it('hears nothing where its words do not come back, and says why', () => {
    const deaf = new SimulatedMember(world, broker, 'a');
    const { published } = broker;
    broker.publish = (publication) => {
      published.push(publication); // An access list: it is taken, and goes to nobody.
    };
    deaf.connect();
    world.run(10_000);
    assert.deepEqual(deaf.group.members, []);
    assert.match(
      deaf.warnings.join(),
      /allowed to publish and to subscribe under deeptone\/groups\/home\/#/u,
    );
  });

  it('keeps its devices when a member is started anew at once', () => {
    startDevices(world, broker, TOPICS);
    const [a, b] = ['a', 'b'].map((id) => member(id));
    world.run(8_000);
    const before = owners(world.now - 500);
    a?.group.leave('maybe-back');
    world.run(20);
    a?.kill();
    member('a');
    world.run(6_000);
    assert.deepEqual(owners(world.now - 500), before);
    assert.ok(!b?.events.some((event) => event.kind === 'taken'), 'the other waited');
    assert.equal(tally(6_000).twice, 0);
    assert.ok(tally(6_000).worstMissed <= 3);
  });

  for (const how of ['for-good', 'maybe-back'] as const) {
    it(`gives its devices away when a member leaves ${how}, with what is missing to the message`, () => {
      startDevices(world, broker, TOPICS);
      const [a] = ['a', 'b', 'c'].map((id) => member(id));
      world.run(8_000);
      const before = owners(world.now - 500);
      const leftAt = world.now;
      a?.group.leave(how);
      world.run(20);
      a?.kill();
      world.run(6_000);
      const moved = TOPICS.filter((topic) => before.get(topic)?.has('a'));
      for (const topic of moved) {
        const first = world.heard.find((one) => one.topic === topic && one.at > leftAt && one.member !== 'a');
        const last = world.heard.findLast((one) => one.topic === topic && one.member === 'a');
        assert.equal(first?.takenOver?.cause, 'left');
        assert.equal(first.takenOver.lastSeq, last?.number);
      }
      assert.equal(tally(6_000).twice, 0);
      assert.ok(tally(6_000).worstMissed <= (how === 'for-good' ? 1 : 13), `${tally(6_000).worstMissed}`);
      assert.deepEqual(
        [...broker.retained.keys()].sort(),
        ['b', 'c'].map((id) => `deeptone/groups/home/members/${id}`),
      );
    });
  }

  it('comes back together when the broker was restarted, and moves nothing', () => {
    startDevices(world, broker, TOPICS);
    const members = ['a', 'b', 'c'].map((id) => member(id));
    world.run(8_000);
    const before = owners(world.now - 500);
    for (const one of members) one.disconnect();
    broker.forget();
    world.run(1_000);
    for (const one of members) {
      one.connect();
      world.run(500);
    }
    world.run(8_000);
    assert.deepEqual(owners(world.now - 500), before);
    assert.ok(!members.some(({ events }) => events.some(({ kind }) => kind === 'taken')));
    assert.equal(tally(6_000).twice, 0);
  });

  it('does not wait for ever for members of whom only a broker tells', () => {
    for (const id of ['x', 'y', 'z']) {
      const payload = JSON.stringify({
        session: id,
        beat: 1,
        agreement: { filter: 'audio/+/pcm', lostMs: 4_000 },
      });
      broker.publish({ topic: `deeptone/groups/home/members/${id}`, payload, retain: true });
    }
    startDevices(world, broker, TOPICS);
    const one = member('a');
    world.run(4_500);
    assert.deepEqual(one.group.members, ['a']);
    assert.deepEqual([...broker.retained.keys()], ['deeptone/groups/home/members/a']);
    assert.equal(owners(world.now - 300).size, TOPICS.length);
  });

  it('knows no more members and topics than it may', () => {
    const one = member('a');
    world.run(3_000);
    for (let n = 0; n < 5_000; n += 1) {
      const payload = JSON.stringify({
        session: 's',
        beat: 1,
        agreement: { filter: 'audio/+/pcm', lostMs: 4_000 },
      });
      broker.publish({ topic: `deeptone/groups/home/members/fake-${n}`, payload, retain: false });
      broker.publish({ topic: `audio/random-${n}/pcm`, payload: '0', retain: false }, 0);
    }
    world.run(100);
    assert.equal(one.group.members.length, 65, 'itself, and 64 others');
    assert.match(one.warnings.join(), /more than 64 members/u);
    assert.match(one.warnings.join(), /more than 4096 topics/u);
    world.run(6_000);
    assert.deepEqual(one.group.members, ['a'], 'those who say nothing more have gone');
  });

  it('goes by its own clock alone', () => {
    startDevices(world, broker, TOPICS);
    const year = 365 * 86_400_000;
    const offsets = [0, -50 * year, 1_000 * year];
    const members = offsets.map((offset, n) => member(`m${n}`, { now: () => world.now + offset }));
    world.run(8_000);
    assert.ok(members.every(({ group }) => group.members.length === 3));
    assert.deepEqual(tally(5_000), { missed: 0, twice: 0, worstMissed: 0 });
  });

  it('keeps all topics of a device together', () => {
    const topics = TOPICS.flatMap((topic) => [topic, topic.replace('/pcm', '/copy')]);
    startDevices(world, broker, topics);
    const setup = { filter: 'audio/+/+', deviceOf: (topic: string) => topic.split('/')[1] };
    for (const id of ['a', 'b', 'c']) member(id, setup);
    world.run(8_000);
    const now = owners(world.now - 300);
    for (const topic of TOPICS) {
      assert.equal(now.get(topic)?.size, 1);
      assert.deepEqual(now.get(topic), now.get(topic.replace('/pcm', '/copy')));
    }
  });

  it('hears a new device at once, wherever it belongs', () => {
    startDevices(world, broker, TOPICS);
    for (const id of ['a', 'b', 'c']) member(id);
    world.run(10_000);
    const fresh = Array.from({ length: 20 }, (_, n) => `audio/new-${n}/pcm`);
    startDevices(world, broker, fresh);
    world.run(2_000);
    for (const topic of fresh) {
      const all = world.heard.filter((one) => one.topic === topic);
      assert.equal(new Set(all.map(({ number }) => number)).size, all.length, 'once');
      assert.ok((all[0]?.number ?? 99) <= 4, `${topic} from message ${all[0]?.number}`);
    }
  });

  it('refuses a filter that the broker deals out, and a name that is none', () => {
    assert.throws(() => member('a', { filter: '$share/g/audio/+/pcm' }), /leave \$share out/u);
    assert.throws(() => member('a', { name: 'a/#' }), /cannot be the name of a group/u);
    assert.throws(() => member('a', { filter: 'audio/#/pcm' }), /not an MQTT topic filter/u);
  });
});
