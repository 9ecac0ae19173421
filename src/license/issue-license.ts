import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { InvalidArgumentError } from '../errors';
import { type License, claimsFromLicense, licenseFromClaims } from './license';
import { thumbprint } from './public-keys';
import { LICENSE_TOKEN_TYPE } from './verify-license';

/** A pair of Ed25519 keys as PEM. Whoever has `privateKey` can issue licenses. */
export interface LicenseKeyPair {
  readonly privateKey: string;
  readonly publicKey: string;
  /** Thumbprint (RFC 7638) that licenses name their signer by. */
  readonly id: string;
}

/** Makes a pair of keys for an organisation that issues its own licenses (decision 25). */
export function generateLicenseKeyPair(): LicenseKeyPair {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return {
    privateKey: privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
    publicKey: publicKey.export({ format: 'pem', type: 'spki' }).toString(),
    id: thumbprint(publicKey),
  };
}

/**
 * Signs a license.
 *
 * @param privateKey Ed25519 private key as PEM
 * @returns the license key: a compact JWS
 * @throws InvalidArgumentError for a key that is not Ed25519 and for a license that no engine would accept
 */
export async function issueLicense(license: License, privateKey: string): Promise<string> {
  const key = ed25519PrivateKey(privateKey);
  const claims = claimsFromLicense(license);
  checkClaims(claims);
  const { SignJWT } = await import('jose');
  return new SignJWT(claims)
    .setProtectedHeader({ alg: 'EdDSA', typ: LICENSE_TOKEN_TYPE, kid: thumbprint(createPublicKey(key)) })
    .setIssuedAt()
    .sign(key);
}

function checkClaims(claims: Readonly<Record<string, unknown>>): void {
  try {
    licenseFromClaims(claims);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new InvalidArgumentError(`No engine would accept this license. ${reason}`, { cause: error });
  }
}

function ed25519PrivateKey(pem: string): KeyObject {
  let key: KeyObject | undefined;
  try {
    key = createPrivateKey(pem);
  } catch {
    // OpenSSL's reason helps nobody here and must not quote the key.
  }
  if (key?.asymmetricKeyType !== 'ed25519') {
    throw new InvalidArgumentError(
      'The private key cannot be used; accepted is an unencrypted Ed25519 private key as PEM, as "deeptone license keygen" writes it.',
    );
  }
  return key;
}
