/**
 * Whether anything grows over hours of ordinary work and ordinary faults. Either live streams through a real Node-RED,
 * with a fault in every period (broker killed, broker frozen, process of the engine killed, hostile messages, a
 * redeployment, in turn), or a week of devices that come and go, on a simulated clock.
 *
 *     npm run bench -- soak [--minutes 60] [--streams 50] [--fault-every 60]
 *     npm run bench -- soak --simulated-week [--streams 50] [--days 7] [--seconds-per-hour 20]
 */
import { parseArgs } from 'node:util';
import type { Measurement } from './report';
import { soakLive } from './soak/live';
import { simulatedWeek } from './soak/simulated-week';
import { growth, sampleTable, verdict, type Sample } from './soak/verdict';

export async function soak(argv: readonly string[]): Promise<readonly Measurement[]> {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      minutes: { type: 'string', default: '60' },
      streams: { type: 'string', default: '50' },
      'fault-every': { type: 'string', default: '60' },
      'simulated-week': { type: 'boolean', default: false },
      days: { type: 'string', default: '7' },
      'seconds-per-hour': { type: 'string', default: '20' },
    },
  });
  const streams = positive('streams', values.streams);
  const samples = values['simulated-week']
    ? await simulatedWeek(
        {
          streams,
          days: positive('days', values.days),
          seconds: positive('seconds-per-hour', values['seconds-per-hour']),
        },
        show,
      )
    : await soakLive(
        {
          streams,
          minutes: positive('minutes', values.minutes),
          faultEverySeconds: positive('fault-every', values['fault-every']),
        },
        show,
      );
  console.log(`\n${sampleTable(samples)}`);
  const grown = growth(samples);
  console.log(`\n${verdict(grown)}`);
  return [...result(samples, streams, values['simulated-week']), ...grown];
}

/** One line as it happens, so that an hour is no hour of nothing. */
function show(sample: Sample): void {
  const { hour, fault, rss, streams, steps } = sample;
  process.stderr.write(
    `${hour.toFixed(2)} h, ${fault}: ${(rss / 1_048_576).toFixed(0)} MB, ${streams} streams, ${steps} steps\n`,
  );
}

function result(samples: readonly Sample[], streams: number, simulated: boolean): readonly Measurement[] {
  const last = samples.at(-1);
  return [
    { measure: simulated ? 'devices on a simulated clock' : 'streams', value: streams },
    { measure: simulated ? 'simulated time' : 'time', value: last?.hour ?? 0, unit: 'h' },
    { measure: 'steps', value: last?.steps ?? 0 },
    { measure: 'gaps that were told', value: last?.gaps ?? 0 },
    {
      measure: 'periods in which not every stream gave a step',
      value: samples.filter((sample) => sample.streams < streams).length,
      target: { atMost: 0 },
    },
    ...(simulated
      ? [{ measure: 'errors', value: Object.keys(last?.errors ?? {}).length, target: { atMost: 0 } }]
      : []),
  ];
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  throw new Error(`--${name} is "${text}"; a number above 0 is needed.`);
}
