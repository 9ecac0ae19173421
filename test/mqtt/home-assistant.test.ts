import assert from 'node:assert/strict';
import { announcement } from '../../src/mqtt/home-assistant';

const MODELS = [
  { name: 'speech', title: 'Speech', classes: ['music', 'other', 'speech'] },
  { name: 'speaker-map', title: 'Speakers', classes: [] },
];

function announce(
  device: string,
  models: typeof MODELS = MODELS,
): { topic: string; retain: boolean; body: Record<string, unknown> } {
  const { topic, retain, payload } = announcement({
    discoveryPrefix: 'homeassistant',
    prefix: 'home/deeptone',
    device,
    availability: 'home/deeptone/availability',
    models,
    version: '1.2.3',
  });
  return { topic, retain, body: JSON.parse(payload) as Record<string, unknown> };
}

describe('The announcement of a device to Home Assistant', () => {
  it('is one retained message under the topic of device discovery', () => {
    const { topic, retain } = announce('kitchen');
    assert.equal(topic, 'homeassistant/device/deeptone__home_2fdeeptone__kitchen/config');
    assert.equal(retain, true);
  });

  it('names the device, its origin, and both topics that say whether it is there', () => {
    const { body } = announce('kitchen');
    assert.deepEqual(body['availability'], [
      { topic: 'home/deeptone/availability' },
      { topic: 'home/deeptone/kitchen/availability' },
    ]);
    assert.equal(body['availability_mode'], 'all');
    assert.equal((body['dev'] as { name: string }).name, 'kitchen');
    assert.equal((body['o'] as { sw: string }).sw, '1.2.3');
  });

  it('has a sensor per model and a binary sensor per class, which read what the board publishes', () => {
    const components = announce('kitchen').body['cmps'] as Record<string, Record<string, unknown>>;
    assert.deepEqual(Object.keys(components), [
      'speech',
      'speech__music',
      'speech__other',
      'speech__speech',
      'speaker-map',
      'level',
    ]);
    assert.equal(components['level']?.['state_topic'], 'home/deeptone/kitchen/state');
    assert.equal(components['level']['unit_of_measurement'], 'dBFS');
    assert.equal(components['level']['enabled_by_default'], false);
    assert.equal(components['speech']?.['state_topic'], 'home/deeptone/kitchen/state');
    assert.match(String(components['speaker-map']?.['value_template']), /results\['speaker-map'\]/);
    assert.equal(components['speech__speech']?.['state_topic'], 'home/deeptone/kitchen/speech/speech');
    assert.equal(components['speech__speech']['enabled_by_default'], false);
  });

  it('names the topic that the board publishes for a class whose name no topic can hold', () => {
    const pets = [{ name: 'pets', title: 'Pets', classes: ['dog/bark', 'cat+meow'] }];
    const components = announce('kitchen', pets).body['cmps'] as Record<string, Record<string, unknown>>;
    assert.deepEqual(
      Object.values(components).flatMap(({ p, state_topic }) => (p === 'binary_sensor' ? [state_topic] : [])),
      ['home/deeptone/kitchen/pets/dog-bark', 'home/deeptone/kitchen/pets/cat-meow'],
    );
  });

  it('never gives two devices the same identity', () => {
    assert.notEqual(announce('küche').topic, announce('k_che').topic);
    assert.match(announce('küche').topic, /^[a-zA-Z0-9_/-]+$/);
  });
});
