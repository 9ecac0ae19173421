import assert from 'node:assert/strict';
import { isOfShard, parseShard } from '../../src/serve/shard';
import { DeviceChoice } from '../../src/serve/device-choice';
import { deviceNames } from '../../src/mqtt';

describe('The shard of a worker', () => {
  it('is one of so many, or that of a pod of a StatefulSet', () => {
    assert.deepEqual(parseShard('0/1'), { index: 0, count: 1 });
    assert.deepEqual(parseShard('3/4'), { index: 3, count: 4 });
    assert.deepEqual(parseShard('auto/16', 'deeptone-worker-11'), { index: 11, count: 16 });
  });

  it('is nothing else', () => {
    for (const text of ['', '4', '/', '4/4', '-1/4', '0/0', '1.5/4', 'auto', 'auto/', '0/4/8', 'a/b']) {
      assert.throws(() => parseShard(text), /K\/N is accepted, with K from 0 to N - 1/, text);
    }
    assert.throws(() => parseShard('auto/4', 'laptop'), /the name of this host, "laptop", ends in no number/);
    assert.throws(() => parseShard('auto/4', 'worker-4'), /auto\/4 on the host "worker-4"/);
  });

  it('has each device in exactly one, about as many in each, and the same ones for ever', () => {
    const devices = Array.from({ length: 1_010 }, (_, n) => `mic-${n + 1}`);
    const shards = Array.from({ length: 4 }, (_, index) =>
      devices.filter((device) => isOfShard(device, { index, count: 4 })),
    );
    assert.equal(new Set(shards.flat()).size, devices.length);
    assert.equal(shards.flat().length, devices.length);
    for (const { length } of shards) assert.ok(length > 200 && length < 310, String(length));
    // By the first four bytes of a SHA-256, so that others can compute them.
    assert.deepEqual(
      ['kitchen', 'garden', 'hall', 'mic-1'].map((device) =>
        [0, 1, 2, 3].find((index) => isOfShard(device, { index, count: 4 })),
      ),
      [2, 0, 3, 1],
    );
  });

  it('has all topics of a device', () => {
    const deviceOf = deviceNames('audio/{device}/#', 'audio/#');
    for (let index = 0; index < 4; index++) {
      const choice = new DeviceChoice(deviceOf, { index, count: 4 });
      assert.equal(choice.keeps('audio/hall/left'), choice.keeps('audio/hall/right/loud'));
      assert.equal(choice.keeps('audio/hall/left'), choice.keepsDevice('hall'));
    }
  });
});
