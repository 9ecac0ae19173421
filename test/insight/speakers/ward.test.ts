import assert from 'node:assert/strict';
import { cut, wardMerges } from '../../../src/insight/speakers/ward';
import { randomNumbers } from '../frames';

type Point = readonly [x: number, y: number, weight: number];

function meanOf(points: readonly Point[]): Point {
  const weight = points.reduce((sum, point) => sum + point[2], 0);
  const at = (axis: 0 | 1) => points.reduce((sum, point) => sum + point[axis] * point[2], 0) / weight;
  return [at(0), at(1), weight];
}

function mergeCost(one: readonly Point[], other: readonly Point[]): number {
  const [[x1, y1, w1], [x2, y2, w2]] = [meanOf(one), meanOf(other)];
  return ((w1 * w2) / (w1 + w2)) * ((x1 - x2) ** 2 + (y1 - y2) ** 2);
}

/** Ward's method by its definition: all pairs of groups, from their points, at every step. */
function bruteForce(points: readonly Point[]): { costs: number[]; halves: number[][] } {
  let groups = points.map((_, index) => [index]);
  const costs: number[] = [];
  let halves: number[][] = [];
  const of = (group: readonly number[]) => group.flatMap((index) => points.slice(index, index + 1));
  while (groups.length > 1) {
    if (groups.length === 2) halves = groups;
    const pairs = groups.flatMap((a) => groups.filter((b) => b !== a).map((b) => ({ a, b })));
    const ranked = pairs.map((pair) => ({ ...pair, cost: mergeCost(of(pair.a), of(pair.b)) }));
    const [best] = ranked.sort((one, other) => one.cost - other.cost);
    if (!best) break;
    costs.push(best.cost);
    groups = [...groups.filter((group) => group !== best.a && group !== best.b), [...best.a, ...best.b]];
  }
  return { costs, halves };
}

function merged(points: readonly Point[]) {
  const costs = Float64Array.from(points.flatMap((a) => points.map((b) => mergeCost([a], [b]))));
  return wardMerges(
    costs,
    Float64Array.from(points, (point) => point[2]),
    points.length,
  );
}

describe("Ward's method", () => {
  const random = randomNumbers(5);
  const points = Array.from({ length: 14 }, (): Point => [random(), random(), 1 + Math.floor(3 * random())]);

  it('merges what its definition merges, at the same cost', () => {
    const { costs, halves } = bruteForce(points);
    const merges = merged(points);
    merges.forEach(({ cost }, index) => {
      assert.ok(Math.abs(cost - (costs[index] ?? NaN)) < 1e-9, `merge ${index}`);
    });
    assert.equal(merges.length, points.length - 1);
    const found = cut(merges, points.length, 2);
    for (const half of halves) assert.equal(new Set(half.map((index) => found[index])).size, 1);
    assert.equal(new Set(found).size, 2);
  });

  it('ends where all points are one, and numbers groups by their first points', () => {
    const same: Point[] = [
      [0, 0, 1],
      [0, 0, 1],
      [3, 0, 1],
      [0, 0, 1],
    ];
    const merges = merged(same);
    assert.deepEqual([...cut(merges, 4, 2)], [0, 0, 1, 0]);
    assert.deepEqual([...cut(merges, 4, 1)], [0, 0, 0, 0]);
    assert.deepEqual([...cut(merges, 4, 4)], [0, 1, 2, 3]);
  });
});
