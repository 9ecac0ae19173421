/** What the Test button of an engine does: a look at everything that an answer takes, and one sound that is heard. */
import { execFile } from 'node:child_process';
import { freemem } from 'node:os';
import { promisify } from 'node:util';
import type { Summary } from '../../src';
import { findFfmpeg } from '../../src/audio';
import { describeEngine } from '../../src/inference';
import { heardInShort, sharesOfSummary, type Vocabulary } from '../../src/insight';
import { withoutPaths, type OpenEngine } from '../../src/supervision';
import { toError } from '../shared/failure';
import { spoken, spokenError } from '../shared/language';
import { sentenceOf } from '../../src/sentence';
import { exampleSoundPath } from '../shared/paths';

/** What one look came to; the editor has words for each subject, with these values. */
export interface Finding {
  readonly subject: 'license' | 'runtime' | 'models' | 'sound' | 'speed' | 'ffmpeg' | 'memory';
  /** `problem`: it does not work; `warning`: something will be missing. */
  readonly state: 'ok' | 'warning' | 'problem';
  readonly values: Readonly<Record<string, string | number>>;
}

export interface Trial {
  readonly findings: readonly Finding[];
  /** What was heard in the example. */
  readonly summary?: Summary;
  /** The same in a few words. */
  readonly heard?: string;
}

const EXAMPLE = 'radio-show.wav';
/** What most people want to know of a sound; models that an engine does not have are left out. */
const MODELS = ['speech', 'gender', 'speaker-map', 'audio-event'];
/**
 * Live streams per times of real time at which the example is heard. Where that was 280 to 420 times, 200 live microphones with nine
 * models were answered in time, and 300 lost nothing but were late, with a second core for Node-RED (bench `live-streams`); a machine with
 * one core carries less.
 */
const LIVE_SHARE = 0.5;
/** Milliseconds for a look at ffmpeg, which a small machine that is busy reads from its card. */
const FFMPEG_MS = 20_000;

/**
 * Tries an engine out. Starts it, if it is not running. It does not throw: what fails is a finding.
 *
 * @param words for what was heard
 */
export async function tryEngine(open: OpenEngine, words: Vocabulary): Promise<Trial> {
  const findings: Finding[] = [];
  const look = async (subject: Finding['subject'], what: () => Finding | Promise<Finding>): Promise<void> => {
    findings.push(
      await Promise.resolve()
        .then(what)
        .catch((error: unknown) => ({
          ...{ subject, state: 'problem' as const },
          values: { message: withoutPaths(spokenError(toError(error)).message) },
        })),
    );
  };
  let summary: Summary | undefined;
  await look('license', () => license(open));
  await look('runtime', () => runtime(open));
  await look('models', () => models(open));
  await look('sound', async () => {
    const heard = await hearExample(open);
    summary = heard.summary;
    findings.push({ subject: 'speed', state: 'ok', values: heard.speed });
    return { subject: 'sound', state: 'ok', values: { name: EXAMPLE } };
  });
  await look('ffmpeg', () => ffmpeg(open));
  await look('memory', memory);
  if (summary === undefined) return { findings };
  return { findings, summary, heard: heardInShort(sharesOfSummary(summary), words) };
}

async function license({ deeptone }: OpenEngine): Promise<Finding> {
  const status = await deeptone.verifyLicense();
  const { state } = status;
  const how = { valid: 'ok', expiring: 'warning', expired: 'problem', 'not-yet-valid': 'problem' } as const;
  return { subject: 'license', state: how[state], values: { message: spoken(sentenceOf(status)) } };
}

async function runtime({ deeptone, runtime: engine }: OpenEngine): Promise<Finding> {
  await deeptone.start();
  const { remark } = engine.info ?? {};
  return {
    subject: 'runtime',
    state: remark === undefined ? 'ok' : 'warning',
    values: { runtime: describeEngine(engine), remark: remark === undefined ? '' : withoutPaths(remark) },
  };
}

function models({ deeptone }: OpenEngine): Finding {
  const broken = deeptone.brokenModels.map(({ name, reason }) => withoutPaths(`${name}: ${reason}`));
  return {
    subject: 'models',
    state: broken.length === 0 ? 'ok' : 'warning',
    values: { count: deeptone.describeModels().length, broken: broken.join('; ') },
  };
}

async function hearExample({ deeptone }: OpenEngine): Promise<{
  readonly summary: Summary | undefined;
  readonly speed: { readonly times: number; readonly streams: number };
}> {
  const wanted = MODELS.filter((name) => deeptone.isModelAvailable(name));
  const names = wanted.length > 0 ? wanted : [...deeptone.getAvailableModels()].slice(0, 1);
  const options = { models: names, outputPeriod: 1_024, includeSummary: true, channel: 0 };
  const file = exampleSoundPath(EXAMPLE);
  await deeptone.processFile(file, options); // Once before it is timed: the first run of a graph takes longer.
  let analysedMs = 0;
  const started = performance.now();
  const { channels } = await deeptone.processFile(file, {
    ...options,
    onProgress: (_fraction, heardMs) => (analysedMs = heardMs),
  });
  const times = analysedMs / Math.max(performance.now() - started, 1);
  return {
    summary: Object.values(channels)[0]?.summary,
    speed: { times: Math.round(times), streams: roughly(times * LIVE_SHARE) },
  };
}

/** Down to one digit that counts: more is not known. */
function roughly(count: number): number {
  const unit = 10 ** Math.floor(Math.log10(Math.max(count, 1)));
  return Math.floor(count / unit) * unit;
}

async function ffmpeg({ ffmpegPath }: OpenEngine): Promise<Finding> {
  const subject = 'ffmpeg';
  const found = await findFfmpeg(ffmpegPath).catch(() => undefined);
  if (found === undefined) return { subject, state: 'warning', values: { version: '' } };
  const { stdout } = await promisify(execFile)(found, ['-version'], { timeout: FFMPEG_MS });
  return { subject, state: 'ok', values: { version: /version (\S+)/.exec(stdout)?.[1] ?? '?' } };
}

function memory(): Finding {
  const megabytes = (bytes: number): number => Math.round(bytes / 1e6);
  return {
    subject: 'memory',
    state: 'ok',
    values: { used: megabytes(process.memoryUsage().rss), free: megabytes(freemem()) },
  };
}
