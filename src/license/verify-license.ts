import { createPublicKey } from 'node:crypto';
import { LicenseManagerError } from '../errors';
import { say } from '../sentence';
import { type License, formatTime, licenseFromClaims, licenseState } from './license';
import { type LicensePublicKey, parsePublicKeys } from './public-keys';
import { SHIPPED_PUBLIC_KEY } from './shipped';

/** The type header of our keys, so that another token signed with the same key is not taken for a license (RFC 8725, 3.11). */
export const LICENSE_TOKEN_TYPE = 'deeptone-license+jwt';

export interface TrustOptions {
  /**
   * Public keys that the administrator trusts besides the one that ships with the package: PEM, JWK, JWK set or
   * base64. Keys in the environment variable DEEPTONE_LICENSE_PUBLIC_KEY are added.
   */
  readonly publicKeys?: readonly string[] | undefined;
}

export interface VerifyOptions extends TrustOptions {
  /** The current time. */
  readonly now?: Date | undefined;
}

/** What a license key says without its signature being checked: for showing, not for deciding. */
export interface UnverifiedLicense {
  readonly algorithm: string;
  /** The key that it names as its signer. */
  readonly keyId: string | undefined;
  readonly license: License;
}

/** A license whose claims are read and whose signature is not checked yet. */
export interface ReadLicense {
  /** What it says. */
  readonly license: License;
  /**
   * Checks the signature; nothing may be done under the license before.
   *
   * @throws LicenseManagerError (`bad-signature`)
   */
  readonly verifySignature: () => Promise<void>;
}

/**
 * Verifies a license key: form, signature, claims and time.
 *
 * @param key compact JWS signed with Ed25519 (decision 22)
 * @throws LicenseManagerError; InvalidArgumentError for a public key that cannot be read. No message holds any part of the key
 */
export async function verifyLicense(key: string, options: VerifyOptions = {}): Promise<License> {
  const { license, verifySignature } = readLicense(key, options);
  await verifySignature();
  requireCurrent(license, options.now ?? new Date());
  return license;
}

/**
 * Reads form and claims of a license key and looks for who has signed it; leaves the signature to `verifySignature` and the time to
 * {@link requireCurrent}.
 *
 * @throws LicenseManagerError (`malformed`, `unknown-key`), InvalidArgumentError
 */
export function readLicense(key: string, options: TrustOptions = {}): ReadLicense {
  const text = key.trim();
  const { header, payload } = decode(text);
  const signers = trustedKeys(options).filter(
    ({ ids }) => header.kid === undefined || ids.includes(header.kid),
  );
  if (signers.length === 0) {
    throw new LicenseManagerError(
      'unknown-key',
      say`The license key is signed by a key that this engine does not know. Add the public key of whoever issued it, or use a key issued for this package.`,
    );
  }
  return {
    license: licenseFromClaims(payload),
    verifySignature: async () => {
      for (const signer of signers) if (await isSignedBy(text, signer)) return;
      throw new LicenseManagerError(
        'bad-signature',
        say`The signature of the license key is wrong: the key was altered, or is not an Ed25519-signed DeepTone license. Copy the whole key again.`,
      );
    },
  };
}

/** @throws LicenseManagerError (`not-yet-valid`, `expired`) */
export function requireCurrent(license: License, now: Date): void {
  switch (licenseState(license, now)) {
    case 'valid':
    case 'expiring':
      return;
    case 'not-yet-valid':
      throw new LicenseManagerError(
        'not-yet-valid',
        say`The license "${license.id}" is valid only from ${formatTime(license.notBefore)}; the clock of this machine says ${formatTime(now)}.`,
      );
    case 'expired':
      throw new LicenseManagerError(
        'expired',
        say`The license "${license.id}" expired at ${formatTime(license.expires)}. Set a new license key.`,
      );
  }
}

/**
 * What a license key says, whoever signed it.
 *
 * @throws LicenseManagerError (`malformed`)
 */
export function inspectLicense(key: string): UnverifiedLicense {
  const { header, payload } = decode(key.trim());
  return { algorithm: header.alg, keyId: header.kid, license: licenseFromClaims(payload) };
}

function trustedKeys(options: TrustOptions): readonly LicensePublicKey[] {
  const fromEnvironment = process.env['DEEPTONE_LICENSE_PUBLIC_KEY']?.trim();
  return [SHIPPED_PUBLIC_KEY, fromEnvironment, ...(options.publicKeys ?? [])].flatMap((setting) =>
    setting ? parsePublicKeys(setting) : [],
  );
}

/** Whether this key signed the license: what jose throws may quote the license, and goes no further. */
async function isSignedBy(text: string, signer: LicensePublicKey): Promise<boolean> {
  // A module of ECMAScript, which the older versions of Node.js that this runs on do not give to require().
  const { compactVerify } = await import('jose');
  try {
    const { protectedHeader } = await compactVerify(text, createPublicKey(signer.pem), {
      // Pinned: neither `none` nor another algorithm with our public key as its secret (RFC 8725, 3.1).
      algorithms: ['EdDSA'],
    });
    return protectedHeader.typ === LICENSE_TOKEN_TYPE;
  } catch {
    return false;
  }
}

/** The one way to write three parts of base64url (RFC 7515, 7.1); the last may be empty, which no signature is. */
const COMPACT_FORM = /^[\w-]+\.[\w-]+\.[\w-]*$/;

interface DecodedKey {
  readonly header: { readonly alg: string; readonly kid: string | undefined };
  readonly payload: Readonly<Record<string, unknown>>;
}

function decode(text: string): DecodedKey {
  const [first, second] = COMPACT_FORM.test(text) ? text.split('.') : [];
  const header = jsonObject(first);
  const payload = jsonObject(second);
  const kid = header?.['kid'];
  if (header === undefined || payload === undefined || !(kid === undefined || typeof kid === 'string')) {
    throw new LicenseManagerError(
      'malformed',
      say`The license key is not a DeepTone license key: three groups of letters and digits with dots between them. Copy the whole key again.`,
    );
  }
  return { header: { alg: String(header['alg']), kid }, payload };
}

/** The object that a part holds as base64url of JSON. */
function jsonObject(part: string | undefined): Readonly<Record<string, unknown>> | undefined {
  try {
    // What is no UTF-8 is not read as something that resembles it.
    const text = new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(part ?? '', 'base64url'));
    const value: unknown = JSON.parse(text);
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? (value as Readonly<Record<string, unknown>>) : undefined;
  } catch {
    return undefined;
  }
}
