import { InvalidArgumentError } from '../errors';
import { say } from '../sentence';
import { checkNamedOptions, type Rule } from '../rules';
import { optionEntries } from './option-table';
import type { OptionsOf, WayIn } from './options';

const RULES = new Map<WayIn, Readonly<Record<string, Rule>>>();

/**
 * Checks the options of one way in. Unknown names are rejected, not ignored (decision 21). Which models there are, the engine knows.
 *
 * @throws InvalidArgumentError naming the option, its value and what is accepted
 */
export function checkOptions<Way extends WayIn>(
  way: Way,
  options: unknown,
): asserts options is OptionsOf[Way] {
  checkNamedOptions(options, rulesOf(way));
  const given = options as Readonly<Record<string, unknown>>;
  const missing = optionEntries().find(
    ({ name, ways, isRequired }) => isRequired && ways.includes(way) && given[name] === undefined,
  );
  if (missing) throw new InvalidArgumentError(say`${missing.name} is missing: ${missing.rule.accepted}.`);
}

function rulesOf(way: WayIn): Readonly<Record<string, Rule>> {
  const known = RULES.get(way);
  if (known) return known;
  const rows = optionEntries().filter(({ ways }) => ways.includes(way));
  const rules = Object.fromEntries(rows.map(({ name, rule }) => [name, rule]));
  RULES.set(way, rules);
  return rules;
}
