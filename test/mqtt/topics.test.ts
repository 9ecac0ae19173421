import assert from 'node:assert/strict';
import { InvalidArgumentError } from '../../src/errors';
import { deviceNames, filtersOverlap, parseFilter, parsePrefix } from '../../src/mqtt/topics';

describe('An MQTT topic filter', () => {
  it('is read with and without a shared subscription', () => {
    assert.deepEqual(parseFilter(' audio/+/pcm '), {
      subscription: 'audio/+/pcm',
      filter: 'audio/+/pcm',
      share: undefined,
    });
    assert.deepEqual(parseFilter('$share/listeners/audio/#'), {
      subscription: '$share/listeners/audio/#',
      filter: 'audio/#',
      share: 'listeners',
    });
  });

  it('is refused with a sentence that shows the right form where MQTT would refuse it', () => {
    for (const wrong of [
      '',
      'audio/#/pcm',
      'audio/a+/pcm',
      'audio#',
      '$share/audio',
      '$share/a+/audio/#',
      'a\0b',
    ]) {
      assert.throws(
        () => parseFilter(wrong),
        (error: unknown) => error instanceof InvalidArgumentError && error.message.includes('audio/+/pcm'),
        wrong,
      );
    }
  });

  it('is read in no time, however long it is', () => {
    assert.throws(() => parseFilter(`${'/a'.repeat(30_000)}+`), InvalidArgumentError);
  });

  it('overlaps another where one topic can match both', () => {
    assert.equal(filtersOverlap('audio/#', 'audio/+/pcm'), true);
    assert.equal(filtersOverlap('audio/+/pcm', '+/kitchen/pcm'), true);
    assert.equal(filtersOverlap('audio/+/pcm', 'audio/+/opus'), false);
    assert.equal(filtersOverlap('audio', 'audio/+'), false);
    assert.equal(filtersOverlap('audio/#', 'audio'), true);
  });
});

describe('The device of a topic', () => {
  it('is what the pattern has in the place of {device}', () => {
    const device = deviceNames('hermes/audioServer/{device}/audioFrame', undefined);
    assert.equal(device('hermes/audioServer/livingroom/audioFrame'), 'livingroom');
    assert.equal(device('hermes/audioServer/livingroom/playFinished'), undefined);
    assert.equal(deviceNames('site/+/esp-{device}/#', undefined)('site/berlin/esp-4711/a/b'), '4711');
    assert.equal(deviceNames('site/{device}/#', undefined)('site/x'), 'x');
    assert.equal(deviceNames('a.b/{device}', undefined)('aXb/c'), undefined);
  });

  it('is what the wildcards of the filter stand for where there is no pattern', () => {
    assert.equal(deviceNames('', 'audio/+/pcm')('audio/kitchen/pcm'), 'kitchen');
    assert.equal(deviceNames(undefined, 'site/+/audio/#')('site/berlin/audio/hall/left'), 'berlin-hall-left');
    assert.equal(deviceNames(undefined, 'audio/kitchen')('audio/kitchen'), 'audio-kitchen');
    assert.equal(deviceNames(undefined, undefined)('any key at all'), 'any key at all');
  });

  it('is the whole topic where the filter does not match by the rules of MQTT', () => {
    assert.equal(deviceNames('', 'audio/+/pcm')('audio/kitchen/left/pcm'), 'audio-kitchen-left-pcm');
    assert.equal(deviceNames('', '#')('$SYS/broker/uptime'), '$SYS-broker-uptime');
    assert.equal(deviceNames('', 'a.c/+')('abc/d'), 'abc-d');
  });

  it('is safe as one level of a topic', () => {
    assert.equal(deviceNames(undefined, undefined)('a+b#c\u0000d'), 'a-b-c-d');
    assert.equal(deviceNames(undefined, undefined)('///'), undefined);
  });

  it('cannot be found by a pattern that does not say where it is', () => {
    for (const wrong of ['audio/+/pcm', '{device}/{device}', 'audio/#/{device}']) {
      assert.throws(() => deviceNames(wrong, undefined), InvalidArgumentError, wrong);
    }
  });
});

describe('The topic of results', () => {
  it('is a plain topic without a slash at its end', () => {
    assert.equal(parsePrefix(' home/deeptone/ '), 'home/deeptone');
    for (const wrong of ['', '/', 'a/+', '#', '$SYS/x'])
      assert.throws(() => parsePrefix(wrong), InvalidArgumentError);
  });
});
