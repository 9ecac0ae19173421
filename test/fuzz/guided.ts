/**
 * Follows what it has not seen yet: of mutated bytes, those that take the parsers somewhere new are kept and mutated further.
 * `npm run fuzz -- [SECONDS [SEED [WAY]]]`
 */
import { Session } from 'node:inspector/promises';
import * as path from 'node:path';
import { fuzzOne } from './fuzz';
import { Mutator } from './mutations';
import { plainSeeds } from './seeds';
import { WAYS } from './ways';

/** Files whose branches are counted. */
const PARSERS = path.join('dist', 'src', 'audio');
/** Cases between two looks at what was covered: a look costs about as much as they do. */
const CASES_A_LOOK = 8;
/** Longer inputs teach nothing more. */
const LONGEST_BYTES = 65_536;

/** What has been covered: each block with the order of magnitude of how often it ran. */
class Coverage {
  readonly #session = new Session();
  readonly #seen = new Set<string>();

  get size(): number {
    return this.#seen.size;
  }

  async start(): Promise<void> {
    this.#session.connect();
    await this.#session.post('Profiler.enable');
    await this.#session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  }

  /** Whether something new was covered since the last look. */
  async look(): Promise<boolean> {
    const before = this.#seen.size;
    const { result } = await this.#session.post('Profiler.takePreciseCoverage');
    for (const { url, functions } of result) {
      if (!url.includes(PARSERS)) continue;
      for (const { ranges } of functions) {
        for (const { startOffset, endOffset, count } of ranges) {
          if (count > 0)
            this.#seen.add(`${url}:${startOffset}-${endOffset}:${Math.floor(Math.log2(count) / 3)}`);
        }
      }
    }
    return this.#seen.size > before;
  }
}

async function main(): Promise<void> {
  const [seconds = '60', seed = '1', way = 'stream'] = process.argv.slice(2);
  const run = WAYS[way];
  if (!run) throw new Error(`There is no way in "${way}": ${Object.keys(WAYS).join(', ')}.`);
  const coverage = new Coverage();
  await coverage.start();
  const inputs = [...plainSeeds()].filter((bytes) => bytes.length <= LONGEST_BYTES);
  for (const bytes of inputs) await fuzzOne(way, run, bytes, new Mutator(0), 'seed');
  await coverage.look();
  const seeds = inputs.length;
  const mutator = new Mutator(Number(seed));
  const end = performance.now() + 1_000 * Number(seconds);
  let cases = 0;
  while (performance.now() < end) {
    const tried: Buffer[] = [];
    while (tried.length < CASES_A_LOOK) {
      // Half of them from what was found last: there is most left to find.
      const from = mutator.below(2) === 0 ? inputs : inputs.slice(-16);
      const bytes = mutator.mutate(mutator.pick(from), mutator.pick(inputs)).subarray(0, LONGEST_BYTES);
      tried.push(bytes);
      await fuzzOne(way, run, bytes, mutator, String(cases + tried.length));
    }
    cases += tried.length;
    if (await coverage.look()) inputs.push(...tried);
  }
  console.log(
    `${cases} cases, ${inputs.length - seeds} of them kept, ${coverage.size} places of the parsers seen, nothing wrong`,
  );
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
