/** Makes voice signatures of recordings: decode, run the models, measure, encode. */
import { withoutOffset } from '../audio';
import { FRAME_SAMPLES, SAMPLE_RATE } from '../clock';
import { InvalidArgumentError, ModelNotFoundError, VoiceSignatureError } from '../errors';
import { say } from '../sentence';
import type { ModelDescription, PredictionEngine } from '../inference';
import {
  checkSampleLength,
  checkSpeakerId,
  decodeVoiceSignature,
  encodeVoiceSignature,
  extendVoicePrint,
  frameVolumes,
  speechGateOf,
  VOICE_SAMPLE_LIMITS,
  voicePrintOf,
  type VoicePrint,
  type VoiceSignature,
  type VoiceSignatures,
} from '../insight';

/** A recording of one speaker alone. */
export interface SpeakerSample<Audio> {
  /** The caller's own name for the speaker; several samples may have the same. */
  readonly speakerId: string;
  /** Path of a file, or samples at 16 kHz. */
  readonly audio: Audio;
}

/** What making signatures needs from outside. */
export interface VoiceSignatureSources<Audio> {
  readonly engine: PredictionEngine;
  /** Gives all of a sample as 16 kHz mono, full scale 1.0. */
  readonly decode: (audio: Audio) => Promise<Float32Array>;
}

/** The model that hears who speaks. */
export const SPEAKER_MODEL = 'speaker-map';

/**
 * Creates or extends signatures.
 *
 * @param samples Each 1 to 10 s long, at least 1 s of it speech, with a signal-to-noise ratio of at least 0 dB.
 * @param existing Signatures to extend; a signature is made of at most 10 s of audio in all.
 * @returns `existing` with the new and the extended signatures.
 * @throws VoiceSignatureError naming the speaker and the limit; nothing is made then. ModelNotFoundError,
 *   InvalidArgumentError, and what `decode` and the engine throw.
 */
export async function createVoiceSignatures<Audio>(
  samples: readonly SpeakerSample<Audio>[],
  existing: VoiceSignatures | undefined,
  { engine, decode }: VoiceSignatureSources<Audio>,
): Promise<Record<string, VoiceSignature>> {
  const given: unknown = samples;
  if (!Array.isArray(given) || given.length === 0) {
    throw new InvalidArgumentError(
      say`samples is empty: a list of at least one {speakerId, audio} is accepted.`,
    );
  }
  const position = given.findIndex((sample) => typeof sample !== 'object' || sample === null);
  if (position >= 0) {
    throw new InvalidArgumentError(say`Sample ${position} is no object: {speakerId, audio} is accepted.`);
  }
  const model = embeddingModel(engine);
  const embeddingId = model.embeddingId ?? '';
  const prints = new Map<string, VoicePrint>();
  for (const [id, signature] of Object.entries(existing ?? {})) {
    checkSpeakerId(id);
    prints.set(id, decodeVoiceSignature(id, signature, embeddingId));
  }
  const touched = new Set<string>();
  for (const { speakerId, audio } of samples) {
    checkSpeakerId(speakerId);
    const print = await printOf(speakerId, await decode(audio), engine, model);
    const known = prints.get(speakerId);
    const extended = known ? extendVoicePrint(known, print) : print;
    checkTotal(speakerId, extended.audioSeconds);
    prints.set(speakerId, extended);
    touched.add(speakerId);
  }
  const made = [...prints].map(([id, print]): [string, VoiceSignature] => {
    const unchanged = touched.has(id) ? undefined : existing?.[id];
    return [id, unchanged ?? encodeVoiceSignature(print, embeddingId)];
  });
  return Object.fromEntries(made);
}

function embeddingModel(engine: PredictionEngine): ModelDescription {
  const model = engine.models.find(({ activation }) => activation === 'embedding');
  if (!model) {
    throw new ModelNotFoundError(
      SPEAKER_MODEL,
      engine.models.map(({ name }) => name),
    );
  }
  return model;
}

function checkTotal(id: string, seconds: number): void {
  // A signature holds seconds in 32 bits: whole samples are what counts.
  if (Math.round(seconds * SAMPLE_RATE) > VOICE_SAMPLE_LIMITS.maximumSeconds * SAMPLE_RATE) {
    throw new VoiceSignatureError(
      say`The samples of "${id}" last ${Number(seconds.toFixed(5))} s in all: ${VOICE_SAMPLE_LIMITS.maximumSeconds} s per signature are accepted.`,
    );
  }
}

async function printOf(
  id: string,
  pcm: Float32Array,
  engine: PredictionEngine,
  model: ModelDescription,
): Promise<VoicePrint> {
  const seconds = pcm.length / SAMPLE_RATE;
  checkSampleLength(id, seconds);
  const padded = new Float32Array(Math.ceil(pcm.length / FRAME_SAMPLES) * FRAME_SAMPLES);
  padded.set(withoutOffset(pcm));
  const volumes = frameVolumes(padded);
  const gate = speechGateOf(engine);
  const stream = await engine.openStream([gate.name, model.name]);
  try {
    const predictions = await stream.predict(padded);
    return voicePrintOf(id, { volumes, predictions, seconds }, model, gate);
  } finally {
    stream.close();
  }
}
