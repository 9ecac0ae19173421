import { once } from 'node:events';
import { Deeptone, checkOptions } from '../pipeline';
import { OnnxPredictionEngine } from '../inference';
import { loadMqtt, Worker, type WorkerSurroundings } from '../serve';
import type { LiveEvent } from '../streams';
import { MeteredEngine } from '../supervision';
import { engineOptions, type EngineFlags } from './engine-flags';
import { ExitCode } from './exit-codes';
import type { ServeFlags } from './serve-flags';
import { printedKinds, workerSettings, type Printed } from './serve-settings';
import type { Terminal } from './terminal';

/** Characters of answers that may wait for who reads them. */
const MOST_WAITING = 16_000_000;

/** Hears live audio from a broker and publishes what is in it, until it is stopped. */
export async function serve(flags: ServeFlags, terminal: Terminal, signal: AbortSignal): Promise<ExitCode> {
  const kinds = printedKinds(flags.print);
  const settings = await workerSettings(flags);
  checkOptions('live', settings.options);
  const say = (text: string): void => {
    terminal.say(`deeptone: ${text}`);
  };
  const worker = new Worker(settings, {
    mqtt: await loadMqtt(),
    open: await opening(flags),
    say,
    told: kinds.size === 0 ? () => undefined : printer(kinds, terminal, say),
  });
  try {
    const started = worker.start();
    await Promise.race([started, aborted(signal)]);
    if (!signal.aborted) {
      say(`Listening to "${settings.filter.subscription}".`);
      await aborted(signal);
      say('Stopping.');
    }
  } finally {
    await worker.stop();
  }
  return ExitCode.Ok;
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort');
}

/** How the engine is opened that the flags describe. */
async function opening(flags: EngineFlags): Promise<WorkerSurroundings['open']> {
  const { licenseKey, options } = await engineOptions(flags);
  const { modelSet, modelFolders, workers, threads, isolation, runtime: choice, ...others } = options;
  return (meter, onEvent) => {
    const runtime = new OnnxPredictionEngine({
      modelSet,
      modelFolders,
      workers,
      threads,
      isolation,
      runtime: choice,
      onEvent,
    });
    const deeptone = new Deeptone(licenseKey, {
      ...others,
      predictionEngine: new MeteredEngine(runtime, meter),
    });
    return { deeptone, runtime, ffmpegPath: options.ffmpegPath };
  };
}

/** Writes events as lines; while nobody reads them, no more than so much waits. */
function printer(
  kinds: ReadonlySet<Printed>,
  terminal: Terminal,
  say: (text: string) => void,
): WorkerSurroundings['told'] {
  let waiting = 0;
  let isLosing = false;
  return (event) => {
    if (!kinds.has(printedAs(event.kind))) return;
    const line = `${lineOf(event)}\n`;
    if (waiting + line.length > MOST_WAITING) {
      if (!isLosing) say('Nobody reads standard output fast enough; answers are left out there.');
      isLosing = true;
      return;
    }
    waiting += line.length;
    void terminal.write(line).then(() => {
      waiting -= line.length;
      if (waiting === 0) isLosing = false;
    });
  };
}

function printedAs(kind: LiveEvent['kind']): Printed {
  switch (kind) {
    case 'step':
      return 'steps';
    case 'transition':
      return 'transitions';
    case 'summary':
      return 'summaries';
    case 'segment': // No option asks for the sound of phases.
    case 'opened':
    case 'closed':
    case 'gap':
    case 'dropped':
    case 'warning':
      return 'events';
  }
}

function lineOf(event: LiveEvent): string {
  const told = Object.entries(event).filter(([name]) => name !== 'stream' && name !== 'context');
  return JSON.stringify({ stream: event.stream.key, ...Object.fromEntries(told) }, (_name, value: unknown) =>
    value instanceof Error ? value.message : value,
  );
}
