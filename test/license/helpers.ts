import { createPrivateKey, createPublicKey } from 'node:crypto';
import { type License } from '../../src/license';
import { generateLicenseKeyPair, type LicenseKeyPair } from '../../src/license/issue-license';
import { licenseKey, signed } from '../tools/licenses';

/** An organisation that issues its own licenses; a new one for every test run. */
export const issuer: LicenseKeyPair = generateLicenseKeyPair();
export const stranger: LicenseKeyPair = generateLicenseKeyPair();

export const NOW = new Date('2027-03-10T12:00:00Z');

export function days(count: number): Date {
  return new Date(NOW.getTime() + count * 86_400_000);
}

let issued = 0;

/** A license under a number of its own, so that tests do not share its stream count. */
export function license(changes: Partial<License> = {}): License {
  issued += 1;
  return {
    id: `L-${issued}`,
    licensee: 'Quiet Rooms Ltd',
    models: '*',
    maxStreams: null,
    notBefore: days(-30),
    expires: days(335),
    evaluation: false,
    ...changes,
  };
}

export function key(changes: Partial<License> = {}, pair: LicenseKeyPair = issuer): string {
  return licenseKey(license(changes), pair);
}

/** Signs any claims under any header with the issuer's key. */
export function forge(claims: Record<string, unknown>, header: Record<string, unknown> = {}): string {
  return signed(claims, issuer, header);
}

export const goodClaims = {
  jti: 'L-0',
  sub: 'Quiet Rooms Ltd',
  models: '*',
  max_streams: 4,
  nbf: days(-1).getTime() / 1_000,
  exp: days(1).getTime() / 1_000,
};

/** The issuer's public key in every form that an administrator may have. */
export function publicKeyForms(): Readonly<Record<string, string>> {
  const jwk = createPublicKey(issuer.publicKey).export({ format: 'jwk' });
  const raw = Buffer.from(jwk.x ?? '', 'base64url');
  const der = createPublicKey(issuer.publicKey).export({ format: 'der', type: 'spki' });
  return {
    PEM: issuer.publicKey,
    'PEM without its last line break': issuer.publicKey.trim(),
    JWK: JSON.stringify(jwk),
    'JWK set': JSON.stringify({ keys: [{ ...jwk, kid: 'fleet-1' }] }),
    'base64 of the raw key': raw.toString('base64'),
    'base64url of the raw key': raw.toString('base64url'),
    'base64 of the DER structure': der.toString('base64'),
  };
}

export function privateJwk(): string {
  return JSON.stringify(createPrivateKey(issuer.privateKey).export({ format: 'jwk' }));
}
