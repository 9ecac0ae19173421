import { randomUUID } from 'node:crypto';
import { rm, stat, writeFile } from 'node:fs/promises';
import { addAbortSignal } from 'node:stream';
import {
  EVALUATION_LICENSE,
  formatTime,
  generateLicenseKeyPair,
  inspectLicense,
  issueLicense,
  type License,
  LicenseGuard,
  type LicenseStatus,
} from '../license';
import { readLicenseKey, readPublicKeys, readText } from './engine-flags';
import { ExitCode } from './exit-codes';
import { UsageError } from './report';
import type { Terminal } from './terminal';

const DAY_MS = 24 * 60 * 60 * 1_000;
/** Only the owner may read and write: a private key, a license key. */
const SECRET_MODE = 0o600;
const PUBLIC_MODE = 0o644;
/** Permission bits of everybody but the owner. */
const OTHERS_MASK = 0o077;

/** What is shown of a license, by name. */
type Facts = Readonly<Record<string, string | number | boolean | readonly string[] | null>>;

/** Flags of `deeptone license issue`. */
export interface IssueFlags {
  readonly privateKey: string;
  readonly licensee: string;
  readonly models: readonly string[];
  readonly maxStreams?: number;
  readonly notBefore?: string;
  readonly expires?: string;
  readonly days?: number;
  readonly id?: string;
  readonly out?: string;
}

export interface ShowFlags {
  readonly json?: boolean;
}

export interface VerifyFlags extends ShowFlags {
  readonly publicKey?: readonly string[];
}

/** Makes a key pair in `<name>.private.pem` and `<name>.public.pem`. Files that are there are never replaced. */
export async function keygen(name: string, terminal: Terminal): Promise<ExitCode> {
  const pair = generateLicenseKeyPair();
  const [privateFile, publicFile] = [`${name}.private.pem`, `${name}.public.pem`];
  await writeNew(privateFile, pair.privateKey, SECRET_MODE);
  try {
    await writeNew(publicFile, pair.publicKey, PUBLIC_MODE);
  } catch (error) {
    // Half a pair is of no use, and we made it just now.
    await rm(privateFile);
    throw error;
  }
  await terminal.write(
    `private key: ${privateFile} (keep it secret: whoever has it can issue licenses)\n` +
      `public key:  ${publicFile} (give it to the engines)\n` +
      `key id:      ${pair.id}\n`,
  );
  return ExitCode.Ok;
}

/** Signs a license and prints its key, or writes it to a new file. */
export async function issue(flags: IssueFlags, terminal: Terminal): Promise<ExitCode> {
  const notBefore = flags.notBefore === undefined ? new Date() : parseTime('--not-before', flags.notBefore);
  const license: License = {
    id: flags.id ?? randomUUID(),
    licensee: flags.licensee,
    models: flags.models.includes('*') ? '*' : flags.models,
    maxStreams: flags.maxStreams ?? null,
    notBefore,
    expires: expiry(flags, notBefore),
    evaluation: false,
  };
  if (license.expires <= notBefore) {
    throw new UsageError(`The license would expire at ${formatTime(license.expires)}, before it begins.`);
  }
  const key = `${await issueLicense(license, await readPrivateKey(flags.privateKey, terminal))}\n`;
  if (flags.out === undefined) await terminal.write(key);
  else await writeNew(flags.out, key, SECRET_MODE);
  terminal.say(
    `Issued license ${license.id} to ${license.licensee}, valid until ${formatTime(license.expires)}.`,
  );
  return ExitCode.Ok;
}

