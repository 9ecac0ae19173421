import type { StreamInput } from './audio-data';
import { gently } from '../steps';
import type { DecodedChannels } from './sample-sink';
import type { Declared, Parts, SoundDecoder } from './sound-decoder';

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
  const parts = allParts(input, decoder, declared);
  try {
    while (!decoder.isCompressed) {
      const next = await parts.next();
      if (next.done === true) {
        yield decoder.finish();
        break;
      }
      yield next.value;
    }
    if (decoder.isCompressed) yield* compressed(parts, decoder);
  } finally {
    await decoder.close();
    await parts.return(undefined);
  }
}

/** Hands pieces to ffmpeg while its samples are taken. */
async function* compressed(
  parts: AsyncGenerator<DecodedChannels>,
  decoder: SoundDecoder,
): AsyncGenerator<DecodedChannels, void, undefined> {
  let failure: unknown;
  const feeding = (async () => {
    for (;;) {
      await decoder.accepted();
      const next = await parts.next(); // Nothing is in it: the samples come late.
      if (next.done === true) break;
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

async function* allParts(
  input: StreamInput,
  decoder: SoundDecoder,
  declared: Declared | undefined,
): AsyncGenerator<DecodedChannels, void, undefined> {
  for await (const piece of input) yield* gently(partsOf(decoder, piece, declared));
}

function partsOf(decoder: SoundDecoder, piece: Piece, declared: Declared | undefined): Parts {
  return piece instanceof Uint8Array
    ? decoder.partsOfBytes(piece, declared)
    : decoder.partsOfSamples(piece, declared);
}
