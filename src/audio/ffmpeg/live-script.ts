/**
 * Hands an address with what is secret in it to ffmpeg by its standard input: the arguments of a process can be read by every user of
 * the machine, and by whatever gathers diagnostics. ffmpeg reads a script of its concat demuxer there, of one entry.
 */
import { InvalidArgumentError } from '../../errors';
import { say } from '../../sentence';

/** Where the script is read. */
export const SCRIPT_INPUT: readonly string[] = ['-f', 'concat', '-safe', '0', '-i', 'pipe:0'];

/** Options of ffmpeg itself, or of its decoder, rather than of what is opened. */
const OF_THE_PROGRAM: readonly string[] = [
  ...['re', 'readrate', 'ss', 't', 'itsoffset', 'stream_loop', 'thread_queue_size', 'c:a', 'acodec', 'flags'],
];
/** Options of everything that is opened, the script included. */
const OF_BOTH: readonly string[] = ['fflags', 'probesize', 'analyzeduration'];

/** What the input may be; the script itself is one of what it must not be. */
const WHITELIST = 'format_whitelist';

export interface ScriptedInput {
  /** Options for ffmpeg's arguments. */
  readonly options: readonly string[];
  readonly script: string;
  /** The same without options, which scripts have none of before ffmpeg 5.0. */
  readonly bareScript: string;
}

/** Whether ffmpeg's words say that its scripts have no options. */
export function knowsNoOptions(words: string): boolean {
  return /unknown keyword 'option'/iu.test(words);
}

/**
 * @param address what is to be opened
 * @param options input options, as arguments: `['-rtsp_transport', 'tcp', '-re']`
 * @param flags names of the options that have no value
 * @throws InvalidArgumentError for what a script cannot hold
 */
export function scripted(
  address: string,
  options: readonly string[],
  flags: readonly string[],
): ScriptedInput {
  const kept: string[] = [];
  const lines: string[] = [];
  for (let at = 0; at < options.length; at++) {
    const option = options[at] ?? '';
    const name = option.slice(1);
    if (flags.includes(name)) {
      kept.push(option);
      continue;
    }
    const value = options[++at] ?? '';
    const isOfProgram = OF_THE_PROGRAM.includes(name);
    if (isOfProgram || OF_BOTH.includes(name)) kept.push(option, value);
    if (name === WHITELIST) kept.push(option, `concat,${value}`);
    if (!isOfProgram) lines.push(optionLine(name, value));
  }
  const file = ['ffconcat version 1.0', `file ${quoted(address, 'the address')}`];
  return { options: kept, script: [...file, ...lines, ''].join('\n'), bareScript: [...file, ''].join('\n') };
}

/** A script cannot say the format of an input, but which formats it may turn out to be. */
function optionLine(name: string, value: string): string {
  const text = value.replace(/[\r\n]+$/u, ''); // Those of HTTP headers, which ffmpeg puts back.
  return `option ${name === 'f' ? WHITELIST : name} ${quoted(text, `the option "-${name}"`)}`;
}

function quoted(text: string, what: string): string {
  if (/[\r\n\0]/u.test(text)) {
    throw new InvalidArgumentError(say`A live source takes no line break in ${what}.`);
  }
  return `'${text.replaceAll("'", "'\\''")}'`;
}
