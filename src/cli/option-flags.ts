/** The flags of the commands that analyse, by the table of options. */
import { type Command, Option } from 'commander';
import {
  type AnalysisCommand,
  type FlaggedName,
  optionEntries,
  type OptionName,
  type OPTIONS,
  type ValueOf,
} from '../pipeline';
import { json, names, number } from './option-values';

type Camel<Text extends string> = Text extends `${infer Head}-${infer Tail}`
  ? `${Head}${Capitalize<Camel<Tail>>}`
  : Text;
/** The property that commander makes of a flag: `outputPeriod` of `--output-period <ms>`. */
type Attribute<Flag extends string> = Flag extends `--${infer Name} <${string}>`
  ? Camel<Name>
  : Flag extends `--${infer Name}`
    ? Camel<Name>
    : never;

type AttributeOf<Name extends FlaggedName> = Attribute<(typeof OPTIONS)[Name]['flag']['flag']>;
type IsOf<
  Name extends FlaggedName,
  C extends AnalysisCommand,
> = C extends keyof (typeof OPTIONS)[Name]['flag']['help'] ? Name : never;
/** Options that a command line must give, or that have a default there. */
type AlwaysThere = {
  [Name in FlaggedName]: (typeof OPTIONS)[Name] extends { readonly isRequired: true } ? Name : never;
}[FlaggedName];
/** The format of raw samples is one flag for its encoding; rate and channels have flags of their own. */
type FlagValue<Name extends OptionName> = Name extends 'format' ? string : ValueOf<Name>;

/** What the flags of a command say, as commander gives it. */
export type OptionFlags<C extends AnalysisCommand> = {
  readonly [Name in AlwaysThere as AttributeOf<IsOf<Name, C>>]: FlagValue<Name>;
} & {
  readonly [Name in Exclude<FlaggedName, AlwaysThere> as AttributeOf<IsOf<Name, C>>]?: FlagValue<Name>;
};

/** What is run where nobody says what: what most people want to know of a sound. Both sets of models have these. */
const USUAL_MODELS = ['speech', 'gender', 'speaker-map', 'audio-event'];
/** Stands for every model. */
const ALL = 'all';

/** The models that are meant. */
export function modelsAsked(
  engine: { describeModels(): readonly { readonly name: string }[] },
  names: readonly string[],
): readonly string[] {
  const known = engine.describeModels().map(({ name }) => name);
  // A model of one's own may be called so.
  return names.includes(ALL) && !known.includes(ALL) ? known : names;
}

/** Adds the flags that the table has for a command. Their values are read here, and checked where all values are. */
export function addOptionFlags(command: Command, kind: AnalysisCommand): Command {
  for (const { name, flag, rule, isRequired, default: fallback } of optionEntries()) {
    const help = flag?.help[kind];
    if (!flag || help === undefined) continue;
    // What need not be given is left out, so that the engine's own default holds; the help names it.
    const named = isRequired || fallback === undefined ? '' : ` (default: ${JSON.stringify(fallback)})`;
    const option = new Option(flag.flag, help + named);
    if (rule.type === 'list') option.argParser(names);
    if (rule.type === 'number') option.argParser(number);
    if (flag.flag.endsWith('<json>')) option.argParser(json);
    if (name === 'models') option.default(USUAL_MODELS, USUAL_MODELS.join(','));
    else if (isRequired) option.default(fallback);
    command.addOption(option);
  }
  return command;
}

/** What the flags of a command ask for, by the names of the options. */
export function flaggedOptions(kind: AnalysisCommand, flags: object): Partial<Record<OptionName, unknown>> {
  const given = new Map<string, unknown>(Object.entries(flags));
  const named = optionEntries().flatMap(({ name, flag }) =>
    flag?.help[kind] !== undefined ? [[name, given.get(new Option(flag.flag).attributeName())] as const] : [],
  );
  return Object.fromEntries(named);
}
