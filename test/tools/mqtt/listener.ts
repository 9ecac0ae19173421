/** An MQTT client of the tests: hears everything of a filter, waits for messages, publishes. */
import { connectAsync, type IClientPublishOptions, type IPublishPacket, type MqttClient } from 'mqtt';

export interface HeardMessage {
  readonly topic: string;
  readonly payload: Buffer;
  readonly packet: IPublishPacket;
}

const WAIT_LIMIT_MS = 30_000;

export class Listener {
  readonly messages: HeardMessage[] = [];
  private readonly waiting = new Set<() => void>();

  private constructor(readonly client: MqttClient) {
    client.on('message', (topic, payload, packet) => {
      this.messages.push({ topic, payload, packet });
      for (const look of [...this.waiting]) look();
    });
    client.on('error', () => undefined);
  }

  static async open(brokerUrl: string, filter?: string, protocolVersion: 4 | 5 = 5): Promise<Listener> {
    const listener = new Listener(await connectAsync(brokerUrl, { protocolVersion, reconnectPeriod: 200 }));
    if (filter !== undefined) await listener.client.subscribeAsync(filter);
    return listener;
  }

  /** Text of the latest message of a topic. */
  latest(topic: string): string | undefined {
    return this.messages.findLast((message) => message.topic === topic)?.payload.toString();
  }

  /** The first message, heard already or still to come, that is the wanted one. */
  waitFor(wanted: (message: HeardMessage) => boolean, what = 'the message'): Promise<HeardMessage> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const found = this.messages.find(wanted);
        if (!found) return;
        clearTimeout(limit);
        this.waiting.delete(look);
        resolve(found);
      };
      const limit = setTimeout(() => {
        this.waiting.delete(look);
        reject(new Error(`${what} did not come; heard: ${this.summary()}`));
      }, WAIT_LIMIT_MS);
      this.waiting.add(look);
      look();
    });
  }

  async publish(topic: string, payload: Buffer | string, options: IClientPublishOptions = {}): Promise<void> {
    await this.client.publishAsync(topic, payload, options);
  }

  /** Everything that the broker had for this client when the call was made has been heard when it resolves. */
  async settle(): Promise<void> {
    const marker = `settled/${Date.now()}-${Math.random()}`;
    await this.client.subscribeAsync(marker);
    const through = this.waitFor((message) => message.topic === marker);
    await this.client.publishAsync(marker, '', { qos: 1 });
    await through;
    await this.client.unsubscribeAsync(marker);
  }

  async close(): Promise<void> {
    await this.client.endAsync(true);
  }

  private summary(): string {
    return [...new Set(this.messages.map(({ topic }) => topic))].slice(-10).join(', ') || 'nothing';
  }
}
