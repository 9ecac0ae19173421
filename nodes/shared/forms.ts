/** What the edit dialogs know of the nodes, as the editor is served it with its settings. See `resources/deeptone-form.js`. */
import { ENCODINGS } from '../../src/audio';
import type { NumberLimits } from '../../src/rules';
import { FIELDS, type Field } from './fields';
import { TRUSTS } from './message-format';
import { MIGRATIONS, SETTINGS_VERSION, type MigrationStep } from './migrate';

interface ServedField {
  readonly limits: NumberLimits;
  readonly default?: number;
}

export interface Forms {
  /** Fields with numbers, by node and name. */
  readonly fields: Readonly<Record<string, Readonly<Record<string, ServedField>>>>;
  readonly encodings: readonly string[];
  readonly trusts: readonly string[];
  readonly version: number;
  readonly migrations: Readonly<Record<string, readonly MigrationStep[]>>;
}

const fields: Readonly<Record<string, Readonly<Record<string, Field>>>> = FIELDS;

export const FORMS: Forms = {
  fields: mapValues(fields, (ofNode) =>
    mapValues(ofNode, ({ rule: { whole, minimum, above, maximum, multipleOf }, default: fallback }) => ({
      limits: { whole, minimum, above, maximum, multipleOf },
      default: fallback,
    })),
  ),
  encodings: ENCODINGS,
  trusts: TRUSTS,
  version: SETTINGS_VERSION,
  migrations: MIGRATIONS,
};

function mapValues<T, R>(
  values: Readonly<Record<string, T>>,
  change: (value: T) => R,
): Readonly<Record<string, R>> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, change(value)]));
}
