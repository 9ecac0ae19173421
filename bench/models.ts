/** The models that the benches ask for. */
export const THREE_MODELS = ['speech-rt', 'speech', 'gender'] as const;
export const NINE_MODELS = [
  'speech-rt',
  'speech',
  'gender',
  'arousal',
  'emotions',
  'language',
  'underage-speaker',
  'audio-event',
  'speaker-map',
] as const;
