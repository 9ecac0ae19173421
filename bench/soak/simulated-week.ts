/**
 * A week of devices in a hub whose clock is simulated: each speaks for a while every hour, with a pause and with audio that is lost,
 * falls silent until its stream ends by the idle timeout, and comes back an hour later; some of them under a new name.
 */
import { OnnxPredictionEngine } from '../../src/inference';
import { Deeptone, StreamHub, type LiveEvent } from '../../src/index';
import { encodeSamples } from '../../test/tools/audio';
import { vitals } from '../../test/tools/vitals';
import { ALL_MODELS } from '../models';
import { conversation } from '../sound';
import type { Sample } from './verdict';

export interface WeekSettings {
  readonly days: number;
  readonly streams: number;
  /** Audio per device and hour. */
  readonly seconds: number;
}

const HOUR_MS = 3_600_000;
const MESSAGE_MS = 1_000;
const MESSAGE_BYTES = MESSAGE_MS * 32;
const IDLE_MS = 30_000;
/** The message of each hour that is lost on the way. */
const LOST_MESSAGE = 3;
/** A device in so many gets a new name every hour. */
const NEW_NAME_EVERY = 5;
/** Simulated hours between two samples. */
const SAMPLE_HOURS = 6;
const START = Date.UTC(2026, 0, 5);

/** What the hub has told so far. */
class Told {
  steps = 0;
  gaps = 0;
  /** Streams that ended by the idle timeout. */
  ended = 0;
  readonly streams = new Set<string>();
  readonly errors: Record<string, number> = {};

  hear(event: LiveEvent): void {
    if (event.kind === 'step') {
      this.steps += 1;
      this.streams.add(event.stream.key);
    } else if (event.kind === 'gap') this.gaps += 1;
    else if (event.kind === 'closed' && event.reason === 'idle') this.ended += 1;
    else if (event.kind === 'closed') this.failed(event.error ?? new Error(event.reason));
  }

  failed(error: unknown): void {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    this.errors[code] = (this.errors[code] ?? 0) + 1;
  }
}

/** Runs it as fast as the machine can; one sample every few simulated hours, each shown as it is taken. */
export async function simulatedWeek(
  settings: WeekSettings,
  show: (sample: Sample) => void,
): Promise<readonly Sample[]> {
  const sound = Buffer.from(encodeSamples([await conversation()], 's16le'));
  const deeptone = new Deeptone(null, { predictionEngine: new OnnxPredictionEngine() });
  const told = new Told();
  let now = START;
  const hub = new StreamHub({
    open: (options) => deeptone.openStream(options),
    options: { models: ALL_MODELS, outputPeriod: 1_024 },
    settings: { idleMs: IDLE_MS, maxStreams: settings.streams },
    now: () => now,
    listener: (event) => {
      told.hear(event);
    },
  });
  const samples: Sample[] = [];
  for (let hour = 0; hour < 24 * settings.days; hour += 1) {
    now = START + hour * HOUR_MS;
    const keys = namesOf(settings.streams, hour);
    for (let n = 0; n < settings.seconds; n += 1, now += MESSAGE_MS) {
      if (n === LOST_MESSAGE) continue;
      await Promise.all(
        keys.map((key, index) =>
          hear(hub, key, piece(sound, n, index), n).catch((error: unknown) => {
            told.failed(error);
          }),
        ),
      );
    }
    now += IDLE_MS;
    hub.endIdle();
    await Promise.all(keys.map((key) => hub.end(key))); // They are ending; this waits for it.
    if ((hour + 1) % SAMPLE_HOURS !== 0) continue;
    const sample = {
      ...vitals(),
      hour: hour + 1,
      fault: `${told.ended} idle ends`,
      streams: told.streams.size,
      steps: told.steps,
      gaps: told.gaps,
      errors: { ...told.errors },
    };
    told.streams.clear();
    samples.push(sample);
    show(sample);
  }
  await hub.close();
  await deeptone.close();
  return samples;
}

function namesOf(streams: number, hour: number): readonly string[] {
  return Array.from({ length: streams }, (_, n) =>
    n % NEW_NAME_EVERY === 0 ? `guest-${n}-${hour}` : `device-${n}`,
  );
}

/** A second of the sound from a place of the device's own; every fourth second is silence. */
function piece(sound: Buffer, n: number, device: number): Buffer {
  if (n % 4 === 2) return Buffer.alloc(MESSAGE_BYTES);
  const at = ((n + 7 * device) * MESSAGE_BYTES) % (sound.length - MESSAGE_BYTES);
  return sound.subarray(at, at + MESSAGE_BYTES);
}

function hear(hub: StreamHub, key: string, payload: Buffer, n: number): Promise<void> {
  return hub.hear(key, { payload, userProperties: { seq: String(n) } });
}
