// One colour per class on every widget, and one per person. Text on each has a contrast of 4.5 to 1 at least (WCAG AA).

/** @type {Record<string, string>} */
const CLASSES = {
  silence: '#e4e8ec',
  no_speech: '#d5dbe1',
  unknown: '#c3cad2',
  speech: '#1f7a70',
  music: '#e9b949',
  other: '#8d99ae',
  noise: '#a9b3c2',
  female: '#9c4a63',
  male: '#2f5d7e',
  loud: '#b3261e',
  child: '#c98a00',
  adult: '#50606e',
  high: '#c2410c',
  neutral: '#94a89a',
  low: '#4f6d9a',
  happy: '#d9a400',
  irritated: '#a8322d',
  tired: '#6b6f9c',
  de: '#3d3d3d',
  en: '#0b5394',
  es: '#b45f06',
  fr: '#5b6fd6',
  it: '#38761d',
  nat_human_sounds: '#5b7f95',
  neg_human_sounds: '#d1495b',
  pos_human_sounds: '#7ba05b',
};
/** Far from each other, and none of them a class. */
const PEOPLE = [
  '#6a3d9a',
  '#b15928',
  '#00798c',
  '#d1778f',
  '#556b2f',
  '#f4a259',
  '#3a3a8c',
  '#8cb369',
  '#7f1d4f',
  '#5bc0be',
  '#8a6d3b',
  '#c77dff',
];
const PERSON = /^speaker_(\d+)$/;

/** Whether a label says that nothing is heard. @param {string} label */
export const isQuiet = (label) => label === 'silence' || label === 'no_speech';

/** Colours for what stands on one widget: a new person has a colour that no one else there has. */
export class Colours {
  #people = /** @type {Map<string, string>} */ (new Map());

  /**
   * @param {string} label
   * @param {string} [owner] whose numbers of people these are: a channel, a stream
   */
  of(label, owner = '') {
    if (!PERSON.test(label)) return CLASSES[label] ?? madeUp(label);
    const key = `${owner}/${label}`;
    const known = this.#people.get(key);
    if (known) return known;
    const colour = personColour(this.#people.size);
    this.#people.set(key, colour);
    return colour;
  }
}

/** @param {number} index */
export function personColour(index) {
  return PEOPLE[index] ?? hsl((index * 137.508) % 360, 0.55, 0.25 + 0.4 * ((index * 0.618) % 1));
}

/** Always the same for a name. @param {string} name */
function madeUp(name) {
  const hash = Array.from(name).reduce((sum, sign) => (sum * 31 + (sign.codePointAt(0) ?? 0)) >>> 0, 7);
  return hsl(hash % 360, 0.45, 0.32 + 0.16 * ((hash >>> 9) % 3));
}

/** @param {number} hue @param {number} saturation @param {number} lightness */
function hsl(hue, saturation, lightness) {
  const part = (/** @type {number} */ n) => {
    const k = (n + hue / 30) % 12;
    const value =
      lightness - saturation * Math.min(lightness, 1 - lightness) * Math.max(-1, Math.min(k - 3, 9 - k, 1));
    return Math.round(value * 255)
      .toString(16)
      .padStart(2, '0');
  };
  return `#${part(0)}${part(8)}${part(4)}`;
}

/** Black or white, whichever is read better. @param {string} colour #rrggbb */
export function textOn(colour) {
  const light = luminance(colour);
  return (light + 0.05) / 0.05 > 1.05 / (light + 0.05) ? '#000000' : '#ffffff';
}

/** @param {string} one @param {string} other */
export function contrast(one, other) {
  const [a, b] = [luminance(one), luminance(other)];
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}

/** @param {string} colour #rrggbb */
function luminance(colour) {
  const [red, green, blue] = [1, 3, 5]
    .map((at) => parseInt(colour.slice(at, at + 2), 16) / 255)
    .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** All classes that have a colour of their own. */
export const KNOWN_CLASSES = Object.keys(CLASSES);
