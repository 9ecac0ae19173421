/** What a worker is to do. */
import type { FormatTrust } from '../audio';
import { InvalidArgumentError } from '../errors';
import { parseFilter, parsePrefix, type TopicFilter } from '../mqtt';
import type { LiveOptions, PartialLiveSettings } from '../streams';
import type { BrokerSettings } from './broker-settings';
import type { MonitorAddress } from './monitor';
import type { Shard } from './shard';

export interface ResultSettings {
  /** First levels of the topics of results. */
  readonly prefix: string;
  readonly maxDevices: number;
  /** Milliseconds after which a device that is gone is forgotten; 0: never. */
  readonly expireMs: number;
  /** Prefix of Home Assistant's discovery; undefined: devices are not announced. */
  readonly discoveryPrefix?: string | undefined;
}

export interface WorkerSettings {
  readonly broker: BrokerSettings;
  readonly filter: TopicFilter;
  readonly qos: 0 | 1 | 2;
  /** Each message begins with its number and time; see `HubSetup.markPrefix`. */
  readonly markPrefix: boolean;
  /** Where a topic holds the device, `audio/{device}/pcm`; by default what the wildcards of the filter match. */
  readonly devicePattern?: string | undefined;
  readonly shard?: Shard | undefined;
  /** Name among others that publish under the prefix; by default that of the shard or the member of a group. */
  readonly worker?: string | undefined;
  /** Shares the devices with the other members; see `DeviceGroup`. `member` is this one's name, the same at every start. */
  readonly group?:
    { readonly name: string; readonly member: string; readonly lostMs?: number | undefined } | undefined;
  /** Undefined: no results are published. */
  readonly results?: ResultSettings | undefined;
  readonly monitor?: { readonly address: MonitorAddress; readonly token?: string | undefined } | undefined;
  readonly options: LiveOptions;
  readonly live: PartialLiveSettings;
  /** `{encoding, rate, channels}` of raw samples, as far as it is set. */
  readonly format?: unknown;
  readonly trust?: FormatTrust | undefined;
  /** Milliseconds that the last answers may take when the worker is stopped. */
  readonly graceMs: number;
}

/**
 * The filter of a worker.
 *
 * @throws InvalidArgumentError for none, and for one under the topic of results, where nothing is ever taken for sound
 */
export function sourceFilter(text: string, results: Pick<ResultSettings, 'prefix'> | undefined): TopicFilter {
  const filter = parseFilter(text);
  if (results && filter.filter.startsWith(`${parsePrefix(results.prefix)}/`)) {
    throw new InvalidArgumentError(
      `Results are published under "${results.prefix}", and nothing there is taken for sound, so "${text}" would hear ` +
        'nothing. Publish them under another topic, or let the devices send theirs elsewhere.',
    );
  }
  return filter;
}
