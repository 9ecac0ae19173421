import * as path from 'node:path';
import { fileURLToPath } from 'node:url';
import { InvalidArgumentError } from '../../errors';
import { say } from '../../sentence';
import { decodingArguments } from './ffmpeg-arguments';
import { formatWhitelist } from './live-formats';
import { SCRIPT_INPUT, scripted } from './live-script';
import { hasSecret, secretsOf, withoutPassword } from './secrets';

/** Sound cards, by the name of ffmpeg's input device: `alsa:hw:1` is the device `hw:1` of ALSA. */
const DEVICES: readonly string[] = ['alsa', 'pulse', 'jack', 'avfoundation', 'dshow'];

/** What a live source may be where nothing else is set: cameras, streams, playlists, sound cards and files. */
export const DEFAULT_PROTOCOLS: readonly string[] = [
  ...['rtsp', 'rtsps', 'rtp', 'udp', 'tcp', 'tls', 'http', 'https', 'hls', 'file'],
  ...['alsa', 'pulse', 'avfoundation', 'dshow'],
];

/** Protocols that carry others; an input that may be reached at all may be reached through them. */
const TRANSPORTS: readonly string[] = ['tcp', 'tls', 'udp', 'rtp', 'srtp', 'crypto'];

/** Input formats that fetch or make something else than what `input` names; each must be allowed by name. */
const OPENING_FORMATS: readonly string[] = [
  'lavfi',
  'concat',
  'image2',
  'x11grab',
  'kmsgrab',
  'v4l2',
  'libcdio',
];

/** Input options that say how to read, with a value each; none names another input, an output or a protocol. */
const OPTIONS_WITH_VALUE: readonly string[] = [
  ...[
    'f',
    'c:a',
    'acodec',
    'ar',
    'ac',
    'sample_rate',
    'channels',
    'ch_layout',
    'channel_layout',
    'sample_fmt',
  ],
  ...['ss', 't', 'itsoffset', 'readrate', 'stream_loop', 'thread_queue_size', 'use_wallclock_as_timestamps'],
  ...[
    'fflags',
    'flags',
    'probesize',
    'analyzeduration',
    'max_delay',
    'reorder_queue_size',
    'live_start_index',
  ],
  ...[
    'rtsp_transport',
    'rtsp_flags',
    'timeout',
    'stimeout',
    'rw_timeout',
    'buffer_size',
    'fifo_size',
    'pkt_size',
  ],
  ...[
    'user_agent',
    'headers',
    'cookies',
    'referer',
    'http_persistent',
    'icy',
    'seekable',
    'multiple_requests',
  ],
  ...[
    'reconnect',
    'reconnect_at_eof',
    'reconnect_streamed',
    'reconnect_delay_max',
    'overrun_nonfatal',
    'localaddr',
  ],
  ...['tls_verify', 'verifyhost', 'audio_buffer_size', 'frame_size', 'fragment_size', 'audio_device_number'],
];
const FLAGS: readonly string[] = ['re'];

export interface LiveInputOptions {
  /** See `LiveSourceOptions`. */
  readonly input: string;
  readonly inputOptions?: readonly string[];
  readonly allowedProtocols?: readonly string[];
  readonly realTime?: boolean;
  readonly loop?: boolean;
}

/** A script, and one for an ffmpeg before 5.0 where there is any. */
export interface LiveScript {
  readonly text: string;
  readonly older: string | undefined;
}

/** What ffmpeg is started with for a live source. */
export interface LiveInput {
  readonly args: readonly string[];
  /** For messages: the input without user name and password. */
  readonly name: string;
  readonly isFile: boolean;
  /** The address, the absolute path of the file, or the name of the sound card. */
  readonly address: string;
  readonly inputOptions: readonly string[];
  /**
   * What ffmpeg reads: what the arguments name; a script with what is secret in it, which is no argument; or the body of the address,
   * which is fetched here, where a script has no place for an option.
   */
  readonly stdin: 'nothing' | 'http' | LiveScript;
  /** What nobody must be told. */
  readonly secrets: readonly string[];
  /** Of a file that is open: where ffmpeg finds that very file. */
  readonly openedAt?: string;
}

/** The same input, read from a file that is open already. */
export function inputOpenedAt(input: LiveInput, openedAt: string): LiveInput {
  const source = `file:${input.address}`;
  const args = input.args.map((word) => (word === source ? `file:${openedAt}` : word));
  return { ...input, args, openedAt };
}

