/** The flags of `deeptone serve`. What they mean is in `serve-settings.ts`, which only that command loads. */
import { type Command, Option } from 'commander';
import type { Protocol } from '../serve';
import type { GapAction, WhenFull } from '../streams';
import type { EngineFlags } from './engine-flags';
import type { OptionFlags } from './option-flags';
import { names, notNegative, wholeNumber } from './option-values';

/** What streams tell that can be written to standard output. */
export const PRINTED = ['steps', 'transitions', 'summaries', 'events'] as const;
/** Home Assistant's own prefix of discovery. */
export const HOME_ASSISTANT = 'homeassistant';
const PROTOCOLS = ['auto', '5', '3.1.1'] as const satisfies readonly Protocol[];
const WHEN_FULL = ['drop-oldest', 'drop-newest', 'error'] as const satisfies readonly WhenFull[];
const GAPS = ['silence', 'reset', 'ignore'] as const satisfies readonly GapAction[];

export interface ServeFlags extends OptionFlags<'serve'>, EngineFlags {
  readonly mqtt?: string;
  readonly topic?: string;
  readonly qos: '0' | '1' | '2';
  readonly protocol: Protocol;
  readonly clientId?: string;
  readonly keepalive: number;
  readonly usernameFile?: string;
  readonly passwordFile?: string;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly markPrefix?: boolean;
  readonly worker?: string;
  readonly shard?: string;
  readonly group?: string;
  /** Seconds. */
  readonly lostAfter?: number;
  readonly device?: string;
  readonly results: boolean;
  readonly prefix: string;
  readonly retain: boolean;
  readonly maxDevices: number;
  /** Days. */
  readonly forgetAfter: number;
  readonly homeAssistant?: string | true;
  readonly print?: readonly string[];
  readonly http?: string;
  readonly maxStreams?: number;
  /** Seconds. */
  readonly idle?: number;
  readonly summaryEvery?: number;
  readonly waiting?: number;
  readonly waitingTotal?: number;
  readonly whenFull?: WhenFull;
  readonly gaps?: GapAction;
  readonly pause?: number;
  readonly longestGap?: number;
  /** Milliseconds. */
  readonly minimum?: number;
  readonly hold?: number;
  /** Seconds. */
  readonly grace: number;
}

/** @param command gets the flags of {@link ServeFlags} but for those of options and engine */
export function addServeFlags(command: Command): Command {
  addBrokerFlags(command);
  addResultFlags(command);
  return addLiveFlags(command);
}

function addBrokerFlags(command: Command): void {
  command
    .option(
      '--mqtt <url>',
      'the broker: mqtt://HOST:PORT, mqtts, ws, wss; servers of a cluster with commas between them (default: DEEPTONE_MQTT_URL)',
    )
    .option(
      '--topic <filter>',
      'topics that devices send sound under, such as audio/+/pcm (default: DEEPTONE_MQTT_TOPIC)',
    )
    .addOption(
      new Option('--qos <level>', 'quality of service of the sound').choices(['0', '1', '2']).default('0'),
    )
    .addOption(
      new Option('--protocol <version>', 'version of MQTT; auto: 5, or 3.1.1 where the broker knows no other')
        .choices(PROTOCOLS)
        .default('auto'),
    )
    .option(
      '--client-id <id>',
      'name of this client at the broker; no two may have the same (default: a new one)',
    )
    .addOption(
      new Option('--keepalive <s>', 'seconds between two signs of life').argParser(wholeNumber).default(30),
    )
    .option('--username-file <file>', 'file with the user name (default: DEEPTONE_MQTT_USERNAME)')
    .option('--password-file <file>', 'file with the password (default: DEEPTONE_MQTT_PASSWORD)')
    .option('--ca <file>', 'PEM file of the authorities to trust (mqtts, wss; default: those of Node.js)')
    .option('--cert <file>', 'PEM file with the certificate of this client')
    .option('--key <file>', 'PEM file with the key of that certificate')
    .option(
      '--mark-prefix',
      'each message begins with seq and ts, 12 bytes (for MQTT 3.1.1, which has no user properties)',
    )
    .option(
      '--shard <k/n>',
      'hear only every device whose hash is K of N (0 to N-1); auto/N takes K from the end of the host name (default: DEEPTONE_SHARD)',
    )
    .option(
      '--group <name>',
      'share the devices with all workers and Node-REDs of this group; the client id is the name among them (default: DEEPTONE_GROUP)',
    )
    .addOption(
      new Option(
        '--lost-after <s>',
        'seconds without a word after which a member of the group is lost (default: 4)',
      ).argParser(notNegative),
    );
}

function addResultFlags(command: Command): void {
  command
    .option(
      '--device <pattern>',
      'where a topic holds the device, such as audio/{device}/pcm (default: what the wildcards stand for)',
    )
    .option(
      '--worker <name>',
      'name of this worker, where several publish under one prefix (default: by its shard or group)',
    )
    .option('--no-results', 'publish nothing')
    .option('--prefix <topic>', 'first levels of the topics of results', 'deeptone')
    .option('--no-retain', 'do not ask the broker to keep results for who comes later')
    .addOption(
      new Option('--max-devices <count>', 'devices whose results may stand on the broker')
        .argParser(wholeNumber)
        .default(256),
    )
    .addOption(
      new Option(
        '--forget-after <days>',
        'remove what stands there of a device that is gone for so long; 0 is never',
      )
        .argParser(notNegative)
        .default(30),
    )
    .option('--home-assistant [prefix]', `let devices appear in Home Assistant (prefix: ${HOME_ASSISTANT})`)
    .option(
      '--print <kinds>',
      `write what streams tell to standard output, a JSON object a line: ${PRINTED.join(', ')}`,
      names,
    )
    .option(
      '--http <address>',
      'answer /livez, /readyz, /health and /metrics at PORT of this machine alone, or at HOST:PORT (default: DEEPTONE_HTTP, then nowhere)',
    );
}

function addLiveFlags(command: Command): Command {
  const seconds = (flag: string, help: string): Option => new Option(flag, help).argParser(notNegative);
  return command
    .option('--max-streams <count>', 'live streams at once (default: 256)', wholeNumber)
    .addOption(
      seconds('--idle <s>', 'seconds without sound after which a stream ends; 0 is never (default: 30)'),
    )
    .addOption(
      seconds('--summary-every <s>', 'seconds of sound between two running summaries (default: none)'),
    )
    .addOption(seconds('--waiting <s>', 'seconds of sound that may wait per stream (default: 60)'))
    .addOption(
      seconds('--waiting-total <s>', 'seconds of sound that may wait over all streams (default: 600)'),
    )
    .addOption(
      new Option('--when-full <policy>', 'what to give up beyond (default: drop-oldest)').choices(WHEN_FULL),
    )
    .addOption(
      new Option('--gaps <action>', 'what to do about sound that never came (default: silence)').choices(
        GAPS,
      ),
    )
    .addOption(
      seconds(
        '--pause <s>',
        'seconds without a message that are a gap, without seq and ts; 0 is never (default: 3)',
      ),
    )
    .addOption(seconds('--longest-gap <s>', 'seconds that silence stands in for at most (default: 60)'))
    .addOption(seconds('--minimum <ms>', 'shortest phase that is published, in milliseconds (default: 0)'))
    .addOption(
      seconds(
        '--hold <ms>',
        'longest interruption that a phase goes on through, in milliseconds (default: 0)',
      ),
    )
    .addOption(seconds('--grace <s>', 'seconds for the last answers when it is stopped').default(10));
}
