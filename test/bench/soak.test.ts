import assert from 'node:assert/strict';
import { growth, sampleTable, verdict, type Sample } from '../../bench/soak/verdict';

const MEGABYTE = 1_048_576;
const FLAT: Omit<Sample, 'hour'> = {
  ...{ rss: 200 * MEGABYTE, heapUsed: 40 * MEGABYTE, external: 5 * MEGABYTE },
  ...{ handles: 8, threads: 11, listeners: 29, children: 2 },
  ...{ fault: 'redeployed', streams: 8, steps: 100, gaps: 3, errors: { DEEPTONE_BAD_AUDIO: 2 } },
};

/** An hour with a sample a minute. */
function hour(change: (n: number) => Partial<Sample> = () => ({})): readonly Sample[] {
  return Array.from({ length: 60 }, (_, n) => ({ ...FLAT, hour: (n + 1) / 60, ...change(n) }));
}

const told = (samples: readonly Sample[]): string => verdict(growth(samples));

describe('The verdict of the soak test', () => {
  it('is ok where nothing grows, whatever it took to warm up, and whatever peaks there are', () => {
    const rss = (n: number): number => MEGABYTE * (n < 15 ? 50 + 10 * n : n % 7 === 0 ? 600 : 200 + (n % 3));
    assert.match(told(hour((n) => ({ rss: rss(n), handles: n % 9 === 4 ? 300 : 8 }))), /^verdict: ok/);
  });

  const leaks: Readonly<Record<string, (n: number) => Partial<Sample>>> = {
    'memory (RSS)': (n) => ({ rss: FLAT.rss + 0.5 * n * MEGABYTE }),
    'the heap': (n) => ({ heapUsed: FLAT.heapUsed + 0.3 * n * MEGABYTE }),
    'external memory': (n) => ({ external: FLAT.external + 0.5 * n * MEGABYTE }),
    handles: (n) => ({ handles: 8 + Math.floor(n / 5) }),
    threads: (n) => ({ threads: 11 + Math.floor(n / 10) }),
    listeners: (n) => ({ listeners: 29 + n }),
    'child processes': (n) => ({ children: 2 + Math.floor(n / 10) }),
  };
  for (const [what, change] of Object.entries(leaks)) {
    it(`names ${what} where that alone grows`, () => {
      assert.equal(told(hour(change)), `verdict: grows (growth of ${what} after the first quarter)`);
    });
  }

  it('is none after too few samples, and passes over what cannot be seen here', () => {
    assert.equal(told(hour().slice(0, 2)), 'verdict: too short to tell');
    const measurements = growth(hour(() => ({ threads: Number.NaN })));
    assert.match(verdict(measurements), /^verdict: ok/);
    assert.ok(measurements.every(({ measure }) => !measure.includes('threads')));
  });

  it('stands below a table with a line per sample', () => {
    const lines = sampleTable(hour()).split('\n');
    assert.equal(lines.length, 61);
    assert.match(
      lines[1] ?? '',
      /redeployed +200\.0 +40\.0 +5\.0 +8 +11 +29 +2 +8 +100 +3 +DEEPTONE_BAD_AUDIO 2$/,
    );
  });
});
