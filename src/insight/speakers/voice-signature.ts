/**
 * Voice signatures: what a speaker sounds like, as plain JSON that a flow can store. A signature belongs to the model
 * set that made it, because embeddings of different networks cannot be compared.
 *
 * Layout of `data`, little-endian, as base64:
 *
 * | bytes | what |
 * |---|---|
 * | 0-3 | `DTVS` |
 * | 4 | layout, 1 |
 * | 5 | 0 |
 * | 6-7 | number of values E, unsigned |
 * | 8-15 | first 8 bytes of the SHA-256 of the embedding's identity |
 * | 16-19 | seconds of speech behind it, float32 |
 * | 20-23 | seconds of audio that it was made from, float32 |
 * | 24- | E float32: the mean embedding at unit length |
 */
import { createHash } from 'node:crypto';
import { VoiceSignatureError } from '../../errors';
import { type Word, phrase, say } from '../../sentence';
import { normalised } from './centroid';
import { GATE_LABELS } from '../labels';

/** A voice, ready for JSON; opaque but for its version. */
export interface VoiceSignature {
  readonly version: 1;
  readonly data: string;
}

/** Signatures by the caller's own names for the speakers. */
export type VoiceSignatures = Readonly<Record<string, VoiceSignature>>;

/** What a signature holds. */
export interface VoicePrint {
  /** Mean embedding at unit length. */
  readonly embedding: Float32Array;
  readonly speechSeconds: number;
  readonly audioSeconds: number;
}

const MAGIC = 'DTVS';
const LAYOUT = 1;
const HEADER_BYTES = 24;
const IDENTITY_BYTES = 8;
const MAX_ID_LENGTH = 256;

/**
 * @param embeddingId Identity of the network that made the embedding, see `ModelDescription.embeddingId`.
 */
export function encodeVoiceSignature(print: VoicePrint, embeddingId: string): VoiceSignature {
  const bytes = Buffer.alloc(HEADER_BYTES + 4 * print.embedding.length);
  bytes.write(MAGIC, 0, 'latin1');
  bytes.writeUInt8(LAYOUT, 4);
  bytes.writeUInt16LE(print.embedding.length, 6);
  identityOf(embeddingId).copy(bytes, 8);
  bytes.writeFloatLE(print.speechSeconds, 16);
  bytes.writeFloatLE(print.audioSeconds, 20);
  normalised(print.embedding).forEach((value, index) => {
    bytes.writeFloatLE(value, HEADER_BYTES + 4 * index);
  });
  return { version: 1, data: bytes.toString('base64') };
}

/**
 * @param id The speaker, for the message of an error.
 * @throws VoiceSignatureError The value is no signature, of a newer version, damaged, or of another model set.
 */
export function decodeVoiceSignature(id: string, signature: unknown, embeddingId: string): VoicePrint {
  const refuse = (reason: Word): never => {
    throw new VoiceSignatureError(say`The voice signature of "${id}" cannot be used: ${reason}.`);
  };
  const bytes = signatureBytes(signature) ?? refuse(phrase`{version: 1, data: base64} is accepted`);
  if (bytes.length < HEADER_BYTES || bytes.toString('latin1', 0, 4) !== MAGIC)
    refuse(phrase`its data are damaged`);
  if (bytes.readUInt8(4) !== LAYOUT) refuse(say`its layout ${bytes.readUInt8(4)} is not known here`);
  if (!identityOf(embeddingId).equals(bytes.subarray(8, 8 + IDENTITY_BYTES))) {
    refuse(phrase`it was made with another set of models; create it again with this one`);
  }
  const size = bytes.readUInt16LE(6);
  if (bytes.length !== HEADER_BYTES + 4 * size) refuse(phrase`its data are damaged`);
  const values = Float32Array.from({ length: size }, (_, index) =>
    bytes.readFloatLE(HEADER_BYTES + 4 * index),
  );
  const embedding = normalised(values);
  const speechSeconds = bytes.readFloatLE(16);
  const audioSeconds = bytes.readFloatLE(20);
  const finite = [...embedding, speechSeconds, audioSeconds].every(Number.isFinite);
  if (!finite || embedding.every((value) => value === 0)) refuse(phrase`its data are damaged`);
  return { embedding, speechSeconds, audioSeconds };
}

/** Whether a signature is whole, and of this network. */
export function isVoiceOf(signature: unknown, embeddingId: string): boolean {
  try {
    decodeVoiceSignature('', signature, embeddingId);
    return true;
  } catch {
    return false;
  }
}

/** The mean of two prints of one voice, each with the weight of its speech. */
export function extendVoicePrint(print: VoicePrint, more: VoicePrint): VoicePrint {
  const sum = normalised(print.embedding).map(
    (value, index) => value * print.speechSeconds + (more.embedding[index] ?? 0) * more.speechSeconds,
  );
  return {
    embedding: normalised(sum),
    speechSeconds: print.speechSeconds + more.speechSeconds,
    audioSeconds: print.audioSeconds + more.audioSeconds,
  };
}

/** @throws VoiceSignatureError The name is empty, too long, or means something else in answers. */
export function checkSpeakerId(id: unknown): asserts id is string {
  if (typeof id !== 'string' || id === '' || id.length > MAX_ID_LENGTH || GATE_LABELS.includes(id)) {
    throw new VoiceSignatureError(
      say`The speaker id ${JSON.stringify(id)} cannot be used: a text of 1 to ${MAX_ID_LENGTH} characters other than ${GATE_LABELS.join(', ')} is accepted.`,
    );
  }
}

function signatureBytes(signature: unknown): Buffer | undefined {
  if (typeof signature !== 'object' || signature === null) return undefined;
  const { version, data } = signature as Partial<Record<keyof VoiceSignature, unknown>>;
  return version === 1 && typeof data === 'string' ? Buffer.from(data, 'base64') : undefined;
}

function identityOf(embeddingId: string): Buffer {
  return createHash('sha256').update(embeddingId).digest().subarray(0, IDENTITY_BYTES);
}
