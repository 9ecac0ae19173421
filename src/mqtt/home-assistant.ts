/**
 * Makes a device of the board appear in Home Assistant by itself, with MQTT discovery of whole devices (Home Assistant
 * 2024.12 or newer): one sensor per model that shows its result, and one binary sensor per class and a sensor of the level,
 * which Home Assistant leaves disabled until somebody wants them.
 */
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
  readonly models: readonly {
    readonly name: string;
    readonly title: string;
    readonly classes: readonly string[];
  }[];
  /** Version of this package. */
  readonly version: string;
}

/** No model has this name. */
const LEVEL = 'level';
const NOT_IN_AN_ID = /[^a-zA-Z0-9-]/gu;
const HOME_PAGE = 'https://github.com/deeptone/node-red#readme';

/** The message that announces a device; retained, so that Home Assistant finds it whenever it starts. */
export function announcement(announced: AnnouncedDevice): Publication {
  const { prefix, device, models, version } = announced;
  const id = identifier('deeptone', prefix, device);
  const payload = {
    dev: { ids: [id], name: device, mf: 'DeepTone', mdl: 'Audio insight' },
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

function components(
  { prefix, device }: AnnouncedDevice,
  { name, title, classes }: AnnouncedModel,
): Component[] {
  const id = identifier('deeptone', prefix, device);
  const result: Component = [
    identifier(name),
    {
      p: 'sensor',
      name: title,
      unique_id: identifier(id, name),
      state_topic: `${prefix}/${device}/state`,
      value_template: `{{ (value_json.results[${quoted(name)}] | default({})).result | default('none') }}`,
    },
  ];
  const switches = classes.map((label): Component => [
    identifier(name, label),
    {
      p: 'binary_sensor',
      name: `${title}: ${label}`,
      unique_id: identifier(id, name, label),
      state_topic: [prefix, device, topicLevel(name), topicLevel(label)].join('/'),
      enabled_by_default: false,
    },
  ]);
  return [result, ...switches];
}

/** Disabled until somebody wants it: it changes all the time. */
function levelSensor({ prefix, device }: AnnouncedDevice): Component {
  return [
    LEVEL,
    {
      p: 'sensor',
      name: 'Level',
      unique_id: identifier('deeptone', prefix, device, LEVEL),
      state_topic: `${prefix}/${device}/state`,
      value_template: `{{ (value_json.level | default({})).mean | default(none) }}`,
      unit_of_measurement: 'dBFS',
      state_class: 'measurement',
      suggested_display_precision: 0,
      enabled_by_default: false,
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
