/** Where a worker's sound comes from: all devices of a filter, those of a shard, or those of a member of a group. */
import {
  deviceNames,
  groupAgreement,
  GroupListener,
  listenToTopics,
  memberId,
  type BrokerState,
  type MqttAudioMessage,
  type Publication,
  type Sharing,
  type TakenOver,
} from '../mqtt';
import type { BrokerClient } from './broker-client';
import { DeviceChoice } from './device-choice';
import type { WorkerSettings } from './settings';

export interface SoundEvents {
  /** One message with sound in it; with `takenOver` the first one after another member of the group. */
  heard(message: MqttAudioMessage, takenOver?: TakenOver): void;
  /** A message of a device that another worker hears. */
  passedOver(): void;
  /** Another member hears the stream from now on. */
  given(stream: string): void;
  /** A stream is heard here again, and nobody else has heard it meanwhile. */
  resumed(stream: string): void;
  /** Who of the group is there; none as long as this worker takes no part. */
  members(members: readonly string[], own: string): void;
  warn(text: string): void;
}

export interface SoundSource {
  /** Name among the workers that share the devices; undefined where there are no others. */
  readonly worker: string | undefined;
  readonly sharing: Sharing | undefined;
  /** Whether a device can ever be this worker's. */
  readonly isOurs: (device: string) => boolean;
  /** What the others of the group are to hear when the connection is lost. */
  readonly will: Publication | undefined;
  /** Whether it takes part. */
  readonly isIn: boolean;
  /** Whether others hear its devices once it has gone. */
  readonly hasHeirs: boolean;
  turned(state: BrokerState): void;
  /** Hears nothing more; resolves when the others of the group know. */
  close(): Promise<void>;
}

/** @throws InvalidArgumentError for a pattern, or a name of a group, that is none */
export function openSource(broker: BrokerClient, settings: WorkerSettings, events: SoundEvents): SoundSource {
  return settings.group
    ? new SharedSource(broker, settings, settings.group, events)
    : new PlainSource(broker, settings, events);
}

class PlainSource implements SoundSource {
  readonly worker: string | undefined;
  readonly sharing = undefined;
  readonly will = undefined;
  readonly isIn = true;
  readonly hasHeirs = false;
  readonly isOurs: (device: string) => boolean;
  readonly #broker: BrokerClient;
  readonly #filter: WorkerSettings['filter'];

  constructor(broker: BrokerClient, settings: WorkerSettings, events: SoundEvents) {
    const { devicePattern, filter, shard, qos } = settings;
    const choice = new DeviceChoice(deviceNames(devicePattern, filter.filter), shard);
    this.worker = settings.worker ?? choice.worker;
    this.isOurs = (device) => choice.keepsDevice(device);
    this.#broker = broker;
    this.#filter = filter;
    listenToTopics(
      broker,
      { filter: filter.subscription, qos },
      {
        heard: (message) => {
          if (choice.keeps(message.topic)) events.heard(message);
          else events.passedOver();
        },
        warn: (text) => {
          events.warn(text);
        },
      },
    );
  }

  turned(): void {
    // Subscriptions come back by themselves.
  }

  close(): Promise<void> {
    this.#broker.unsubscribe(this.#filter);
    return Promise.resolve();
  }
}

class SharedSource implements SoundSource {
  readonly worker: string;
  readonly sharing: GroupListener;
  readonly isOurs = (): boolean => true;

  constructor(
    broker: BrokerClient,
    { filter, qos, markPrefix, devicePattern, options, worker }: WorkerSettings,
    { name, lostMs, member }: NonNullable<WorkerSettings['group']>,
    events: SoundEvents,
  ) {
    const id = memberId(member);
    this.worker = worker ?? id;
    this.sharing = new GroupListener(
      broker,
      {
        ...{ name, id, qos, markPrefix, lostMs },
        // With "$share", where it is there, for that to be refused.
        filter: filter.subscription,
        deviceOf: deviceNames(devicePattern, filter.filter),
        agreement: groupAgreement(options, devicePattern, markPrefix),
      },
      {
        heard: (message, takenOver) => {
          events.heard(message, takenOver);
        },
        told: (event) => {
          if (event.kind === 'given') events.given(event.topic);
          else if (event.kind === 'resumed') events.resumed(event.topic);
          else if (event.kind === 'members') events.members(event.members, event.own);
        },
        warn: (text) => {
          events.warn(text);
        },
      },
    );
  }

  get will(): Publication {
    return this.sharing.will;
  }

  get isIn(): boolean {
    return this.sharing.members.length > 0;
  }

  get hasHeirs(): boolean {
    return this.sharing.members.length > 1;
  }

  turned(state: BrokerState): void {
    this.sharing.turned(state);
  }

  close(): Promise<void> {
    return this.sharing.leave('for-good');
  }
}
