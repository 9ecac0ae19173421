/**
 * Flows keep the settings of a node as the version that saved them wrote them. What has changed since stands here as data: nodes
 * migrate what they are started with, the editor what it loads, so that the next deployment saves it.
 */

/** The version of the settings that nodes are saved with now. What 0.1.0 saved says no version, which is 0. */
export const SETTINGS_VERSION = 1;

/** What changed with one version; by the names and values of the version before. */
export interface MigrationStep {
  readonly version: number;
  /** New names of settings, by the old ones. */
  readonly renamed?: Readonly<Record<string, string>>;
  /** New values of settings, by the old ones. */
  readonly replaced?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** One word for one unit: messages wait by number, live audio by seconds. */
const WAITING_MESSAGES = { waiting: 'waitingMessages' };
/** The sources of a format, in order, as the stream node has always named them. */
const TRUST = { trust: { message: 'message,mqtt,setting', mqtt: 'mqtt,message,setting' } };

export const MIGRATIONS: Readonly<Record<string, readonly MigrationStep[]>> = {
  'deeptone-engine': [],
  'deeptone-file': [{ version: 1, renamed: WAITING_MESSAGES }],
  'deeptone-bytes': [{ version: 1, renamed: WAITING_MESSAGES, replaced: TRUST }],
  'deeptone-chunk': [{ version: 1, renamed: WAITING_MESSAGES, replaced: TRUST }],
  'deeptone-stream': [
    { version: 1, renamed: { waiting: 'waitingSeconds', waitingTotal: 'waitingSecondsTotal' } },
  ],
  'ui-deeptone-timeline': [],
  'ui-deeptone-live': [],
  'ui-deeptone-input': [],
};

/**
 * The settings of a node as the present version writes them. `resources/deeptone-editor.js` does the same in the editor.
 *
 * @param saved is left as it is
 */
export function migrated<Config extends object>(type: string, saved: Config): Config {
  const settings = new Map<string, unknown>(Object.entries(saved));
  const version = settings.get('version');
  const from = typeof version === 'number' ? version : 0;
  for (const { version, renamed = {}, replaced = {} } of MIGRATIONS[type] ?? []) {
    if (version <= from) continue;
    for (const [before, after] of Object.entries(renamed)) {
      if (isEmpty(settings.get(after)) && settings.has(before)) settings.set(after, settings.get(before));
      settings.delete(before);
    }
    for (const [name, values] of Object.entries(replaced)) {
      const value = settings.get(name);
      if (typeof value === 'string' && Object.hasOwn(values, value)) settings.set(name, values[value]);
    }
  }
  settings.set('version', Math.max(from, SETTINGS_VERSION));
  return Object.fromEntries(settings) as Config;
}

function isEmpty(value: unknown): boolean {
  return value === undefined || value === null || value === '';
}
