/** What has happened, in order, for one reader that waits for more of it. */
export class EventQueue<T extends object> implements AsyncIterable<T> {
  #unread: T[] = [];
  /** What the reader has in hand, and how far it is. */
  #batch: readonly T[] = [];
  #read = 0;
  #isEnded = false;
  #wake: () => void = () => undefined;

  /** Says nothing where the queue has ended. */
  push(happened: T): void {
    if (this.#isEnded) return;
    this.#unread.push(happened);
    this.#wake();
  }

  /**
   * Nothing more happens: the reader comes to its end at once.
   *
   * @returns what it has not read, and will not
   */
  end(): readonly T[] {
    const left = [...this.#batch.slice(this.#read), ...this.#unread];
    this.#isEnded = true;
    this.#batch = [];
    this.#unread = [];
    this.#wake();
    return left;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    while (!this.#isEnded) {
      const happened = this.#batch[this.#read++];
      if (happened) yield happened;
      else await this.#more();
    }
  }

  async #more(): Promise<void> {
    if (this.#unread.length === 0) await new Promise<void>((resolve) => (this.#wake = resolve));
    this.#batch = this.#unread;
    this.#unread = [];
    this.#read = 0;
  }
}
