/** Whether a container ends as containers of its kind do. */

/** Bytes at the end that are enough. */
export const END_BYTES = 65_307;
/** An Ogg page is no longer (RFC 3533, 6). */
const LONGEST_PAGE = END_BYTES;
const HEADER = 27;
const LAST = 4;

/** Where transport streams have their packets, one after the other. */
const SYNC = 0x47;
const PACKET_SIZES = [188, 192, 204];

/** Tells by its last bytes whether a container has its end; undefined where its end is like any other place. */
export function containerEnd(container: string | undefined): ContainerEnd | undefined {
  if (container === 'ogg' || container === 'opus') return new OggEnd();
  return container === 'mpegts' ? new PacketsEnd() : undefined;
}

export interface ContainerEnd {
  /** Takes the next bytes; those at the end are enough. */
  push(bytes: Uint8Array): void;
  /** Whether what came last is its end. */
  readonly isThere: boolean;
}

/** Looks whether the last packet of a transport stream is whole. */
class PacketsEnd implements ContainerEnd {
  #tail = Buffer.alloc(0);

  push(bytes: Uint8Array): void {
    this.#tail = Buffer.from(Buffer.concat([this.#tail, bytes]).subarray(-4 * Math.max(...PACKET_SIZES)));
  }

  get isThere(): boolean {
    const { length } = this.#tail;
    const isPacket = (at: number): boolean => at < 0 || this.#tail[at] === SYNC;
    return PACKET_SIZES.some((size) =>
      // Packets of 192 bytes begin with a time of 4.
      [0, 4].some((lead) => [1, 2, 3].every((packets) => isPacket(length - packets * size + lead))),
    );
  }
}

/** Looks for the page that ends an Ogg stream, which says of itself that it does. */
class OggEnd implements ContainerEnd {
  #tail = Buffer.alloc(0);

  push(bytes: Uint8Array): void {
    const piece = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const together = piece.length >= LONGEST_PAGE ? piece : Buffer.concat([this.#tail, piece]);
    this.#tail = Buffer.from(together.subarray(-LONGEST_PAGE));
  }

  get isThere(): boolean {
    for (
      let at = this.#tail.lastIndexOf('OggS');
      at >= 0;
      at = at === 0 ? -1 : this.#tail.lastIndexOf('OggS', at - 1)
    ) {
      const size = this.#pageBytes(at);
      // Letters within a page may be these by chance; then they do not end where the bytes do.
      if (at + size === this.#tail.length) return ((this.#tail[at + 5] ?? 0) & LAST) !== 0;
    }
    return false;
  }

  #pageBytes(at: number): number {
    const segments = this.#tail[at + HEADER - 1] ?? 0;
    const table = this.#tail.subarray(at + HEADER, at + HEADER + segments);
    return HEADER + segments + table.reduce((sum, one) => sum + one, 0);
  }
}
