/**
 * What a value must be, as data, so that all who take values check in one way: options of the SDK and of an engine, settings of
 * live streams, catalogues of models in JSON, and the edit dialogs, which are served the rules of numbers.
 */
import { InvalidArgumentError } from './errors';
import { say, type Sentence, type Word } from './sentence';

interface Told {
  /** The end of a sentence that says what is accepted. */
  readonly accepted: Word;
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
interface SimpleRule<Type extends 'boolean' | 'function'> extends Told {
  readonly type: Type;
}
interface TextRule extends Told {
  readonly type: 'text';
  readonly pattern?: RegExp;
}
interface ChoiceRule extends Told {
  readonly type: 'choice';
  readonly choices: readonly (string | number)[];
}
interface ListRule<Of extends Rule = Rule> extends Told {
  readonly type: 'list';
  readonly of: Of;
  readonly isUnique?: boolean;
  /** How many there may be, where a sender may say it. */
  readonly most?: number;
}
interface ObjectRule extends Told {
  readonly type: 'object';
  /** Rules of what stands under these names, where it is there. */
  readonly fields?: Readonly<Record<string, Rule>>;
  readonly required?: readonly string[];
  /** Further names that are required, by the value of one. */
  readonly requiredBy?: {
    readonly name: string;
    readonly values: Readonly<Record<string, readonly string[]>>;
  };
  /** The rule of what stands under other names; `none`: there may be no others. Default: anything. */
  readonly others?: Rule | 'none';
  /** How many names there may be, where a sender may say them. */
  readonly most?: number;
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
  | SimpleRule<'function'>
  | TextRule
  | ChoiceRule
  // A name of its own: a type that holds itself must be an interface.
  | AnyListRule
  | ObjectRule
  | JudgedRule;
interface AnyListRule extends ListRule {
  readonly type: 'list';
}

/** The rules that fit a type of values. */
export type RuleFor<T> = [T] extends [number]
  ? NumberRule | ChoiceRule
  : [T] extends [boolean]
    ? SimpleRule<'boolean'>
    : [T] extends [string]
      ? TextRule | ChoiceRule
      : [T] extends [readonly (infer One)[]]
        ? ListRule<[unknown] extends [One] ? Rule : RuleFor<One>>
        : [T] extends [(...values: never[]) => unknown]
          ? SimpleRule<'function'>
          : ObjectRule | JudgedRule;

/** The rules of an object, one for each of its names. */
export type RulesFor<T> = { readonly [Name in keyof T]-?: RuleFor<NonNullable<T[Name]>> };

/** A value that breaks its rule. */
export interface Problem {
  /** Where it stands, its names apart by dots. */
  readonly path: string;
  /** What is wrong and what is accepted. */
  readonly sentence: Sentence;
}

/**
 * The first thing that breaks a rule; undefined where all is as it should be.
 *
 * @param path where the value stands
 */
export function problemWith(path: string, value: unknown, rule: Rule): Problem | undefined {
  if (!holds(rule, value)) {
    const given = rule.isSecret ? say`of type ${typeof value}` : describe(value);
    return { path, sentence: say`is ${given}: ${rule.accepted}` };
  }
  const inside = (name: string | number): string => (path === '' ? String(name) : `${path}.${name}`);
  if ('most' in rule && typeof value === 'object' && value !== null) {
    const count = Object.keys(value).length;
    // Not each is looked at then: that would take as long as there are.
    if (count > (rule.most ?? Infinity))
      return { path, sentence: say`has ${count} entries: up to ${rule.most ?? Infinity} are accepted` };
  }
  if (rule.type === 'list' && Array.isArray(value)) {
    return first(value.entries(), ([index, one]) => problemWith(inside(index), one, rule.of));
  }
  if (rule.type !== 'object' || !isPlainObject(value)) return undefined;
  const { fields = {}, required = [], requiredBy, others } = rule;
  const more = requiredBy ? (requiredBy.values[String(value[requiredBy.name])] ?? []) : [];
  const missing = [...required, ...more].find((name) => value[name] === undefined);
  if (missing !== undefined) {
    const accepted = fields[missing]?.accepted ?? say`it is needed`;
    return { path: inside(missing), sentence: say`is missing: ${accepted}` };
  }
  return first(Object.entries(value), ([name, one]) => {
    const own = Object.hasOwn(fields, name) ? fields[name] : others;
    if (own === 'none') {
      return { path: inside(name), sentence: say`is unknown. Accepted: ${Object.keys(fields).join(', ')}` };
    }
    return own === undefined || one === undefined ? undefined : problemWith(inside(name), one, own);
  });
}

function first<T>(items: Iterable<T>, problemOf: (item: T) => Problem | undefined): Problem | undefined {
  for (const item of items) {
    const problem = problemOf(item);
    if (problem) return problem;
  }
  return undefined;
}

/**
 * Checks an object of options, each by its rule; one that is undefined counts as left out.
 *
 * @throws InvalidArgumentError for anything but an object, an unknown name, and a value that breaks its rule
 */
export function checkNamedOptions(options: unknown, rules: Readonly<Record<string, Rule>>): void {
  if (!isPlainObject(options)) {
    throw new InvalidArgumentError(say`The options must be an object, not ${describe(options)}.`);
  }
  for (const [name, value] of Object.entries(options)) {
    const rule = Object.hasOwn(rules, name) ? rules[name] : undefined;
    if (!rule) {
      throw new InvalidArgumentError(
        say`There is no option "${name}". Accepted: ${Object.keys(rules).join(', ')}.`,
      );
    }
    checkValue(name, value, rule);
  }
}

/** @throws InvalidArgumentError naming the value and what is accepted; undefined counts as left out */
export function checkValue(name: string, value: unknown, rule: Rule): void {
  const problem = value === undefined ? undefined : problemWith(name, value, rule);
  if (problem) throw new InvalidArgumentError(say`${problem.path} ${problem.sentence}.`);
}

/** Whether a value itself is what its rule says; what is inside of it has rules of its own. */
function holds(rule: Rule, value: unknown): boolean {
  switch (rule.type) {
    case 'number':
      return typeof value === 'number' && isWithin(rule, value);
    case 'boolean':
    case 'function':
      return typeof value === rule.type;
    case 'text':
      return typeof value === 'string' && (rule.pattern?.test(value) ?? true);
    case 'choice':
      return rule.choices.some((choice) => choice === value);
    case 'list':
      return Array.isArray(value) && !(rule.isUnique && new Set(value).size < value.length);
    case 'object':
      return isPlainObject(value);
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

function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Names in an object that a message lists. */
const MOST_NAMES = 8;

/** A value in a few words, for messages. */
export function describe(value: unknown): string | Sentence {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'number' || typeof value === 'boolean' || value == null) return String(value);
  if (Array.isArray(value)) return say`an array`;
  if (typeof value !== 'object') return say`a ${typeof value}`;
  const names = Object.keys(value);
  return names.length > 0 && names.length <= MOST_NAMES
    ? say`an object with ${names.join(', ')}`
    : say`an object`;
}
