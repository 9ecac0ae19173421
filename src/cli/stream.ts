import type { AnalysisStream } from '../pipeline/analysis-stream';
import { BadAudioError } from '../errors';
import type { AnalysisEvents } from '../insight';
import type { AnalysisOptions } from '../pipeline/options';
import { createEngine, sayBrokenModels, type EngineFlags } from './engine-flags';
import { ExitCode } from './exit-codes';
import { UsageError } from './report';
import type { InputDecoder } from './stream-decoder';
import type { Terminal } from './terminal';

/** Flags of `deeptone stream`. */
export interface StreamFlags extends EngineFlags {
  readonly models: readonly string[];
  readonly outputPeriod: number;
  readonly raw?: boolean;
  readonly volumeThreshold?: number;
  readonly transitions?: boolean;
  readonly summary?: boolean;
  /** Encoding of raw samples; without it, standard input is a WAV. */
  readonly format?: string;
  readonly rate?: number;
  readonly channels?: number;
  readonly channel?: number;
}

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
  const { createInputDecoder } = await import('./stream-decoder.js');
  const decoder = createInputDecoder(flags);
  const engine = await createEngine(flags);
  try {
    const told = sayBrokenModels(engine, terminal);
    const analysis = await engine.openStream(analysisOptions(flags));
    sayBrokenModels(engine, terminal, told);
    try {
      await hear(decoder, analysis, flags, terminal, signal);
    } finally {
      analysis.close();
    }
  } finally {
    await engine.close();
  }
  return ExitCode.Ok;
}

function analysisOptions(flags: StreamFlags): AnalysisOptions {
  return {
    models: flags.models,
    outputPeriod: flags.outputPeriod,
    includeRawValues: flags.raw ?? false,
    volumeThreshold: flags.volumeThreshold,
  };
}

async function hear(
  decoder: InputDecoder,
  analysis: AnalysisStream,
  flags: StreamFlags,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> {
  let heard = 0;
  let warned = false;
  const analyse = async (samples: Float32Array): Promise<void> => {
    heard += samples.length;
    await terminal.write(lines(await analysis.push(samples), flags));
  };
  for await (const bytes of readUntil(process.stdin, signal)) {
    await analyse(decoder.push(bytes));
    if (!warned && decoder.nonFiniteSamples > 0) {
      warned = true;
      terminal.say('deeptone: The sound has samples that are not finite numbers; they count as 0.');
    }
  }
  await analyse(decoder.end());
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
