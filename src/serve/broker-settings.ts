/** How a worker reaches its broker, as data. */
import { InvalidArgumentError } from '../errors';

/** Versions of MQTT; `auto`: 5, or 3.1.1 where the broker does not know it. */
export type Protocol = 'auto' | '5' | '3.1.1';

export interface BrokerSettings {
  /** `mqtt://`, `mqtts://`, `ws://` or `wss://`, without a password; of a cluster the servers, which are tried in turn. */
  readonly urls: readonly string[];
  readonly protocol: Protocol;
  readonly clientId: string;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** PEM: whom to trust in the place of the usual authorities; the certificate of this client, and its key. */
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  /** Seconds between two signs of life; after one and a half of them the broker says that this client is gone. */
  readonly keepalive: number;
  /** Whether the broker is asked to keep results for who comes later. */
  readonly retain: boolean;
}

const SCHEMES = ['mqtt:', 'mqtts:', 'tcp:', 'ssl:', 'tls:', 'ws:', 'wss:'];
const ENCRYPTED = ['mqtts:', 'ssl:', 'tls:', 'wss:'];

/**
 * Looks at the settings before anything is connected.
 *
 * @throws InvalidArgumentError naming what is not accepted; it repeats no secret
 */
export function checkBrokerSettings(settings: BrokerSettings): void {
  const { urls, username, password, cert, key } = settings;
  for (const url of urls) checkUrl(url, settings);
  if (password !== undefined && username === undefined) {
    throw new InvalidArgumentError(
      'There is a password for the broker and no user name: both are accepted, or none.',
    );
  }
  if ((cert === undefined) !== (key === undefined)) {
    throw new InvalidArgumentError(
      'A certificate of this client and its key belong together: both are accepted, or none.',
    );
  }
}

function checkUrl(url: string, { ca, cert, key }: BrokerSettings): void {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (!parsed || !SCHEMES.includes(parsed.protocol) || parsed.hostname === '') {
    const shown = parsed ? `begins with "${parsed.protocol}//"` : 'is none';
    throw new InvalidArgumentError(
      `The address of the broker ${shown}: mqtt://HOST:PORT is accepted, or mqtts, ws, wss in the place of mqtt.`,
    );
  }
  if (parsed.username !== '' || parsed.password !== '') {
    throw new InvalidArgumentError(
      'The address of the broker holds a user or a password, which everybody on this machine could see: give them in ' +
        'DEEPTONE_MQTT_USERNAME and DEEPTONE_MQTT_PASSWORD, or in files.',
    );
  }
  if ([ca, cert, key].some((one) => one !== undefined) && !ENCRYPTED.includes(parsed.protocol)) {
    throw new InvalidArgumentError(
      `Certificates are for an encrypted connection, and the address of the broker begins with "${parsed.protocol}//": ` +
        'mqtts:// or wss:// is accepted.',
    );
  }
}