/** Shows what a license key says, whoever signed it. */
export async function inspect(
  file: string | undefined,
  flags: ShowFlags,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<ExitCode> {
  const { algorithm, keyId, license } = inspectLicense(await licenseText(file, signal));
  const facts = { ...licenseFacts(license), algorithm, keyId: keyId ?? 'not named' };
  await terminal.print(flags.json ? json(facts) : list(facts));
  terminal.say('The signature was not checked; "deeptone license verify" does.');
  return ExitCode.Ok;
}

/**
 * Says whether a license holds here and now.
 *
 * @throws LicenseManagerError when it does not
 */
export async function verify(
  file: string | undefined,
  flags: VerifyFlags,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<ExitCode> {
  const publicKeys = await readPublicKeys(flags.publicKey);
  const guard = new LicenseGuard(await licenseText(file, signal), { publicKeys });
  await guard.verified();
  guard.check();
  const status = guard.status();
  await terminal.print(flags.json ? json(statusFacts(status)) : `${status.message}\n`);
  return ExitCode.Ok;
}

function statusFacts(status: LicenseStatus): Facts {
  return { state: status.state, daysLeft: status.daysLeft, ...licenseFacts(status) };
}

function licenseFacts(license: License): Facts {
  return {
    id: license.id,
    licensee: license.licensee,
    models: license.models,
    maxStreams: license.maxStreams,
    notBefore: license.notBefore.toISOString(),
    expires: license.expires.toISOString(),
    evaluation: license.evaluation,
  };
}

function json(facts: Facts): string {
  return `${JSON.stringify(facts, null, 2)}\n`;
}

function list(facts: Facts): string {
  return Object.entries(facts)
    .map(([name, value]) => `${`${name}:`.padEnd(12)} ${value === null ? 'no limit' : value.toString()}\n`)
    .join('');
}

async function licenseText(file: string | undefined, signal: AbortSignal): Promise<string> {
  const fromFile = file === '-' ? await readStandardInput(signal) : await readLicenseKey(file);
  return fromFile ?? (process.env['DEEPTONE_LICENSE_KEY'] || EVALUATION_LICENSE);
}

async function readStandardInput(signal: AbortSignal): Promise<string> {
  const pieces: Buffer[] = [];
  const input = addAbortSignal(signal, process.stdin) as AsyncIterable<Buffer>;
  for await (const piece of input) pieces.push(piece);
  const text = Buffer.concat(pieces).toString('utf8').trim();
  // As with an empty file: another license in its place would hide the mistake.
  if (text === '') throw new UsageError('Standard input holds no license key.');
  return text;
}

async function readPrivateKey(file: string, terminal: Terminal): Promise<string> {
  const pem = await readText(file, 'private key');
  const { mode } = await stat(file);
  if (process.platform !== 'win32' && (mode & OTHERS_MASK) !== 0) {
    terminal.say(`Warning: other users can read the private key ${file}; chmod 600 it.`);
  }
  return pem;
}

function expiry(flags: IssueFlags, notBefore: Date): Date {
  if ((flags.expires === undefined) === (flags.days === undefined)) {
    throw new UsageError('Say when the license ends, with either --expires or --days.');
  }
  if (flags.expires !== undefined) return parseTime('--expires', flags.expires);
  return new Date(notBefore.getTime() + (flags.days ?? 0) * DAY_MS);
}

/** A day (its first moment in UTC) or a moment with its time zone. */
function parseTime(flag: string, text: string): Date {
  const time = new Date(text);
  const day = text.slice(0, 10);
  const isWritten = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?$/.test(text);
  if (!isWritten || Number.isNaN(time.getTime()) || !isOnCalendar(day)) {
    throw new UsageError(
      `${flag} is "${text}": a day such as 2027-12-31 or a moment such as 2027-12-31T18:00Z is accepted.`,
    );
  }
  return time;
}

/** Date takes 31 February for 3 March. */
function isOnCalendar(day: string): boolean {
  const date = new Date(day);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(day);
}

async function writeNew(file: string, text: string, mode: number): Promise<void> {
  try {
    await writeFile(file, text, { flag: 'wx', mode });
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? error.code : undefined;
    throw new UsageError(
      reason === 'EEXIST'
        ? `${file} exists and is not replaced. Choose another name.`
        : `${file} cannot be written (${String(reason)}).`,
      { cause: error },
    );
  }
}
