import { isOfShard, type Shard } from './shard';

/** Topics of which is remembered whether they are heard. */
const MOST_TOPICS = 100_000;

/** Which devices a worker hears. */
export class DeviceChoice {
  readonly #deviceOf: (topic: string) => string | undefined;
  readonly #shard: Shard | undefined;
  readonly #kept = new Map<string, boolean>();

  /** @param deviceOf names the device of a topic; all topics of one device are heard by one worker */
  constructor(deviceOf: (topic: string) => string | undefined, shard: Shard | undefined) {
    this.#deviceOf = deviceOf;
    this.#shard = shard;
  }

  /** Name among the workers that share the devices; undefined where there are no others. */
  get worker(): string | undefined {
    return this.#shard && `shard-${this.#shard.index}-of-${this.#shard.count}`;
  }

  /** Whether the sound of a topic is heard here. A topic that names no device is divided by its own name. */
  keeps(topic: string): boolean {
    if (!this.#shard) return true;
    const known = this.#kept.get(topic);
    if (known !== undefined) return known;
    const isKept = isOfShard(this.#deviceOf(topic) ?? topic, this.#shard);
    if (this.#kept.size >= MOST_TOPICS) this.#kept.clear();
    this.#kept.set(topic, isKept);
    return isKept;
  }

  keepsDevice(device: string): boolean {
    return !this.#shard || isOfShard(device, this.#shard);
  }
}
