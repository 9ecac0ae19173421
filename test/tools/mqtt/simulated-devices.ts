/**
 * Many devices that publish sound over MQTT as if it were spoken at this moment.
 *
 * Device n starts the same sound at another place, so that no two say the same. MQTT 5 devices send `contentType`
 * and the user properties `seq` (0, 1, 2 ...; a lost message leaves a hole) and `ts` (epoch ms of the first sample).
 */
import { connectAsync, type IClientPublishOptions, type MqttClient } from 'mqtt';
import { CONTENT_TYPES, DEVICE_RATE, encodeFrame, type FrameFormat } from './frames';

export interface SimulationOptions {
  readonly brokerUrl: string;
  /** 4 is MQTT 3.1.1. */
  readonly protocolVersion?: 4 | 5;
  readonly devices: number;
  /** Names of the devices; `mic-1`, `mic-2` ... where there is none. */
  readonly deviceName?: (index: number) => string;
  /** `{device}` stands for the device's name. */
  readonly topic?: string;
  readonly format?: FrameFormat;
  readonly frameMs?: number;
  /** Signed 16-bit, 16 kHz mono; repeated without end. One for all, or one per device in turn. */
  readonly sounds: readonly Int16Array[];
  /** How many times faster than real time. */
  readonly speed?: number;
  /** Frames per device; without end where it is left out. */
  readonly frames?: number;
  /** Share of frames that are captured and never sent. */
  readonly loss?: number;
  /** Share of frames that are sent twice. */
  readonly duplicates?: number;
  /** Each frame is late by a random time up to this; order is kept. */
  readonly jitterMs?: number;
  readonly qos?: 0 | 1 | 2;
  readonly retain?: boolean;
  /** Whether MQTT 5 devices tell format, number and time; `none` makes them as mute as 3.1.1 ones. */
  readonly properties?: 'all' | 'sequence' | 'none';
  /** Each message begins with its number and time, in 12 bytes. */
  readonly markPrefix?: boolean;
  /** All devices at once (`false`), or spread over one frame time as real ones are. */
  readonly spread?: boolean;
  readonly seed?: number;
}

/** What has been done with the captured frames so far. */
export interface SimulationCounts {
  readonly sent: number;
  readonly lost: number;
  readonly duplicated: number;
}

interface Device {
  readonly client: MqttClient;
  readonly topic: string;
  readonly sound: Int16Array;
  readonly startOffset: number;
  /** Epoch milliseconds of its first sample. */
  readonly startedAt: number;
  sequence: number;
  dueAt: number;
}

const TICK_MS = 4;

/** Publishes until its frames are through, or until {@link SimulatedDevices.stop}. */
export class SimulatedDevices {
  /** Resolves when every device has sent all its frames. */
  readonly finished: Promise<void>;
  private readonly options: SimulationOptions;
  private readonly frameMs: number;
  private readonly frameSamples: number;
  private devices: Device[] = [];
  private clients: MqttClient[] = [];
  private timer: NodeJS.Timeout | undefined;
  private counted = { sent: 0, lost: 0, duplicated: 0 };
  private finish: () => void = () => undefined;
  private random: () => number;

  constructor(options: SimulationOptions) {
    this.options = options;
    this.frameMs = options.frameMs ?? 100;
    this.frameSamples = Math.round((this.frameMs * DEVICE_RATE) / 1_000);
    this.random = seededRandom(options.seed ?? 1);
    this.finished = new Promise((resolve) => {
      this.finish = resolve;
    });
  }

  get counts(): SimulationCounts {
    return { ...this.counted };
  }

  /** Topics of the devices, in their order. */
  get topics(): readonly string[] {
    return Array.from({ length: this.options.devices }, (_, index) => this.topicOf(index));
  }

  /** Epoch milliseconds of a device's first sample: the clock against which lateness is measured. */
  startOf(index: number): number {
    return this.devices[index]?.startedAt ?? Number.NaN;
  }

  /** Frames of a topic that were captured so far. */
  framesOf(topic: string): number {
    return this.devices.find((device) => device.topic === topic)?.sequence ?? 0;
  }

