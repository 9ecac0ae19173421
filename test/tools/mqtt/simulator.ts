/**
 * Devices from the command line:
 *
 *     node dist/test/tools/mqtt/simulator.js --broker mqtt://127.0.0.1:1883 --devices 20 --frame-ms 100 \
 *       --format hermes --protocol 5 --seconds 30 --loss 0.01 --jitter-ms 20 --duplicates 0.01 FILE...
 *
 * Prints one JSON object when it begins (topics and the epoch milliseconds of each device's first sample) and one
 * when it ends (counts). Without files the devices speak an English sentence.
 */
import { Command, InvalidArgumentError, Option } from 'commander';
import { FRAME_FORMATS, type FrameFormat } from './frames';
import { SimulatedDevices } from './simulated-devices';
import { readSound, speak } from './sound';

interface CommandOptions {
  readonly broker: string;
  readonly devices: number;
  readonly topic: string;
  readonly format: FrameFormat;
  readonly frameMs: number;
  readonly protocol: '4' | '5';
  readonly seconds?: number;
  readonly speed: number;
  readonly loss: number;
  readonly jitterMs: number;
  readonly duplicates: number;
}

const SENTENCE =
  'Good morning. This is a microphone that speaks about the weather, and it never gets tired of it.';

function positive(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value < 0) throw new InvalidArgumentError('It must be a number from 0 on.');
  return value;
}

async function simulate(files: readonly string[], options: CommandOptions): Promise<void> {
  const sounds = files.length > 0 ? await Promise.all(files.map(readSound)) : [await speak(SENTENCE)];
  const devices = new SimulatedDevices({
    brokerUrl: options.broker,
    devices: options.devices,
    topic: options.topic,
    format: options.format,
    frameMs: options.frameMs,
    protocolVersion: options.protocol === '4' ? 4 : 5,
    sounds,
    speed: options.speed,
    frames:
      options.seconds === undefined
        ? undefined
        : Math.ceil((options.seconds * 1_000 * options.speed) / options.frameMs),
    loss: options.loss,
    jitterMs: options.jitterMs,
    duplicates: options.duplicates,
  });
  await devices.start();
  const begun = devices.topics.map((topic, index) => ({ topic, startedAt: devices.startOf(index) }));
  process.stdout.write(`${JSON.stringify({ begun })}\n`);
  const interrupted = new Promise<void>((resolve) => {
    process.once('SIGINT', resolve);
    process.once('SIGTERM', resolve);
  });
  await Promise.race([devices.finished, interrupted]);
  await devices.stop();
  process.stdout.write(`${JSON.stringify({ ended: devices.counts })}\n`);
}

new Command('simulator')
  .description('Publishes sound over MQTT as many devices would.')
  .argument('[files...]', 'sound files of any kind, one per device in turn')
  .requiredOption('--broker <url>', 'for example mqtt://127.0.0.1:1883')
  .option('--devices <number>', 'how many devices', positive, 1)
  .option('--topic <pattern>', '{device} stands for the name of the device', 'audio/{device}/pcm')
  .addOption(new Option('--format <format>', 'what one message holds').choices(FRAME_FORMATS).default('raw'))
  .option('--frame-ms <ms>', 'sound in one message', positive, 100)
  .addOption(new Option('--protocol <version>', '4 is MQTT 3.1.1').choices(['4', '5']).default('5'))
  .option('--seconds <seconds>', 'how long; without end where it is left out', positive)
  .option('--speed <factor>', 'times real time', positive, 1)
  .option('--loss <share>', 'share of frames that are never sent', positive, 0)
  .option('--jitter-ms <ms>', 'largest random delay of a frame', positive, 0)
  .option('--duplicates <share>', 'share of frames that are sent twice', positive, 0)
  .action(simulate)
  .parseAsync()
  .catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  });
