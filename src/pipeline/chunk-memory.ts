/**
 * The last sound of each topic, so that a model that looks back further than one chunk hears what went before. Bounded in
 * samples per topic and in topics: the topic that was silent longest is forgotten first, which costs it one warm-up.
 */
export class ChunkMemory {
  readonly #topics = new Map<string, Float32Array>();
  readonly #limit: number;

  /** @param limit topics that are remembered */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** @internal */
  get size(): number {
    return this.#topics.size;
  }

  /**
   * Up to so many samples that were last heard of a topic; 16 kHz.
   *
   * @internal
   */
  last(topic: string, samples: number): Float32Array {
    const heard = this.#topics.get(topic);
    return heard ? heard.subarray(Math.max(0, heard.length - samples)) : new Float32Array(0);
  }

  /**
   * Keeps the last samples of what a topic has said by now.
   *
   * @internal
   */
  keep(topic: string, heard: Float32Array, samples: number): void {
    this.#topics.delete(topic);
    this.#topics.set(topic, heard.slice(Math.max(0, heard.length - samples)));
    for (const oldest of this.#topics.keys()) {
      if (this.#topics.size <= this.#limit) return;
      this.#topics.delete(oldest);
    }
  }

  /** Forgets one topic, or all without one. */
  forget(topic?: string): void {
    if (topic === undefined) this.#topics.clear();
    else this.#topics.delete(topic);
  }
}
