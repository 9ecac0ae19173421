/**
 * The family of typed errors. Every failure that reaches a caller is a {@link DeeptoneError} with a stable `code`,
 * a plain sentence that names the bad value and what is accepted, and `cause` where there is one.
 * Codes are part of the public contract: callers switch on them.
 */
import { say, Sentence, withSentence } from './sentence';

export type DeeptoneErrorCode =
  | 'DEEPTONE_INVALID_ARGUMENT'
  | 'DEEPTONE_MODEL_NOT_FOUND'
  | 'DEEPTONE_MODEL_INVALID'
  | 'DEEPTONE_LICENSE'
  | 'DEEPTONE_FILE_NOT_FOUND'
  | 'DEEPTONE_FILE_UNREADABLE'
  | 'DEEPTONE_FILE_NOT_ALLOWED'
  | 'DEEPTONE_BAD_AUDIO'
  | 'DEEPTONE_FFMPEG_NOT_FOUND'
  | 'DEEPTONE_FFMPEG_FAILED'
  | 'DEEPTONE_RUNTIME_UNAVAILABLE'
  | 'DEEPTONE_INFERENCE_FAILED'
  | 'DEEPTONE_ENGINE_LOST'
  | 'DEEPTONE_VOICE_SIGNATURE'
  | 'DEEPTONE_BROKER'
  | 'DEEPTONE_OVERLOADED'
  | 'DEEPTONE_TOO_LARGE'
  | 'DEEPTONE_ABORTED'
  | 'DEEPTONE_CLOSED';

/** Base of all errors of this package. */
export class DeeptoneError extends Error {
  /** Says what kind of failure it is, for programs; stable. Listed in docs/errors.md. */
  readonly code: DeeptoneErrorCode;

  /** @param message a text, or a sentence that others may say in another language; `message` is the English one */
  constructor(
    code: DeeptoneErrorCode,
    message: string | { readonly template: string },
    options?: ErrorOptions,
  ) {
    super(message instanceof Sentence ? message.toString() : (message as string), options);
    withSentence(this, message);
    this.name = new.target.name;
    this.code = code;
  }
}

/** An option or argument is outside what is accepted (`ValueError` in the API reference). */
export class InvalidArgumentError extends DeeptoneError {
  constructor(message: string | { readonly template: string }, options?: ErrorOptions) {
    super('DEEPTONE_INVALID_ARGUMENT', message, options);
  }
}

/** A model was asked for that the engine does not have; `availableModels` lists those it has. */
export class ModelNotFoundError extends DeeptoneError {
  /** Names of the models that there are. */
  readonly availableModels: readonly string[];

  constructor(name: string, availableModels: readonly string[]) {
    super(
      'DEEPTONE_MODEL_NOT_FOUND',
      say`There is no model named "${name}". Available models: ${availableModels.join(', ')}.`,
    );
    this.availableModels = availableModels;
  }
}

/** A model file or catalogue entry cannot be used. */
export class ModelInvalidError extends DeeptoneError {
  constructor(message: string | { readonly template: string }, options?: ErrorOptions) {
    super('DEEPTONE_MODEL_INVALID', message, options);
  }
}

/** Why a license does not allow what was asked. */
export type LicenseProblem =
  | 'malformed'
  | 'unknown-key'
  | 'bad-signature'
  | 'not-yet-valid'
  | 'expired'
  | 'model-not-allowed'
  | 'too-many-streams';

/** The license key is invalid, cannot be validated, or does not allow what was asked (API reference). */
export class LicenseManagerError extends DeeptoneError {
  /** What is wrong, for programs. */
  readonly problem: LicenseProblem;

  constructor(
    problem: LicenseProblem,
    message: string | { readonly template: string },
    options?: ErrorOptions,
  ) {
    super('DEEPTONE_LICENSE', message, options);
    this.problem = problem;
  }
}

