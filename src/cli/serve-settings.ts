/** What the flags of `deeptone serve` and the environment ask for. */
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { declaredFormat } from '../audio';
import { loadCatalogue } from '../inference';
import { parseGroupName, parsePrefix } from '../mqtt';
import type { LiveOptions } from '../pipeline';
import {
  checkBrokerSettings,
  parseAddress,
  parseShard,
  sourceFilter,
  type BrokerSettings,
  type ResultSettings,
  type Shard,
  type WorkerSettings,
} from '../serve';
import { readText } from './engine-flags';
import { modelsAsked } from './option-flags';
import { names } from './option-values';
import { UsageError } from './report';
import { HOME_ASSISTANT, PRINTED, type ServeFlags } from './serve-flags';

export type Printed = (typeof PRINTED)[number];

const SECOND_MS = 1_000;
const DAY_MS = 24 * 3_600_000;
/** Seconds; as in the stream node. */
const SHORTEST_LOST_S = 1;
const LONGEST_LOST_S = 60;
const SHORTEST_TOKEN = 16;
/** Bytes of the random part of a client's name: two of a hundred thousand workers have the same once in a billion. */
const ID_BYTES = 8;

/** What is to be printed. @throws UsageError */
export function printedKinds(print: readonly string[] = []): ReadonlySet<Printed> {
  for (const kind of print) {
    if (!PRINTED.some((one) => one === kind)) {
      throw new UsageError(`--print names "${kind}": accepted are ${PRINTED.join(', ')}.`);
    }
  }
  return new Set(print as readonly Printed[]); // Looked at just now.
}

/**
 * The settings of a worker.
 *
 * @throws UsageError, InvalidArgumentError naming what is missing or not accepted
 */
export async function workerSettings(flags: ServeFlags, environment = process.env): Promise<WorkerSettings> {
  const url = flags.mqtt ?? text(environment['DEEPTONE_MQTT_URL']);
  const topic = flags.topic ?? text(environment['DEEPTONE_MQTT_TOPIC']);
  if (url === undefined)
    throw new UsageError('--mqtt is missing: the address of the broker, such as mqtt://localhost:1883.');
  if (topic === undefined)
    throw new UsageError('--topic is missing: what devices send sound under, such as audio/+/pcm.');
  const shardText = flags.shard ?? text(environment['DEEPTONE_SHARD']);
  const shard = shardText === undefined ? undefined : parseShard(shardText);
  const results = resultSettings(flags);
  const broker = await brokerSettings(url, shard, flags, environment);
  return {
    broker,
    filter: sourceFilter(topic, results),
    qos: Number(flags.qos) as 0 | 1 | 2, // One of the choices.
    markPrefix: flags.markPrefix ?? false,
    devicePattern: flags.device,
    shard,
    worker: flags.worker,
    group: groupSettings(flags, shard, environment),
    results,
    monitor: monitorSettings(flags, environment),
    options: liveOptions(flags),
    live: liveSettings(flags),
    format: statedFormat(flags),
    graceMs: flags.grace * SECOND_MS,
  };
}

/** @throws UsageError, InvalidArgumentError */
function groupSettings(
  flags: ServeFlags,
  shard: Shard | undefined,
  environment: NodeJS.ProcessEnv,
): WorkerSettings['group'] {
  const name = flags.group ?? text(environment['DEEPTONE_GROUP']);
  if (name === undefined) {
    if (flags.lostAfter !== undefined)
      throw new UsageError('--lost-after is about the members of a group: --group is missing.');
    return undefined;
  }
  if (shard) throw new UsageError('A group and a shard both say which devices are heard: choose one.');
  const { lostAfter, clientId = hostname() } = flags;
  if (lostAfter !== undefined && (lostAfter < SHORTEST_LOST_S || lostAfter > LONGEST_LOST_S)) {
    throw new UsageError(
      `--lost-after is ${lostAfter}: ${SHORTEST_LOST_S} to ${LONGEST_LOST_S} seconds are accepted.`,
    );
  }
  const lostMs = lostAfter === undefined ? undefined : lostAfter * SECOND_MS;
  return { name: parseGroupName(name), member: clientId, lostMs };
}

