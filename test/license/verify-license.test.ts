import assert from 'node:assert/strict';
import { createHmac, createPublicKey, verify } from 'node:crypto';
import { inspect } from 'node:util';
import { InvalidArgumentError, LicenseManagerError, type LicenseProblem } from '../../src/errors';
import { inspectLicense, verifyLicense } from '../../src/license';
import { generateLicenseKeyPair, issueLicense } from '../../src/license/issue-license';
import { EVALUATION_LICENSE } from '../../src/license/shipped';
import {
  days,
  forge,
  goodClaims,
  issuer,
  key,
  license,
  NOW,
  privateJwk,
  publicKeyForms,
  stranger,
} from './helpers';
import { signed } from '../tools/licenses';

const trusted = { publicKeys: [issuer.publicKey], now: NOW };

/** Asserts the refusal and that nothing in it gives the key away. */
async function refuses(text: string, problem: LicenseProblem, options: object = trusted): Promise<void> {
  await assert.rejects(
    () => verifyLicense(text, options),
    (error: unknown) => {
      assert.ok(error instanceof LicenseManagerError);
      assert.equal(error.problem, problem);
      assert.equal(error.code, 'DEEPTONE_LICENSE');
      assertKeepsSecret(error, text);
      return true;
    },
  );
}

function assertKeepsSecret(error: unknown, secret: string): void {
  const shown = inspect(error, { depth: null, showHidden: true, maxStringLength: null });
  for (const part of secret.split(/[.\s]+/).filter((piece) => piece.length >= 8)) {
    assert.ok(!shown.includes(part.slice(0, 8)), `the error shows a part of the key: ${shown}`);
  }
}

