/** The speaker map: a model whose frames are voice embeddings (decision 14). */
import { FRAME_MS } from '../../clock';
import type { Steps } from '../../steps';
import { InferenceError, VoiceSignatureError } from '../../errors';
import { say } from '../../sentence';
import type { ClusteringSettings, ModelDescription } from '../../inference';
import { similarity } from './centroid';
import { speakerSettings, withStrictness } from './clustering-settings';
import { checkDecision, isBackground, type Decision, type PeriodRule } from '../choice';
import { clampUnit } from '../confidence';
import { FrameState } from '../gate';
import { GATE_LABELS, UNKNOWN } from '../labels';
import type { FrameSlice, ModelTrack, PeriodAnswer } from '../model-track';
import { PeriodVote, RowMean } from '../period';
import type { ModelSummary, RawValues } from '../results';
import { round4 } from '../rounding';
import { fractions } from '../summary';
import { RunTracker, type TransitionSink } from '../transitions';
import { DelayedVoices } from './delayed-voices';
import { SpeakerClustering } from './speaker-clustering';
import { VOICE_SAMPLE_LIMITS } from './voice-sample';
import {
  checkSpeakerId,
  decodeVoiceSignature,
  encodeVoiceSignature,
  type VoiceSignature,
  type VoiceSignatures,
} from './voice-signature';
import { NOBODY, type LookingAhead } from './voice-source';
import { WholeVoices } from './whole-voices';

/** What a speaker map waits for: so many frames, or `whole`: all that there is, or as much as is held at a time. */
export type SpeakerWait = number | 'whole';

/** A voice that has a name before the audio begins. */
interface KnownVoice {
  readonly id: string;
  readonly signature: VoiceSignature;
  /** L2-normalised. */
  readonly embedding: Float32Array;
}

/** Labels frames by voice. A label is the speaker's slot; the gate labels come after all slots. Memory does not grow. */
export class SpeakerTrack implements ModelTrack {
  readonly name: string;
  readonly width = null;
  private readonly unknown: number;
  private readonly noSpeech: number;
  private readonly silence: number;
  private readonly vote: PeriodVote;
  private readonly periodRule: PeriodRule;
  private readonly isOfInterest = (label: number): boolean => !isBackground(this.nameOf(label));
  private readonly runs: RunTracker;
  private readonly totals: Float64Array;
  /** Per slot, the name and the serial number of the speaker that it belongs to. */
  private readonly names: string[];
  private readonly serials: number[];
  private readonly knownVoices: readonly KnownVoice[];
  private readonly clustering: ClusteringSettings;
  private voices: LookingAhead | undefined;
  private rawMean: RowMean | undefined;
  private embedding = new Float32Array(0);
  private lastNumber = 0;
  private label = -1;
  private confidence = 0;
  private readonly nameOf = (label: number): string =>
    GATE_LABELS[label - this.unknown] ?? this.names[label] ?? UNKNOWN;
  /** Ties: known voices, speakers in order of appearance, then the gate labels. */
  private readonly rank = (label: number): number =>
    label >= this.unknown ? Number.MAX_SAFE_INTEGER - (this.silence - label) : (this.serials[label] ?? 0);

  /** @throws VoiceSignatureError A signature is damaged, or of another set of models; InvalidArgumentError for a decision about classes. */
  constructor(
    private readonly model: ModelDescription,
    private readonly includeRawValues: boolean,
    signatures: VoiceSignatures = {},
    decision: Decision = {},
    private readonly wait: SpeakerWait = 0,
    strictness = 0,
  ) {
    this.clustering = withStrictness(model.clustering, strictness);
    this.name = model.name;
    checkDecision(model, decision);
    this.periodRule = decision.period ?? 'majority';
    this.knownVoices = Object.entries(signatures).map(([id, signature]) => {
      checkSpeakerId(id);
      const { embedding } = decodeVoiceSignature(id, signature, model.embeddingId ?? '');
      return { id, signature, embedding };
    });
    this.names = this.knownVoices.map((voice) => voice.id);
    this.serials = this.knownVoices.map(() => 0);
    this.unknown = this.knownVoices.length + speakerSettings(model.clustering).maxSpeakers;
    this.noSpeech = this.unknown + 1;
    this.silence = this.unknown + 2;
    this.vote = new PeriodVote(this.silence + 1);
    this.totals = new Float64Array(this.silence + 1);
    this.runs = new RunTracker(model.name);
  }

