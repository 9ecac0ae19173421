import { LicenseManagerError } from '../errors';
import { type Sentence, say, withSentence } from '../sentence';
import {
  type License,
  type LicenseState,
  daysLeft,
  formatTime,
  graceEnd,
  GRACE_HOURS,
  licenseState,
} from './license';
import { EVALUATION_LICENSE } from './shipped';
import { type TrustOptions, readLicense, requireCurrent } from './verify-license';

/** What an engine says about its license. Holds no part of the key. */
export interface LicenseStatus {
  /** Whether it holds today, and for how long yet. */
  readonly state: LicenseState;
  /** Days until it expires, begun days counted in full. */
  readonly daysLeft: number;
  /** It is the license that ships with the package (decision 23). */
  readonly evaluation: boolean;
  /** Whom it was issued to. */
  readonly licensee: string;
  /** Number or name by which its issuer knows it. */
  readonly id: string;
  /** Names of the models that it allows; `*` for every model, also your own. */
  readonly models: readonly string[] | '*';
  /** Streams at the same time; null where there is no limit. */
  readonly maxStreams: number | null;
  /** Streams under this license in this process now. */
  readonly activeStreams: number;
  /** The first moment at which it holds. */
  readonly notBefore: Date;
  /** The first moment at which it no longer holds. */
  readonly expires: Date;
  /** The first moment at which what was open when it expired is stopped. */
  readonly graceEnds: Date;
  /** The same as a sentence. */
  readonly message: string;
}

export interface LicenseGuardOptions extends TrustOptions {
  /** The current time, asked at every check. */
  readonly clock?: (() => Date) | undefined;
}

/** Streams in use per license, for the whole process: two engines with one key share what it allows. */
const activeStreams = new Map<string, number>();

/**
 * Stands before all work of an engine. New work is refused once the license has expired, or while it is not valid
 * yet; what is open then goes on for a grace period, and says so (decision 22).
 */
export class LicenseGuard {
  readonly license: License;
  readonly #clock: () => Date;
  readonly #verifySignature: () => Promise<void>;
  #verified: Promise<void> | undefined;

  /**
   * @param key license key; when there is none, the one in the environment variable DEEPTONE_LICENSE_KEY, and when
   *   that is empty too, the evaluation license (decision 23)
   * @throws LicenseManagerError when the key is malformed or signed by nobody known. Its signature is for {@link verified}; a license
   *   that is expired or not valid yet shows in {@link status} and is refused by {@link check}
   */
  constructor(key?: string | null, options: LicenseGuardOptions = {}) {
    this.#clock = options.clock ?? (() => new Date());
    const given: unknown = key;
    if (given !== undefined && given !== null && typeof given !== 'string') {
      throw new LicenseManagerError(
        'malformed',
        say`The license key is of type ${typeof given}: a text is accepted, or null for the one in the environment or the evaluation license.`,
      );
    }
    const text = firstNonEmpty(key, process.env['DEEPTONE_LICENSE_KEY']) ?? EVALUATION_LICENSE;
    const { license, verifySignature } = readLicense(text, options);
    this.license = license;
    this.#verifySignature = verifySignature;
  }

  /**
   * To be awaited before anything is done under the license, or said of it: checks its signature, once.
   *
   * @throws LicenseManagerError (`bad-signature`)
   */
  verified(): Promise<void> {
    return (this.#verified ??= this.#verifySignature());
  }

  status(now: Date = this.#clock()): LicenseStatus {
    const { license } = this;
    const state = licenseState(license, now);
    const sentence = describe(license, state, daysLeft(license, now), now);
    const status = {
      state,
      daysLeft: daysLeft(license, now),
      evaluation: license.evaluation,
      licensee: license.licensee,
      id: license.id,
      models: license.models,
      maxStreams: license.maxStreams,
      activeStreams: activeStreams.get(license.id) ?? 0,
      notBefore: license.notBefore,
      expires: license.expires,
      graceEnds: graceEnd(license),
      message: String(sentence),
    };
    return withSentence(status, sentence);
  }

  /**
   * Allows new work with these models now, or says why not.
   *
   * @throws LicenseManagerError (`expired`, `not-yet-valid`, `model-not-allowed`)
   */
  check(models: readonly string[] = [], now: Date = this.#clock()): void {
    requireCurrent(this.license, now);
    const allowed = this.license.models;
    if (allowed === '*') return;
    const refused = models.find((model) => !allowed.includes(model));
    if (refused !== undefined) {
      throw new LicenseManagerError(
        'model-not-allowed',
        say`The license "${this.license.id}" does not allow the model "${refused}". It allows: ${allowed.join(', ')}.`,
      );
    }
  }

  /**
   * Allows what is open to go on.
   *
   * @throws LicenseManagerError (`expired`) when the grace period after the end of the license is over
   */
  checkOpen(now: Date = this.#clock()): void {
    const end = graceEnd(this.license);
    if (now < end) return;
    throw new LicenseManagerError(
      'expired',
      say`The license "${this.license.id}" expired at ${formatTime(this.license.expires)}, and what was open then is stopped since ${formatTime(end)}. Set a new license key.`,
    );
  }

  /** What is open, and outlives the license, has to know; undefined before that. */
  graceNotice(now: Date = this.#clock()): string | undefined {
    const { license } = this;
    if (now < license.expires) return undefined;
    return String(describe(license, 'expired', 0, now));
  }

  /**
   * Takes one of the parallel streams that the license allows.
   *
   * @returns gives it back; calling it again does nothing
   * @throws LicenseManagerError (`too-many-streams`, `expired`, `not-yet-valid`)
   */
  acquireStream(): () => void {
    const { id, maxStreams } = this.license;
    this.check();
    const active = activeStreams.get(id) ?? 0;
    if (maxStreams !== null && active >= maxStreams) {
      throw new LicenseManagerError(
        'too-many-streams',
        say`The license "${id}" allows ${maxStreams} parallel streams, and ${active} are running. Wait for one to end, or set a license for more.`,
      );
    }
    activeStreams.set(id, active + 1);
    let held = true;
    return () => {
      if (held) release(id);
      held = false;
    };
  }
}

function release(id: string): void {
  const left = (activeStreams.get(id) ?? 0) - 1;
  if (left > 0) activeStreams.set(id, left);
  else activeStreams.delete(id);
}

function firstNonEmpty(...texts: readonly (string | null | undefined)[]): string | undefined {
  return texts.map((text) => text?.trim()).find((text) => text !== undefined && text !== '');
}

function describe(license: License, state: LicenseState, days: number, now: Date): Sentence {
  const name = license.evaluation
    ? say`Evaluation license, for trying DeepTone out`
    : say`License "${license.id}" of ${license.licensee}`;
  const end = formatTime(license.expires);
  switch (state) {
    case 'valid':
      return say`${name}: valid until ${end}.`;
    case 'expiring':
      return days === 1
        ? say`${name}: expires in 1 day, at ${end}. Set a new license key before: from then on new work is refused, and what is open stops ${GRACE_HOURS} hours later.`
        : say`${name}: expires in ${days} days, at ${end}. Set a new license key before: from then on new work is refused, and what is open stops ${GRACE_HOURS} hours later.`;
    case 'expired':
      return now < graceEnd(license)
        ? say`${name}: expired at ${end}. New work is refused until a new license key is set; what was open then may go on until ${formatTime(graceEnd(license))}.`
        : say`${name}: expired at ${end}. New work is refused until a new license key is set; what was open then is stopped since ${formatTime(graceEnd(license))}.`;
    case 'not-yet-valid':
      return say`${name}: valid only from ${formatTime(license.notBefore)}.`;
  }
}
