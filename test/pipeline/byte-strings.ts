/** Byte strings as flows meet them, and what is to be heard in them. */
import { readFile } from 'node:fs/promises';
import * as path from 'node:path';
import { encodeSamples, joined, makeWav, noise, run, tone } from '../tools/audio';

/** What is expected of bytes. */
export type Expected =
  /** These samples, at 16 kHz; in files too unless it is raw. */
  | { readonly hears: Float32Array; readonly isRaw?: true }
  /** Any sound that is the same for every way in, some seconds long. */
  | { readonly seconds: number }
  /** A typed error. */
  | { readonly code: string };

export interface ByteString {
  readonly name: string;
  readonly bytes: Buffer;
  readonly expected: Expected;
}

const REFUSED = { code: 'DEEPTONE_BAD_AUDIO' } as const;

/** 0.6 s of sound that begins and ends loud, so that nothing can be missing unnoticed. */
const SOUND = tone(300, 0.6).map((sample, n) => 0.5 * sample + 0.1 * (noise(0.6)[n] ?? 0));
const PCM = Buffer.from(encodeSamples([SOUND], 's16le'));
/** As 16 bits hold it. */
const HEARD = Float32Array.from({ length: SOUND.length }, (_, n) => PCM.readInt16LE(2 * n) / 32_768);
const TWICE = joined([HEARD, HEARD]);
const WAV = makeWav([SOUND]);
const TITLE = { id: 'LIST', content: Buffer.from('INFOINAM\x05\0\0\0song\0\0') };
const ODD = { id: 'LIST', content: Buffer.from('INFOINAM\x03\0\0\0abc') };

function chunk(id: string, content: Uint8Array, padding?: number): Buffer {
  const header = Buffer.alloc(8);
  header.write(id, 0, 'latin1');
  header.writeUInt32LE(content.length, 4);
  return Buffer.concat([header, content, Buffer.from(padding === undefined ? [] : [padding])]);
}

/** A WAV of chunks as they are. */
function wavOf(...chunks: readonly Buffer[]): Buffer {
  const body = Buffer.concat([Buffer.from('WAVE'), ...chunks]);
  const size = Buffer.alloc(4);
  size.writeUInt32LE(body.length);
  return Buffer.concat([Buffer.from('RIFF'), size, body]);
}

const FMT = chunk('fmt ', WAV.subarray(20, 36));

const WHOLE: readonly (readonly [string, Buffer, Float32Array])[] = [
  ...(['wav', 'rifx', 'rf64', 'bw64', 'w64'] as const).map(
    (container) => [container, makeWav([SOUND], { container }), HEARD] as const,
  ),
  ['WAV that promises half', makeWav([SOUND], { dataSize: PCM.length / 2 }), HEARD],
  ['WAV that promises ten bytes more', makeWav([SOUND], { dataSize: PCM.length + 10 }), HEARD],
  ['WAV that promises twice as much', makeWav([SOUND], { dataSize: 2 * PCM.length }), HEARD],
  ['WAV of size 0', makeWav([SOUND], { dataSize: 0 }), HEARD],
  ['WAV of size 0xFFFFFFFF', makeWav([SOUND], { dataSize: 0xffff_ffff }), HEARD],
  [
    'WAV with chunks before and after',
    makeWav([SOUND], { between: [TITLE, ODD], after: [TITLE, ODD] }),
    HEARD,
  ],
  [
    'WAV with padding that is not zero',
    wavOf(FMT, chunk('LIST', ODD.content, 0x4b), chunk('data', PCM)),
    HEARD,
  ],
  ['WAV that forgets its padding', wavOf(FMT, chunk('LIST', ODD.content), chunk('data', PCM)), HEARD],
  ['two WAVs', Buffer.concat([WAV, WAV]), TWICE],
  [
    'two WAVs, the first shorter than it says',
    Buffer.concat([makeWav([SOUND], { dataSize: 0x7fff_ffff }), WAV]),
    TWICE,
  ],
  ['WAV, a chunk, WAV', Buffer.concat([makeWav([SOUND], { after: [TITLE] }), WAV]), TWICE],
  ['WAV with two data chunks', wavOf(FMT, chunk('data', PCM), chunk('data', PCM)), TWICE],
  ['base64 of a WAV', Buffer.from(WAV.toString('base64')), HEARD],
  ['data URL', Buffer.from(`data:audio/wav;base64,${WAV.toString('base64')}`), HEARD],
  ['Buffer as JSON', Buffer.from(JSON.stringify(WAV)), HEARD],
  ['JSON envelope', Buffer.from(JSON.stringify({ key: 'mic', audio: WAV.toString('base64') })), HEARD],
];

const RAW: readonly (readonly [string, Buffer])[] = [
  ['raw samples', PCM],
  ['raw samples and half of one', Buffer.concat([PCM, Buffer.from([1])])],
  ['base64 of raw samples', Buffer.from(PCM.toString('base64').replace(/(.{76})/gu, '$1\r\n'))],
];

