import { LicenseManagerError } from '../errors';
import { type Word, phrase, say } from '../sentence';

/** What a license key says, once its signature is verified (decision 22). */
export interface License {
  readonly id: string;
  readonly licensee: string;
  /** Model names, or `*` for every model, also users' own. */
  readonly models: readonly string[] | '*';
  /** How many streams may be analysed at the same time; null = as many as the machine can. */
  readonly maxStreams: number | null;
  readonly notBefore: Date;
  /** The first moment at which the license no longer holds (RFC 7519, 4.1.4). */
  readonly expires: Date;
  /** The license that ships with the package (decision 23). */
  readonly evaluation: boolean;
}

/** Where a license stands in time. `expiring` is still valid, and within {@link EXPIRY_NOTICE_DAYS} of its end. */
export type LicenseState = 'valid' | 'expiring' | 'expired' | 'not-yet-valid';

/** Days before its end from which on a license says that it expires (decision 22). */
export const EXPIRY_NOTICE_DAYS = 14;

/** Hours after its end for which what was open then may go on (decision 22). */
export const GRACE_HOURS = 24;

const DAY_MS = 24 * 60 * 60 * 1_000;
const HOUR_MS = 60 * 60 * 1_000;
/** The largest time that a Date can hold, in seconds (ECMAScript 21.4.1.1). */
const LAST_SECOND = 8_640_000_000_000;
/** Longest text of a claim: a name fits, a page of text in an error message does not. */
const MAX_TEXT = 200;

/** @param now the current time */
export function licenseState(license: License, now: Date): LicenseState {
  if (now < license.notBefore) return 'not-yet-valid';
  if (now >= license.expires) return 'expired';
  return license.expires.getTime() - now.getTime() <= EXPIRY_NOTICE_DAYS * DAY_MS ? 'expiring' : 'valid';
}

/** Days until the license expires, begun days counted in full; 0 when it has. */
export function daysLeft(license: License, now: Date): number {
  return Math.max(0, Math.ceil((license.expires.getTime() - now.getTime()) / DAY_MS));
}

/** The first moment at which nothing may go on any more. */
export function graceEnd({ expires }: License): Date {
  return new Date(Math.min(expires.getTime() + GRACE_HOURS * HOUR_MS, LAST_SECOND * 1_000));
}

/** A time for messages to people, to the minute: `2031-12-31 23:59 UTC`. */
export function formatTime(time: Date): string {
  return `${time.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

/**
 * Reads the claims of a license key.
 *
 * @param claims payload of the JWS: `jti`, `sub`, `models`, `max_streams`, `nbf`, `exp` (seconds), `evaluation`
 * @throws LicenseManagerError (`malformed`) that names the claim, never its value
 */
export function licenseFromClaims(claims: Readonly<Record<string, unknown>>): License {
  const notBefore = time(claims, 'nbf');
  const expires = time(claims, 'exp');
  if (expires <= notBefore) throw malformed('exp', phrase`a time after nbf`);
  return {
    id: text(claims, 'jti'),
    licensee: text(claims, 'sub'),
    models: models(claims),
    maxStreams: streams(claims),
    notBefore,
    expires,
    evaluation: flag(claims, 'evaluation'),
  };
}

/** The claims that {@link licenseFromClaims} reads back. */
export function claimsFromLicense(license: License): Record<string, unknown> {
  return {
    jti: license.id,
    sub: license.licensee,
    models: license.models,
    max_streams: license.maxStreams,
    nbf: Math.floor(license.notBefore.getTime() / 1_000),
    exp: Math.floor(license.expires.getTime() / 1_000),
    ...(license.evaluation ? { evaluation: true } : {}),
  };
}

function malformed(claim: string, accepted: Word): LicenseManagerError {
  return new LicenseManagerError('malformed', say`The claim "${claim}" of the license is not ${accepted}.`);
}

function text(claims: Readonly<Record<string, unknown>>, claim: string): string {
  const value = claims[claim];
  if (!isText(value)) throw malformed(claim, say`text of 1 to ${MAX_TEXT} printable characters`);
  return value;
}

function isText(value: unknown): value is string {
  // Control characters could rewrite the terminal or the log that the text is shown in.
  return typeof value === 'string' && value.length >= 1 && value.length <= MAX_TEXT && !/\p{Cc}/u.test(value);
}

function time(claims: Readonly<Record<string, unknown>>, claim: string): Date {
  const seconds = claims[claim];
  if (typeof seconds !== 'number' || !Number.isInteger(seconds) || seconds < 0 || seconds > LAST_SECOND) {
    throw malformed(claim, phrase`a whole number of seconds since 1970`);
  }
  return new Date(seconds * 1_000);
}

function models(claims: Readonly<Record<string, unknown>>): readonly string[] | '*' {
  const value = claims['models'];
  if (value === '*') return value;
  if (!Array.isArray(value) || value.length === 0 || !value.every(isText)) {
    throw malformed('models', phrase`a list of model names or "*"`);
  }
  return value;
}

function streams(claims: Readonly<Record<string, unknown>>): number | null {
  const value = claims['max_streams'] ?? null;
  if (value === null) return null;
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 1) {
    throw malformed('max_streams', phrase`a whole number of at least 1, or null for no limit`);
  }
  return value;
}

function flag(claims: Readonly<Record<string, unknown>>, claim: string): boolean {
  const value = claims[claim] ?? false;
  if (typeof value !== 'boolean') throw malformed(claim, phrase`true or false`);
  return value;
}
