/** What a broker refuses of a connection, and what is left out of the next one by that. */
import type { BrokerSettings } from './broker-settings';

/** What was left out: MQTT 5, the will, messages that the broker keeps. */
export type Concession = 'version' | 'will' | 'retain';

/** Reasons of MQTT 3.1.1 (3.2.2.3) and 5 (3.2.2.2) for refusing a client. */
const WRONG_VERSION: readonly unknown[] = [1, 132];
const NOT_AUTHORISED: readonly unknown[] = [5, 135];
const NO_RETAIN = 154;
/** Reasons that do not go away by themselves: version, client id, user or password, rights, banned, authentication. */
const FOR_GOOD: readonly unknown[] = [1, 2, 4, 5, 132, 133, 134, 135, 138, 140];
/** Connections in a row that are closed without a word, before it is taken for a refusal. */
const SILENT_REFUSALS = 2;
/** The certificate of the broker, or ours. */
const CERTIFICATE = /CERT|^ERR_(?:TLS|SSL|OSSL)|^UNABLE_TO|SELF_SIGNED|EPROTO/;

/** Whether trying again as it is would be of no use. */
export function isForGood(error: unknown): boolean {
  const code = codeIn(error);
  return FOR_GOOD.includes(code) || (typeof code === 'string' && CERTIFICATE.test(code));
}

export class Refusals {
  readonly #isAuto: boolean;
  readonly #askedRetain: boolean;
  #version: 4 | 5;
  #will = true;
  #retain: boolean;
  /** Left out since it was last let in, and told then. */
  #concessions: Concession[] = [];
  /** What is left out on trial is asked for again where that was not the reason. */
  #trial: Concession | undefined;
  /** It has taken will and retained messages before, so they are not the reason. */
  #hasTaken = false;
  #silent = 0;

  constructor({ protocol, retain }: Pick<BrokerSettings, 'protocol' | 'retain'>) {
    this.#isAuto = protocol === 'auto';
    this.#version = protocol === '3.1.1' ? 4 : 5;
    this.#askedRetain = retain;
    this.#retain = retain;
  }

  get version(): 4 | 5 {
    return this.#version;
  }

  get will(): boolean {
    return this.#will;
  }

  /** Whether messages, the will included, may be retained. */
  get retain(): boolean {
    return this.#retain;
  }

  /**
   * A connection was refused.
   *
   * @returns whether the next one is another, so that it is worth trying at once
   */
  concede(error: unknown): boolean {
    const code = codeIn(error);
    if (this.#trial) {
      this.#takeBack(this.#trial);
      this.#trial = undefined;
      return false;
    }
    if (this.#isAuto && this.#version === 5 && WRONG_VERSION.includes(code)) return this.#leaveOut('version');
    if (this.#retain && code === NO_RETAIN) return this.#leaveOut('retain');
    // Rights on the topic of the will are told as any others; of what a broker of MQTT 3.1.1 does not keep it says nothing at all.
    if (this.#hasTaken || !this.#will) return false;
    if (NOT_AUTHORISED.includes(code)) return this.#try('will');
    this.#silent = code === undefined ? this.#silent + 1 : 0;
    return this.#version === 4 && this.#retain && this.#silent >= SILENT_REFUSALS && this.#try('retain');
  }

  /**
   * A connection stands.
   *
   * @param retainAvailable what the broker says of that (MQTT 5)
   * @returns what was left out, each thing once
   */
  letIn(retainAvailable: unknown): readonly Concession[] {
    this.#trial = undefined;
    this.#silent = 0;
    this.#hasTaken ||= this.#will && this.#retain;
    if (this.#retain && (retainAvailable === false || retainAvailable === 0)) this.#leaveOut('retain');
    const concessions = this.#concessions;
    this.#concessions = [];
    return concessions;
  }

  #try(what: Concession): true {
    this.#trial = what;
    return this.#leaveOut(what);
  }

  #leaveOut(what: Concession): true {
    if (what === 'version') this.#version = 4;
    else if (what === 'will') this.#will = false;
    else this.#retain = false;
    this.#concessions.push(what);
    return true;
  }

  #takeBack(what: Concession): void {
    if (what === 'will') this.#will = true;
    else if (what === 'retain') this.#retain = this.#askedRetain;
    this.#concessions = this.#concessions.filter((one) => one !== what);
  }
}

/** Why there is no connection, in the words of the client; they hold no password. Undefined where it has none. */
export function troubleIn(error: unknown): string | undefined {
  const { message = '' } = (error ?? {}) as { readonly message?: string };
  const code = codeIn(error);
  if (code === undefined || message.includes(String(code))) return message === '' ? undefined : message;
  return [...(message === '' ? [] : [message]), `code ${code}`].join(', ');
}

/** The name of a fault of the network, or the number of a reason of MQTT. */
function codeIn(error: unknown): string | number | undefined {
  const { code } = (error ?? {}) as { readonly code?: unknown };
  return typeof code === 'string' || typeof code === 'number' ? code : undefined;
}