/** Whether an input of this scheme is a sound card. */
export function isDevice(scheme: string): boolean {
  return DEVICES.includes(scheme);
}

/** Options that say who asks: for the server that they were written for, and no other. */
const SECRET_OPTIONS: readonly string[] = ['-headers', '-cookies', '-referer'];

/** Options of HTTP, which ffmpeg has no use for where the body is fetched here. */
const HTTP_OPTIONS: readonly string[] = [
  ...SECRET_OPTIONS,
  ...['-user_agent', '-http_persistent', '-icy', '-seekable', '-multiple_requests', '-localaddr'],
  ...['-reconnect', '-reconnect_at_eof', '-reconnect_streamed', '-reconnect_delay_max'],
  ...['-timeout', '-rw_timeout', '-tls_verify', '-verifyhost'],
];
/** Parts of headers that are shorter are words such as `GET`. */
const SHORTEST_SECRET = 6;

/** Whether two addresses lead to the same server. */
export function isSameServer(a: string, b: string): boolean {
  if (!URL.canParse(a) || !URL.canParse(b)) return false;
  const [one, other] = [new URL(a), new URL(b)];
  return one.host !== '' && one.protocol === other.protocol && one.host === other.host;
}

/** Options for an address to which another one led. */
export function optionsForOthers(inputOptions: readonly string[]): readonly string[] {
  return inputOptions.filter(
    (option, n) => !SECRET_OPTIONS.includes(option) && !SECRET_OPTIONS.includes(inputOptions[n - 1] ?? ''),
  );
}

/**
 * Turns an input as a person writes it into arguments for ffmpeg, and refuses what is not allowed before anything is started.
 *
 * - `rtsp://...`, `http://...`: the protocol must be allowed; RTSP goes over TCP unless `inputOptions` say otherwise.
 * - `alsa:hw:1`, `pulse:default`: a sound card; the device's name must be allowed.
 * - a path, or `file:` and a path: `file` must be allowed. Played at its own speed unless `realTime` is false.
 *
 * What an address leads to (a playlist, a redirect) is held to the same list, by `readPlaylist` and by ffmpeg's own
 * protocol whitelist; what comes from the network never reaches a local file.
 *
 * @throws InvalidArgumentError naming what is not allowed and what is
 */
export function liveInput(options: LiveInputOptions): LiveInput {
  const { input, inputOptions = [], allowedProtocols = DEFAULT_PROTOCOLS } = options;
  if (input.trim() === '') {
    throw new InvalidArgumentError(
      say`A live source needs an input: an address, a sound card such as alsa:hw:1, or a file.`,
    );
  }
  const scheme = schemeOf(input);
  const name = withoutPassword(input);
  if (!allowedProtocols.includes(scheme)) {
    throw new InvalidArgumentError(
      say`The input "${name}" uses "${scheme}", which is not allowed. Allowed: ${allowedProtocols.join(', ')}. A file is named by its path, or by "file:" and its path.`,
    );
  }
  checkInputOptions(inputOptions, allowedProtocols);
  const isFile = scheme === 'file';
  const before = [
    ...[
      '-format_whitelist',
      formatWhitelist(isDevice(scheme) ? [scheme] : [], inputOptions, allowedProtocols),
    ],
    ...defaultOptions(scheme, options),
    ...inputOptions,
  ];
  const protocols = protocolWhitelist(allowedProtocols, isFile);
  const address = target(input, scheme);
  const common = { name, isFile, address, inputOptions, secrets: secretsIn(address, inputOptions) };
  const isSecret = hasSecret(address) || inputOptions.some((option) => SECRET_OPTIONS.includes(option));
  if (isFile || isDevice(scheme) || !isSecret) {
    const source = isFile ? `file:${address}` : address;
    return { ...common, args: argumentsOf(before, protocols, ['-i', source]), stdin: 'nothing' };
  }
  if (isHttp(scheme) && !isForScripts(before)) {
    const own = before.filter((_, n) => !isOf(before, n, HTTP_OPTIONS));
    return { ...common, args: argumentsOf(own, ['pipe'], ['-i', 'pipe:0'], true), stdin: 'http' };
  }
  const { options: kept, script, bareScript } = scripted(address, before, FLAGS);
  const args = argumentsOf(kept, ['pipe', ...protocols], SCRIPT_INPUT, true);
  // Options that nobody asked for are dropped where ffmpeg is too old for them: it tries TCP, too, if later.
  const older = inputOptions.length === 0 ? bareScript : undefined;
  return { ...common, args, stdin: { text: script, older } };
}