/** A file is missing, a directory, cannot be read, or is outside the folders that files may be read from. */
export class AudioFileError extends DeeptoneError {
  // eslint-disable-next-line @typescript-eslint/no-useless-constructor -- it narrows the codes
  constructor(
    code: 'DEEPTONE_FILE_NOT_FOUND' | 'DEEPTONE_FILE_UNREADABLE' | 'DEEPTONE_FILE_NOT_ALLOWED',
    message: string | { readonly template: string },
    options?: ErrorOptions,
  ) {
    super(code, message, options);
  }
}

/** The bytes are not audio that can be decoded: empty, truncated, unknown format, not a number. */
export class BadAudioError extends DeeptoneError {
  constructor(message: string | { readonly template: string }, options?: ErrorOptions) {
    super('DEEPTONE_BAD_AUDIO', message, options);
  }
}

/** ffmpeg is needed and was not found, or it failed; the message ends with its last words. */
export class FfmpegError extends DeeptoneError {
  // eslint-disable-next-line @typescript-eslint/no-useless-constructor -- it narrows the codes
  constructor(
    code: 'DEEPTONE_FFMPEG_NOT_FOUND' | 'DEEPTONE_FFMPEG_FAILED',
    message: string | { readonly template: string },
    options?: ErrorOptions,
  ) {
    super(code, message, options);
  }
}

/** ONNX Runtime is missing or does not load on this machine; says what to do. */
export class RuntimeUnavailableError extends DeeptoneError {
  constructor(message: string | { readonly template: string }, options?: ErrorOptions) {
    super('DEEPTONE_RUNTIME_UNAVAILABLE', message, options);
  }
}

/** A model failed while it ran. */
export class InferenceError extends DeeptoneError {
  constructor(
    message: string | { readonly template: string },
    options?: ErrorOptions,
    code: 'DEEPTONE_INFERENCE_FAILED' | 'DEEPTONE_ENGINE_LOST' = 'DEEPTONE_INFERENCE_FAILED',
  ) {
    super(code, message, options);
  }
}

/**
 * How what runs the models was lost: it ended by itself; or it gave no sign of life and was ended; or it could not even be ended,
 * because it is a thread within native code.
 */
export type EngineLoss = 'ended' | 'hung' | 'stuck';

/** What runs the models was lost, and with it what it was given; it is started again for what comes next (decision 30). */
export class EngineLostError extends InferenceError {
  /** How it was lost. */
  readonly how: EngineLoss;

  constructor(how: EngineLoss, message: string | { readonly template: string }, options?: ErrorOptions) {
    super(message, options, 'DEEPTONE_ENGINE_LOST');
    this.how = how;
  }
}

/** A voice sample or a voice signature is outside its limits. */
export class VoiceSignatureError extends DeeptoneError {
  constructor(message: string | { readonly template: string }, options?: ErrorOptions) {
    super('DEEPTONE_VOICE_SIGNATURE', message, options);
  }
}

/** A broker refuses a program that needs it, or there is no MQTT client to reach it with. */
export class BrokerError extends DeeptoneError {
  constructor(message: string | { readonly template: string }, options?: ErrorOptions) {
    super('DEEPTONE_BROKER', message, options);
  }
}

/** A bounded queue or the cap on live streams is full. */
export class OverloadedError extends DeeptoneError {
  constructor(message: string | { readonly template: string }, options?: ErrorOptions) {
    super('DEEPTONE_OVERLOADED', message, options);
  }
}

/** A sound, a message or an answer is larger than a limit that is set; the message names the limit. */
export class TooLargeError extends DeeptoneError {
  constructor(message: string | { readonly template: string }, options?: ErrorOptions) {
    super('DEEPTONE_TOO_LARGE', message, options);
  }
}

/** The caller aborted the work. */
export class AbortedError extends DeeptoneError {
  constructor(message: string | { readonly template: string }, options?: ErrorOptions) {
    super('DEEPTONE_ABORTED', message, options);
  }
}

/** The engine or stream was closed. */
export class ClosedError extends DeeptoneError {
  constructor(message: string | { readonly template: string }, options?: ErrorOptions) {
    super('DEEPTONE_CLOSED', message, options);
  }
}
