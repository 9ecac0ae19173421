/**
 * The core `mqtt-broker` config node, as our nodes use it: one connection for the flow's own MQTT nodes and for ours.
 * Its functions are the ones that the core `mqtt in` and `mqtt out` nodes call; they are the same in Node-RED 4.1 and 5.
 */
import { InvalidArgumentError } from '../../src';
import {
  filtersOverlap,
  parseFilter,
  RESULT_MARK,
  type BrokerConnection,
  type BrokerState,
  type HeardMqtt,
  type Publish,
  type SubscribeHow,
  type TopicFilter,
} from '../../src/mqtt';
import { guarded, tell, toError } from '../shared/failure';
import type { Node, NodeAPI } from '../shared/node-red';
import { say } from '../../src/sentence';

type SubscribeOptions = Readonly<Record<string, unknown>>;

/** The part of the core node's face that is used here. */
interface BrokerNode extends Node {
  readonly connected: boolean;
  readonly connecting: boolean;
  readonly subscriptions: Readonly<Record<string, unknown>>;
  readonly options: { readonly protocolVersion?: number; readonly will?: { readonly topic?: string } };
  readonly closeMessage?: { readonly topic?: string };
  register(user: Node): void;
  deregister(user: Node, done: () => void, disconnectIfLast: boolean): void;
  subscribe(topic: string, options: SubscribeOptions, heard: HeardMqtt, reference: string): void;
  unsubscribe(topic: string, reference: string, removed: boolean): void;
  publish(message: Record<string, unknown>, done: (error?: unknown) => void): void;
}

/**
 * Connects a node to its broker.
 *
 * @param changed hears every new state of the connection, never before this function has returned
 * @throws InvalidArgumentError when there is no such `mqtt-broker` node
 */
export function connectBroker(
  RED: NodeAPI,
  node: Node,
  brokerId: string | undefined,
  changed: (state: BrokerState) => void,
): BrokerConnection {
  const broker: unknown = brokerId === undefined ? undefined : RED.nodes.getNode(brokerId);
  if (!isBroker(broker)) {
    throw new InvalidArgumentError(
      say`This node has no MQTT broker: open the node and choose or add one (an "mqtt-broker" configuration), then deploy.`,
    );
  }
  return new CoreBrokerConnection(broker, node, changed);
}

function isBroker(node: unknown): node is BrokerNode {
  return (
    typeof node === 'object' &&
    node !== null &&
    ['register', 'deregister', 'subscribe', 'unsubscribe', 'publish'].every(
      (name) => typeof (node as Record<string, unknown>)[name] === 'function',
    )
  );
}

class CoreBrokerConnection implements BrokerConnection {
  state: BrokerState = 'disconnected';
  readonly #broker: BrokerNode;
  readonly #user: Node;
  readonly #filters = new Set<string>();
  readonly #changed: (state: BrokerState) => void;
  #telling = false;
  #closed = false;

  constructor(broker: BrokerNode, node: Node, changed: (state: BrokerState) => void) {
    this.#broker = broker;
    this.#changed = changed;
    // The core node tells the state of the connection by setting its users' status. Ours has more to say in that one
    // line, so the broker gets a stand-in for the node that hears the status instead of showing it.
    this.#user = Object.create(node, {
      status: {
        value: guarded(node, (status: { readonly text?: string }) => {
          this.#turn(stateOf(status.text));
        }),
      },
    }) as Node;
    broker.register(this.#user);
    if (broker.connected) this.#turn('connected');
    else if (broker.connecting) this.#turn('connecting');
    this.#telling = true;
  }

  get mqtt5(): boolean {
    return this.#broker.options.protocolVersion === 5;
  }

  get lastWords(): BrokerConnection['lastWords'] {
    return { will: this.#broker.options.will?.topic, close: this.#broker.closeMessage?.topic };
  }

  subscribe(
    { subscription }: TopicFilter,
    qos: 0 | 1 | 2,
    heard: HeardMqtt,
    { retained = false }: SubscribeHow = {},
  ): void {
    this.#filters.add(subscription);
    // Retain handling 2: retained messages are not sent at all. MQTT 3.1.1 has no such wish; they come and are marked.
    const options = this.mqtt5 ? { qos, rh: retained ? 0 : 2 } : { qos };
    this.#broker.subscribe(
      subscription,
      options,
      guarded(this.#user, (topic, payload, packet) => {
        if (!this.#closed) heard(topic, payload, packet);
      }),
      this.#user.id,
    );
  }

  unsubscribe({ subscription }: TopicFilter): void {
    if (this.#filters.delete(subscription)) this.#broker.unsubscribe(subscription, this.#user.id, true);
  }

  overlapping({ subscription, filter, share }: TopicFilter): readonly string[] {
    if (share !== undefined) return [];
    return Object.keys(this.#broker.subscriptions).filter((other) => {
      if (other === subscription || this.#filters.has(other)) return false;
      const parsed = parsedFilter(other);
      return parsed?.share === undefined && parsed !== undefined && filtersOverlap(parsed.filter, filter);
    });
  }

  readonly publish: Publish = ({ topic, payload, retain }, done) => {
    const properties = this.mqtt5 ? { userProperties: { [RESULT_MARK]: 'true' } } : {};
    try {
      this.#broker.publish({ topic, payload, retain, qos: 0, ...properties }, done);
    } catch (thrown) {
      tell(this.#user, toError(thrown));
      done(thrown);
    }
  };

  close(removed: boolean): Promise<void> {
    this.#closed = true;
    for (const filter of this.#filters) this.#broker.unsubscribe(filter, this.#user.id, removed);
    return new Promise((resolve) => {
      this.#broker.deregister(this.#user, resolve, removed);
    });
  }

  #turn(state: BrokerState): void {
    if (this.#closed || state === this.state) return;
    this.state = state;
    if (this.#telling) this.#changed(state);
  }
}

/** From the text of the core node's status, `node-red:common.status.connected` and the like. */
function stateOf(text: string | undefined): BrokerState {
  switch (text?.split('.').at(-1) ?? '') {
    case 'connected':
      return 'connected';
    case 'connecting':
      return 'connecting';
    default:
      return 'disconnected';
  }
}

function parsedFilter(text: string): TopicFilter | undefined {
  try {
    return parseFilter(text);
  } catch {
    return undefined;
  }
}
