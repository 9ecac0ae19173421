import { Argument, Command, Option } from 'commander';
import type { AnalyzeFlags } from './analyze';
import { SHELLS, type Shell } from './completion-shells';
import type { DemoFlags } from './demo';
import type { DoctorFlags } from './doctor';
import {
  addEngineFlags,
  addModelFlags,
  addPublicKeyFlag,
  ffmpegOption,
  modelSetOption,
  type EngineFlags,
} from './engine-flags';
import { ExitCode } from './exit-codes';
import { OUTPUT_FORMATS } from './formats';
import type { IssueFlags, ShowFlags, VerifyFlags } from './license';
import type { ModelsFlags } from './models';
import { addOptionFlags, type OptionFlags } from './option-flags';
import { names, wholeNumber } from './option-values';
import { addServeFlags, type ServeFlags } from './serve-flags';
import type { Terminal } from './terminal';
import type { TrainHeadFlags } from './train-head';
import { packageVersion } from '../version';

const ANALYZE_EXAMPLES = `
Short for --models is -m or --model, for --output-period -p.

Examples:
  deeptone analyze talk.mp3                           what is in it, in words
  deeptone analyze talk.mp3 -m all -f json            everything, for a program
  deeptone analyze meeting.wav -f rttm -o who.rttm    who speaks when
  deeptone analyze recordings --output-dir labels -f textgrid`;

/** What people type for other names, as other programs call them. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  '-m': '--models',
  '--model': '--models',
  '-p': '--output-period',
};

const EXIT_CODES = `
Exit codes:
  0    done
  1    some input could not be analysed; the rest was
  2    the command line is wrong; nothing was done
  3    it cannot run here (runtime, models, license); see deeptone doctor
  130  stopped by Ctrl-C`;

/**
 * Runs a command line. Each command loads its own code, so that none waits for what it does not need.
 *
 * @param signal aborts the command
 * @throws CommanderError (its message is written already), UsageError, DeeptoneError
 */
export async function runProgram(
  argv: readonly string[],
  terminal: Terminal,
  signal: AbortSignal,
): Promise<ExitCode> {
  let exitCode: ExitCode = ExitCode.Ok;
  const finishWith = async (code: Promise<ExitCode>): Promise<void> => {
    exitCode = await code;
  };

  const program = new Command('deeptone')
    .description(
      'Says what is in sound: speech, music, speakers, gender, age group, arousal, emotion, language, events.',
    )
    .version(packageVersion())
    .exitOverride()
    // What it says of a wrong command line repeats parts of it.
    .configureOutput({
      writeErr: (text) => {
        terminal.say(text.replace(/\n$/u, ''));
      },
    })
    .showHelpAfterError('Run it with --help to see what is accepted.')
    .addHelpText('after', EXIT_CODES);

  addEngineFlags(addOptionFlags(program.command('analyze'), 'analyze'))
    .description('say what is in sound files')
    .argument('<file...>', 'sound files, folders of them, or - for standard input; all but WAV takes ffmpeg')
    .addOption(
      new Option(
        '-f, --format <format>',
        'how answers are written (default: text on a terminal, else json)',
      ).choices(Object.keys(OUTPUT_FORMATS)),
    )
    .option('-o, --output <file>', 'write the answers to a file')
    .option('--output-dir <folder>', 'write a file of answers for each sound')
    .option('-q, --quiet', 'say nothing but errors')
    .addHelpText('after', ANALYZE_EXAMPLES)
    .action(async (files: string[], flags: AnalyzeFlags) => {
      const { analyze } = await import('./analyze.js');
      await finishWith(analyze(files, flags, terminal, signal));
    });

  addEngineFlags(addOptionFlags(program.command('stream'), 'stream'))
    .description('analyse sound from standard input while it comes in; one JSON object per line')
    .action(async (flags: OptionFlags<'stream'> & EngineFlags) => {
      const { stream } = await import('./stream.js');
      await finishWith(stream(flags, terminal, signal));
    });

  addEngineFlags(addServeFlags(addOptionFlags(program.command('serve'), 'serve')))
    .description('hear many devices over MQTT and publish what is in their sound, until it is stopped')
    .action(async (flags: ServeFlags) => {
      const { serve } = await import('./serve.js');
      await finishWith(serve(flags, terminal, signal));
    });

  addModelFlags(program.command('models'))
    .description('list the models: classes, receptive field, license')
    .option('--json', 'print JSON')
    .action(async (flags: ModelsFlags) => {
      const { listModels } = await import('./models.js');
      await finishWith(listModels(flags, terminal));
    });

  program
    .command('train-head')
    .description('train a small model of your own on recordings of new sounds')
    .argument('<folder>', 'folder with a sub-folder of recordings for each class')
    .requiredOption('--name <name>', 'name of the model, such as doorbell')
    .option('--title <title>', 'what lists of models call it (default: the name)')
    .requiredOption('--out <folder>', 'folder of models that it is put into; made if it is not there')
    .option(
      '--tap <tap>',
      'how far back it hears: tap_rt, tap_short, tap_medium, tap_long, tap_longest',
      'tap_medium',
    )
    .option('--replace', 'take the place of a model of the same name in the folder')
    .addOption(modelSetOption())
    .addOption(ffmpegOption())
    .option('--json', 'print JSON')
    .action(async (folder: string, flags: TrainHeadFlags) => {
      const { trainHead } = await import('./train-head.js');
      await finishWith(trainHead(folder, flags, terminal, signal));
    });

  addEngineFlags(program.command('doctor'))
    .description('say what would keep DeepTone from running here, and what to do')
    .option('--json', 'print JSON')
    .action(async (flags: DoctorFlags) => {
      const { doctor } = await import('./doctor.js');
      await finishWith(doctor(flags, terminal, signal));
    });

  program
    .command('demo')
    .description('start a Node-RED on this machine alone, with a page that shows what is in sounds')
    .option('--folder <folder>', 'where it is put, and what is changed in it is kept', 'deeptone-demo')
    .option('--port <port>', 'its port (default: PORT, then 1880, or a free one)', wholeNumber)
    .action(async (flags: DemoFlags) => {
      const { demo } = await import('./demo/index.js');
      await finishWith(demo(flags, terminal, signal));
    });

  licenseCommands(
    program.command('license').description('make, issue, inspect and verify licenses'),
    terminal,
    signal,
    finishWith,
  );

  program
    .command('completion')
    .description('print what completes command lines in a shell')
    .addArgument(new Argument('<shell>', 'which shell').choices(SHELLS))
    .action(async (shell: Shell) => {
      const { completion } = await import('./completion.js');
      await terminal.write(completion(program, shell));
    });

  await program.parseAsync(renamed(argv));
  return exitCode;
}

