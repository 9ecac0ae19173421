import { createDecoder, createVerifier } from 'fast-jwt';
import { LicenseManagerError } from '../errors';
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

/**
 * Verifies a license key: form, signature, claims and time.
 *
 * @param key compact JWS signed with Ed25519 (decision 22)
 * @throws LicenseManagerError; InvalidArgumentError for a public key that cannot be read. No message holds any part of the key
 */
export function verifyLicense(key: string, options: VerifyOptions = {}): License {
  const license = readLicense(key, options);
  requireCurrent(license, options.now ?? new Date());
  return license;
}

/**
 * Verifies form, signature and claims, and leaves the time to {@link requireCurrent}.
 *
 * @throws LicenseManagerError (`malformed`, `unknown-key`, `bad-signature`), InvalidArgumentError
 */
export function readLicense(key: string, options: TrustOptions = {}): License {
  const text = key.trim();
  const { header } = decode(text);
  const signers = trustedKeys(options).filter(
    ({ ids }) => header.kid === undefined || ids.includes(header.kid),
  );
  if (signers.length === 0) {
    throw new LicenseManagerError(
      'unknown-key',
      'The license key is signed by a key that this engine does not know. Add the public key of whoever issued it, or use a key issued for this package.',
    );
  }
  for (const signer of signers) {
    const claims = verifiedClaims(text, signer);
    if (claims !== undefined) return licenseFromClaims(claims);
  }
  throw new LicenseManagerError(
    'bad-signature',
    'The signature of the license key is wrong: the key was altered, or is not an Ed25519-signed DeepTone license. Copy the whole key again.',
  );
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
        `The license "${license.id}" is valid only from ${formatTime(license.notBefore)}; the clock of this machine says ${formatTime(now)}.`,
      );
    case 'expired':
      throw new LicenseManagerError(
        'expired',
        `The license "${license.id}" expired at ${formatTime(license.expires)}. Set a new license key.`,
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

/** The claims when this key signed the license, else undefined: fast-jwt's errors may quote the license, and go no further. */
function verifiedClaims(text: string, signer: LicensePublicKey): Record<string, unknown> | undefined {
  const verify = createVerifier({
    key: signer.pem,
    // Pinned: neither `none` nor another algorithm with our public key as its secret (RFC 8725, 3.1).
    algorithms: ['EdDSA'],
    checkTyp: LICENSE_TOKEN_TYPE,
    // The guard judges the time, again and again and by a clock of its own.
    ignoreExpiration: true,
    ignoreNotBefore: true,
    cache: false,
  });
  try {
    return asRecord(verify(text));
  } catch {
    return undefined;
  }
}

interface DecodedKey {
  readonly header: { readonly alg: string; readonly kid: string | undefined };
  readonly payload: Readonly<Record<string, unknown>>;
}

function decode(text: string): DecodedKey {
  const parts = asRecord(decodeParts(text));
  const header = asRecord(parts?.['header']);
  const payload = asRecord(parts?.['payload']);
  const kid = header?.['kid'];
  if (header === undefined || payload === undefined || !(kid === undefined || typeof kid === 'string')) {
    throw new LicenseManagerError(
      'malformed',
      'The license key is not a DeepTone license key: three groups of letters and digits with dots between them. Copy the whole key again.',
    );
  }
  return { header: { alg: String(header['alg']), kid }, payload };
}

function decodeParts(text: string): unknown {
  try {
    return createDecoder({ complete: true })(text) as unknown;
  } catch {
    return undefined;
  }
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
}