function argumentsOf(
  options: readonly string[],
  protocols: readonly string[],
  source: readonly string[],
  readsInput = false,
): readonly string[] {
  const input = [...options, '-protocol_whitelist', protocols.join(','), ...source];
  return decodingArguments(input, ['-flush_packets', '1'], readsInput);
}

function isHttp(scheme: string): boolean {
  return scheme === 'http' || scheme === 'https';
}

/** Whether a script can hold the options: it has no place for an input format, nor for lines. */
function isForScripts(options: readonly string[]): boolean {
  return !options.includes('-f') && !options.some((option) => /[\r\n]./u.test(option));
}

/** Whether an argument is one of some options, or its value. */
function isOf(args: readonly string[], at: number, options: readonly string[]): boolean {
  return options.includes(args[at] ?? '') || options.includes(args[at - 1] ?? '');
}

function secretsIn(address: string, inputOptions: readonly string[]): readonly string[] {
  const values = inputOptions.filter((_, n) => SECRET_OPTIONS.includes(inputOptions[n - 1] ?? ''));
  const parts = values.flatMap((value) => value.split(/[\r\n;]+|:\s/u).map((part) => part.trim()));
  return [...secretsOf(address), ...parts.filter((part) => part.length >= SHORTEST_SECRET)];
}

/** The word before the first colon; `file` for a path. One letter is a Windows drive. */
function schemeOf(input: string): string {
  const scheme = /^([a-z][a-z0-9+.-]+):/iu.exec(input)?.[1];
  return scheme?.toLowerCase() ?? 'file';
}

function target(input: string, scheme: string): string {
  if (DEVICES.includes(scheme)) return input.slice(scheme.length + 1);
  if (scheme !== 'file') return input;
  if (/^file:\/\//iu.test(input)) return fileURLToPath(input);
  return path.resolve(input.replace(/^file:/iu, ''));
}

function defaultOptions(scheme: string, options: LiveInputOptions): readonly string[] {
  const { inputOptions = [], realTime = true, loop = false } = options;
  const out: string[] = [];
  if (DEVICES.includes(scheme) && !inputOptions.includes('-f')) out.push('-f', scheme);
  if (scheme.startsWith('rtsp') && !inputOptions.includes('-rtsp_transport'))
    out.push('-rtsp_transport', 'tcp');
  if (scheme === 'file' && realTime && !inputOptions.includes('-re')) out.push('-re');
  if (loop && !inputOptions.includes('-stream_loop')) out.push('-stream_loop', '-1');
  return out;
}

function protocolWhitelist(allowed: readonly string[], isFile: boolean): readonly string[] {
  const protocols = allowed.filter((one) => !DEVICES.includes(one) && (isFile || one !== 'file'));
  const network = protocols.some((one) => one !== 'file');
  return [...new Set([...protocols, ...(network ? TRANSPORTS : [])])];
}

function checkInputOptions(options: readonly string[], allowed: readonly string[]): void {
  for (let at = 0; at < options.length; at++) {
    const option = options[at] ?? '';
    const name = option.startsWith('-') ? option.slice(1) : '';
    if (FLAGS.includes(name)) continue;
    if (!OPTIONS_WITH_VALUE.includes(name)) {
      throw new InvalidArgumentError(
        say`The ffmpeg input option "${option}" is not accepted. Accepted: ${[...FLAGS, ...OPTIONS_WITH_VALUE].map((one) => `-${one}`).join(' ')}.`,
      );
    }
    const value = options[++at];
    if (value === undefined) {
      throw new InvalidArgumentError(say`The ffmpeg input option "${option}" needs a value after it.`);
    }
    if (name === 'f' && [...OPENING_FORMATS, ...DEVICES].includes(value) && !allowed.includes(value)) {
      throw new InvalidArgumentError(
        say`The ffmpeg input format "${value}" is not allowed. Allowed: ${allowed.join(', ')}.`,
      );
    }
  }
}
