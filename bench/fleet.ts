/**
 * A fleet of workers without Node-RED at a real mosquitto, as test/serve/fleet.test.ts has it in short: one is killed, one joins, the broker is restarted.
 *
 *     npm run bench -- fleet [--devices 400] [--workers 4] [--frame-ms 250] [--seconds 30] [--models a,b] [--speed 0.25]
 *
 * The devices speak at a quarter of real time unless told otherwise, so that 400 of them fit two cores.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Fleet } from '../test/tools/fleet';
import { startBroker, type Broker } from '../test/tools/mqtt/broker';
import { SimulatedDevices } from '../test/tools/mqtt/simulated-devices';
import { tone } from '../test/tools/mqtt/sound';
import { ownerOf } from '../src/mqtt';
import { cpuSeconds } from './live/process-cpu';
import { ALL_MODELS } from './models';
import type { Measurement } from './report';

/** What the page of the fleet says of a worker that dies. */
const LONGEST_LOSS_MS = 5_000;
const PERIOD_MS = 2_048;

interface Settings {
  readonly devices: number;
  readonly workers: number;
  readonly frameMs: number;
  readonly seconds: number;
  readonly models: string;
  /** Times real time. */
  readonly speed: number;
}

/** One run with all that goes wrong in it. */
class Run {
  readonly #settings: Settings;
  readonly #broker: Broker;
  readonly #fleet = new Fleet((stream) => stream.split('/')[1] ?? '');
  readonly #devices: SimulatedDevices;
  readonly #names: readonly string[];
  #members: readonly string[] = [];

  constructor(settings: Settings, broker: Broker) {
    this.#settings = settings;
    this.#broker = broker;
    const { devices, frameMs, speed } = settings;
    this.#devices = new SimulatedDevices({
      brokerUrl: broker.url,
      devices,
      frameMs,
      speed,
      sounds: [tone(2_000)],
    });
    this.#names = this.#devices.topics.map((topic) => topic.split('/')[1] ?? '');
  }

  async measure(): Promise<readonly Measurement[]> {
    const { workers, seconds } = this.#settings;
    for (let n = 0; n < workers; n++) await this.#add(`w${n}`);
    await this.#devices.start();
    await this.#settled();
    const steady = await this.#cpu(seconds);
    const before = this.#fleet.gaps.length;

    const dead = this.#members.at(-1) ?? '';
    const ofTheDead = this.#fleet.heardBy(dead).size;
    this.#members = this.#members.filter((name) => name !== dead);
    await this.#fleet.kill(dead);
    await this.#settled();
    const afterDeath = this.#fleet.gaps.slice(before);

    const owners = new Map(this.#fleet.owners);
    await this.#add(`w${workers}`);
    await this.#settled();
    const moved = this.#names.filter((name) => this.#fleet.owners.get(name)?.[0] !== owners.get(name)?.[0]);
    const afterJoin = this.#fleet.gaps.slice(before + afterDeath.length);

    await this.#broker.stop();
    await this.#broker.start();
    await this.#settled();
    await sleep(seconds * 100);
    const afterRestart = this.#fleet.gaps.slice(before + afterDeath.length + afterJoin.length);
    return [
      {
        measure: 'devices, workers, messages a second',
        value: [
          this.#settings.devices,
          workers,
          Math.round((this.#settings.devices * 1_000 * this.#settings.speed) / this.#settings.frameMs),
        ].join(', '),
      },
      {
        measure: `CPU of all workers, per device, at ${this.#settings.speed} of real time`,
        value: Number((steady / this.#settings.devices).toFixed(3)),
        unit: '% of a core',
      },
      { measure: 'gaps while all is well', value: before, target: { atMost: 0 } },
      { measure: 'a worker killed: its devices', value: ofTheDead },
      {
        measure: 'the same: longest that one of them was not heard',
        value: longest(afterDeath),
        unit: 'ms',
        target: { atMost: LONGEST_LOSS_MS },
      },
      {
        measure: 'the same: gaps of other devices',
        value: afterDeath.filter(({ evidence }) => evidence !== 'handover').length,
        target: { atMost: 0 },
      },
      {
        measure: 'a worker joins: devices that moved',
        value: Number(((100 * moved.length) / this.#settings.devices).toFixed(1)),
        unit: '%',
      },
      { measure: 'the same: gaps', value: afterJoin.length, target: { atMost: 0 } },
      {
        measure: 'the broker restarted: longest that a device was not heard',
        value: longest(afterRestart),
        unit: 'ms',
      },
      {
        measure: 'the same: most gaps of one device',
        value: Math.max(
          0,
          ...this.#names.map((name) => afterRestart.filter(({ device }) => device === name).length),
        ),
      },
    ];
  }

  async close(): Promise<void> {
    await this.#devices.stop();
    await this.#fleet.close();
    await this.#broker.close();
  }

  async #add(name: string): Promise<void> {
    const { models, devices } = this.#settings;
    this.#members = [...this.#members, name];
    await this.#fleet
      .add(name, [
        ...[
          '--models',
          models,
          '--output-period',
          String(PERIOD_MS),
          '--mqtt',
          this.#broker.url,
          '--topic',
          'audio/+/pcm',
        ],
        ...[
          '--group',
          'fleet',
          '--client-id',
          name,
          '--max-streams',
          String(devices),
          '--max-devices',
          String(devices),
        ],
      ])
      .listening();
  }

  /** Each device is heard by its owner, by nobody else, and answered since now. */
  async #settled(): Promise<void> {
    const mark = this.#fleet.mark();
    await this.#fleet.until('all devices at their owners', () => {
      const { owners } = this.#fleet;
      const isSettled = this.#names.every((name) => {
        const heard = owners.get(name) ?? [];
        return heard.length === 1 && heard[0] === ownerOf(name, this.#members);
      });
      return isSettled && this.#fleet.answeredSince(mark).size === this.#names.length;
    });
  }

  /** Percent of a core that all workers take together. */
  async #cpu(seconds: number): Promise<number> {
    const used = (): number =>
      [...this.#fleet.workers.values()].reduce(
        (sum, { process: { pid } }) => sum + (pid === undefined ? 0 : cpuSeconds(pid)),
        0,
      );
    const [from, begun] = [used(), performance.now()];
    await sleep(seconds * 1_000);
    return (100 * 1_000 * (used() - from)) / (performance.now() - begun);
  }
}

function longest(gaps: readonly { readonly lostMs: number }[]): number {
  return Math.max(0, ...gaps.map(({ lostMs }) => lostMs));
}

export async function fleet(argv: readonly string[]): Promise<readonly Measurement[]> {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      devices: { type: 'string', default: '400' },
      workers: { type: 'string', default: '4' },
      'frame-ms': { type: 'string', default: '250' },
      seconds: { type: 'string', default: '30' },
      speed: { type: 'string', default: '0.25' },
      models: { type: 'string', default: ALL_MODELS.join(',') },
    },
  });
  const settings = {
    devices: Number(values.devices),
    workers: Number(values.workers),
    frameMs: Number(values['frame-ms']),
    seconds: Number(values.seconds),
    speed: Number(values.speed),
    models: values.models,
  };
  const run = new Run(settings, await startBroker());
  try {
    return await run.measure();
  } finally {
    await run.close();
  }
}
