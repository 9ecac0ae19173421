/** What ffmpeg is started with. */
import { TIMELINE_FILTER } from './timeline';

/**
 * Arguments that decode the first audio stream to a WAV of 32-bit floats on standard output, at the input's own rate and
 * channels: there is one resampler for all sources, and it is ours.
 *
 * @param input `-i` with what is to be read, and the options that belong before it
 * @param output options that belong to the output
 * @param readsInput the input is ffmpeg's standard input
 */
export function decodingArguments(
  input: readonly string[],
  output: readonly string[] = [],
  readsInput = false,
): readonly string[] {
  return [
    ...(readsInput ? [] : ['-nostdin']),
    '-hide_banner',
    '-nostats',
    ...['-loglevel', 'repeat+level+info'],
    ...input,
    ...['-map', '0:a:0', '-vn', '-sn', '-dn'],
    ...['-af', TIMELINE_FILTER],
    ...['-c:a', 'pcm_f32le', '-f', 'wav', ...output, 'pipe:1'],
  ];
}

/** ffmpeg's names for the demuxers of containers, where they are not the container's own. */
const DEMUXERS: Readonly<Record<string, string>> = {
  opus: 'ogg',
  webm: 'matroska',
  mp4: 'mov',
  mp2: 'mp3',
  wavpack: 'wv',
  ...{ wav: 'wav', rifx: 'wav', rf64: 'wav', bw64: 'wav', w64: 'w64' },
};

/** Demuxers of containers that hold audio; none opens anything else than its input, as playlists and scripts do. */
export const CONTAINER_DEMUXERS: readonly string[] = [
  ...[
    'mp3',
    'aac',
    'ac3',
    'eac3',
    'dts',
    'mpegts',
    'mpeg',
    'flac',
    'ogg',
    'matroska',
    'webm',
    'mov',
    'mp4',
    'm4a',
    '3gp',
  ],
  ...[
    'aiff',
    'caf',
    'au',
    'amr',
    'amrnb',
    'amrwb',
    'avi',
    'asf',
    'flv',
    'wv',
    'ape',
    'tta',
    'dsf',
    'wav',
    'w64',
    'gsm',
  ],
  ...[
    'voc',
    'mpc',
    'mpc8',
    'rm',
    'nut',
    'sox',
    'ircam',
    'nistsphere',
    'shn',
    'aa',
    'ast',
    'loas',
    'truehd',
    'mlp',
    'oma',
    'qcp',
    'g722',
    'g726',
    'xwma',
    'swf',
    'mxf',
    'gxf',
    'nsv',
    'iff',
    'tak',
    'brstm',
    'vqf',
  ],
];

/**
 * Options that make ffmpeg read a container as what was recognised, or as one of those that hold audio. What begins with an ID3
 * tag is called mp3 and may be another.
 */
export function demuxerOptions(container: string | undefined): readonly string[] {
  return container === undefined || container === 'mp3'
    ? ['-format_whitelist', CONTAINER_DEMUXERS.join(',')]
    : ['-f', DEMUXERS[container] ?? container];
}

/**
 * Arguments for pieces of a container on standard input, which is all that ffmpeg may read. It answers as soon as it can.
 */
export function pieceArguments(container: string): readonly string[] {
  return decodingArguments(
    [
      ...['-protocol_whitelist', 'pipe'],
      ...['-probesize', '32768', '-analyzeduration', '500000'],
      ...[...demuxerOptions(container), '-i', 'pipe:0'],
    ],
    ['-flush_packets', '1'],
    true,
  );
}

/**
 * Arguments for a file. ffmpeg reads only what it is given: its protocols are restricted to files, so that what is in the
 * file cannot make it fetch anything, and "file:" keeps a name like "http:x.mp3" or "-i.mp3" a name.
 *
 * @param filename absolute
 * @param container what it was recognised as; ffmpeg looks itself where that is undefined
 */
export function fileArguments(filename: string, container?: string): readonly string[] {
  return decodingArguments([
    ...['-protocol_whitelist', 'file,pipe'],
    ...demuxerOptions(container),
    ...['-i', `file:${filename}`],
  ]);
}