async function brokerSettings(
  url: string,
  shard: Shard | undefined,
  flags: ServeFlags,
  environment: NodeJS.ProcessEnv,
): Promise<BrokerSettings> {
  const name = shard ? `deeptone-${shard.index}-of-${shard.count}` : 'deeptone';
  const settings: BrokerSettings = {
    urls: names(url),
    protocol: flags.protocol,
    clientId: flags.clientId ?? `${name}-${randomBytes(ID_BYTES).toString('hex')}`,
    username: await secret(flags.usernameFile, 'user name', environment['DEEPTONE_MQTT_USERNAME']),
    password: await secret(flags.passwordFile, 'password', environment['DEEPTONE_MQTT_PASSWORD']),
    ca: await pem(flags.ca, '--ca', 'certificate'),
    cert: await pem(flags.cert, '--cert', 'certificate'),
    key: await pem(flags.key, '--key', 'key'),
    keepalive: flags.keepalive,
    retain: flags.retain,
  };
  checkBrokerSettings(settings);
  return settings;
}

/** What a file holds, without the line end that editors put behind it; else what the environment says. */
async function secret(
  file: string | undefined,
  kind: string,
  otherwise: string | undefined,
): Promise<string | undefined> {
  if (file === undefined) return text(otherwise);
  const content = (await readText(file, kind)).replace(/\r?\n$/u, '');
  if (content === '') throw new UsageError(`The ${kind} file ${file} is empty.`);
  return content;
}

async function pem(file: string | undefined, flag: string, kind: string): Promise<string | undefined> {
  if (file === undefined) return undefined;
  const content = await readText(file, kind);
  if (!content.includes('-----BEGIN ')) {
    throw new UsageError(`${flag} ${file} holds no ${kind} in PEM form (-----BEGIN ...).`);
  }
  return content;
}

function resultSettings(flags: ServeFlags): ResultSettings | undefined {
  if (!flags.results) {
    if (flags.homeAssistant !== undefined) {
      throw new UsageError(
        '--home-assistant announces results, and --no-results publishes none: choose one.',
      );
    }
    return undefined;
  }
  const { prefix, maxDevices, forgetAfter, homeAssistant } = flags;
  const discovery = homeAssistant === true ? HOME_ASSISTANT : homeAssistant;
  return {
    prefix: parsePrefix(prefix),
    maxDevices,
    expireMs: forgetAfter * DAY_MS,
    discoveryPrefix: discovery === undefined ? undefined : parsePrefix(discovery),
  };
}

function monitorSettings(flags: ServeFlags, environment: NodeJS.ProcessEnv): WorkerSettings['monitor'] {
  const address = flags.http ?? text(environment['DEEPTONE_HTTP']);
  const token = text(environment['DEEPTONE_METRICS_TOKEN']);
  if (token !== undefined && token.length < SHORTEST_TOKEN) {
    throw new UsageError(
      `DEEPTONE_METRICS_TOKEN has ${token.length} characters: at least ${SHORTEST_TOKEN} are accepted.`,
    );
  }
  return address === undefined ? undefined : { address: parseAddress(address), token };
}

function liveOptions(flags: ServeFlags): LiveOptions {
  const { outputPeriod, channel, raw, volumeThreshold, decisions, loudAbove, speakerDelay } = flags;
  const { modelSet, modelFolder: modelFolders } = flags;
  const known = () => loadCatalogue({ modelSet, modelFolders }).models.map(({ description }) => description);
  return {
    ...{
      models: modelsAsked({ describeModels: known }, flags.models),
      outputPeriod,
      channel,
      volumeThreshold,
      decisions,
      loudAbove,
      speakerDelay,
    },
    includeRawValues: raw ?? false,
  };
}

function liveSettings(flags: ServeFlags): WorkerSettings['live'] {
  const ms = (seconds: number | undefined): number | undefined =>
    seconds === undefined ? undefined : seconds * SECOND_MS;
  const { maxStreams, whenFull, gaps: action, minimum: minimumMs, hold: holdMs } = flags;
  return {
    maxStreams,
    idleMs: ms(flags.idle),
    summaryMs: ms(flags.summaryEvery),
    waiting: { streamMs: ms(flags.waiting), totalMs: ms(flags.waitingTotal), whenFull },
    gaps: { action, arrivalMs: ms(flags.pause), maxMs: ms(flags.longestGap) },
    transitions: { minimumMs, holdMs },
  };
}

function statedFormat({ format: encoding, rate, channels }: ServeFlags): unknown {
  const stated = Object.entries({ encoding, rate, channels }).filter(([, value]) => value !== undefined);
  if (stated.length === 0) return undefined;
  const setting: unknown = Object.fromEntries(stated);
  declaredFormat({ setting }); // Says now what it would say of the first message.
  return setting;
}

/** An environment variable that is set to nothing counts as not set. */
function text(value: string | undefined): string | undefined {
  return value === undefined || value.trim() === '' ? undefined : value;
}
