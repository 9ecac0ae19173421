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
    for (const topic of TOPICS) {
      const all = world.heard.filter((one) => one.topic === topic);
      const numbers = all.map(({ number }) => number);
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
    world.run(3_000);
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
          world.run(600);
          one.continue();
          world.run(4_000);
        }
        assert.deepEqual(tally(6_000), { missed: 0, twice: 0, worstMissed: 0 });
      });
    }
  }
});
