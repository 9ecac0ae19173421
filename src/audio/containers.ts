/** Containers of audio and video, by the first bytes. */
import { beginsAsTransportStream, framesFromStart, streamFromStart } from './frame-sync';

/** Bytes at the beginning that are enough to tell, where there are so many. */
export const HEAD_BYTES = 4_096;

/** Fixed letters of a kind of file. */
export interface Signature {
  readonly name: string;
  readonly at: number;
  readonly text: string;
}

/** Audio and video containers that begin with fixed letters; the first that matches counts. */
const CONTAINERS: readonly Signature[] = [
  { name: 'flac', at: 0, text: 'fLaC' },
  { name: 'caf', at: 0, text: 'caff' },
  { name: 'au', at: 0, text: '.snd' },
  { name: 'amr', at: 0, text: '#!AMR' },
  { name: 'mp4', at: 4, text: 'ftyp' },
  { name: 'mp4', at: 4, text: 'moov' },
  { name: 'mp4', at: 4, text: 'mdat' },
  { name: 'mp4', at: 4, text: 'wide' },
  { name: 'flv', at: 0, text: 'FLV\x01' },
  { name: 'wavpack', at: 0, text: 'wvpk' },
  { name: 'ape', at: 0, text: 'MAC ' },
  { name: 'tta', at: 0, text: 'TTA1' },
  { name: 'dsf', at: 0, text: 'DSD ' },
  { name: 'asf', at: 0, text: '\x30\x26\xb2\x75\x8e\x66\xcf\x11' },
  { name: 'mp3', at: 0, text: 'ID3' },
  { name: 'rm', at: 0, text: '.RMF' },
  { name: 'nut', at: 0, text: 'nut/multimedia container' },
  { name: 'voc', at: 0, text: 'Creative Voice File\x1a' },
  { name: 'mpc', at: 0, text: 'MP+' },
  { name: 'mpc8', at: 0, text: 'MPCK' },
  { name: 'oma', at: 0, text: 'ea3\x03' },
  { name: 'oma', at: 0, text: 'EA3\x01' },
  { name: 'qcp', at: 8, text: 'QLCMfmt ' },
  { name: 'xwma', at: 8, text: 'XWMAfmt ' },
  { name: 'iff', at: 8, text: '8SVX' },
  { name: 'iff', at: 8, text: 'MAUD' },
  { name: 'ast', at: 0, text: 'STRM\0' },
  ...['\x64\xa3\x01\0', '\x64\xa3\x02\0', '\x64\xa3\x03\0', '\0\x01\xa3\x64', '\0\x02\xa3\x64'].map(
    (text) => ({ name: 'ircam', at: 0, text }),
  ),
  { name: 'iff', at: 0, text: 'FRM8' },
  { name: 'nsv', at: 0, text: 'NSVf' },
  { name: 'nsv', at: 0, text: 'NSVs' },
  { name: 'nistsphere', at: 0, text: 'NIST_1A\n' },
  { name: 'sox', at: 0, text: '.SoX' },
  { name: 'sox', at: 0, text: 'XoS.' },
  { name: 'mxf', at: 0, text: '\x06\x0e\x2b\x34\x02\x05\x01\x01' },
  { name: 'shn', at: 0, text: 'ajkg' },
  { name: 'tak', at: 0, text: 'tBaK' },
  { name: 'brstm', at: 0, text: 'RSTM' },
  { name: 'vqf', at: 0, text: 'TWIN97' },
];

const WAV_MARKERS: Readonly<Record<string, string>> = {
  RIFF: 'wav',
  RIFX: 'rifx',
  RF64: 'rf64',
  BW64: 'bw64',
};

/**
 * Names the audio container that bytes begin with: `wav`, `rifx`, `rf64`, `bw64`, `w64`, `mp3`, `mp2`, `ac3`, `flac`, `ogg`, `opus`, `mp4`
 * (also M4A and MOV), `webm`, `matroska`, `aac`, `aiff`, `caf`, `au`, `amr`, `avi`, `asf`, `flv`, `mpegts`,
 * `mpeg` (a program stream), `wavpack`, `ape`, `tta`, `dsf`, `eac3`, `dts`, `truehd`, `mlp`, or one of the rare ones of the table.
 *
 * @param head the first bytes, 4,096 where there are so many; fewer are enough for all but AAC, MP3 without a tag, and MPEG-TS
 * @returns undefined when they are none of these, as raw samples are
 */
export function detectContainer(head: Uint8Array): string | undefined {
  const container = namedContainer(head);
  if (container !== undefined) return container;
  if (beginsAsTransportStream(head)) return 'mpegts';
  return framesFromStart(head) ?? streamFromStart(head);
}

/** The container that says its name at its start. */
export function namedContainer(head: Uint8Array): string | undefined {
  const marker = letters(head, 0, 4);
  const kind = letters(head, 8, 4);
  if (kind === 'WAVE' && Object.hasOwn(WAV_MARKERS, marker)) return WAV_MARKERS[marker];
  if (marker === 'RIFF' && kind === 'AVI ') return 'avi';
  if (marker === 'riff' && letters(head, 24, 4) === 'wave') return 'w64';
  if (marker === 'FORM' && (kind === 'AIFF' || kind === 'AIFC')) return 'aiff';
  if (marker === 'OggS') return letters(head, 28, 8) === 'OpusHead' ? 'opus' : 'ogg';
  if (marker === '\x1a\x45\xdf\xa3') return letters(head, 0, 64).includes('webm') ? 'webm' : 'matroska';
  const signature = CONTAINERS.find((one) => letters(head, one.at, one.text.length) === one.text);
  return signature?.name;
}

/** Whether a few letters may be the beginning of a container's name. */
export function mayBeginContainer(head: Uint8Array): boolean {
  const start = letters(head, 0, 4);
  const names = [
    ...[...Object.keys(WAV_MARKERS), 'riff', 'FORM', 'OggS'],
    ...CONTAINERS.filter(({ at }) => at === 0).map(({ text }) => text.slice(0, 4)),
  ];
  return names.some((name) => name.startsWith(start) || start.startsWith(name));
}

/** Whether {@link WavStreamReader} reads this container. */
export function isWavContainer(container: string | undefined): boolean {
  return container === 'w64' || Object.values(WAV_MARKERS).includes(container ?? '');
}

/** Whether bytes begin with a WAV header. */
export function beginsAsWav(bytes: Uint8Array): boolean {
  return isWavContainer(namedContainer(bytes.subarray(0, HEAD_BYTES)));
}

/** Latin-1 letters of a part of the bytes, shorter where they end. */
export function letters(head: Uint8Array, at: number, length: number): string {
  return Buffer.from(head.buffer, head.byteOffset, head.byteLength).toString('latin1', at, at + length);
}