  /** Connects every device, then begins to publish. */
  async start(): Promise<void> {
    const { devices, brokerUrl, protocolVersion = 5, sounds } = this.options;
    this.clients = await Promise.all(
      Array.from({ length: devices }, () =>
        connectAsync(brokerUrl, { protocolVersion, reconnectPeriod: 200, queueQoSZero: false }),
      ),
    );
    for (const client of this.clients) client.on('error', () => undefined);
    const now = Date.now();
    this.devices = this.clients.map((client, index) => {
      const sound = sounds[index % sounds.length] ?? new Int16Array(DEVICE_RATE);
      const delay = this.options.spread === false ? 0 : (this.scaledFrameMs * index) / devices;
      return {
        client,
        topic: this.topicOf(index),
        sound,
        startOffset: Math.floor((sound.length * index) / devices),
        startedAt: now + delay,
        sequence: 0,
        dueAt: now + delay + this.scaledFrameMs,
      };
    });
    this.timer = setInterval(() => {
      this.publishDue();
    }, TICK_MS);
  }

  /** Stops publishing and disconnects; safe to call twice. */
  async stop(): Promise<void> {
    clearInterval(this.timer);
    this.finish();
    const clients = this.clients;
    this.clients = [];
    await Promise.all(clients.map((client) => client.endAsync(!client.connected)));
  }

  private get scaledFrameMs(): number {
    return this.frameMs / (this.options.speed ?? 1);
  }

  private topicOf(index: number): string {
    const name = this.options.deviceName?.(index) ?? `mic-${index + 1}`;
    return (this.options.topic ?? 'audio/{device}/pcm').replace('{device}', name);
  }

  private publishDue(): void {
    const now = Date.now();
    const last = this.options.frames ?? Number.POSITIVE_INFINITY;
    let open = 0;
    for (const device of this.devices) {
      while (device.dueAt <= now && device.sequence < last) this.publishFrame(device);
      if (device.sequence < last) open += 1;
    }
    if (open === 0) {
      clearInterval(this.timer);
      this.finish();
    }
  }

  private publishFrame(device: Device): void {
    const { loss = 0, duplicates = 0, jitterMs = 0, format = 'raw' } = this.options;
    const sequence = device.sequence++;
    const jitter = this.random() * jitterMs;
    device.dueAt = device.startedAt + (sequence + 2) * this.scaledFrameMs + jitter;
    if (this.random() < loss) {
      this.counted.lost += 1;
      return;
    }
    // On the clock of the sound, which runs ahead of that of the wall where devices are faster than real time.
    const captureMs = device.startedAt + sequence * this.frameMs;
    const sound = encodeFrame(format, this.samplesOf(device, sequence), sequence === 0, captureMs);
    const payload = this.options.markPrefix ? withMarks(sequence, captureMs, sound) : sound;
    const options = this.publishOptions(format, sequence, captureMs);
    const copies = this.random() < duplicates ? 2 : 1;
    for (let copy = 0; copy < copies; copy += 1) {
      device.client.publish(device.topic, payload, options, () => undefined);
    }
    this.counted.sent += 1;
    this.counted.duplicated += copies - 1;
  }

  private samplesOf(device: Device, sequence: number): Int16Array {
    const { sound, startOffset } = device;
    const from = (startOffset + sequence * this.frameSamples) % sound.length;
    if (from + this.frameSamples <= sound.length) return sound.subarray(from, from + this.frameSamples);
    return Int16Array.from({ length: this.frameSamples }, (_, n) => sound[(from + n) % sound.length] ?? 0);
  }

  private publishOptions(format: FrameFormat, sequence: number, captureMs: number): IClientPublishOptions {
    const { qos = 0, retain = false, protocolVersion = 5, properties = 'all' } = this.options;
    if (protocolVersion !== 5 || properties === 'none') return { qos, retain };
    const contentType = properties === 'all' ? CONTENT_TYPES[format] : undefined;
    return {
      qos,
      retain,
      properties: {
        ...(contentType === undefined ? {} : { contentType }),
        userProperties: { seq: String(sequence), ts: String(Math.round(captureMs)) },
      },
    };
  }
}

/** A message behind its number and time, as docs/mqtt.md says. */
function withMarks(sequence: number, captureMs: number, sound: Buffer | string): Buffer {
  const head = Buffer.alloc(12);
  head.writeUInt32LE(sequence, 0);
  head.writeBigUInt64LE(BigInt(Math.round(captureMs)), 4);
  return Buffer.concat([head, Buffer.from(sound)]);
}

/** Numbers in [0, 1), the same for the same seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
