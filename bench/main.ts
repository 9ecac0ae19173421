/**
 * Speed and memory, runnable by anyone: `npm run bench -- NAME [options]`. Prints a table and writes the same as
 * JSON into `bench/results/`.
 */
import { formatTable, keepsTarget, UsageError, writeResults, type Bench } from './report';

interface Entry {
  readonly what: string;
  /** Loaded when it is run: each bench has its own needs. */
  readonly load: () => Promise<Bench>;
}

const BENCHES: Readonly<Record<string, Entry>> = {
  'file-speed': {
    what: 'file analysis against real time; nine models against one',
    load: async () => (await import('./file-speed.js')).fileSpeed,
  },
  'first-result': {
    what: 'start of `deeptone analyze` to its first result',
    load: async () => (await import('./first-result.js')).firstResult,
  },
  memory: {
    what: 'peak memory of a 3-hour file against a 1-minute file',
    load: async () => (await import('./memory.js')).memory,
  },
  'event-loop': {
    what: "largest gap in Node-RED's event loop while a long file is analysed",
    load: async () => (await import('./event-loop.js')).eventLoop,
  },
  'step-cost': {
    what: 'CPU of one 64 ms step with all models, alone and with 32 streams, against the network alone and Silero VAD',
    load: async () => (await import('./step-cost.js')).stepCost,
  },
  isolation: {
    what: 'models in a process of their own against models in a thread: CPU, memory, start and restart',
    load: async () => (await import('./isolation.js')).isolation,
  },
  runtimes: {
    what: 'WebAssembly against the native runtime: live streams, files, start',
    load: async () => (await import('./runtimes.js')).runtimes,
  },
  streams: {
    what: 'memory of a live stream; opening and closing thousands; two workers against one',
    load: async () => (await import('./streams.js')).streams,
  },
  accuracy: {
    what: 'accuracy of every model on speakers that training never heard; needs --corpus FOLDER',
    load: async () => (await import('./accuracy/run.js')).runAccuracy,
  },
  resampler: {
    what: 'the resampler: speed on one core, ripple, what is left of tones beyond 8 kHz',
    load: async () => (await import('./resampler.js')).resampler,
  },
  'live-streams': {
    what: 'many devices over MQTT through a real Node-RED: lateness, loss, event loop, memory',
    load: async () => (await import('./live-streams.js')).liveStreams,
  },
  fleet: {
    what: 'workers that share devices: one is killed, one joins, the broker is restarted',
    load: async () => (await import('./fleet.js')).fleet,
  },
  soak: {
    what: 'whether anything grows: an hour of live streams with a fault every minute, or a simulated week',
    load: async () => (await import('./soak.js')).soak,
  },
};

async function main([name, ...argv]: readonly string[]): Promise<void> {
  const entry = name === undefined ? undefined : BENCHES[name];
  if (name === undefined || !entry) {
    const names = Object.entries(BENCHES).map(([each, { what }]) => `  ${each.padEnd(14)}${what}`);
    console.log(`npm run bench -- NAME, where NAME is one of\n${names.join('\n')}`);
    process.exitCode = name === undefined ? 0 : 2;
    return;
  }
  const bench = await entry.load();
  const measurements = await bench(argv);
  console.log(
    `\n${name}: ${entry.what}\n\n${formatTable(measurements)}\n\n${writeResults(name, measurements)}`,
  );
  if (measurements.some((each) => keepsTarget(each) === false)) process.exitCode = 1;
}

main(process.argv.slice(2)).catch((error: unknown) => {
  if (!(error instanceof UsageError)) throw error;
  console.error(error.message);
  process.exitCode = 2;
});
