/** An hour at home, made: how often people are heard to cry, laugh or cough where none does. */
import { SAMPLE_RATE } from '../../src/clock';
import { joined, seededRandom } from '../../test/tools/audio';
import { pick } from './conditions';
import type { Clip } from './corpus';
import type { Bench, Row } from './rows';
import { overVoices } from './shares';
import { isLabelledThroughout } from './speech';
import { labelOf, mapParallel } from './windows';

const MINUTES = 60;
const PERIOD_MS = 1_024;
/** Of what sounds: noises (dogs, cocks, gulls, machines, water, rain), speech of adults and children, music. */
const SHARES = { noise: 0.5, speech: 0.35, music: 0.15 } as const;
const LONGEST_SECONDS = 10;
const PAUSE_SECONDS = [0.5, 2.5] as const;

interface Minute {
  readonly voice: string;
  /** Phases of a class of human sounds: of any length, and of two periods and more. */
  readonly alarms: number;
  readonly longer: number;
}

/**
 * Rows of false alarms an hour; the interval is over minutes. Loud and acted speech is among the speech. Where the corpus lacks one of the
 * kinds of sound, there is no such hour.
 */
export async function householdRows(model: string, bench: Bench): Promise<readonly Row[]> {
  const clips = bench.corpus.clips.filter(isLabelledThroughout);
  const isComplete = Object.keys(SHARES).every((kind) => clips.some(({ event }) => event === kind));
  const minutes = await mapParallel(
    Array.from({ length: isComplete ? MINUTES : 0 }, (_, index) => index),
    async (index): Promise<Minute> => {
      const sound = await minuteOf(bench, clips, index);
      const { time_series } = await bench.deeptone.processAudioBytes(sound, {
        models: [model],
        outputPeriod: PERIOD_MS,
      });
      const lengths = phasesOf(time_series.map((step) => labelOf(step, model)));
      return {
        voice: `minute ${index}`,
        alarms: lengths.length,
        longer: lengths.filter((length) => length > 1).length,
      };
    },
  );
  const row = (what: string, count: (minute: Minute) => number): Row => ({
    kind: 'rate',
    what,
    figures: overVoices(
      minutes,
      (some) => (60 * some.reduce((sum, one) => sum + count(one), 0)) / some.length,
    ),
  });
  return [
    row('a made hour at home without a cry, laugh or cough: false alarms', ({ alarms }) => alarms),
    row('the same, of two seconds and more', ({ longer }) => longer),
  ];
}

/** Lengths in periods of the phases in which a person is heard who does not speak. */
export function phasesOf(labels: readonly string[]): readonly number[] {
  const lengths: number[] = [];
  labels.forEach((label, index) => {
    if (!label.endsWith('_human_sounds')) return;
    if (labels[index - 1] === label) lengths[lengths.length - 1] = (lengths.at(-1) ?? 0) + 1;
    else lengths.push(1);
  });
  return lengths;
}

async function minuteOf({ corpus }: Bench, clips: readonly Clip[], index: number): Promise<Float32Array> {
  const random = seededRandom(index + 1);
  const size = 60 * SAMPLE_RATE;
  const parts: Float32Array[] = [];
  for (let length = 0; length < size; length = parts.reduce((sum, part) => sum + part.length, 0)) {
    const [shortest, longest] = PAUSE_SECONDS;
    const kind = kindOf(random());
    const clip = pick(
      clips.filter(({ event }) => event === kind),
      random,
    );
    parts.push((await corpus.samples(clip)).subarray(0, LONGEST_SECONDS * SAMPLE_RATE));
    parts.push(new Float32Array(Math.round((shortest + (longest - shortest) * random()) * SAMPLE_RATE)));
  }
  return joined(parts).subarray(0, size);
}

function kindOf(share: number): keyof typeof SHARES {
  if (share < SHARES.noise) return 'noise';
  return share < SHARES.noise + SHARES.speech ? 'speech' : 'music';
}
