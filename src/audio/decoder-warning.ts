/** What is wrong with audio that is heard all the same. */

/** Kinds of warnings about audio; stable, for programs. */
export type AudioWarningCode =
  /** The header promises more audio than there is, or its end is missing. */
  | 'truncated'
  /** Sound is missing within compressed audio, by its own times; silence stands there. */
  | 'hole'
  /** Parts of compressed audio could not be decoded. */
  | 'damaged'
  /** There is more audio than the header promises. */
  | 'beyond-header'
  /** Several WAVs, one after the other, were heard as one. */
  | 'joined'
  /** Part of the audio was not heard. */
  | 'not-heard'
  /** Samples that are no finite numbers became silence. */
  | 'non-finite'
  /** Channels that are averaged cancelled each other out; the loudest was heard. */
  | 'channels-cancel'
  /** Samples of floats go far beyond full scale. */
  | 'scale'
  /** The audio ended within a sample. */
  | 'incomplete-sample'
  /** A message of text among samples was not heard. */
  | 'text'
  /** There are more audio tracks than the one that was heard. */
  | 'tracks';

export interface AudioWarning {
  readonly code: AudioWarningCode;
  /** A sentence or two: what is wrong, what was done about it, what to do. */
  readonly message: string;
}
