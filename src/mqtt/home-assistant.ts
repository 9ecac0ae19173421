/**
 * Makes a device of the board appear in Home Assistant by itself, with MQTT discovery of whole devices (Home Assistant
 * 2024.12 or newer): a sensor per model that shows its result in words, a binary sensor per class, and a sensor of the level.
 * Those that most people want are there at once, Home Assistant leaves the others disabled until somebody wants them.
 *
 * Keys: https://www.home-assistant.io/integrations/mqtt/#device-discovery-payload, sensor.mqtt, binary_sensor.mqtt.
 */
import { GATE_LABELS } from '../insight';
import { deviceTitle, sensorIcon, sensorName, shownClass, statesOf } from './home-assistant-words';
import type { Publication } from './outbox';
import { topicLevel } from './topics';

export interface AnnouncedModel {
  readonly name: string;
  readonly title: string;
  readonly classes: readonly string[];
}

/** What is announced. */
export interface AnnouncedDevice {
  /** Home Assistant's own; `homeassistant` unless it is configured otherwise. */
  readonly discoveryPrefix: string;
  /** First levels of the topics of results. */
  readonly prefix: string;
  readonly device: string;
  /** Topic on which whoever publishes says that it is there. */
  readonly availability: string;
  readonly models: readonly AnnouncedModel[];
  /** Version of this package. */
  readonly version: string;
}

/** No model has this name. */
const LEVEL = 'level';
/** What a sensor that knows nothing is told; Home Assistant then says `unknown`. */
const NO_STATE = 'None';
const NOT_IN_AN_ID = /[^a-zA-Z0-9-]/gu;
const HOME_PAGE = 'https://github.com/deeptone/node-red#readme';

/** The message that announces a device; retained, so that Home Assistant finds it whenever it starts. */
export function announcement(announced: AnnouncedDevice): Publication {
  const { prefix, device, models, version } = announced;
  const id = identifier('deeptone', prefix, device);
  const payload = {
    dev: { ids: [id], name: deviceTitle(device), mf: 'DeepTone', mdl: 'Audio insight' },
    o: { name: '@deeptone/node-red', sw: version, url: HOME_PAGE },
    availability: [{ topic: announced.availability }, { topic: `${prefix}/${device}/availability` }],
    availability_mode: 'all',
    cmps: Object.fromEntries([
      ...models.flatMap((model) => components(announced, model)),
      levelSensor(announced),
    ]),
  };
  return { topic: discoveryTopic(announced), payload: JSON.stringify(payload), retain: true };
}

type Component = readonly [string, Readonly<Record<string, unknown>>];

function components(announced: AnnouncedDevice, model: AnnouncedModel): Component[] {
  const { prefix, device, models } = announced;
  const { name, title, classes } = model;
  const id = identifier('deeptone', prefix, device);
  const all = models.map((one) => one.name);
  const sensor = sensorName(name, title, all);
  const switches = classes.map((label): Component => {
    const shown = shownClass(name, label, sensor, all);
    return [
      identifier(name, label),
      {
        p: 'binary_sensor',
        name: shown.name,
        unique_id: identifier(id, name, label),
        state_topic: [prefix, device, topicLevel(name), topicLevel(label)].join('/'),
        ...(shown.isSound ? { device_class: 'sound' } : {}),
        icon: shown.icon,
        enabled_by_default: shown.enabled,
      },
    ];
  });
  return [resultSensor(announced, model, sensor), ...switches];
}

/** What a model hears, in words. With classes it is one of a list, which Home Assistant offers where automations are made. */
function resultSensor(
  { prefix, device }: AnnouncedDevice,
  { name, classes }: AnnouncedModel,
  sensor: string,
): Component {
  const result = `(value_json.results[${quoted(name)}] | default({}))`;
  const states = statesOf(name, [...classes, ...GATE_LABELS.filter((label) => !classes.includes(label))]);
  const words = states.filter(([label, word]) => label !== word);
  const table = words.map(([label, word]) => `${quoted(label)}: ${quoted(word)}`).join(', ');
  const found = `{% set found = ${result}.result | default(${quoted(NO_STATE)}) %}`;
  const isOpen = classes.length === 0;
  return [
    identifier(name),
    {
      p: 'sensor',
      name: sensor,
      unique_id: identifier('deeptone', prefix, device, name),
      state_topic: `${prefix}/${device}/state`,
      value_template: isOpen
        ? `${found}{{ {${table}}.get(found, found | replace('_', ' ')) }}`
        : `${found}{{ {${table}}.get(found, found) }}`,
      ...(isOpen ? {} : { device_class: 'enum', options: states.map(([, word]) => word) }),
      json_attributes_topic: `${prefix}/${device}/state`,
      json_attributes_template: `{{ ${result} | tojson }}`,
      icon: sensorIcon(name),
    },
  ];
}

/** Told at most once a second, and when it has changed by 3 dB. Home Assistant has no class for dBFS: its sound pressure is that of a room. */
function levelSensor({ prefix, device }: AnnouncedDevice): Component {
  return [
    LEVEL,
    {
      p: 'sensor',
      name: 'Level',
      unique_id: identifier('deeptone', prefix, device, LEVEL),
      state_topic: `${prefix}/${device}/state`,
      value_template: `{{ (value_json.level | default({})).mean | default(${quoted(NO_STATE)}) }}`,
      unit_of_measurement: 'dBFS',
      state_class: 'measurement',
      suggested_display_precision: 0,
      icon: 'mdi:volume-medium',
    },
  ];
}

function discoveryTopic({ discoveryPrefix, prefix, device }: AnnouncedDevice): string {
  return `${discoveryPrefix}/device/${identifier('deeptone', prefix, device)}/config`;
}

/** Letters, digits, `-` and `_` are allowed; two different names never become the same. */
function identifier(...parts: readonly string[]): string {
  return parts
    .map((part) =>
      part.replace(NOT_IN_AN_ID, (character) => `_${(character.codePointAt(0) ?? 0).toString(16)}`),
    )
    .join('__');
}

function quoted(text: string): string {
  return `'${text.replace(/['\\]/g, '\\$&')}'`;
}
