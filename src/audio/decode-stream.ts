import type { StreamInput } from './audio-data';
import type { DecodedChannels } from './sample-sink';
import type { Declared, SoundDecoder } from './sound-decoder';

/**
 * The samples of a sound that comes in pieces, as soon as they are known; input is read only as fast as they are taken. Ffmpeg, if
 * it is needed, is gone when the iteration ends or is left.
 *
 * @param input bytes or arrays of samples
 * @throws as `SoundDecoder.push`; FfmpegError where the sound is compressed and ffmpeg is missing or fails
 */
export async function* decodeStream(
  input: StreamInput,
  decoder: SoundDecoder,
  declared?: Declared,
): AsyncGenerator<DecodedChannels, void, undefined> {
  const pieces = toAsync(input);
  try {
    while (!decoder.isCompressed) {
      const next = await pieces.next();
      if (next.done === true) {
        yield decoder.finish();
        break;
      }
      yield push(decoder, next.value, declared);
    }
    if (decoder.isCompressed) yield* compressed(pieces, decoder, declared);
  } finally {
    await decoder.close();
    await pieces.return(undefined);
  }
}

/** Hands pieces to ffmpeg while its samples are taken. */
async function* compressed(
  pieces: AsyncGenerator<Piece>,
  decoder: SoundDecoder,
  declared: Declared | undefined,
): AsyncGenerator<DecodedChannels, void, undefined> {
  let failure: unknown;
  const feeding = (async () => {
    for (;;) {
      await decoder.accepted();
      const next = await pieces.next();
      if (next.done === true) break;
      push(decoder, next.value, declared);
    }
    decoder.finish();
  })().catch(async (error: unknown) => {
    failure = error;
    await decoder.close(); // Nothing more comes, so what is decoded is all.
  });
  for await (const samples of decoder.late()) yield samples;
  if (failure === undefined) yield decoder.flush();
  await feeding;
  if (failure !== undefined) throw failure as Error;
}

type Piece = StreamInput extends AsyncIterable<infer One> | Iterable<infer One> ? One : never;

function push(decoder: SoundDecoder, piece: Piece, declared: Declared | undefined): DecodedChannels {
  return piece instanceof Uint8Array ? decoder.push(piece, declared) : decoder.pushSamples(piece, declared);
}

async function* toAsync(input: StreamInput): AsyncGenerator<Piece> {
  yield* input;
}
