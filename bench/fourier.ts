/** The fast Fourier transform (Cooley and Tukey 1965). */

/** In-place radix-2 transform; the length is a power of two. */
export function fourier(real: Float64Array, imaginary: Float64Array): void {
  const size = real.length;
  for (let i = 1, j = 0; i < size; i++) {
    let bit = size >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) {
      swap(real, i, j);
      swap(imaginary, i, j);
    }
  }
  for (let span = 2; span <= size; span *= 2) {
    const half = span / 2;
    for (let k = 0; k < half; k++) {
      const angle = (-2 * Math.PI * k) / span;
      const c = Math.cos(angle);
      const s = Math.sin(angle);
      for (let i = k; i < size; i += span) {
        const j = i + half;
        const jr = real[j] ?? 0;
        const ji = imaginary[j] ?? 0;
        const tr = jr * c - ji * s;
        const ti = jr * s + ji * c;
        const ir = real[i] ?? 0;
        const ii = imaginary[i] ?? 0;
        real[j] = ir - tr;
        imaginary[j] = ii - ti;
        real[i] = ir + tr;
        imaginary[i] = ii + ti;
      }
    }
  }
}

function swap(values: Float64Array, i: number, j: number): void {
  const kept = values[i] ?? 0;
  values[i] = values[j] ?? 0;
  values[j] = kept;
}
