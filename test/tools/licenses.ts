/** Licenses for tests, signed by Node.js itself: what the product verifies is not what the product made. */
import { sign } from 'node:crypto';
import type { License, LicenseKeyPair } from '../../src/license';

/** A compact JWS of any claims under any header, as somebody could make it who has the private key but not our code. */
export function signed(
  claims: Readonly<Record<string, unknown>>,
  pair: Pick<LicenseKeyPair, 'privateKey' | 'id'>,
  header: Readonly<Record<string, unknown>> = {},
): string {
  const protectedHeader = { alg: 'EdDSA', typ: 'deeptone-license+jwt', kid: pair.id, ...header };
  const input = [protectedHeader, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  return `${input}.${sign(null, Buffer.from(input), pair.privateKey).toString('base64url')}`;
}

/** A license key. */
export function licenseKey(license: License, pair: LicenseKeyPair): string {
  const seconds = (time: Date): number => Math.floor(time.getTime() / 1_000);
  const claims = {
    jti: license.id,
    sub: license.licensee,
    models: license.models,
    max_streams: license.maxStreams,
    nbf: seconds(license.notBefore),
    exp: seconds(license.expires),
    evaluation: license.evaluation,
  };
  return signed(claims, pair);
}
