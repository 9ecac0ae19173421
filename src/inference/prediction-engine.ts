/**
 * The inference room's face: PCM in, frame probabilities out (decision 26).
 */

/** Gate that decides about a frame before the model does (decision 6). */
export type Gate = 'volume' | 'voice';

/** How the graph's scores become probabilities. `embedding`: the scores are a voice embedding. */
export type Activation = 'softmax' | 'sigmoid' | 'embedding';

/** Settings of the online clustering of a model with `activation: "embedding"`; see the speaker map in `insight/`. */
export type ClusteringSettings = Readonly<Record<string, number>>;

/** Answers over what was said lately, in the place of single frames (decision 41). */
export interface Pooling {
  /** Seconds of sound that its gate lets through, the last ones, that an answer is the mean of. */
  readonly seconds: number;
  /** Probabilities of the mean are taken to the power of 1 / temperature: below 1 makes the answer surer of itself. Default: 1. */
  readonly temperature?: number;
  /** So many seconds of an even answer count beside what was heard, so that little speech makes no confident answer. Default: 0. */
  readonly priorSeconds?: number;
}

/** Answers seen against what is usual for who speaks into a channel (decision 45). */
export interface Baseline {
  /** Means of the natural logarithms of the probabilities, one per class, of clips of the class that is usual. */
  readonly logProbabilities: readonly number[];
  /** A channel's own mean counts for n / (n + priorSeconds) after n seconds of what the gate lets through. */
  readonly priorSeconds: number;
  /** Seconds, of what the gate lets through, after which the mean forgets as fast as it learns. */
  readonly memorySeconds: number;
}

/** What a model is, as plain data from its catalogue entry. */
export interface ModelDescription {
  /** Hyphenated lower-case name, as in JSON: `speech-rt`. */
  readonly name: string;
  /** Name for people, in English. */
  readonly title: string;
  /** What it hears, in a sentence. */
  readonly description: string;
  /** Class names in the order of the probabilities; empty for an embedding. */
  readonly classes: readonly string[];
  /** How its scores become probabilities. */
  readonly activation: Activation;
  /** Milliseconds of audio that one prediction looks back on. */
  readonly receptiveFieldMs: number;
  /** Where it answers over what was said lately, how; left out: each frame is answered by its own prediction. */
  readonly pooling?: Pooling;
  /** Where it sees what it hears against what is usual in its channel, how. */
  readonly baseline?: Baseline;
  /** What decides about a frame before it (decision 6). */
  readonly gate: Gate;
  /** A winner with a confidence below this is `unknown`; null where the model has no `unknown` (decision 8). */
  readonly unknownBelow: number | null;
  /** SPDX identifier of the license of the weights. */
  readonly license: string;
  /** Under which licenses its training data are: all open, some for non-commercial use only, or the user's own affair. */
  readonly trainingData: 'open' | 'non-commercial' | 'user';
  /** Of an embedding: how voices are told apart. */
  readonly clustering?: ClusteringSettings;
  /** Of an embedding: identity of the network that makes it. Embeddings of different identities cannot be compared. */
  readonly embeddingId?: string;
}

/**
 * A gate of its own: whether somebody speaks in a frame (decision 6). It is no model that anybody asks for; where an engine has none,
 * `speech-rt` decides.
 */
export interface VoiceGate {
  /** What a stream is opened with to have it; its probabilities, one number per frame, come under this name. */
  readonly name: string;
  /** Somebody speaks from this probability on ... */
  readonly openAbove: number;
  /** ... until it falls below this one; at most `openAbove`. */
  readonly closeBelow: number;
}

/** A model that was left out, and why. */
export interface BrokenModel {
  /** Name of the model, or the folder where the whole folder cannot be read. */
  readonly name: string;
  /** What is wrong with it, in words that can stand in a sentence. */
  readonly reason: string;
}

/** A model of a user, and the file that it was loaded from. */
export interface OwnModel {
  /** Name of the model. */
  readonly name: string;
  /** SHA-256 of its file when it was loaded, in hexadecimal digits. */
  readonly sha256: string;
}

/** Predictions for consecutive frames of one stream. */
export interface FramePredictions {
  /** Frames of 1,024 samples that these predictions are for. */
  readonly frameCount: number;
  /**
   * Per model name: calibrated probabilities, row-major [frameCount x classes];
   * for an embedding [frameCount x embedding size], L2-normalised.
   */
  readonly probabilities: ReadonlyMap<string, Float32Array>;
}

/** One stream of audio through a set of models. Recurrent state belongs to the stream. */
export interface PredictionStream {
  /**
   * Predicts the next frames. Calls are answered in order; several may be in flight.
   *
   * @param pcm 16 kHz mono, full scale 1.0, finite; length a positive multiple of 1,024. Ownership passes to the engine.
   * @throws InferenceError, RuntimeUnavailableError, ClosedError
   */
  predict(pcm: Float32Array): Promise<FramePredictions>;
  /** Frees the stream's state. Predictions in flight are still answered. Safe to call twice. */
  close(): void;
}

/** What an engine runs its models on. */
export interface EngineInfo {
  /** Package, program or service that runs them, such as `onnxruntime-node`; undefined until that is known. */
  readonly runtime: string | undefined;
  readonly version?: string | undefined;
  /** What kind of code or hardware that is, in a word or two for people: `native`, `WebAssembly`, `GPU`. */
  readonly kind?: string | undefined;
  /** What whoever runs it should know, in whole sentences: that it could be faster, why it is not, and what to do. */
  readonly remark?: string | undefined;
  /** Models of users that were loaded, with the hash of each file, so that one can see later what has answered. */
  readonly ownModels?: readonly OwnModel[] | undefined;
}

/** Runs models. The default is ONNX Runtime in a worker thread; others are chosen by the same option (decision 26). */
export interface PredictionEngine {
  /** Every model that the engine offers. */
  readonly models: readonly ModelDescription[];
  /** What decides whether the models of the voice are asked; `speech-rt` where it is left out. */
  readonly gate?: VoiceGate | undefined;
  /** Models that it left out, and why; some show only once it has started. None where it does not say. */
  readonly brokenModels?: readonly BrokenModel[];
  /** What it runs on. */
  readonly info?: EngineInfo;
  /** Loads the models and the runtime. Called by itself at the first stream; safe to call twice. */
  start(): Promise<void>;
  /**
   * Opens a stream for a set of models.
   *
   * @throws ModelNotFoundError, RuntimeUnavailableError, ClosedError
   */
  openStream(models: readonly string[]): Promise<PredictionStream>;
  /** Answers what is in flight, frees everything, ends the worker. */
  close(): Promise<void>;
}
