/** What a user's strict program does with the package; it is compiled, not run. */
import {
  ChunkMemory,
  Deeptone,
  DeeptoneError,
  StreamHub,
  type AnalysisStream,
  type AudioData,
  type ChannelAnalysis,
  type ClassResult,
  type FileAnalysis,
  type Listener,
  type ModelResult,
  type SampleArray,
  type SpeakerResult,
  type StreamInput,
  type TimeSeriesStep,
  type VoiceSignature,
} from '@deeptone/node-red';

const deeptone = new Deeptone(undefined, { modelFolders: ['/models'], threads: 1 });

export async function file(): Promise<number | undefined> {
  const { channels }: FileAnalysis = await deeptone.processFile('talk.wav', {
    models: ['gender', 'speaker-map', 'doorbell'],
    outputPeriod: 1024,
    includeSummary: true,
    includeTransitions: true,
    includeRawValues: true,
  });
  const left: ChannelAnalysis | undefined = channels['0'];
  for (const { timestamp, results, raw } of left?.time_series ?? []) {
    const confidence: number = results.gender.confidence + results['gender'].confidence;
    const speaker: string = results['speaker-map'].speaker_top;
    const own: ModelResult | undefined = results['doorbell'];
    if (own && 'confidence' in own) console.log(timestamp, confidence, speaker, own.result, raw?.['gender']);
    // @ts-expect-error: the speaker map has no confidence
    console.log(results['speaker-map'].confidence);
    // @ts-expect-error: answers are not for writing
    results.gender.confidence = 1;
  }
  return left?.summary?.['gender']?.['female_fraction'];
}

export async function clips(samples: Float32Array, bytes: Buffer, numbers: number[]): Promise<void> {
  const inputs: AudioData[] = [samples, bytes, numbers, new Int16Array(16)];
  for (const input of inputs) {
    await deeptone.processAudioBytes(input, { models: ['speech'], outputPeriod: 64, rateIn: 8000 });
  }
  await deeptone.processContainer(bytes, { models: ['speech'], outputPeriod: 64, channel: 0 });
  const { results, level } = await deeptone.processAudioChunk(bytes, {
    models: ['arousal'],
    format: { encoding: 's16le', sampleRate: 48_000, channels: 2 },
    memory: new ChunkMemory(10),
    topic: 'kitchen',
    onWarning: (message, code) => console.log(message, code === 'truncated'),
  });
  console.log(level);
  const arousal: ClassResult = results.arousal;
  console.log(arousal.result);
}

export async function* live(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<SpeakerResult> {
  const input: StreamInput = pieces;
  const steps: AsyncIterable<TimeSeriesStep> = deeptone.processStream(input, {
    models: ['speaker-map'],
    outputPeriod: 512,
    format: { encoding: 'mulaw', sampleRate: 8000, channels: 1 },
  });
  for await (const step of steps) yield step.results['speaker-map'];
}

export async function opened(samples: Float32Array): Promise<void> {
  const stream: AnalysisStream = await deeptone.openStream({ models: ['emotions'], outputPeriod: 64 });
  const { steps, begun, ended } = await stream.push(samples);
  console.log(steps[0]?.results.emotions.result, begun[0]?.previous, ended[0]?.timestamp_end);
  await stream.finish();
}

export async function signatures(): Promise<Record<string, VoiceSignature>> {
  const anna: SampleArray = new Float32Array(16_000);
  return deeptone.createVoiceSignatures([
    { speakerId: 'anna', audio: anna },
    { speakerId: 'ben', audio: 'ben.wav' },
  ]);
}

const listener: Listener<{ readonly topic: string }> = (event) => {
  switch (event.kind) {
    case 'step':
      console.log(event.stream.key, event.context?.topic, event.step.results.speech.result);
      break;
    case 'gap':
      console.log(event.evidence, event.remedy, event.lostMs);
      break;
    case 'warning':
      console.log(event.code);
      break;
    default:
  }
};

export const hub = new StreamHub<{ readonly topic: string }>({
  open: (options) => deeptone.openStream(options),
  options: { models: ['speech'], outputPeriod: 1024 },
  listener,
});

export function codeOf(error: unknown): string {
  return error instanceof DeeptoneError ? error.code : 'unknown';
}
