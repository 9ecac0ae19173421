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

function componentsOf(device: string, models = MODELS): Record<string, Record<string, unknown>> {
  return announce(device, models).body['cmps'] as Record<string, Record<string, unknown>>;
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
    assert.equal((body['dev'] as { name: string }).name, 'Kitchen');
    assert.equal((body['o'] as { sw: string }).sw, '1.2.3');
  });

  it('has a sensor per model and a binary sensor per class, which read what the board publishes', () => {
    const components = componentsOf('kitchen');
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
    assert.equal(components['level']['state_class'], 'measurement');
    assert.equal(components['speech']?.['state_topic'], 'home/deeptone/kitchen/state');
    assert.equal(components['speech__speech']?.['state_topic'], 'home/deeptone/kitchen/speech/speech');
  });

  it('tells sensors of classes as a list of words, and those of speakers as free text', () => {
    const components = componentsOf('kitchen');
    const { device_class: kind, options } = components['speech'] ?? {};
    assert.equal(kind, 'enum');
    assert.deepEqual(options, ['music', 'other sound', 'speech', 'not clear', 'no speech', 'silence']);
    assert.equal(components['speaker-map']?.['device_class'], undefined);
    assert.equal(components['speaker-map']?.['options'], undefined);
    for (const { p, device_class: one, unit_of_measurement: unit, state_class: state } of Object.values(
      components,
    ))
      if (p === 'sensor' && one === 'enum') assert.deepEqual([unit, state], [undefined, undefined]);
  });

  it('calls things what people call them, and never two of a device the same', () => {
    const all = [
      { name: 'speech-rt', title: 'Speech, fast', classes: ['music', 'other', 'speech'] },
      { name: 'speech', title: 'Speech', classes: ['music', 'other', 'speech'] },
      { name: 'gender', title: 'Gender', classes: ['female', 'male'] },
      {
        name: 'audio-event',
        title: 'Human sounds',
        classes: ['nat_human_sounds', 'neg_human_sounds', 'pos_human_sounds', 'speech', 'music', 'noise'],
      },
      { name: 'pets', title: 'Pets', classes: ['dog', 'other'] },
    ];
    const named = (models: typeof all): readonly string[] =>
      Object.values(componentsOf('living-room', models)).map(({ name }) => String(name));
    const alone = named(all.filter(({ name }) => name !== 'speech'));
    assert.ok(
      ['Speech', 'Somebody speaks', 'Crying or screaming', 'Pets: dog'].every((one) => alone.includes(one)),
    );
    assert.equal(new Set(alone).size, alone.length, alone.join());
    const both = named(all);
    assert.equal(new Set(both).size, both.length, both.join());
    assert.equal((announce('living-room').body['dev'] as { name: string }).name, 'Living room');
  });

  it('has those switched on that people want, with the class of sounds where it is about a sound', () => {
    const models = [
      { name: 'speech-rt', title: 'Speech, fast', classes: ['music', 'other', 'speech'] },
      { name: 'gender', title: 'Gender', classes: ['female', 'male'] },
      { name: 'doorbell', title: 'Doorbell', classes: ['doorbell', 'other'] },
    ];
    const binary = Object.entries(componentsOf('hall', models)).filter(([, { p }]) => p === 'binary_sensor');
    const on = binary.filter(([, one]) => one['enabled_by_default'] === true).map(([key]) => key);
    assert.deepEqual(on, ['speech-rt__music', 'speech-rt__speech', 'doorbell__doorbell']);
    const sounds = binary.filter(([, one]) => one['device_class'] === 'sound').map(([key]) => key);
    assert.ok(sounds.includes('speech-rt__speech') && !sounds.includes('gender__female'));
  });

  it('names the topic that the board publishes for a class whose name no topic can hold', () => {
    const pets = [{ name: 'pets', title: 'Pets', classes: ['dog/bark', 'cat+meow'] }];
    const components = componentsOf('kitchen', pets);
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