  hearAhead(states: Uint8Array, values: Float32Array, frameCount: number): void {
    const width = values.length / frameCount;
    const voices = this.voices ?? this.begin(width);
    for (let frame = 0; frame < frameCount; frame += 1)
      this.hear(voices, states[frame], values, frame, width);
  }

  *settle(): Steps<void> {
    if (this.voices) yield* this.voices.settle();
  }

  consume(slice: FrameSlice, sink: TransitionSink): void {
    const voices = this.voices ?? this.begin(slice.width);
    for (let index = slice.from; index < slice.to; index += 1) {
      if (this.wait === 0) this.hear(voices, slice.gate.states[index], slice.values, index, slice.width);
      this.decide(voices, slice, index);
      this.totals[this.label] = (this.totals[this.label] ?? 0) + 1;
      this.vote.add(this.label, this.confidence);
      this.rawMean?.add(slice.values, index * slice.width);
      const frame = slice.firstFrame + index - slice.from;
      this.runs.add(frame, this.label, this.confidence, this.nameOf, sink);
    }
  }

  closePeriod(): PeriodAnswer {
    let speakers = 0;
    for (let slot = 0; slot < this.unknown; slot += 1) if (this.vote.count(slot) > 0) speakers += 1;
    const result = {
      speaker_top: this.nameOf(this.vote.chosen(this.periodRule, this.isOfInterest, this.rank)),
      speaker_count: speakers,
    };
    const shares = this.vote.shares(this.nameOf);
    const raw = this.rawValues();
    this.vote.reset();
    this.rawMean?.reset();
    return { result, shares, raw };
  }

  finish(endMs: number, sink: TransitionSink): void {
    this.runs.finish(endMs, sink);
  }

  /** Of speakers without a name of their own only those who have frames: who turned out to be another, or was forgotten, has none. */
  summary(): ModelSummary {
    const heard = [...this.names.keys()].filter((slot) => (this.totals[slot] ?? 0) > 0);
    const named = [...this.names.keys()].filter(
      (slot) => slot < this.knownVoices.length || heard.includes(slot),
    );
    const labels = [...named, this.unknown, this.noSpeech, this.silence];
    return {
      speaker_count: heard.length,
      ...fractions(labels.map((label) => ({ name: this.nameOf(label), frames: this.totals[label] ?? 0 }))),
    };
  }

  /** Signatures of the speakers who spoke for at least the shortest time that a signature needs. */
  voiceSignatures(): [string, VoiceSignature][] {
    const { minimumSpeechSeconds, maximumSeconds } = VOICE_SAMPLE_LIMITS;
    return this.names.flatMap((id, slot): [string, VoiceSignature][] => {
      const embedding = this.voiceIn(slot);
      const seconds = ((this.totals[slot] ?? 0) * FRAME_MS) / 1_000;
      if (!embedding || seconds < minimumSpeechSeconds) return [];
      const known = this.knownVoices[slot];
      if (known) return [[id, known.signature]];
      const kept = Math.min(seconds, maximumSeconds);
      const print = { embedding, speechSeconds: kept, audioSeconds: kept };
      return [[id, encodeVoiceSignature(print, this.model.embeddingId ?? '')]];
    });
  }

  /** The speakers without a name of their own that were heard so far, by their labels; undefined where a voice was forgotten. */
  numberedVoices(): ReadonlyMap<string, Float32Array | undefined> {
    const slots = this.names.map((name, slot) => [name, slot] as const).slice(this.knownVoices.length);
    return new Map(slots.map(([name, slot]) => [name, this.voiceIn(slot)]));
  }

