/**
 * Voices that somebody named, for all engines of this Node-RED: what they sound like, and no recording. In a file of their own that only
 * its owner may read, so that no flow that is exported or shared carries anybody's voice (decision 44).
 */
import { randomBytes } from 'node:crypto';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { InvalidArgumentError, type Deeptone, type VoiceSignature, VoiceSignatureError } from '../../src';
import { readSound } from '../../src/audio';
import { isVoiceOf } from '../../src/insight';
import { say } from '../../src/sentence';

const SAMPLE_RATE = 16_000;
/** A minute is read; of it what one signature takes is used. */
const LONGEST_SECONDS = 60;
const USED_SECONDS = 10;
const HOP_SECONDS = 0.5;
const MOST_VOICES = 100;
const LONGEST_NAME = 40;
/** RMS above which a tenth of a second is taken for voice, when the best part of a long clip is looked for. */
const VOICE_LEVEL = 0.01;
/** Of the time somebody speaks, what a second person may have before the clip is refused. */
const SECOND_PERSON = 0.2;

/** A person, as saved: a signature for each set of models it was made with, the newest last. */
interface SavedVoice {
  readonly name: string;
  readonly signatures: readonly VoiceSignature[];
}

/** A person, as the dialog shows it. */
export interface NamedVoice {
  readonly name: string;
  /** Whether the engine that asks can hear it: it was made with its models. */
  readonly isUsable: boolean;
}

