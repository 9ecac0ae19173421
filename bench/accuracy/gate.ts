/** The gate of the voice models as a user gets it: what it lets through as speech. */
import { SAMPLE_RATE } from '../../src/clock';
import type { Clip } from './corpus';
import { GateDetector, type Detector } from './detectors';
import { groupBy } from './measures';
import type { Bench, Row } from './rows';
import { overVoices } from './shares';
import { sceneRows } from './speech';
import { mapParallel } from './windows';

/** Seconds of a single sound that are heard, and sounds of a kind. */
const LONGEST = 10;
const MOST_SOUNDS = 60;

/** How much of one sound was let through. */
export interface LetThrough {
  /** Where it comes from: what intervals are drawn over. */
  readonly voice: string;
  readonly frames: number;
  readonly passed: number;
}

export async function measureGate(bench: Bench): Promise<readonly Row[]> {
  const gate = new GateDetector(bench.modelSet);
  try {
    return [...(await sceneRows(gate, bench)), ...(await soundRows(gate, bench))];
  } finally {
    await gate.close();
  }
}

/** Kinds of sound in which nobody speaks, in the order of the table; undefined for a clip that is none of them. */
export function soundOf({ event, note, corpus }: Clip): (typeof SOUNDS)[number] | undefined {
  const words = note.replace(/^class=/u, '').toLowerCase();
  if (event === 'speech' || event === '' || note.includes('babble')) return undefined;
  if (event === 'music') return corpus.startsWith('songs-') ? 'songs' : 'instruments, mostly';
  if (event === 'noise') return words === 'knock' ? 'knocks' : 'other noise';
  if (event === 'pos_human_sounds') return 'laughs';
  if (event === 'neg_human_sounds') return corpus === 'screams' ? 'screams' : 'cries of babies';
  if (corpus.includes('cough') || words === 'cough') return 'coughs';
  if (words === 'clearthroat') return 'throat clearing';
  if (words === 'person sneeze') return 'sneezes';
  return words === 'snoring' ? 'snores' : undefined;
}

const SOUNDS = [
  'coughs',
  'throat clearing',
  'sneezes',
  'snores',
  'laughs',
  'cries of babies',
  'screams',
  'songs',
  'instruments, mostly',
  'knocks',
  'other noise',
] as const;

async function soundRows(gate: GateDetector, bench: Bench): Promise<readonly Row[]> {
  const { corpus, peers } = bench;
  const rows: Row[] = [];
  for (const kind of SOUNDS) {
    const clips = spread(corpus.clips.filter((clip) => soundOf(clip) === kind));
    const heard = await mapParallel(clips, async (clip) => {
      const sound = (await corpus.samples(clip)).subarray(0, LONGEST * SAMPLE_RATE);
      const { labels } = await gate.labels(sound, undefined);
      const said = labels.map((label) => label !== 'no_speech');
      return {
        source: sourceOf(clip),
        loud: labels.map((label) => label !== 'silence'),
        said: [said, ...(await Promise.all(peers.speech.map(async (peer) => (await peer.hear(sound)).said)))],
      };
    });
    [undefined, ...peers.speech].forEach((peer, index) => {
      const through = heard.map(({ source, loud, said }) => passed(source, loud, said[index] ?? []));
      rows.push(soundRow(kind, through, peer));
    });
  }
  return rows;
}

/** What was let through of the sounds of a kind. */
export function soundRow(kind: string, sounds: readonly LetThrough[], peer?: Pick<Detector, 'title'>): Row {
  const sum = (some: readonly LetThrough[], part: (each: LetThrough) => number) =>
    some.reduce((all, each) => all + part(each), 0);
  const share = (some: readonly LetThrough[]) =>
    sum(some, (each) => each.passed) /
    Math.max(
      1,
      sum(some, (each) => each.frames),
    );
  return {
    kind: 'share',
    what: `${peer?.title ?? ''}let through as speech: ${kind}`,
    figure: 'share of frames',
    figures: overVoices(sounds, share, (each) => each.frames),
  };
}

/** Frames of silence do not count: no gate is asked about them. */
export function passed(voice: string, loud: readonly boolean[], said: readonly boolean[]): LetThrough {
  const heard = loud
    .map((isLoud, frame) => ({ isLoud, said: said[frame] ?? false }))
    .filter(({ isLoud }) => isLoud);
  return { voice, frames: heard.length, passed: heard.filter((frame) => frame.said).length };
}

/** The track of music, the telephone of a recording, or the recording itself: a "voice" of noises is often a whole class of them. */
function sourceOf({ event, voice, note, file, start }: Clip): string {
  if (event === 'music') return voice;
  return note.startsWith('device=') ? note : `${file}@${start}`;
}

/** At most so many clips, of as many voices as there are. */
export function spread(clips: readonly Clip[]): readonly Clip[] {
  const voices = [...groupBy(clips, ({ corpus, voice }) => `${corpus}/${voice}`).values()];
  const longest = Math.max(0, ...voices.map(({ length }) => length));
  const turns = Array.from({ length: longest }, (_, turn) => voices.flatMap((voice) => voice[turn] ?? []));
  return turns.flat().slice(0, MOST_SOUNDS);
}
