/** Scripts that complete command lines, made of the commands as they are. */
import type { Argument, Command, Option } from 'commander';
import type { Shell } from './completion-shells';

/** One command with what can follow it. */
interface Completed {
  /** Names down to it: `license issue`; empty for the program itself. */
  readonly words: string;
  readonly options: readonly Option[];
  readonly commands: readonly Command[];
  /** Values of its first argument; empty where that is a file or anything. */
  readonly values: readonly string[];
}

/** The script for one shell. @param program with all its commands */
export function completion(program: Command, shell: Shell): string {
  const all = completedOf(program, '');
  switch (shell) {
    case 'bash':
      return bash(all);
    case 'zsh':
      // The functions of bash work there.
      return `#compdef deeptone\nautoload -U +X bashcompinit && bashcompinit\n${bash(all)}`;
    case 'fish':
      return fish(all);
  }
}

function completedOf(command: Command, words: string): readonly Completed[] {
  const { commands, options, registeredArguments } = command as Command & {
    readonly registeredArguments: readonly Argument[];
  };
  const own = { words, options: options.filter(({ hidden }) => !hidden), commands };
  const inside = commands.flatMap((one) => completedOf(one, `${words} ${one.name()}`.trim()));
  return [{ ...own, values: registeredArguments[0]?.argChoices ?? [] }, ...inside];
}

function bash(all: readonly Completed[]): string {
  const cases = all.map(({ words, options, commands, values }) => {
    const flags = options.flatMap(({ short, long }) => [short, long].filter((flag) => flag !== undefined));
    const next = [...commands.map((command) => command.name()), ...values];
    return `    '${words}') flags='${[...flags, '--help'].join(' ')}'; words='${next.join(' ')}' ;;`;
  });
  const choices = all.flatMap(({ words, options }) =>
    options
      .filter(({ argChoices }) => argChoices !== undefined)
      .flatMap(({ short, long, argChoices = [] }) =>
        [short, long]
          .filter((flag) => flag !== undefined)
          .map(
            (flag) =>
              `    '${words} ${flag}') COMPREPLY=($(compgen -W '${argChoices.join(' ')}' -- "$word")); return ;;`,
          ),
      ),
  );
  const paths = all.filter(({ commands }) => commands.length === 0).map(({ words }) => words);
  return `_deeptone() {
  local word="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}" command='' flags='' words='' at
  for ((at = 1; at < COMP_CWORD; at++)); do
    case "$command \${COMP_WORDS[at]}" in
${all
  .filter(({ words }) => words !== '')
  .map(({ words }) => `      '${words.includes(' ') ? words : ` ${words}`}') command='${words}' ;;`)
  .join('\n')}
    esac
  done
  case "$command $before" in
${choices.join('\n')}
  esac
  case "$command" in
${cases.join('\n')}
  esac
  if [[ "$word" == -* ]]; then
    COMPREPLY=($(compgen -W "$flags" -- "$word"))
  elif [[ -n "$words" ]]; then
    COMPREPLY=($(compgen -W "$words" -- "$word"))
  else
    COMPREPLY=()
  fi
}
# Where nothing is known, files are completed: ${paths.join(', ')}.
complete -o default -F _deeptone deeptone
`;
}

function fish(all: readonly Completed[]): string {
  return all
    .flatMap(({ words, options, commands, values }) => {
      const names = commands.map((command) => command.name());
      const seen = words.split(' ').map((word) => `__fish_seen_subcommand_from ${word}`);
      const here = [
        ...(words === '' ? [] : seen),
        ...(names.length > 0 ? [`not __fish_seen_subcommand_from ${names.join(' ')}`] : []),
      ].join('; and ');
      const begin = `complete -c deeptone${here === '' ? '' : ` -n ${quoted(here)}`}`;
      return [
        ...commands.map((command) => `${begin} -f -a ${command.name()} -d ${quoted(command.description())}`),
        ...(values.length > 0 ? [`${begin} -f -a ${quoted(values.join(' '))}`] : []),
        ...options.map(({ short, long, description, argChoices, required }) => {
          const flags = [short && `-s ${short.slice(1)}`, long && `-l ${long.slice(2)}`]
            .filter(Boolean)
            .join(' ');
          const value = argChoices ? ` -x -a ${quoted(argChoices.join(' '))}` : required ? ' -r' : '';
          return `${begin} ${flags}${value} -d ${quoted(description)}`;
        }),
      ];
    })
    .map((line) => `${line}\n`)
    .join('');
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
