/** The microphones of this machine, as the dialog of the stream node offers them. Looks, and opens none of them. */
import { execFile } from 'node:child_process';
import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findFfmpeg } from '../../src/audio';

/** A microphone. */
export interface Microphone {
  /** As the setting "input" takes it: `alsa:plughw:CARD=USB,DEV=0`. */
  readonly input: string;
  /** For people. */
  readonly name: string;
}

/** What a machine is asked by; a test puts other things there. */
export interface MachineFacts {
  readonly platform: NodeJS.Platform;
  /** Where ALSA tells of sound cards. */
  readonly alsa: string;
  readonly env: NodeJS.ProcessEnv;
  /** What ffmpeg says of the devices of one of its inputs. */
  readonly listing: (args: readonly string[]) => Promise<string>;
}

/** An ffmpeg that looks for devices answers within a second. */
const LONGEST_LOOK_MS = 5_000;

const HERE: MachineFacts = {
  platform: process.platform,
  alsa: '/proc/asound',
  env: process.env,
  listing: async (args) => {
    const ffmpeg = await findFfmpeg(undefined);
    if (ffmpeg === undefined) return '';
    // It ends with an error, because a list is no sound; what it says counts. No shell takes part, and no word is from outside.
    return new Promise((resolve) => {
      execFile(ffmpeg, args, { timeout: LONGEST_LOOK_MS }, (_error, _stdout, stderr) => {
        resolve(stderr);
      });
    });
  },
};

/** The microphones that Node-RED can open here; none where there are none, or nothing tells of them. Never throws. */
export async function listMicrophones(facts: MachineFacts = HERE): Promise<readonly Microphone[]> {
  const { platform, listing } = facts;
  if (platform === 'linux') return [...(await pulse(facts)), ...(await alsa(facts.alsa))];
  if (platform === 'darwin')
    return avfoundation(
      await listing(['-hide_banner', '-f', 'avfoundation', '-list_devices', 'true', '-i', '']),
    );
  if (platform === 'win32')
    return dshow(await listing(['-hide_banner', '-list_devices', 'true', '-f', 'dshow', '-i', 'dummy']));
  return [];
}

/** Cards by their names, which stay when another one is plugged in; numbers do not. */
async function alsa(folder: string): Promise<readonly Microphone[]> {
  const [cards, devices] = await Promise.all(['cards', 'pcm'].map((file) => textOf(join(folder, file))));
  const names = new Map(
    [...(cards ?? '').matchAll(/^\s*(\d+)\s+\[(\S+)\s*\]:\s*(?:.*? - )?(.*)$/gmu)].map(
      ([, number = '', id = '', name = '']) => [Number(number), { id, name: name.trim() }],
    ),
  );
  return (devices ?? '').split('\n').flatMap((line) => {
    const found = /^(\d+)-(\d+):\s*([^:]*):.*\bcapture\b/u.exec(line);
    const card = names.get(Number(found?.[1]));
    // Other names cannot be an input of ffmpeg without being quoted for ALSA.
    if (!found || !card || !/^[\w-]+$/u.test(card.id)) return [];
    const device = Number(found[2]);
    return [
      { input: `alsa:plughw:CARD=${card.id},DEV=${device}`, name: `${card.name}, ${found[3]?.trim() ?? ''}` },
    ];
  });
}

/** The microphone that somebody has chosen for the desktop. */
async function pulse({ env }: MachineFacts): Promise<readonly Microphone[]> {
  const { PULSE_SERVER, XDG_RUNTIME_DIR } = env;
  const socket = XDG_RUNTIME_DIR === undefined ? undefined : join(XDG_RUNTIME_DIR, 'pulse/native');
  const isThere =
    PULSE_SERVER !== undefined ||
    (socket !== undefined &&
      (await access(socket).then(
        () => true,
        () => false,
      )));
  return isThere ? [{ input: 'pulse:default', name: 'PulseAudio: default' }] : [];
}

/** `[AVFoundation indev @ 0x1] [0] MacBook Microphone`, below a line that says "audio devices". */
function avfoundation(listing: string): readonly Microphone[] {
  const audio = listing.split(/AVFoundation audio devices:/u)[1] ?? '';
  return [...audio.matchAll(/\]\s*\[(\d+)\]\s*(.+)$/gmu)].map(([, number = '', name = '']) => ({
    input: `avfoundation::${number}`,
    name: name.trim(),
  }));
}

/** `"Microphone (USB)" (audio)`, in older ones below a line that says "audio devices". */
function dshow(listing: string): readonly Microphone[] {
  const old = listing.split(/DirectShow audio devices/u)[1];
  const names =
    old === undefined
      ? [...listing.matchAll(/"([^"\n]+)"\s*\(audio\)/gu)]
      : [...old.matchAll(/"((?!@device)[^"\n]+)"/gu)];
  return names.map(([, name = '']) => ({ input: `dshow:audio=${name}`, name }));
}

/** What a file says; undefined where it cannot be read. */
async function textOf(file: string): Promise<string | undefined> {
  return readFile(file, 'utf8').catch(() => undefined);
}
