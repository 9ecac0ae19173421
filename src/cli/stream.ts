import type { OpenOptions, AnalysisStream, Deeptone } from '../pipeline';
import {
  checkSampleFormat,
  decodeStream,
  DEFAULT_FORMAT,
  ENCODINGS,
  isEncoding,
  SoundDecoder,
  type Declared,
  type DecodedChannels,
} from '../audio';
import { BadAudioError } from '../errors';
import type { AnalysisEvents } from '../insight';
import { createEngine, sayBrokenModels, type EngineFlags } from './engine-flags';
import { modelsAsked, type OptionFlags } from './option-flags';
import { ExitCode } from './exit-codes';
import { UsageError } from './report';
import type { Terminal } from './terminal';

/** Flags of `deeptone stream`. */
export type StreamFlags = OptionFlags<'stream'> & EngineFlags;

/**
 * Analyses standard input while it comes in: a line per step, at once. The end of the input and Ctrl-C both end the
 * sound, and its last step is given.
 */
export async function stream(flags: StreamFlags, terminal: Terminal, signal: AbortSignal): Promise<ExitCode> {
  if (process.stdin.isTTY) {
    throw new UsageError(
      'Standard input is a terminal; pipe sound into it, as in: arecord -f S16_LE -r 16000 | deeptone stream ...',
    );
  }
  const declared = declaredIn(flags);
  const { channel = 'mix', ffmpeg: ffmpegPath } = flags;
  const decoder = new SoundDecoder({ channels: channel, ffmpegPath, name: 'Standard input' });
  // Says at once whether the channel that is asked for is there.
  if (flags.format !== undefined) decoder.pushSamples(new Float32Array(0), declared);
  const engine = await createEngine(flags);
  try {
    const told = sayBrokenModels(engine, terminal);
    const analysis = await engine.openStream(analysisOptions(engine, flags));
    sayBrokenModels(engine, terminal, told);
    try {
      await hear(decodeStream(readUntil(process.stdin, signal), decoder, declared), decoder, analysis, {
        flags,
        terminal,
      });
    } finally {
      analysis.close();
    }
  } finally {
    await engine.close();
  }
  return ExitCode.Ok;
}

function analysisOptions(engine: Deeptone, flags: StreamFlags): OpenOptions {
  return {
    models: modelsAsked(engine, flags.models),
    outputPeriod: flags.outputPeriod,
    includeRawValues: flags.raw ?? false,
    volumeThreshold: flags.volumeThreshold,
    speakerDelay: flags.speakerDelay,
    loudAbove: flags.loudAbove,
    decisions: flags.decisions,
  };
}

/**
 * What raw samples are; a header in the sound rules over it.
 *
 * @throws UsageError, InvalidArgumentError for flags that are not accepted
 */
function declaredIn({ format, rate, channels }: StreamFlags): Declared {
  if (format !== undefined && !isEncoding(format)) {
    throw new UsageError(`--format is "${format}": accepted are ${ENCODINGS.join(', ')}.`);
  }
  const { encoding, sampleRate } = DEFAULT_FORMAT;
  const declared = { encoding: format ?? encoding, sampleRate: rate ?? sampleRate, channels: channels ?? 1 };
  checkSampleFormat(declared);
  return { format: declared, isStated: format !== undefined };
}

async function hear(
  sound: AsyncIterable<DecodedChannels>,
  decoder: SoundDecoder,
  analysis: AnalysisStream,
  { flags, terminal }: { readonly flags: StreamFlags; readonly terminal: Terminal },
): Promise<void> {
  let heard = 0;
  for await (const [samples = new Float32Array(0)] of sound) {
    heard += samples.length;
    await terminal.write(lines(await analysis.push(samples), flags));
    for (const { message } of decoder.takeWarnings()) terminal.say(`deeptone: ${message}`);
  }
  if (heard === 0) throw new BadAudioError('Standard input held no sound: not one sample came in.');
  await terminal.write(lines(await analysis.finish(), flags));
  const warnings = analysis.warnings();
  for (const { message } of warnings) terminal.say(`deeptone: ${message}`);
  const told = warnings.length > 0 ? { warnings } : {};
  if (flags.summary) await terminal.write(line({ summary: analysis.summary(), ...told }));
}

function lines(events: AnalysisEvents, flags: StreamFlags): string {
  const transitions = flags.transitions ? events.ended : [];
  return [...events.steps.map(line), ...transitions.map((transition) => line({ transition }))].join('');
}

function line(answer: object): string {
  return `${JSON.stringify(answer)}\n`;
}

/** The bytes of a stream until it ends or the signal says so; the stream is then closed. */
async function* readUntil(input: NodeJS.ReadStream, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const stop = (): void => {
    input.destroy();
  };
  signal.addEventListener('abort', stop);
  try {
    if (signal.aborted) return;
    for await (const bytes of input as AsyncIterable<Buffer>) yield bytes;
  } catch (error) {
    // A stream that was closed before its end says so; here that was our own doing.
    if (!signal.aborted) throw error;
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
