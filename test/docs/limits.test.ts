import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { FIELDS, type Field } from '../../nodes/shared/fields';
import { DEFAULT_LIVE_SETTINGS } from '../../src/streams';
import { ROOT } from '../package/consumer';

interface Row {
  readonly limit: string;
  readonly default: string;
  readonly names: readonly string[];
  readonly tests: readonly string[];
}

function rowsOf(page: string): readonly Row[] {
  const lines = page
    .split('\n')
    .filter((line) => /^\| (?!limit |---)/.test(line) && !line.startsWith('|---'));
  return lines.map((line) => {
    const [limit = '', standard = '', set = '', , proof = ''] = line.split('|').slice(1, -1);
    return {
      limit: limit.trim(),
      default: standard.trim(),
      names: [...set.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name),
      tests: [...proof.matchAll(/\]\(([^)]+)\)/g)].map(([, path = '']) => path),
    };
  });
}

/** Numbers by their names, those of inner objects with a dot. */
function flat(value: object, prefix = ''): readonly (readonly [string, number])[] {
  return Object.entries(value).flatMap(([name, one]: [string, unknown]) => {
    if (typeof one === 'number') return [[prefix + name, one] as const];
    return typeof one === 'object' && one !== null ? flat(one, `${prefix}${name}.`) : [];
  });
}

/** By the end of a name: milliseconds, bytes. */
const UNITS: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  Ms: { ms: 1, s: 1_000, min: 60_000, h: 3_600_000 },
  Bytes: { '': 1, MiB: 2 ** 20, GiB: 2 ** 30 },
};

/** The number that a cell says, in the unit that the name says. */
function numberIn(cell: string, name: string): number {
  const [, digits = '', unit = ''] = /^([\d,]+)\s*(\w*)/.exec(cell) ?? [];
  const number = Number(digits.replaceAll(',', ''));
  const units = Object.entries(UNITS).find(([end]) => name.endsWith(end))?.[1];
  return units ? number * (units[unit] ?? units[''] ?? NaN) : number;
}

describe('The page of limits', () => {
  const rows = rowsOf(readFileSync(join(ROOT, 'docs/limits.md'), 'utf8'));
  const live = new Map(flat(DEFAULT_LIVE_SETTINGS));
  const nodes: Readonly<Record<string, Readonly<Record<string, Field>>>> = FIELDS;
  const fields = new Map<string, number>();
  for (const [node, ofNode] of Object.entries(nodes)) {
    for (const [name, field] of Object.entries(ofNode)) {
      if (field.default === undefined) continue;
      fields.set(name, field.default);
      fields.set(`${node}.${name}`, field.default);
    }
  }

  it('names for every limit a test that is there', () => {
    assert.ok(rows.length > 30);
    for (const { limit, tests } of rows) {
      assert.ok(tests.length > 0, limit);
      for (const test of tests) assert.ok(existsSync(join(ROOT, 'docs', test)), `${limit}: ${test}`);
    }
  });

  it('says the defaults that hold', () => {
    const checked = rows.flatMap(({ limit, default: said, names }) =>
      names.flatMap((name) => {
        const real = live.get(name) ?? fields.get(name);
        if (real === undefined) return [];
        assert.equal(numberIn(said, name), real, `${limit} (${name})`);
        return [name];
      }),
    );
    assert.ok(checked.length > 10, checked.join());
  });

  it('leaves out no limit of live streams that is set by a number', () => {
    const told = new Set(rows.flatMap(({ names }) => names));
    const limits = [...live].filter(([name, value]) => value > 0 && !name.startsWith('transitions.'));
    assert.deepEqual(
      limits.map(([name]) => name).filter((name) => !told.has(name)),
      [],
    );
  });
});
