import assert from 'node:assert/strict';
import { checkOptions, optionEntries, optionNames, type WayIn } from '../../src/pipeline';
import type { Rule } from '../../src/rules';

const WAYS: readonly WayIn[] = ['file', 'bytes', 'chunk', 'stream', 'open', 'live'];
const NEEDED = { models: ['speech'], outputPeriod: 1_024 };

/** What each way in needs, and no more. */
function needed(way: WayIn): Readonly<Record<string, unknown>> {
  const names: readonly string[] = optionNames(way);
  return Object.fromEntries(Object.entries(NEEDED).filter(([name]) => names.includes(name)));
}

/** A value that breaks a rule. */
function breaking(rule: Rule): unknown {
  if (rule.type === 'number') return (rule.minimum ?? rule.above ?? 0) - 1;
  if (rule.type === 'list') return [5];
  return rule.type === 'object' ? 'text' : Symbol('neither');
}

describe('The options of every way in', () => {
  for (const way of WAYS) {
    it(`${way}: accepts what is needed, and each option at its default`, () => {
      checkOptions(way, needed(way));
      for (const { name, ways, default: fallback } of optionEntries()) {
        if (ways.includes(way)) checkOptions(way, { ...needed(way), [name]: fallback ?? needed(way)[name] });
      }
    });

    for (const { name, rule } of optionEntries().filter(({ ways }) => ways.includes(way))) {
      it(`${way}: refuses a wrong ${name}, naming it and what is accepted`, () => {
        assert.throws(
          () => {
            checkOptions(way, { ...needed(way), [name]: breaking(rule) });
          },
          (error: Error & { code?: string }) => {
            assert.equal(error.code, 'DEEPTONE_INVALID_ARGUMENT');
            assert.match(
              error.message,
              new RegExp(`^${name}[. ].* is .*: .*is accepted.*\\.$|^${name} is .*`),
            );
            return true;
          },
        );
      });
    }

    it(`${way}: refuses the options of other ways in, listing its own`, () => {
      for (const { name, ways } of optionEntries()) {
        if (ways.includes(way)) continue;
        assert.throws(
          () => {
            checkOptions(way, { ...needed(way), [name]: true });
          },
          new RegExp(`no option "${name}".*models`),
        );
      }
    });
  }

  it('have no more entries than anybody needs, and each is not looked at then', () => {
    const many = Array.from({ length: 1_001 }, (_, index) => `class-${index}`);
    const named = Object.fromEntries(many.map((name) => [name, 2])); // Each of them would be refused, too.
    for (const [options, message] of [
      [
        { decisions: { gender: { classes: many } } },
        /decisions\.gender\.classes has 1001 entries: up to 1000/u,
      ],
      [{ decisions: { gender: { thresholds: named } } }, /decisions\.gender\.thresholds has 1001 entries/u],
      [{ decisions: named }, /decisions has 1001 entries/u],
      [{ segments: { model: 'gender', results: many } }, /segments\.results has 1001 entries/u],
    ] as const) {
      assert.throws(() => {
        checkOptions('live', { ...NEEDED, ...options });
      }, message);
    }
    checkOptions('live', { ...NEEDED, decisions: { gender: { classes: many.slice(1) } } });
  });

  it('must have what is needed', () => {
    for (const way of WAYS) {
      for (const name of Object.keys(needed(way))) {
        assert.throws(
          () => {
            checkOptions(way, { ...needed(way), [name]: undefined });
          },
          new RegExp(`^InvalidArgumentError: ${name} is missing: .* accepted`),
        );
      }
    }
  });
});
