import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

const SENTENCE = 'The kettle is on, the window is open, and somebody is singing in the yard next door.';

/** Sounds for the tests of the commands, made in a folder. */
export interface Sounds {
  /** A sentence, mono, 22.05 kHz, about 5 s. */
  readonly speech: string;
  /** The sentence on the left, and on the right after a second of silence. */
  readonly stereo: string;
  /** The sentence as MP3. */
  readonly mp3: string;
  /** The sentence as raw 16-bit samples at 16 kHz. */
  readonly raw: string;
  /** A text that calls itself a WAV. */
  readonly broken: string;
}

export function makeSounds(folder: string): Sounds {
  const file = (name: string): string => join(folder, name);
  const sounds = {
    speech: file('speech.wav'),
    stereo: file('stereo, left and right.wav'),
    mp3: file('speech.mp3'),
    raw: file('speech.s16le'),
    broken: file('broken.wav'),
  };
  run('espeak-ng', '-w', sounds.speech, SENTENCE);
  run('sox', sounds.speech, file('later.wav'), 'pad', '1', '0');
  run('sox', '-M', sounds.speech, file('later.wav'), sounds.stereo);
  run('ffmpeg', '-v', 'error', '-i', sounds.speech, sounds.mp3);
  run('sox', sounds.speech, '-r', '16000', '-t', 'raw', '-e', 'signed', '-b', '16', '-L', sounds.raw);
  writeFileSync(sounds.broken, 'Dear reader, this is not a sound.\n');
  return sounds;
}

/** Ten minutes of the sentence at 16 kHz, so that there is time to look on. */
export function makeLongSound(folder: string, speech: string): string {
  const long = join(folder, 'long.wav');
  run('sox', speech, '-r', '16000', '-b', '16', long, 'repeat', '119');
  return long;
}

function run(command: string, ...args: readonly string[]): void {
  execFileSync(command, args, { stdio: ['ignore', 'ignore', 'pipe'] });
}
