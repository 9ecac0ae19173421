/** What authors of engines, sources and heads write; it is compiled, not run. */
import { Deeptone, StreamHub } from '@deeptone/node-red';
import {
  CATALOGUE_FILE,
  loadCatalogue,
  OnnxPredictionEngine,
  type FramePredictions,
  type ModelDescription,
  type PredictionEngine,
  type PredictionStream,
} from '@deeptone/node-red/engine';
import { trainHead, type HeadReport } from '@deeptone/node-red/heads';
import {
  findFfmpeg,
  openLiveSource,
  ResultBoard,
  type LiveSource,
  type Publication,
} from '@deeptone/node-red/live';

class RemoteStream implements PredictionStream {
  async predict(pcm: Float32Array): Promise<FramePredictions> {
    const frameCount = pcm.length / 1024;
    return { frameCount, probabilities: new Map([['speech-rt', new Float32Array(3 * frameCount)]]) };
  }

  close(): void {
    // Nothing is held.
  }
}

export class RemoteEngine implements PredictionEngine {
  readonly models: readonly ModelDescription[] = loadCatalogue().models.map(({ description }) => description);

  async start(): Promise<void> {
    // Nothing to load.
  }

  async openStream(models: readonly string[]): Promise<PredictionStream> {
    console.log(models, CATALOGUE_FILE);
    return new RemoteStream();
  }

  async close(): Promise<void> {
    // Nothing is held.
  }
}

export const deeptone = new Deeptone(null, { predictionEngine: new RemoteEngine() });
export const shipped: PredictionEngine = new OnnxPredictionEngine({ modelSet: 'open' });

export async function listen(hub: StreamHub): Promise<void> {
  const ffmpegPath = await findFfmpeg();
  if (ffmpegPath === undefined) return;
  const source: LiveSource = openLiveSource({ input: 'rtsp://camera/1', ffmpegPath });
  for await (const piece of source) {
    await hub.hear(source.name, {
      payload: piece,
      knownFormat: { encoding: 'f32le', sampleRate: 16_000, channels: 1 },
    });
  }
}

export function show(): readonly Publication[] {
  const board = new ResultBoard({
    prefix: 'home',
    deviceOf: (stream) => stream,
    classesOf: () => ['speech'],
  });
  board.open('kitchen');
  return board.change(
    'kitchen',
    [{ model: 'speech', result: 'speech', confidence: 0.9, timestampStart: 0 }],
    Date.now(),
  );
}

export function train(): Promise<HeadReport> {
  return trainHead('recordings', { name: 'doorbell', out: 'models' });
}
