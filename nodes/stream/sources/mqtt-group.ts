/** A stream node as a member of a group of Node-REDs that share the devices of a topic filter. */
import { createHash } from 'node:crypto';
import { hostname } from 'node:os';
import {
  deviceNames,
  GroupListener,
  groupAgreement,
  memberId,
  type BrokerConnection,
  type GroupListenerEvents,
  type MqttResults,
  type TopicFilter,
} from '../../../src/mqtt';
import { fieldNumbers } from '../../shared/fields';
import { streamOptions } from '../settings';
import type { StreamNode } from '../attachments';

export interface GroupPlace {
  readonly name: string;
  readonly filter: TopicFilter;
  readonly qos: 0 | 1 | 2;
  /** What is published of the streams, where something is. */
  readonly results: () => MqttResults | undefined;
}

/**
 * Joins a group.
 *
 * @throws InvalidArgumentError for a name or filter that cannot be shared by
 */
export function joinGroup(node: StreamNode, connection: BrokerConnection, place: GroupPlace): GroupListener {
  const { config } = node;
  const { filter, subscription } = place.filter;
  return new GroupListener(
    connection,
    {
      name: place.name,
      id: ownId(node),
      // With "$share", where it is there, for that to be refused.
      filter: subscription,
      qos: place.qos,
      markPrefix: config.markPrefix,
      deviceOf: deviceNames(config.publishDevice, filter),
      agreement: groupAgreement(streamOptions(config), config.publishDevice, config.markPrefix),
      lostMs: fieldNumbers('deeptone-stream', config).groupLost * 1_000,
    },
    listenerOf(node, place),
  );
}

function listenerOf(node: StreamNode, { name, results }: GroupPlace): GroupListenerEvents {
  let others: readonly string[] = [];
  return {
    heard: (message, takenOver) => {
      const handOver = takenOver && { lostMs: takenOver.lostMs, lastSeq: takenOver.lastSeq };
      void node.hear({ ...message, _msgid: node.RED.util.generateId() }, handOver);
    },
    told: (event) => {
      const about = { group: name };
      switch (event.kind) {
        case 'members': {
          const { members, own } = event;
          tellAvailability(results(), others, members);
          others = members.filter((member) => member !== own);
          node.tell({ kind: 'members', ...about, members, own });
          node.changed();
          break;
        }
        case 'taken': {
          const { topic, from, cause, lostMs } = event;
          node.tell({ kind: 'taken', ...about, from, cause, lostMs }, topic);
          break;
        }
        case 'given':
          node.tell({ kind: 'given', ...about, to: event.to }, event.topic);
          void node.end(event.topic, 'handover');
          break;
        case 'resumed':
          results()?.resumed(event.topic);
          break;
      }
    },
    warn: (text) => {
      node.warn(text);
    },
  };
}

/** Says for members that are missed that they are gone, as they would if they could; and that this one is there, if it was missed. */
function tellAvailability(
  results: MqttResults | undefined,
  others: readonly string[],
  members: readonly string[],
): void {
  if (members.length === 0) return;
  results?.present();
  for (const other of others) if (!members.includes(other)) results?.mourn(other);
}

/**
 * The same at every start of this node, and another for each node of each Node-RED, also where several have the same flow. Where
 * machines are copies of each other, members notice that they have the same.
 */
function ownId({ RED, node }: StreamNode): string {
  const { userDir, uiPort } = RED.settings;
  const place = JSON.stringify([node.id, userDir, uiPort]);
  return memberId(`${hostname()}-${createHash('sha256').update(place).digest('hex').slice(0, 6)}`);
}
