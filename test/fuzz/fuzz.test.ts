/** Twenty thousand byte strings that nobody foresaw, through every way in; `DEEPTONE_FUZZ` tries more, from another seed. */
import assert from 'node:assert/strict';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { fuzz } from './fuzz';
import { compressedSeeds, plainSeeds } from './seeds';
import { WAYS, withFfmpeg } from './ways';

/** `CASES` or `CASES,SEED`; the seed is otherwise the same on every run. */
const [cases = 20_000, seed = 1] = (process.env['DEEPTONE_FUZZ'] ?? '')
  .split(',')
  .filter(Boolean)
  .map(Number);
/** A process for each: they are a few of many. */
const FFMPEG_CASES = Math.ceil(cases / 200);
/** What the process may have kept of all cases. */
const MOST_KEPT_BYTES = 64 * 1_024 * 1_024;

describe('Bytes that nobody foresaw', function () {
  // Each way takes a minute or two, and five times as long on a busy machine; how long a case may take is looked at one by one.
  this.timeout(600_000 + 60 * cases);
  const plain = plainSeeds();
  let compressed: readonly Buffer[] = [];
  before(async () => {
    compressed = await compressedSeeds();
  });

  const ways = Object.entries(WAYS);
  const share = Math.ceil((cases - FFMPEG_CASES) / ways.length);
  for (const [name, way] of ways) {
    it(`are heard or refused by a typed error, and cost no more than their length: ${name}`, async () => {
      const seeds = [...plain, ...compressed];
      await fuzz(name, way, { cases: share, seed, seeds });
      collect();
      const before = process.memoryUsage();
      await fuzz(name, way, { cases: Math.ceil(share / 10), seed: seed + share, seeds });
      collect();
      const after = process.memoryUsage();
      const kept = after.heapUsed + after.external - before.heapUsed - before.external;
      assert.ok(kept < MOST_KEPT_BYTES, `${kept} bytes were kept`);
    });
  }

  it('are heard or refused by a typed error where ffmpeg decodes them', async () => {
    await fuzz('ffmpeg', withFfmpeg, { cases: FFMPEG_CASES, seed, seeds: compressed });
  });
});

const collect = ((): (() => void) => {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
})();