/** The voices of this Node-RED. */
export class Voices {
  readonly #file: string;
  #voices: readonly SavedVoice[] | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(file: string) {
    this.#file = file;
  }

  /** What engines are told: of each person the signature that fits them. */
  signatures(embeddingId: string): Record<string, VoiceSignature> {
    const usable = this.#all().flatMap(({ name, signatures }) => {
      const own = signatures.find((signature) => isVoiceOf(signature, embeddingId));
      return own ? [[name, own] as const] : [];
    });
    return Object.fromEntries(usable);
  }

  list(deeptone: Deeptone): readonly NamedVoice[] {
    const usable = this.signatures(embeddingIdOf(deeptone));
    return this.#all().map(({ name }) => ({ name, isUsable: Object.hasOwn(usable, name) }));
  }

  /**
   * Learns a voice from a recording of one person.
   *
   * @param bytes a sound in any format
   * @throws InvalidArgumentError for a name that cannot be one or is taken, VoiceSignatureError where no single voice is to be heard,
   *   BadAudioError, FfmpegError, ModelNotFoundError
   */
  async add(name: unknown, bytes: Uint8Array, deeptone: Deeptone, ffmpegPath?: string): Promise<void> {
    const person = nameIn(name);
    this.#refuseTaken(person, deeptone);
    const how = { ffmpegPath, takesRaw: false };
    const sound = await readSound({ bytes }, how, LONGEST_SECONDS * SAMPLE_RATE);
    await refuseTwo(sound, deeptone);
    const audio = mostVoice(sound);
    const made = await deeptone.createVoiceSignatures([{ speakerId: person, audio }]);
    const signature = made[person];
    await this.#inTurn(async () => {
      this.#refuseTaken(person, deeptone);
      const others = this.#all().filter((voice) => voice.name !== person);
      const known = this.#all().find((voice) => voice.name === person)?.signatures ?? [];
      if (signature) await this.#save([...others, { name: person, signatures: [...known, signature] }]);
    });
  }

  /** @throws InvalidArgumentError where nobody has that name */
  async remove(name: string): Promise<void> {
    await this.#inTurn(async () => {
      const left = this.#all().filter((voice) => voice.name !== name);
      if (left.length === this.#all().length) throw new InvalidArgumentError(say`No voice has that name.`);
      await this.#save(left);
    });
  }

  #refuseTaken(name: string, deeptone: Deeptone): void {
    if (Object.hasOwn(this.signatures(embeddingIdOf(deeptone)), name))
      throw new InvalidArgumentError(
        say`There is a voice named "${name}": remove it first, or take another name.`,
      );
    const isNew = !this.#all().some((voice) => voice.name === name);
    if (isNew && this.#all().length >= MOST_VOICES)
      throw new InvalidArgumentError(say`There are ${MOST_VOICES} voices: remove one first.`);
  }

  #all(): readonly SavedVoice[] {
    this.#voices ??= savedIn(this.#file);
    return this.#voices;
  }

  async #save(voices: readonly SavedVoice[]): Promise<void> {
    await mkdir(dirname(this.#file), { recursive: true });
    const part = `${this.#file}.${randomBytes(4).toString('hex')}`;
    const sorted = [...voices].sort((one, other) => (one.name < other.name ? -1 : 1));
    await writeFile(part, `${JSON.stringify({ version: 1, voices: sorted })}\n`, { mode: 0o600 });
    await rename(part, this.#file);
    this.#voices = sorted;
  }

  #inTurn<T>(what: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(what);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }
}

/** A file that cannot be read holds nobody: an engine must not fail for it. */
function savedIn(file: string): readonly SavedVoice[] {
  try {
    const { voices } = JSON.parse(readFileSync(file, 'utf8')) as { readonly voices?: readonly SavedVoice[] };
    return (voices ?? []).filter(
      ({ name, signatures }) => typeof name === 'string' && Array.isArray(signatures),
    );
  } catch {
    return [];
  }
}

function embeddingIdOf(deeptone: Deeptone): string {
  return deeptone.describeModels().find(({ activation }) => activation === 'embedding')?.embeddingId ?? '';
}

/** @throws InvalidArgumentError */
function nameIn(name: unknown): string {
  const text = typeof name === 'string' ? name.normalize().trim().replace(/\s+/gu, ' ') : '';
  const isOurs = /^speaker_\d+$/u.test(text) || ['silence', 'no_speech', 'unknown'].includes(text);
  if (text === '' || text.length > LONGEST_NAME || /\p{C}/u.test(text) || isOurs)
    throw new InvalidArgumentError(
      say`A name of 1 to ${LONGEST_NAME} characters is needed, and none that DeepTone itself uses, such as speaker_1.`,
    );
  return text;
}

/** @throws VoiceSignatureError where two people speak */
async function refuseTwo(audio: Float32Array, deeptone: Deeptone): Promise<void> {
  if (audio.length < SAMPLE_RATE) return; // What is too short is refused as that.
  const options = { models: ['speaker-map'], outputPeriod: 1_024, includeSummary: true, voiceSignatures: {} };
  const { summary } = await deeptone.processAudioBytes(audio, options);
  const fractions = Object.entries(summary?.['speaker-map'] ?? {})
    .filter(([name, share]) => /^speaker_\d+_fraction$/u.test(name) && typeof share === 'number')
    .map(([, share]) => share)
    .sort((one, other) => other - one);
  const spoken = fractions.reduce((sum, share) => sum + share, 0);
  if ((fractions[1] ?? 0) > SECOND_PERSON * spoken)
    throw new VoiceSignatureError(
      say`Two people are heard in it: a recording of one person alone is needed.`,
    );
}

/** Of a long recording the ten seconds in which most is said. */
function mostVoice(audio: Float32Array): Float32Array {
  const used = USED_SECONDS * SAMPLE_RATE;
  if (audio.length <= used) return audio;
  const part = SAMPLE_RATE / 10;
  const voiced = Array.from({ length: Math.floor(audio.length / part) }, (_, at) => {
    const power = audio
      .subarray(at * part, (at + 1) * part)
      .reduce((sum, sample) => sum + sample * sample, 0);
    return Math.sqrt(power / part) > VOICE_LEVEL ? 1 : 0;
  });
  const width = used / part;
  let [best, most] = [0, -1];
  for (let at = 0; at + width <= voiced.length; at += HOP_SECONDS * 10) {
    const count = voiced.slice(at, at + width).reduce<number>((sum, one) => sum + one, 0);
    if (count > most) [best, most] = [at, count];
  }
  return audio.subarray(best * part, best * part + used);
}