const TEXT = 'The recording that you asked for is no longer here. ';
const NOT_AUDIO: readonly (readonly [string, Buffer])[] = [
  ['text', Buffer.from(TEXT.repeat(20))],
  ['a few words', Buffer.from('Not found')],
  ['HTML', Buffer.from(`<!DOCTYPE html><html><body>${`<p>${TEXT}</p>`.repeat(50)}</body></html>`)],
  ['XML', Buffer.from(`<?xml version="1.0"?><error><message>${TEXT.repeat(9)}</message></error>`)],
  ['JSON without audio', Buffer.from(JSON.stringify({ error: 'expired', list: Array(500).fill('x') }))],
  ['text in UTF-16', Buffer.from(`\uFEFF${TEXT.repeat(9)}`, 'utf16le')],
  ['text with its mark', Buffer.from(`\uFEFF${TEXT.repeat(9)}`)],
  ['hexadecimal digits', Buffer.from(PCM.toString('hex'))],
  ['PNG', Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n\0\0\0\rIHDR', 'latin1'), PCM])],
  ['JPEG', Buffer.concat([Buffer.from('\xff\xd8\xff\xe0\0\x10JFIF\0', 'latin1'), PCM])],
  ['PDF', Buffer.concat([Buffer.from('%PDF-1.7\n%\xe2\xe3\xcf\xd3\n', 'latin1'), PCM])],
  ['ZIP', Buffer.concat([Buffer.from('PK\x03\x04\x14\0\0\0\x08\0', 'latin1'), PCM])],
  ['gzip', Buffer.concat([Buffer.from('\x1f\x8b\x08\0\0\0\0\0\0\x03', 'latin1'), PCM])],
  [
    'a form',
    Buffer.concat([
      Buffer.from(
        '------WebKitFormBoundaryABC\r\nContent-Disposition: form-data; name="f"; filename="a.wav"\r\n\r\n',
      ),
      WAV,
    ]),
  ],
  [
    'a web radio with its headers',
    Buffer.concat([Buffer.from('ICY 200 OK\r\nicy-name: Radio\r\ncontent-type: audio/mpeg\r\n\r\n'), PCM]),
  ],
  ['bytes that were text', Buffer.from(PCM.toString('utf8'))],
  ['WAV without sound', wavOf(FMT, chunk('data', Buffer.alloc(0)), chunk('LIST', TITLE.content))],
  ['WAV cut in its header', WAV.subarray(0, 30)],
];

/** Every byte string that needs no encoder. */
export const PLAIN: readonly ByteString[] = [
  {
    name: 'samples as JSON',
    bytes: Buffer.from(JSON.stringify({ data: [...new Int16Array(new Uint8Array(PCM).buffer)] })),
    expected: { hears: HEARD },
  },
  ...WHOLE.map(([name, bytes, hears]) => ({ name, bytes, expected: { hears } })),
  ...RAW.map(([name, bytes]) => ({ name, bytes, expected: { hears: HEARD, isRaw: true as const } })),
  ...NOT_AUDIO.map(([name, bytes]) => ({ name, bytes, expected: REFUSED })),
];

const SECONDS = 2;
/** Kinds of compressed audio, as ffmpeg makes them. */
export const CODECS: readonly (readonly [name: string, file: string, ...options: string[]])[] = [
  ['FLAC', 'a.flac'],
  ['Ogg Opus', 'a.ogg', '-c:a', 'libopus', '-b:a', '32k'],
  ['WebM Opus, live', 'a.webm', '-c:a', 'libopus', '-b:a', '32k', '-live', '1'],
  ['MP3', 'a.mp3', '-b:a', '48k'],
  ['MP3 without a tag', 'b.mp3', '-b:a', '48k', '-id3v2_version', '0', '-write_xing', '0'],
  ['MPEG layer 2', 'a.mp2', '-b:a', '64k'],
  ['AAC in ADTS', 'a.aac', '-b:a', '48k'],
  ['AC-3', 'a.ac3', '-b:a', '64k'],
  [
    'MP4 in fragments',
    'a.mp4',
    '-movflags',
    'frag_keyframe+empty_moov+default_base_moof',
    '-frag_duration',
    '200000',
  ],
];

/** Compressed audio of one kind, from its start and from within. */
export async function compressed(
  folder: string,
  [name, file, ...options]: (typeof CODECS)[number],
): Promise<readonly ByteString[]> {
  const filename = path.join(folder, file);
  const source = `anoisesrc=a=0.2:r=16000:d=${SECONDS}:seed=3`;
  await run('ffmpeg', ['-v', 'error', '-y', '-f', 'lavfi', '-i', source, ...options, filename]);
  const bytes = await readFile(filename);
  const start = { name, bytes, expected: { seconds: SECONDS } };
  // A frame of these is longer than what is looked at, or is not looked for.
  if (name === 'MP3' || name === 'AC-3') return [start];
  const isFramed = ['MP3 without a tag', 'MPEG layer 2', 'AAC in ADTS'].includes(name);
  const within = {
    name: `${name}, from within`,
    bytes: bytes.subarray(Math.floor(bytes.length / 3) + 5),
    expected: isFramed ? { seconds: (SECONDS * 2) / 3 } : REFUSED,
  };
  return [start, within];
}
