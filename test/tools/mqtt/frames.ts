/** What devices put into one MQTT message, from 16 kHz mono samples: the frame formats seen in the field. */

export const FRAME_FORMATS = [
  'raw',
  'u8',
  's32',
  'f32',
  'hermes',
  'snips',
  'satellite',
  'wav-start',
  'l16',
  'base64',
  'json',
] as const;
export type FrameFormat = (typeof FRAME_FORMATS)[number];

/** Hz, of everything that the simulator sends. */
export const DEVICE_RATE = 16_000;
const WAV_HEADER_BYTES = 44;
const UNKNOWN_SIZE = 0xffffffff;

/** MQTT 5 `contentType` that says what the payload is, where there is a way to say it. */
export const CONTENT_TYPES: Readonly<Record<FrameFormat, string | undefined>> = {
  raw: 'audio/pcm;rate=16000;channels=1;encoding=s16le',
  u8: 'audio/pcm;rate=16000;channels=1;encoding=u8',
  s32: 'audio/pcm;rate=16000;channels=1;encoding=s32le',
  f32: 'audio/pcm;rate=16000;channels=1;encoding=f32le',
  hermes: 'audio/wav',
  snips: 'audio/wav',
  satellite: 'audio/wav',
  'wav-start': 'audio/wav',
  // RFC 2586: L16 is big-endian.
  l16: 'audio/L16;rate=16000;channels=1',
  base64: undefined,
  json: undefined,
};

/**
 * One frame as a device sends it.
 *
 * @param samples signed 16-bit, 16 kHz mono
 * @param first whether it is the device's first frame (`wav-start` has its header there)
 * @param captureMs epoch milliseconds, for the `time` chunk of Snips frames
 */
export function encodeFrame(
  format: FrameFormat,
  samples: Int16Array,
  first: boolean,
  captureMs: number,
): Buffer | string {
  const pcm = Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength);
  switch (format) {
    case 'raw':
      return pcm;
    case 'u8':
      return Buffer.from(Uint8Array.from(samples, (sample) => (sample >> 8) + 128));
    case 's32':
      return bytesOf(Int32Array.from(samples, (sample) => sample << 16));
    case 'f32':
      return bytesOf(Float32Array.from(samples, (sample) => sample / 32_768));
    case 'hermes':
      return Buffer.concat([wavHead(pcm.length, []), pcm]);
    case 'snips':
      return Buffer.concat([wavHead(pcm.length, snipsChunks(captureMs)), pcm]);
    case 'satellite':
      // ESP32-Rhasspy-Satellite on some boards: the header promises twice what follows.
      return Buffer.concat([wavHead(pcm.length * 2, []), pcm]);
    case 'wav-start':
      return first ? Buffer.concat([wavHead(UNKNOWN_SIZE, []), pcm]) : pcm;
    case 'l16':
      return Buffer.from(pcm).swap16();
    case 'base64':
      return pcm.toString('base64');
    case 'json':
      return JSON.stringify([...samples]);
  }
}

function bytesOf(array: Int32Array | Float32Array): Buffer {
  return Buffer.from(array.buffer, array.byteOffset, array.byteLength);
}

/** RIFF header of 16-bit 16 kHz mono with the given chunks between `fmt ` and `data`. */
function wavHead(dataBytes: number, chunks: readonly Buffer[]): Buffer {
  const between = Buffer.concat(chunks);
  const head = Buffer.alloc(WAV_HEADER_BYTES - 8);
  head.write('RIFF', 0, 'latin1');
  head.writeUInt32LE(Math.min(UNKNOWN_SIZE, WAV_HEADER_BYTES - 8 + between.length + dataBytes), 4);
  head.write('WAVEfmt ', 8, 'latin1');
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(DEVICE_RATE, 24);
  head.writeUInt32LE(DEVICE_RATE * 2, 28);
  head.writeUInt16LE(2, 32);
  head.writeUInt16LE(16, 34);
  return Buffer.concat([head, between, chunkHead('data', dataBytes)]);
}

function snipsChunks(captureMs: number): Buffer[] {
  const time = Buffer.alloc(8);
  time.writeBigUInt64LE(BigInt(Math.round(captureMs)));
  return [
    Buffer.concat([chunkHead('time', 8), time]),
    Buffer.concat([chunkHead('rpid', 4), Buffer.alloc(4)]),
    Buffer.concat([chunkHead('rprf', 1), Buffer.alloc(2)]),
  ];
}

function chunkHead(name: string, bytes: number): Buffer {
  const head = Buffer.alloc(8);
  head.write(name, 0, 'latin1');
  head.writeUInt32LE(bytes, 4);
  return head;
}
