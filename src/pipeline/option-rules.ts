/**
 * What a value must be, as data, so that all who take values check by one rule: the SDK, the command line, and the edit
 * dialogs, which are served the rules of numbers.
 */
import { InvalidArgumentError } from '../errors';

interface Told {
  /** The end of a sentence that says what is accepted. */
  readonly accepted: string;
  /** The value may hold a secret by mistake and is not repeated. */
  readonly isSecret?: boolean;
}

/** What a number must be, without words. */
export interface NumberLimits {
  readonly whole?: boolean;
  readonly minimum?: number;
  /** A limit that is not reached itself. */
  readonly above?: number;
  readonly maximum?: number;
  readonly multipleOf?: number;
}
interface NumberRule extends Told, NumberLimits {
  readonly type: 'number';
}
interface SimpleRule<Type extends 'boolean' | 'text' | 'texts' | 'function'> extends Told {
  readonly type: Type;
}
interface ChoiceRule extends Told {
  readonly type: 'choice';
  readonly choices: readonly string[];
}
/** An object, without other names than these where there are any. */
interface ObjectRule extends Told {
  readonly type: 'object';
  readonly names?: readonly string[];
}
/** What only code can judge. */
interface JudgedRule extends Told {
  readonly type: 'judged';
  readonly holds: (value: unknown) => boolean;
}

/** What a value must be, and how that is told. */
export type Rule =
  | NumberRule
  | SimpleRule<'boolean'>
  | SimpleRule<'text'>
  | SimpleRule<'texts'>
  | SimpleRule<'function'>
  | ChoiceRule
  | ObjectRule
  | JudgedRule;

/** The rules that fit a type of values. */
export type RuleFor<T> = [T] extends [number]
  ? NumberRule
  : [T] extends [boolean]
    ? SimpleRule<'boolean'>
    : [T] extends [string]
      ? SimpleRule<'text'> | ChoiceRule
      : [T] extends [readonly string[]]
        ? SimpleRule<'texts'>
        : [T] extends [(...values: never[]) => unknown]
          ? SimpleRule<'function'>
          : ObjectRule | JudgedRule;

/**
 * Checks an object of options, each by its rule; one that is undefined counts as left out.
 *
 * @throws InvalidArgumentError for anything but an object, an unknown name, and a value that breaks its rule
 */
export function checkNamedOptions(options: unknown, rules: Readonly<Record<string, Rule>>): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new InvalidArgumentError(`The options must be an object, not ${describe(options)}.`);
  }
  for (const [name, value] of Object.entries(options)) {
    const rule = Object.hasOwn(rules, name) ? rules[name] : undefined;
    if (!rule) {
      throw new InvalidArgumentError(
        `There is no option "${name}". Accepted: ${Object.keys(rules).join(', ')}.`,
      );
    }
    checkValue(name, value, rule);
  }
}

/** @throws InvalidArgumentError naming the value and what is accepted; undefined counts as left out */
export function checkValue(name: string, value: unknown, rule: Rule): void {
  if (value === undefined || holds(rule, value)) return;
  const given = rule.isSecret ? `of type ${typeof value}` : describe(value);
  throw new InvalidArgumentError(`${name} is ${given}: ${rule.accepted}.`);
}

/** Whether a value is what its rule says. */
export function holds(rule: Rule, value: unknown): boolean {
  switch (rule.type) {
    case 'number':
      return typeof value === 'number' && isWithin(rule, value);
    case 'boolean':
    case 'function':
      return typeof value === rule.type;
    case 'text':
      return typeof value === 'string';
    case 'texts':
      return Array.isArray(value) && value.every((text) => typeof text === 'string');
    case 'choice':
      return typeof value === 'string' && rule.choices.includes(value);
    case 'object':
      return isPlainObject(value) && Object.keys(value).every((name) => rule.names?.includes(name) ?? true);
    case 'judged':
      return rule.holds(value);
  }
}

/** `resources/deeptone-editor.js` says the same of what stands in a field. */
function isWithin({ whole, minimum, above, maximum, multipleOf }: NumberLimits, value: number): boolean {
  return (
    Number.isFinite(value) &&
    !(whole === true && !Number.isSafeInteger(value)) &&
    !(minimum !== undefined && value < minimum) &&
    !(above !== undefined && value <= above) &&
    !(maximum !== undefined && value > maximum) &&
    !(multipleOf !== undefined && value % multipleOf !== 0)
  );
}

function isPlainObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Names in an object that a message lists. */
const MOST_NAMES = 8;

/** A value in a few words, for messages. */
export function describe(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'number' || typeof value === 'boolean' || value == null) return String(value);
  if (Array.isArray(value)) return 'an array';
  if (typeof value !== 'object') return `a ${typeof value}`;
  const names = Object.keys(value);
  return names.length > 0 && names.length <= MOST_NAMES ? `an object with ${names.join(', ')}` : 'an object';
}
