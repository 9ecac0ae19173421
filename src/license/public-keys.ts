import { createHash, createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { InvalidArgumentError } from '../errors';
import { phrase, say } from '../sentence';

/** A key that licenses are verified against. */
export interface LicensePublicKey {
  /** Names that a license's `kid` header may call this key by; the first is its thumbprint (RFC 7638). */
  readonly ids: readonly string[];
  readonly pem: string;
}

const ACCEPTED = phrase`accepted is an Ed25519 public key as PEM, as JWK or JWK set (JSON), or as base64 of its 32 raw bytes`;
const RAW_KEY_BYTES = 32;

/** The prime of the field of Ed25519 (RFC 8032, 5.1). */
const FIELD = 2n ** 255n - 19n;
/** The y of the points of order 8; those of order 1, 2 and 4 have 1, -1 and 0. */
const ORDER_8 = 0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n;
/** The y of all eight points whose order divides 8. */
const SMALL_ORDER: ReadonlySet<bigint> = new Set([0n, 1n, FIELD - 1n, ORDER_8, FIELD - ORDER_8]);

/**
 * Reads one or more Ed25519 public keys.
 *
 * @param setting PEM, JWK or JWK set as JSON, or base64 (also base64url) of the 32 raw bytes or of the DER structure
 * @throws InvalidArgumentError that says what is accepted and never repeats the setting, which may hold a secret by mistake
 */
export function parsePublicKeys(setting: string): readonly LicensePublicKey[] {
  const text = setting.trim();
  if (text.includes('PRIVATE KEY')) throw privateKey();
  if (text.startsWith('-----')) return [publicKey(text)];
  if (text.startsWith('{')) return jsonWebKeys(text).map((jwk) => publicKey(jwk, jwk.kid));
  return [publicKey(base64Key(text))];
}

/** The key's JWK thumbprint (RFC 7638), base64url: the `kid` of the licenses that it signs. */
export function thumbprint(key: KeyObject): string {
  const { crv, kty, x } = key.export({ format: 'jwk' });
  return createHash('sha256').update(JSON.stringify({ crv, kty, x })).digest('base64url');
}

interface NamedJsonWebKey extends JsonWebKey {
  readonly kid?: string;
}

function publicKey(source: string | Buffer | NamedJsonWebKey, name?: string): LicensePublicKey {
  const key = load(source);
  if (key?.asymmetricKeyType !== 'ed25519') {
    throw new InvalidArgumentError(say`The license public key cannot be read; ${ACCEPTED}.`);
  }
  if (!isSafe(key)) {
    throw new InvalidArgumentError(
      say`The license public key is a point of small order, or not in the one form that RFC 8032 has for it: anybody could sign for it; ${ACCEPTED}.`,
    );
  }
  const id = thumbprint(key);
  return {
    ids: name === undefined || name === id ? [id] : [id, name],
    pem: key.export({ format: 'pem', type: 'spki' }).toString(),
  };
}

/**
 * Whether a key says who signed. For a point of small order there are signatures that hold for any text, so it is refused in all of
 * its encodings; and so is what is not encoded as RFC 8032 (5.1.2, 5.1.3) says.
 */
function isSafe(key: KeyObject): boolean {
  const bytes = Buffer.from(key.export({ format: 'jwk' }).x ?? '', 'base64url');
  if (bytes.length !== RAW_KEY_BYTES) return false;
  const y = BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`) & (2n ** 255n - 1n); // Without the sign of x.
  return y < FIELD && !SMALL_ORDER.has(y);
}

function load(source: string | Buffer | NamedJsonWebKey): KeyObject | undefined {
  try {
    if (typeof source === 'string') return createPublicKey(source);
    if (Buffer.isBuffer(source)) return createPublicKey({ key: source, format: 'der', type: 'spki' });
    return createPublicKey({ key: source, format: 'jwk' });
  } catch {
    // The reason may quote the key; the caller says what is accepted.
    return undefined;
  }
}

function base64Key(text: string): Buffer | NamedJsonWebKey {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length !== RAW_KEY_BYTES) return bytes;
  return { kty: 'OKP', crv: 'Ed25519', x: bytes.toString('base64url') };
}

function jsonWebKeys(text: string): readonly NamedJsonWebKey[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    parsed = undefined;
  }
  const keys = isRecord(parsed) && Array.isArray(parsed['keys']) ? parsed['keys'] : [parsed];
  if (keys.length === 0 || !keys.every(isJsonWebKey)) {
    throw new InvalidArgumentError(say`The license public key is not a JSON web key; ${ACCEPTED}.`);
  }
  if (keys.some((key) => key.d !== undefined)) throw privateKey();
  return keys;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function isJsonWebKey(value: unknown): value is NamedJsonWebKey {
  return (
    isRecord(value) && Object.values(value).every((part) => typeof part === 'string' || Array.isArray(part))
  );
}

function privateKey(): InvalidArgumentError {
  return new InvalidArgumentError(
    say`The license public key is a private key. Keep that one secret, and set its public half; ${ACCEPTED}.`,
  );
}
