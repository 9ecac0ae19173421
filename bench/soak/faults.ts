/** What goes wrong in a soak test, in turn. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Broker } from '../../test/tools/mqtt/broker';
import { Listener } from '../../test/tools/mqtt/listener';
import type { FlowNode, NodeRedProcess } from '../../test/tools/mqtt/node-red';
import { modelProcess } from '../../test/tools/mqtt/tally';
import { seededRandom } from '../../test/tools/random';

export interface Scene {
  readonly broker: Broker;
  readonly nodeRed: NodeRedProcess;
  readonly flow: readonly FlowNode[];
  /** Topics of the microphones. */
  readonly topics: readonly string[];
  /** Milliseconds for which something is away. */
  readonly awayMs: number;
}

export interface Fault {
  readonly name: string;
  readonly inject: (scene: Scene) => Promise<void>;
}

const LARGE_BYTES = 1_000_000;
const random = seededRandom(11);

export const FAULTS: readonly Fault[] = [
  {
    name: 'broker killed',
    inject: async ({ broker, awayMs }) => {
      signal(broker.processId, 'SIGKILL');
      await sleep(awayMs);
      await broker.start();
    },
  },
  {
    name: 'broker frozen',
    inject: async ({ broker, awayMs }) => {
      signal(broker.processId, 'SIGSTOP');
      await sleep(awayMs);
      signal(broker.processId, 'SIGCONT');
    },
  },
  {
    name: 'engine killed',
    inject: ({ nodeRed }) => {
      signal(modelProcess(nodeRed), 'SIGKILL');
      return Promise.resolve();
    },
  },
  { name: 'hostile messages', inject: sendHostile },
  { name: 'redeployed', inject: ({ nodeRed, flow }) => nodeRed.deploy(flow) },
];

function signal(pid: number | undefined, name: NodeJS.Signals): void {
  if (pid === undefined) throw new Error(`There is no process for ${name}.`);
  process.kill(pid, name);
}

/** Payloads that are no sound, or lie about what they are, each from a device of its own and from one that speaks. */
async function sendHostile({ broker, topics }: Scene): Promise<void> {
  const sender = await Listener.open(broker.url);
  const [speaking = 'audio/mic-1/pcm'] = topics;
  for (const [n, payload] of hostilePayloads().entries()) {
    for (const topic of [`audio/hostile-${n}/pcm`, speaking]) {
      const userProperties = { seq: String(2 ** 53 * random()), ts: ['NaN', '-1', '1e300'][n % 3] ?? '' };
      const contentType = ['audio/L16; rate=1', 'audio/ogg', 'text/html', 'x'.repeat(1_000)][n % 4];
      await sender.publish(topic, payload, {
        properties: { userProperties, ...(contentType && { contentType }) },
      });
    }
  }
  await sender.close();
}

function hostilePayloads(): readonly (Buffer | string)[] {
  const header = Buffer.from('RIFF\xff\xff\xff\xffWAVEfmt \xff\xff\xff\x7f', 'latin1');
  return [
    ...[
      '',
      '{',
      'null',
      '[NaN]',
      '{"payload":{"type":"Buffer","data":[1,-1,"x"]}}',
      '<html>',
      '#EXTM3U\nfile:///x',
    ],
    noiseBytes(1),
    noiseBytes(LARGE_BYTES),
    header,
    Buffer.concat([header, noiseBytes(2_000)]),
    Buffer.concat([Buffer.from('OggS'), noiseBytes(2_000)]),
    Buffer.concat([Buffer.from('ID3\x04'), noiseBytes(2_000)]),
    `[${'0,'.repeat(LARGE_BYTES / 2)}0]`,
  ];
}

function noiseBytes(length: number): Buffer {
  return Buffer.from(Uint8Array.from({ length }, () => 256 * random()));
}