describe('A license key', () => {
  it('gives back what it was issued for', async () => {
    const granted = license({ models: ['gender', 'speech'], maxStreams: 12 });
    assert.deepEqual(await verifyLicense(await issueLicense(granted, issuer.privateKey), trusted), granted);
  });

  for (const [form, publicKey] of Object.entries(publicKeyForms())) {
    it(`is verified against a public key given as ${form}`, async () => {
      assert.equal(
        (await verifyLicense(key(), { publicKeys: [publicKey], now: NOW })).licensee,
        'Quiet Rooms Ltd',
      );
    });
  }

  it('may name its signer by the name that a JWK carries', async () => {
    const named = publicKeyForms()['JWK set'] ?? '';
    const text = forge(goodClaims, { kid: 'fleet-1' });
    assert.equal((await verifyLicense(text, { publicKeys: [named], now: NOW })).id, 'L-0');
  });

  it('is verified against a public key from the environment', async () => {
    process.env['DEEPTONE_LICENSE_PUBLIC_KEY'] = issuer.publicKey;
    try {
      assert.equal((await verifyLicense(key(), { now: NOW })).licensee, 'Quiet Rooms Ltd');
    } finally {
      delete process.env['DEEPTONE_LICENSE_PUBLIC_KEY'];
    }
  });

  it('may have white space around it, as files and forms leave it', async () => {
    assert.equal((await verifyLicense(`  ${key()}\n`, trusted)).licensee, 'Quiet Rooms Ltd');
  });

  it('is refused when nobody trusted signed it', async () => {
    await refuses(key({}, stranger), 'unknown-key');
    await refuses(key(), 'unknown-key', { now: NOW });
  });

  it('is refused when a stranger signed it in the name of a trusted key', async () => {
    const text = signed(goodClaims, { ...stranger, id: issuer.id });
    await refuses(text, 'bad-signature');
  });

  it('is refused when a claim was altered', async () => {
    const [header, , signature] = key({ maxStreams: 1 }).split('.');
    const [, payload] = key({ maxStreams: 1_000 }).split('.');
    await refuses([header, payload, signature].join('.'), 'bad-signature');
  });

  it('is refused without a signature, whatever its header says', async () => {
    const [header, payload] = key().split('.');
    await refuses([header, payload, ''].join('.'), 'bad-signature');
    const none = Buffer.from(JSON.stringify({ alg: 'none', typ: 'deeptone-license+jwt' })).toString(
      'base64url',
    );
    await refuses([none, payload, ''].join('.'), 'bad-signature');
  });

  it('is refused when the public key was used as the secret of another algorithm', async () => {
    const [, payload] = key().split('.');
    const header = { alg: 'HS256', typ: 'deeptone-license+jwt', kid: issuer.id };
    const input = `${Buffer.from(JSON.stringify(header)).toString('base64url')}.${payload ?? ''}`;
    const secret = `${input}.${createHmac('sha256', issuer.publicKey).update(input).digest('base64url')}`;
    await refuses(secret, 'bad-signature');
  });

  it('is refused when its header asks for what nobody knows, or names another algorithm', async () => {
    for (const header of [
      { crit: ['deeptone'], deeptone: true },
      { crit: [] },
      { alg: 'none' },
      { alg: 'Ed448' },
      { alg: 'eddsa' },
      { alg: ['EdDSA'] },
      { alg: undefined },
      { typ: undefined },
      { typ: 'DEEPTONE-LICENSE+JWT' },
    ]) {
      await refuses(forge(goodClaims, header), 'bad-signature');
    }
  });

  it('takes no key from its own header', async () => {
    const jwk = createPublicKey(stranger.publicKey).export({ format: 'jwk' });
    const own = { jwk, jku: 'https://example.com/keys.json', x5c: ['AAAA'] };
    await refuses(signed(goodClaims, { ...stranger, id: issuer.id }, own), 'bad-signature');
    await refuses(signed(goodClaims, stranger, { ...own, kid: undefined }), 'bad-signature');
  });

  it('is refused when any bit of it is another', async () => {
    const [header = '', payload = '', signature = ''] = forge(goodClaims).split('.');
    const bytes = Buffer.from(signature, 'base64url');
    for (let bit = 0; bit < 8 * bytes.length; bit += 1) {
      const altered = Buffer.from(bytes);
      altered[bit >> 3] = (altered[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      await refuses(`${header}.${payload}.${altered.toString('base64url')}`, 'bad-signature');
    }
    for (const other of [bytes.subarray(0, 63), Buffer.concat([bytes, bytes.subarray(0, 1)])]) {
      await refuses(`${header}.${payload}.${other.toString('base64url')}`, 'bad-signature');
    }
  });

  it('is refused when its signature is written in the other way that adds up (RFC 8032, 5.1.7)', async () => {
    const [header = '', payload = '', signature = ''] = forge(goodClaims).split('.');
    const bytes = Buffer.from(signature, 'base64url');
    const order = 2n ** 252n + 27742317777372353535851937790883648493n;
    const scalar = BigInt(`0x${Buffer.from(bytes.subarray(32)).reverse().toString('hex')}`) + order;
    const high = Buffer.from(scalar.toString(16).padStart(64, '0'), 'hex').reverse();
    const altered = Buffer.concat([bytes.subarray(0, 32), high]).toString('base64url');
    await refuses(`${header}.${payload}.${altered}`, 'bad-signature');
  });

  it('is malformed with anything in it or around it that no key has', async () => {
    const text = forge(goodClaims);
    const [header = '', payload = '', signature = ''] = text.split('.');
    for (const other of [
      `${text}.`,
      `${text}.${signature}`,
      `.${text}`,
      `${text}=`,
      `${header}.${payload}`,
      `${header}.${payload}.${signature.slice(0, 20)}\n${signature.slice(20)}`,
      `${header} .${payload}.${signature}`,
      `${header}.${payload}\u0000.${signature}`,
      `${header}.${payload.replace(/^./, '+')}.${signature}`,
      `${header}.${Buffer.from('[1]').toString('base64url')}.${signature}`,
      `${header}.${Buffer.from([0x7b, 0xff, 0x7d]).toString('base64url')}.${signature}`,
    ]) {
      await refuses(other, 'malformed');
    }
  });

  it('is refused when it is another kind of token from the same signer', async () => {
    await refuses(forge(goodClaims, { typ: 'JWT' }), 'bad-signature');
  });

  it('is refused when it is no key at all', async () => {
    for (const text of [
      'my-secret-password',
      'a.b.c',
      'a..',
      'eyJhbGciOiJFZERTQSJ9.bm90IGpzb24.AAAA',
      '{"alg": "EdDSA"}',
    ]) {
      await refuses(text, 'malformed');
    }
  });

  it('names the claim that is wrong in a signed key', async () => {
    const wrong: Record<string, unknown> = {
      sub: '',
      jti: 7,
      models: [],
      max_streams: 0,
      nbf: undefined,
      exp: goodClaims.nbf,
      evaluation: 'yes',
    };
    for (const [claim, value] of Object.entries(wrong)) {
      const text = forge({ ...goodClaims, [claim]: value });
      await refuses(text, 'malformed');
      await assert.rejects(verifyLicense(text, trusted), new RegExp(`"${claim}"`));
    }
  });

  it('is refused when its text could rewrite a terminal', async () => {
    await refuses(forge({ ...goodClaims, sub: 'Nice\u001b[2JCo' }), 'malformed');
  });

  it('is refused before its first moment and from its last moment on', async () => {
    const text = key({ notBefore: days(0), expires: days(1) });
    await refuses(text, 'not-yet-valid', { ...trusted, now: new Date(NOW.getTime() - 1) });
    assert.ok(await verifyLicense(text, trusted));
    assert.ok(await verifyLicense(text, { ...trusted, now: new Date(days(1).getTime() - 1) }));
    await refuses(text, 'expired', { ...trusted, now: days(1) });
  });

  it('can be shown without being trusted', () => {
    const shown = inspectLicense(key({ maxStreams: 3 }, stranger));
    assert.equal(shown.algorithm, 'EdDSA');
    assert.equal(shown.keyId, stranger.id);
    assert.equal(shown.license.maxStreams, 3);
  });
});

describe('The evaluation license', () => {
  it('allows every model for years, on a machine with no network and an old clock', async () => {
    for (const now of ['2020-06-01', '2026-11-22', '2031-12-31']) {
      const shipped = await verifyLicense(EVALUATION_LICENSE, { now: new Date(now) });
      assert.equal(shipped.evaluation, true);
      assert.equal(shipped.models, '*');
    }
  });
});

describe('A public key setting', () => {
  it('is refused without being repeated when it is a private key, a key of another kind, or none', async () => {
    const settings = [
      issuer.privateKey,
      privateJwk(),
      'not a key',
      '{"kty":"oct","k":"c2VjcmV0LXNlY3JldA"}',
      '{broken',
    ];
    for (const setting of settings) {
      await assert.rejects(verifyLicense(key(), { publicKeys: [setting], now: NOW }), (error: unknown) => {
        assert.ok(error instanceof InvalidArgumentError);
        assert.match(error.message, /Ed25519 public key as PEM/);
        assertKeepsSecret(error, setting.replace(/-----[A-Z ]+-----/g, '').replace('not a key', ''));
        return true;
      });
    }
  });
});

describe('A public key for which anybody could sign', () => {
  /** Little-endian; the points of order 1, 2, 4 and 8, with either sign, and the same in encodings that are not canonical. */
  const points = [
    '0100000000000000000000000000000000000000000000000000000000000000',
    'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    '0000000000000000000000000000000000000000000000000000000000000000',
    '0000000000000000000000000000000000000000000000000000000000000080',
    '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
    '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85',
    'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
    'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa',
    '0100000000000000000000000000000000000000000000000000000000000080',
    'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
    'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
    'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
    // Of full order, but 18 above the prime.
    'ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  ];

  for (const point of points) {
    it(`is refused in every form: ${point.slice(0, 8)}...${point.slice(-2)}`, async () => {
      const raw = Buffer.from(point, 'hex');
      const der = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), raw]);
      const jwk = { kty: 'OKP', crv: 'Ed25519', x: raw.toString('base64url') };
      const pem = `-----BEGIN PUBLIC KEY-----\n${der.toString('base64')}\n-----END PUBLIC KEY-----\n`;
      const forms = [raw.toString('base64'), raw.toString('base64url'), der.toString('base64'), pem];
      for (const setting of [...forms, JSON.stringify(jwk), JSON.stringify({ keys: [jwk] })]) {
        await assert.rejects(verifyLicense(key(), { publicKeys: [setting], now: NOW }), InvalidArgumentError);
      }
    });
  }

  it('would let a forged license through', () => {
    // R is the neutral point and S is 0, which holds for the neutral point as a key and any text.
    const neutral = Buffer.from(points[0] ?? '', 'hex');
    const signature = Buffer.concat([neutral, Buffer.alloc(32)]);
    const der = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), neutral]);
    const asKey = createPublicKey({ key: der, format: 'der', type: 'spki' });
    assert.ok(verify(null, Buffer.from('any text'), asKey, signature));
  });
});

describe('Issuing a license', () => {
  it('makes key pairs that differ', () => {
    assert.notEqual(generateLicenseKeyPair().id, generateLicenseKeyPair().id);
  });

  it('refuses a key that is not an Ed25519 private key, and does not repeat it', async () => {
    for (const pem of [issuer.publicKey, 'c2VjcmV0LXNlY3JldA']) {
      await assert.rejects(issueLicense(license(), pem), (error: unknown) => {
        assert.ok(error instanceof InvalidArgumentError);
        assertKeepsSecret(error, pem.replace(/-----[A-Z ]+-----/g, ''));
        return true;
      });
    }
  });

  it('refuses a license that no engine would accept', async () => {
    const wrong = {
      max_streams: { maxStreams: 0 },
      exp: { expires: days(-31) },
      sub: { licensee: '' },
      models: { models: [] },
    };
    for (const [claim, change] of Object.entries(wrong)) {
      await assert.rejects(
        issueLicense(license(change), issuer.privateKey),
        (error: unknown) => error instanceof InvalidArgumentError && error.message.includes(`"${claim}"`),
      );
    }
  });
});
