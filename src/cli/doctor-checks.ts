import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { access, constants } from 'node:fs/promises';
import { freemem, tmpdir, totalmem } from 'node:os';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { findFfmpeg } from '../audio';
import { FRAME_MS, FRAME_SAMPLES } from '../clock';
import { describeEngine, describeHost, hostName, loadCatalogue, OnnxPredictionEngine } from '../inference';
import { LicenseGuard } from '../license';
import { type EngineFlags, readLicenseKey, readPublicKeys } from './engine-flags';
import { reportFailure } from './report';
import { requiredNodeMajor } from '../version';

/** What one look at this machine came to. */
export interface Finding {
  readonly subject: string;
  /** `problem`: it cannot run here; `warning`: something will be missing. */
  readonly state: 'ok' | 'warning' | 'problem';
  readonly found: string;
  readonly advice?: string;
}

/** Bytes: Node.js with an engine and its first stream take 140 MB (measured), and results need some room. */
const NEEDED_MEMORY = 200e6;
/** Frames of the trial run: about 4 s of sound. */
const TRIAL_FRAMES = 64;

/** Looks at everything that an engine needs, one after the other. */
export async function* examine(flags: EngineFlags): AsyncGenerator<Finding> {
  yield nodeVersion();
  yield { subject: 'platform', state: 'ok', found: hostName(describeHost()) };
  yield memory();
  const models = await modelFile(flags);
  yield models;
  if (models.state !== 'problem') yield* trialRun(flags);
  yield await license(flags);
  yield await ffmpeg(flags);
  yield await writeAccess();
}

function nodeVersion(): Finding {
  const found = `${process.version} at ${process.execPath}`;
  if (Number(process.versions.node.split('.')[0]) >= requiredNodeMajor())
    return { subject: 'Node.js', state: 'ok', found };
  return {
    subject: 'Node.js',
    state: 'problem',
    found,
    advice: `install Node.js ${requiredNodeMajor()} or newer`,
  };
}

function memory(): Finding {
  const limit = process.constrainedMemory();
  // Where nothing limits the process, Node gives 0 or a number beyond any machine.
  const total = limit > 0 ? Math.min(limit, totalmem()) : totalmem();
  const free = Math.min(freemem(), total);
  const found = `${megabytes(free)} MB free of ${megabytes(total)} MB`;
  if (free >= NEEDED_MEMORY) return { subject: 'memory', state: 'ok', found };
  return {
    subject: 'memory',
    state: 'warning',
    found,
    advice: `free some: the engine takes about ${megabytes(NEEDED_MEMORY)} MB`,
  };
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(0);
}

/** Whether the trunk of the models is the one that its catalogue names. */
async function modelFile(flags: EngineFlags): Promise<Finding> {
  const subject = 'models';
  const advice = 'install the package again; its folder models is part of it';
  try {
    const { set, trunk, models } = loadCatalogue({
      modelSet: flags.modelSet,
      modelFolders: flags.modelFolder,
    });
    const hash = createHash('sha256');
    await pipeline(createReadStream(trunk.file), hash);
    if (hash.digest('hex') === trunk.sha256) {
      return { subject, state: 'ok', found: `${models.length} in the set "${set}", ${trunk.file}` };
    }
    return {
      subject,
      state: 'problem',
      found: `${trunk.file} is damaged: its SHA-256 is not the one in its catalogue`,
      advice,
    };
  } catch (error) {
    return problem(subject, error, advice);
  }
}

