/**
 * Hierarchical clustering by Ward's method: merges, cheapest first, what adds least to the sum of squared distances from the group
 * means (Ward 1963). Every group remembers its nearest, which makes it O(n²) in all but rare cases (Anderberg 1973).
 */

/** Two groups that become one. A group is named by one of the points in it. */
export interface Merge {
  readonly a: number;
  readonly b: number;
  /** What the merge adds to the sum of squares. */
  readonly cost: number;
  readonly weightA: number;
  readonly weightB: number;
}

/**
 * All n - 1 merges of n weighted points, cheapest first.
 *
 * @param costs row-major [n x n]: what merging two points costs, w1 w2 / (w1 + w2) times their squared distance; overwritten.
 * @param weights [n]; overwritten.
 */
export function wardMerges(costs: Float64Array, weights: Float64Array, n: number): Merge[] {
  const merges: Merge[] = [];
  const groups = Int32Array.from({ length: n }, (_, point) => point);
  let count = n;
  const nearest = new Int32Array(n);
  const lowest = new Float64Array(n);
  const look = (row: number) => {
    let least = Infinity;
    for (let index = 0; index < count; index += 1) {
      const other = groups[index] ?? 0;
      const cost = costs[row * n + other] ?? 0;
      if (other === row || cost >= least) continue;
      least = cost;
      nearest[row] = other;
    }
    lowest[row] = least;
  };
  for (let row = 0; row < n; row += 1) look(row);
  while (count > 1) {
    let a = groups[0] ?? 0;
    for (let index = 1; index < count; index += 1) {
      const row = groups[index] ?? 0;
      if ((lowest[row] ?? 0) < (lowest[a] ?? 0)) a = row;
    }
    const b = nearest[a] ?? 0;
    count -= 1;
    groups[groups.indexOf(b)] = groups[count] ?? 0;
    merges.push(merge(costs, weights, groups.subarray(0, count), n, a, b));
    for (let index = 0; index < count; index += 1) {
      const row = groups[index] ?? 0;
      const cost = costs[row * n + a] ?? 0;
      if (row === a || nearest[row] === a || nearest[row] === b) look(row);
      else if (cost < (lowest[row] ?? 0)) {
        lowest[row] = cost;
        nearest[row] = a;
      }
    }
  }
  return merges;
}

/** Merges `b` into `a` and brings the costs of merging with others up to date (Lance and Williams 1967). */
function merge(
  costs: Float64Array,
  weights: Float64Array,
  groups: Int32Array,
  n: number,
  a: number,
  b: number,
): Merge {
  const cost = costs[a * n + b] ?? 0;
  const weightA = weights[a] ?? 0;
  const weightB = weights[b] ?? 0;
  weights[a] = weightA + weightB;
  for (const other of groups) {
    if (other === a) continue;
    const weight = weights[other] ?? 0;
    const toA = costs[a * n + other] ?? 0;
    const toB = costs[b * n + other] ?? 0;
    const found =
      ((weight + weightA) * toA + (weight + weightB) * toB - weight * cost) / (weight + weightA + weightB);
    costs[a * n + other] = found;
    costs[other * n + a] = found;
  }
  return { a, b, cost, weightA, weightB };
}

/** Group number of each of n points when all merges but the last `groups - 1` are made: numbered by their first points. */
export function cut(merges: readonly Merge[], n: number, groups: number): Int32Array {
  const parent = Int32Array.from({ length: n }, (_, point) => point);
  const root = (point: number): number => {
    let found = point;
    while (parent[found] !== found) found = parent[found] ?? found;
    return found;
  };
  for (const { a, b } of merges.slice(0, n - groups)) {
    const [one, other] = [root(a), root(b)];
    parent[Math.max(one, other)] = Math.min(one, other);
  }
  const numbers = new Map<number, number>();
  return Int32Array.from({ length: n }, (_, point) => {
    const found = root(point);
    const number = numbers.get(found) ?? numbers.size;
    numbers.set(found, number);
    return number;
  });
}
