/** Memory that is used again run after run: a batch needs megabytes, and making them anew each time is dear. */
export class Scratch {
  private memory = new Float32Array(0);

  /** `length` numbers of any value, valid until the next call. */
  take(length: number): Float32Array {
    if (this.memory.length < length) this.memory = new Float32Array(length);
    return this.memory.subarray(0, length);
  }
}
