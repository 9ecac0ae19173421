import { show } from './failure';
import type { Node, NodeStatus } from './node-red';

/** Milliseconds between two updates at least: every status goes to all open editors and all Status nodes. */
const INTERVAL_MS = 500;

/**
 * What stands under a node in the editor. Updates that come faster than people read are thinned out; the last one
 * always arrives.
 */
export class StatusLine {
  readonly #node: Pick<Node, 'status' | 'error'>;
  #hasSpoken = false;
  #shown = '';
  #lastSent = -Infinity;
  #waiting: NodeStatus | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(node: Pick<Node, 'status' | 'error'>) {
    this.#node = node;
  }

  /** Shows what others have to say, unless the node has said something itself; what is red is always shown. */
  setFromOutside(status: NodeStatus): void {
    if (!this.#hasSpoken || status.fill === 'red') this.#put(status);
  }

  /** Shows a status, at once if none was shown lately, else as soon as the interval is over. */
  set(status: NodeStatus): void {
    this.#hasSpoken = true;
    this.#put(status);
  }

  /** Clears the line and stops. */
  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#waiting = undefined;
    show(this.#node, {});
  }

  #put(status: NodeStatus): void {
    this.#waiting = status;
    const wait = this.#lastSent + INTERVAL_MS - performance.now();
    if (wait <= 0) this.#send();
    else
      this.#timer ??= setTimeout(() => {
        this.#send();
      }, wait).unref();
  }

  #send(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const status = this.#waiting;
    this.#waiting = undefined;
    if (!status) return;
    const text = JSON.stringify(status);
    if (text === this.#shown) return;
    this.#shown = text;
    this.#lastSent = performance.now();
    show(this.#node, status);
  }
}
