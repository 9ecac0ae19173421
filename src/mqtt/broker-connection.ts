/** What the MQTT room needs of a connection to a broker, whoever holds it. */
import type { Publish } from './outbox';
import type { TopicFilter } from './topics';

/** What is known of a received message beside topic and payload. */
export interface MqttPacket {
  readonly qos?: number;
  /** The broker had kept it: it is not of this moment. */
  readonly retain?: boolean;
  /** It may have been delivered before. */
  readonly dup?: boolean;
  /** With a quality of service above 0: the number that it keeps when it is delivered again. */
  readonly messageId?: number;
  /** MQTT 5. */
  readonly properties?: {
    readonly contentType?: string;
    readonly userProperties?: Readonly<Record<string, string | string[]>>;
  };
}

export type HeardMqtt = (topic: string, payload: Buffer, packet: MqttPacket) => void;

export type BrokerState = 'disconnected' | 'connecting' | 'connected';

export interface SubscribeHow {
  /** Also what the broker has kept; without it that comes with MQTT 3.1.1 alone, and is marked. */
  readonly retained?: boolean;
}

/** One user's use of a broker. */
export interface BrokerConnection {
  readonly state: BrokerState;
  /** Whether the connection speaks MQTT 5, and so has properties. */
  readonly mqtt5: boolean;
  /** Topics on which the broker says for us that the connection was lost (will) or was closed. */
  readonly lastWords: { readonly will: string | undefined; readonly close: string | undefined };
  /** Hears all messages of a filter from now on, also after the connection was lost and came back. */
  subscribe(filter: TopicFilter, qos: 0 | 1 | 2, heard: HeardMqtt, how?: SubscribeHow): void;
  /** Hears a filter no longer. */
  unsubscribe(filter: TopicFilter): void;
  /** Filters of others on this connection that can match the same topics, and are not the same. */
  overlapping(filter: TopicFilter): readonly string[];
  /** For `MqttOutbox`; does nothing while there is no connection. */
  readonly publish: Publish;
  /** Gives up subscriptions and connection; the last user closes it. */
  close(removed: boolean): Promise<void>;
}

/** Marks what this package publishes, so that nobody takes it for sound (MQTT 5). */
export const RESULT_MARK = 'deeptone-result';