/** Loads the runtime, lets every model hear some sound, and names the models that cannot. */
async function* trialRun(flags: EngineFlags): AsyncGenerator<Finding> {
  const subject = 'model runtime';
  const { modelSet, modelFolder: modelFolders, workers, threads, runtime, isolation } = flags;
  try {
    const engine = new OnnxPredictionEngine({ modelSet, modelFolders, workers, threads, runtime, isolation });
    try {
      await engine.start();
      const speed = await trialSpeed(engine);
      const { info } = engine;
      const isNative = info.kind === 'native';
      yield {
        subject,
        state: info.remark === undefined ? 'ok' : 'warning',
        found: `${describeEngine(engine)} runs every model, ${speed.toFixed(0)} x real time`,
        ...(info.remark === undefined ? {} : { advice: info.remark }),
      };
      const telemetry = isNative ? 'that of the runtime is switched off' : 'the runtime has none';
      yield { subject: 'telemetry', state: 'ok', found: telemetry };
      for (const { name, reason } of engine.brokenModels) {
        const found = `${name} is left out: ${reason}`;
        yield {
          subject: 'your models',
          state: 'warning',
          found,
          advice: 'mend or remove its entry in catalogue.json',
        };
      }
    } finally {
      await engine.close();
    }
  } catch (error) {
    yield problem(subject, error);
  }
}

/** How many times faster than real time all models together are. */
async function trialSpeed(engine: OnnxPredictionEngine): Promise<number> {
  const stream = await engine.openStream(engine.models.map(({ name }) => name));
  await stream.predict(sound());
  const begin = performance.now();
  await stream.predict(sound());
  stream.close();
  return (TRIAL_FRAMES * FRAME_MS) / (performance.now() - begin);
}

/** A chord, so that no frame is silent. */
function sound(): Float32Array {
  const tone = (hertz: number, sample: number): number =>
    0.1 * Math.sin((2 * Math.PI * hertz * sample) / 16_000);
  return Float32Array.from(
    { length: TRIAL_FRAMES * FRAME_SAMPLES },
    (_, n) => tone(220, n) + tone(277, n) + tone(330, n),
  );
}

async function license(flags: EngineFlags): Promise<Finding> {
  const subject = 'license';
  try {
    const publicKeys = await readPublicKeys(flags.publicKey);
    const guard = new LicenseGuard(await readLicenseKey(flags.licenseFile), { publicKeys });
    await guard.verified();
    const { state, message } = guard.status();
    switch (state) {
      case 'valid':
        return { subject, state: 'ok', found: message };
      case 'expiring':
        return { subject, state: 'warning', found: message, advice: 'ask for a new license key' };
      case 'expired':
      case 'not-yet-valid':
        return {
          subject,
          state: 'problem',
          found: message,
          advice: 'set a license key that holds, and check the clock of this machine',
        };
    }
  } catch (error) {
    return problem(subject, error, 'set the whole license key, and the public key of whoever issued it');
  }
}

async function ffmpeg(flags: EngineFlags): Promise<Finding> {
  const subject = 'ffmpeg';
  const advice =
    'WAV works without it; for other formats install ffmpeg (apt install ffmpeg, brew install ffmpeg), or set DEEPTONE_FFMPEG to its path';
  try {
    const path = await findFfmpeg(flags.ffmpeg);
    if (path === undefined) return { subject, state: 'warning', found: 'not found', advice };
    const { stdout } = await promisify(execFile)(path, ['-version']);
    const version = /version (\S+)/.exec(stdout)?.[1] ?? 'of unknown version';
    return { subject, state: 'ok', found: `${version} at ${path}` };
  } catch (error) {
    return { ...problem(subject, error, advice), state: 'warning' };
  }
}

/** Nothing is written by the engine itself; ffmpeg, shells and whoever runs it write to these. */
async function writeAccess(): Promise<Finding> {
  const refused: string[] = [];
  for (const folder of [process.cwd(), tmpdir()]) {
    await access(folder, constants.W_OK).catch(() => refused.push(folder));
  }
  if (refused.length === 0)
    return { subject: 'write access', state: 'ok', found: `${process.cwd()}, ${tmpdir()}` };
  return {
    subject: 'write access',
    state: 'warning',
    found: `no right to write in ${refused.join(', ')}`,
    advice: 'write results and keys into another folder',
  };
}

/** @param advice undefined where the error itself says what to do */
function problem(subject: string, error: unknown, advice?: string): Finding {
  const found = reportFailure(error).message ?? String(error);
  return { subject, state: 'problem', found, ...(advice === undefined ? {} : { advice }) };
}
