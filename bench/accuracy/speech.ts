/** How well the models of speech, and the gate of the voice models, hear whether somebody speaks, beside networks of others. */
import type { Clip } from './corpus';
import { modelDetector, PEER_SAYS, type Detector } from './detectors';
import { byCondition, classesOf, type Bench, type Row } from './rows';
import { aucFigures, f1Figures, heardScenes, type ClipScores, type Material } from './speech-frames';
import { clipWindows } from './windows';

/** What the models that hear a second are given before a window of a second. */
export const SECOND_FRAMES = 17;

export async function measureSpeech(model: string, bench: Bench): Promise<readonly Row[]> {
  const truth = (clip: Clip) =>
    classesOf(model, bench).indexOf(clip.event === 'speech' || clip.event === 'music' ? clip.event : 'other');
  const windows = await secondsOf(bench, truth);
  return [
    ...(await sceneRows(modelDetector(bench.deeptone, model), bench)),
    ...(await byCondition(model, bench, windows, '1 s', model === 'speech')),
  ];
}

/** AUC and F1 of a detector under every condition, all together first, and those of the peers beside it. */
export async function sceneRows(detector: Detector, bench: Bench): Promise<readonly Row[]> {
  const material = await materialOf(bench);
  const detectors = [detector, ...bench.peers.speech];
  const all = detectors.map((): ClipScores[] => []);
  const rows: Row[] = [];
  for (const condition of bench.scenes) {
    for (const [index, each] of detectors.entries()) {
      const scores = await scoresOf(each, material, condition, bench);
      all[index]?.push(...scores);
      rows.push(...detectionRows(each, condition, scores));
    }
  }
  const together = detectors.flatMap((each, index) =>
    detectionRows(each, 'all conditions', all[index] ?? []),
  );
  return [...together, ...rows];
}

function detectionRows({ title }: Detector, condition: string, scores: readonly ClipScores[]): Row[] {
  const what = `${title}speech, frames, ${condition}`;
  const answered = title === '' ? 'as answered' : `from ${PEER_SAYS} on`;
  return [
    { kind: 'detection', figure: 'ROC-AUC', what, figures: aucFigures(scores) },
    { kind: 'detection', figure: 'F1', what: `${what}, ${answered}`, figures: f1Figures(scores) },
  ];
}

/** Peers hear the scenes once, whatever is measured beside them. */
const heardByPeers = new WeakMap<Detector, Map<string, Promise<readonly ClipScores[]>>>();

function scoresOf(
  detector: Detector,
  material: Material,
  condition: Bench['scenes'][number],
  { peers, surroundings }: Bench,
): Promise<readonly ClipScores[]> {
  if (!peers.speech.includes(detector)) return heardScenes(detector, material, condition, surroundings);
  const known = heardByPeers.get(detector) ?? new Map<string, Promise<readonly ClipScores[]>>();
  heardByPeers.set(detector, known);
  const scores = known.get(condition) ?? heardScenes(detector, material, condition, surroundings);
  known.set(condition, scores);
  return scores;
}

async function materialOf(bench: Bench): Promise<Material> {
  const { corpus } = bench;
  const clips = corpus.clips.filter((clip) => isLabelledThroughout(clip) && clip.event === 'speech');
  return {
    speech: await clipWindows(corpus, clips, () => 0, { seconds: 4, shortest: 2, perVoice: 1 }),
    others: await secondsOf(bench, ({ event }) => (event === 'speech' ? -1 : 0)),
  };
}

function secondsOf({ corpus }: Bench, truth: (clip: Clip) => number) {
  const clips = corpus.clips.filter(isLabelledThroughout);
  return clipWindows(corpus, clips, truth, {
    seconds: 1,
    perVoice: fewOfSpeech(8),
    context: SECOND_FRAMES,
  });
}

/** Windows of a voice: there are more voices that speak than sources of other sounds. */
export function fewOfSpeech(most: number) {
  return (clip: Clip) => (clip.event === 'speech' ? most / 2 : most);
}

/** Whether a clip is one thing from its beginning to its end: that of public videos has music and noise under and between the speech. */
export function isLabelledThroughout({ corpus, note }: Clip): boolean {
  return corpus !== 'voxlingua-dev' && !note.includes('babble');
}
