import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deeptone, start, temporaryFolder } from './run-deeptone';

describe('deeptone license', () => {
  const folder = temporaryFolder();
  const run = (...args: readonly string[]) => deeptone(['license', ...args], { cwd: folder });
  const read = (name: string): string => readFileSync(join(folder, name), 'utf8');
  const forFleet = ['issue', '--private-key', 'fleet.private.pem', '--licensee', 'Quiet Rooms Ltd'];

  before(async () => {
    const made = await run('keygen', 'fleet');
    assert.equal(made.code, 0, made.stderr);
  });

  it('makes a key pair whose private half only its owner can read, and prints neither half', async () => {
    const made = await run('keygen', 'other');
    assert.equal(made.code, 0);
    assert.equal(statSync(join(folder, 'other.private.pem')).mode & 0o777, 0o600);
    for (const file of ['other.private.pem', 'other.public.pem']) {
      const secret = read(file).split('\n')[1] ?? '';
      assert.ok(secret.length > 40);
      assert.ok(!(made.stdout + made.stderr).includes(secret));
    }
  });

  it('ends on Ctrl-C while it waits for a key', async () => {
    const child = start(['license', 'verify', '-'], { cwd: folder });
    // More than a pipe holds: it is gone when the command reads.
    await new Promise((written) => child.stdin.write(' '.repeat(1_000_000), written));
    child.kill('SIGINT');
    const [code] = (await once(child, 'exit')) as [number | null];
    assert.equal(code, 130);
  });

  it('never replaces a key that is there', async () => {
    const before = read('fleet.private.pem');
    const again = await run('keygen', 'fleet');
    assert.equal(again.code, 2);
    assert.match(again.stderr, /fleet\.private\.pem exists and is not replaced/);
    assert.equal(read('fleet.private.pem'), before);
  });

  it('leaves no half of a pair behind when the other half cannot be written', async () => {
    writeFileSync(join(folder, 'half.public.pem'), 'mine');
    assert.equal((await run('keygen', 'half')).code, 2);
    assert.equal(read('half.public.pem'), 'mine');
    assert.ok(!existsSync(join(folder, 'half.private.pem')));
  });

  it('issues a license that verifies with the public key, and with no other', async () => {
    const issued = await run(...forFleet, '--models', 'speech,gender', '--max-streams', '8', '--days', '30');
    assert.equal(issued.code, 0, issued.stderr);
    assert.match(issued.stdout, /^[\w-]+\.[\w-]+\.[\w-]+\n$/);
    writeFileSync(join(folder, 'room.license'), issued.stdout);

    const verified = await run('verify', 'room.license', '--public-key', 'fleet.public.pem', '--json');
    assert.equal(verified.code, 0, verified.stderr);
    const facts = JSON.parse(verified.stdout) as Record<string, unknown>;
    assert.equal(facts['state'], 'valid');
    assert.equal(facts['daysLeft'], 30);
    assert.deepEqual(facts['models'], ['speech', 'gender']);
    assert.equal(facts['maxStreams'], 8);

    const stranger = await run('verify', 'room.license');
    assert.equal(stranger.code, 3);
    assert.equal(stranger.stdout, '');
    assert.match(stranger.stderr, /signed by a key that this engine does not know/);
  });

  it('writes the key to a new file that only its owner can read', async () => {
    const issued = await run(...forFleet, '--days', '1', '--out', 'one.license');
    assert.equal(issued.code, 0, issued.stderr);
    assert.equal(issued.stdout, '');
    assert.equal(statSync(join(folder, 'one.license')).mode & 0o777, 0o600);
    assert.equal((await run(...forFleet, '--days', '1', '--out', 'one.license')).code, 2);
  });

  it('shows what a key says, whoever signed it, also from standard input', async () => {
    const issued = await run(...forFleet, '--id', 'room-7', '--expires', '2030-01-31');
    const shown = await deeptone(['license', 'inspect', '-', '--json'], { input: issued.stdout });
    assert.equal(shown.code, 0, shown.stderr);
    const facts = JSON.parse(shown.stdout) as Record<string, unknown>;
    assert.equal(facts['id'], 'room-7');
    assert.equal(facts['licensee'], 'Quiet Rooms Ltd');
    assert.equal(facts['expires'], '2030-01-31T00:00:00.000Z');
    assert.match(shown.stderr, /signature was not checked/);
  });

  it('does not take nothing on standard input for the license in use', async () => {
    for (const command of ['inspect', 'verify']) {
      const shown = await deeptone(['license', command, '-'], { input: '\n' });
      assert.equal(shown.code, 2, shown.stdout);
      assert.match(shown.stderr, /no license key/);
    }
  });

  it('says that a license has expired', async () => {
    const issued = await run(...forFleet, '--not-before', '2020-01-01', '--expires', '2021-01-01');
    writeFileSync(join(folder, 'old.license'), issued.stdout);
    const verified = await run('verify', 'old.license', '--public-key', 'fleet.public.pem');
    assert.equal(verified.code, 3);
    assert.match(verified.stderr, /expired at 2021-01-01 00:00 UTC/);
  });

  it('says which license holds here when no file is named', async () => {
    const verified = await run('verify');
    assert.equal(verified.code, 0);
    assert.match(verified.stdout, /^Evaluation license/);
  });

  it('takes no key on the command line, and does not repeat it', async () => {
    const { stdout: key } = await run(...forFleet, '--days', '1');
    const refused = await run('verify', key.trim());
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, /Put the key into a file/);
    assert.ok(!refused.stderr.includes(key.slice(0, 12)));
  });

  it('warns of a private key that others can read', async () => {
    writeFileSync(join(folder, 'open.pem'), read('fleet.private.pem'), { mode: 0o644 });
    const issued = await run('issue', '--private-key', 'open.pem', '--licensee', 'A', '--days', '1');
    assert.equal(issued.code, 0);
    assert.match(issued.stderr, /other users can read the private key/);
  });

  const mistakes: readonly [what: string, args: readonly string[], message: RegExp][] = [
    ['no end', [], /either --expires or --days/],
    ['two ends', ['--days', '2', '--expires', '2030-01-01'], /either --expires or --days/],
    ['an end that is no day', ['--expires', 'tomorrow'], /--expires is "tomorrow"/],
    ['an end that no calendar has', ['--expires', '2030-02-31T00:00Z'], /--expires is "2030-02-31T00:00Z"/],
    ['an end before its beginning', ['--expires', '2020-01-01'], /before it begins/],
    ['no stream', ['--days', '1', '--max-streams', '0'], /whole number of at least 1/],
    ['no model', ['--days', '1', '--models', ','], /"models"/],
  ];
  for (const [what, args, message] of mistakes) {
    it(`issues no license with ${what}`, async () => {
      const refused = await run(...forFleet, ...args);
      assert.equal(refused.code, 2);
      assert.equal(refused.stdout, '');
      assert.match(refused.stderr, message);
    });
  }
});