  private begin(size: number): LookingAhead {
    for (const { id, embedding } of this.knownVoices) {
      if (embedding.length !== size) {
        throw new VoiceSignatureError(
          say`The voice signature of "${id}" has ${embedding.length} values; "${this.name}" gives ${size}.`,
        );
      }
    }
    const known = this.knownVoices.map((voice) => voice.embedding);
    this.voices =
      this.wait === 'whole'
        ? new WholeVoices(size, this.clustering, known)
        : this.delayed(size, known, this.wait);
    this.embedding = new Float32Array(size);
    this.rawMean = this.includeRawValues ? new RowMean(size) : undefined;
    return this.voices;
  }

  private delayed(size: number, known: readonly Float32Array[], delay: number): LookingAhead {
    // A slot that still counts in this period, whose phase still lasts, or that is yet to be told, is not given to another speaker.
    const mayReplace = (slot: number): boolean =>
      this.vote.count(slot) === 0 && this.label !== slot && !voices.isDue(slot);
    const merged = (slot: number, into: number): void => {
      voices.merge(slot, into);
      this.nameSlot(into, voices.serialOf(into));
      this.totals[into] = (this.totals[into] ?? 0) + (this.totals[slot] ?? 0);
      this.totals[slot] = 0;
    };
    const clustering = new SpeakerClustering(size, this.clustering, known, mayReplace, merged);
    const voices = new DelayedVoices(clustering, delay);
    return voices;
  }

  /** Lets the speaker map hear a frame, before it is asked about it. */
  private hear(
    voices: LookingAhead,
    state: number | undefined,
    values: Float32Array,
    frame: number,
    width: number,
  ): void {
    if (state !== FrameState.speech) {
      voices.hear(undefined);
      return;
    }
    this.embedding.set(values.subarray(frame * width, (frame + 1) * width));
    if (this.embedding.some(Number.isNaN)) {
      throw new InferenceError(say`The model "${this.name}" gave a value that is not a number.`);
    }
    voices.hear(this.embedding);
  }

  /** Label and confidence of a frame, left in the fields. */
  private decide(voices: LookingAhead, { gate }: FrameSlice, frame: number): void {
    const state = gate.states[frame];
    if (state !== FrameState.speech) {
      voices.skip();
      const silent = state === FrameState.silent;
      this.label = silent ? this.silence : this.noSpeech;
      this.confidence = silent ? 1 : clampUnit(1 - (gate.speechProbabilities[frame] ?? 0));
      return;
    }
    const { slot, serial, similarity: by } = voices.next();
    this.confidence = clampUnit(by);
    if (slot !== NOBODY) this.nameSlot(slot, serial);
    const tooFar = this.model.unknownBelow !== null && this.confidence < this.model.unknownBelow;
    this.label = slot === NOBODY || tooFar ? this.unknown : slot;
  }

  /** Gives a slot the name of the speaker that now has it; what an earlier one had counts as unknown from now on. */
  private nameSlot(slot: number, serial: number): void {
    if (this.serials[slot] === serial) return;
    this.serials[slot] = serial;
    do this.lastNumber += 1;
    while (this.knownVoices.some((voice) => voice.id === `speaker_${this.lastNumber}`));
    this.names[slot] = `speaker_${this.lastNumber}`;
    this.totals[this.unknown] = (this.totals[this.unknown] ?? 0) + (this.totals[slot] ?? 0);
    this.totals[slot] = 0;
  }

  /** The voice of a slot's speaker; undefined once the slot is another's who has not spoken a frame under a name yet. */
  private voiceIn(slot: number): Float32Array | undefined {
    return this.voices?.serialOf(slot) === this.serials[slot] ? this.voices?.centroidOf(slot) : undefined;
  }

  /** Similarity of the period's mean embedding to every speaker known at its end. */
  private rawValues(): RawValues | undefined {
    if (!this.includeRawValues) return undefined;
    const mean = Float32Array.from(this.rawMean?.values() ?? []);
    return Object.fromEntries(
      this.names.flatMap((name, slot) => {
        const centroid = this.voiceIn(slot);
        return centroid ? [[name, round4(similarity(mean, centroid))]] : [];
      }),
    );
  }
}
