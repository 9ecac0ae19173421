/** What a device and its entities are called in Home Assistant, how they look there, and which are switched on from the start. */
import { ENGLISH, isBackground } from '../insight';

/** How a class of a model is shown as a binary sensor. */
interface ShownClass {
  readonly name: string;
  /** `mdi:` and the name of one of Material Design's icons. */
  readonly icon: string;
  /** What most people want, so that it is there without a click. */
  readonly enabled: boolean;
}

const VOICE = { name: 'Somebody speaks', icon: 'mdi:account-voice', enabled: true };
const MUSIC = { name: 'Music', icon: 'mdi:music', enabled: true };

/** By model and class; other classes are called `Model: class`. */
const CLASSES: ReadonlyMap<string, ShownClass> = new Map(
  Object.entries({
    'speech/speech': VOICE,
    'speech/music': MUSIC,
    'speech-rt/speech': VOICE,
    'speech-rt/music': MUSIC,
    'audio-event/neg_human_sounds': {
      name: 'Crying or screaming',
      icon: 'mdi:emoticon-cry-outline',
      enabled: true,
    },
    'audio-event/pos_human_sounds': { name: 'Laughing', icon: 'mdi:emoticon-lol-outline', enabled: true },
    'audio-event/nat_human_sounds': {
      name: 'Breathing, coughing or snoring',
      icon: 'mdi:sleep',
      enabled: true,
    },
    'audio-event/noise': { name: 'Noise', icon: 'mdi:volume-high', enabled: false },
    'gender/female': { name: 'A woman speaks', icon: 'mdi:face-woman', enabled: false },
    'gender/male': { name: 'A man speaks', icon: 'mdi:face-man', enabled: false },
    'underage-speaker/child': { name: 'A child speaks', icon: 'mdi:account-child', enabled: false },
    'underage-speaker/adult': { name: 'An adult speaks', icon: 'mdi:account', enabled: false },
  }),
);

/** The second of two models of the same, where a device has both. */
const FAST = 'speech-rt';

/** Models that tell of a voice what it is, not that there is one. */
const OF_VOICES: ReadonlySet<string> = new Set([
  'gender',
  'arousal',
  'emotions',
  'language',
  'underage-speaker',
  'speaker-map',
]);

const ICONS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    speech: 'mdi:waveform',
    'speech-rt': 'mdi:waveform',
    gender: 'mdi:gender-male-female',
    arousal: 'mdi:lightning-bolt-outline',
    emotions: 'mdi:emoticon-outline',
    language: 'mdi:translate',
    'underage-speaker': 'mdi:account-child',
    'audio-event': 'mdi:ear-hearing',
    'speaker-map': 'mdi:account-group',
  }),
);

/** A device as people say it: `living-room` is `Living room`. */
export function deviceTitle(device: string): string {
  return capital(device.replace(/[-_]+/gu, ' ').trim() || device);
}

/**
 * What the sensor of a model is called. Both models of speech are `Speech`, unless a device has both.
 *
 * @param all names of all models of the device
 */
export function sensorName(model: string, title: string, all: readonly string[]): string {
  if (model === FAST && !all.includes('speech')) return 'Speech';
  const word = ENGLISH.model(model);
  return word === model ? title : capital(word);
}

export function sensorIcon(model: string): string {
  return ICONS.get(model) ?? 'mdi:ear-hearing';
}

/**
 * The state of a sensor for each label: words where there are any, the label itself where two would be called the same.
 *
 * @returns pairs of label and word
 */
export function statesOf(model: string, labels: readonly string[]): readonly (readonly [string, string])[] {
  const words = labels.map((label) => ENGLISH.label(model, label));
  return labels.map((label, index) => {
    const word = words[index] ?? label;
    return [label, words.filter((other) => other === word).length > 1 ? label : word];
  });
}

/** How a class is shown, and whether from the start: what a user taught is, background is not. */
export function shownClass(
  model: string,
  label: string,
  sensor: string,
  all: readonly string[],
): ShownClass & { readonly isSound: boolean } {
  const isSound = !OF_VOICES.has(model);
  const isSecond = model === FAST && all.includes('speech');
  const known = isSecond ? undefined : CLASSES.get(`${model}/${label}`);
  if (known) return { ...known, isSound };
  const isShipped = ICONS.has(model);
  return {
    name: `${sensor}: ${ENGLISH.label(model, label)}`,
    icon: sensorIcon(model),
    enabled: !isShipped && !isBackground(label),
    isSound,
  };
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
