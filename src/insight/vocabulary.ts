/** Words of everyday English for models and their labels. Other languages have theirs where people choose a language: in the editor's translations. */
import type { Language } from '../sentence';
import { NO_SPEECH, SILENCE, UNKNOWN } from './labels';

export interface Vocabulary {
  /** The language that sentences are said in; English where there is none. */
  readonly language?: Language;
  /** A model as the title of a list: `gender`. */
  model(name: string): string;
  /** A label of a model: `female` of `gender`. */
  label(model: string, label: string): string;
}

const MODELS = new Map(
  Object.entries({
    arousal: 'energy',
    emotions: 'mood',
    'underage-speaker': 'age',
    'audio-event': 'sounds',
    'speaker-map': 'who speaks',
  }),
);

const LABELS = new Map(
  Object.entries({
    [SILENCE]: 'silence',
    [NO_SPEECH]: 'no speech',
    [UNKNOWN]: 'not clear',
    'speech/other': 'other sound',
    'speech-rt/other': 'other sound',
    'arousal/high': 'excited',
    'arousal/neutral': 'even',
    'arousal/low': 'calm',
    'emotions/neutral': 'neutral mood',
    'language/de': 'German',
    'language/en': 'English',
    'language/es': 'Spanish',
    'language/fr': 'French',
    'language/it': 'Italian',
    'audio-event/nat_human_sounds': 'breathing, coughing or snoring',
    'audio-event/neg_human_sounds': 'crying or screaming',
    'audio-event/pos_human_sounds': 'laughing',
  }),
);

/** What stands in no table is a name of a user's, or already a word: `speaker_1` is `speaker 1`. */
export const ENGLISH: Vocabulary = {
  model: (name) => MODELS.get(name) ?? name,
  label: (model, label) => LABELS.get(`${model}/${label}`) ?? LABELS.get(label) ?? label.replace(/_/gu, ' '),
};