/** A command line by the names that the options have; what is behind `--` is no option. */
function renamed(argv: readonly string[]): string[] {
  const end = argv.indexOf('--');
  return argv.map((argument, index) => {
    if (end >= 0 && index > end) return argument;
    const [, name = argument, value = ''] = /^(--\w[\w-]*)(=.*)$/su.exec(argument) ?? [];
    const own = Object.hasOwn(OTHER_NAMES, name) ? OTHER_NAMES[name] : undefined;
    return own === undefined ? argument : own + value;
  });
}

function licenseCommands(
  license: Command,
  terminal: Terminal,
  signal: AbortSignal,
  finishWith: (code: Promise<ExitCode>) => Promise<void>,
): void {
  license
    .command('keygen')
    .description('make a key pair: <name>.private.pem and <name>.public.pem')
    .argument('<name>', 'path and beginning of the file names')
    .action(async (name: string) => {
      const { keygen } = await import('./license.js');
      await finishWith(keygen(name, terminal));
    });

  license
    .command('issue')
    .description('sign a license and print its key')
    .requiredOption('--private-key <file>', 'private key, as keygen writes it')
    .requiredOption('--licensee <name>', 'whom the license is for')
    .option('--models <names>', 'models that it allows, with commas between them; * is all', names, ['*'])
    .option(
      '--max-streams <count>',
      'streams that may be analysed at the same time (default: no limit)',
      wholeNumber,
    )
    .option('--not-before <time>', 'first day or moment (default: now)')
    .option('--expires <time>', 'day or moment from which on it no longer holds')
    .option('--days <count>', 'how many days it holds', wholeNumber)
    .option('--id <id>', 'license id (default: a new UUID)')
    .option('--out <file>', 'write the key to a new file, readable by its owner only')
    .action(async (flags: IssueFlags) => {
      const { issue } = await import('./license.js');
      await finishWith(issue(flags, terminal));
    });

  const file = [
    '[file]',
    'file with the license key, - for standard input (default: the license in use here)',
  ] as const;
  license
    .command('inspect')
    .description('show what a license key says, whoever signed it')
    .argument(...file)
    .option('--json', 'print JSON')
    .action(async (name: string | undefined, flags: ShowFlags) => {
      const { inspect } = await import('./license.js');
      await finishWith(inspect(name, flags, terminal, signal));
    });

  addPublicKeyFlag(license.command('verify'))
    .description('say whether a license holds here and now')
    .argument(...file)
    .option('--json', 'print JSON')
    .action(async (name: string | undefined, flags: VerifyFlags) => {
      const { verify } = await import('./license.js');
      await finishWith(verify(name, flags, terminal, signal));
    });
}
