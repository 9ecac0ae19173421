import assert from 'node:assert/strict';
import { mock } from 'node:test';
import { Deeptone, LicenseManagerError, StreamHub, type LiveEvent } from '../../src';
import { issuer, key } from '../license/helpers';

const HOUR_MS = 3_600_000;
const SECOND = new Float32Array(16_000).fill(0.1);
const isEnded = (error: unknown): boolean =>
  error instanceof LicenseManagerError && error.problem === 'expired';

describe('What is open when a license ends', () => {
  let deeptone: Deeptone;
  let ends: number;

  beforeEach(() => {
    ends = Date.now() + HOUR_MS;
    const licenseKey = key({ notBefore: new Date(ends - 48 * HOUR_MS), expires: new Date(ends) });
    deeptone = new Deeptone(licenseKey, { licensePublicKeys: [issuer.publicKey] });
  });
  afterEach(async () => {
    mock.timers.reset();
    await deeptone.close();
  });

  /** Lets it be another time of day for everybody. */
  function itIs(time: number): void {
    mock.timers.reset();
    mock.timers.enable({ apis: ['Date'], now: time });
  }

  it('goes on for a day, with a warning, and stops then', async () => {
    const stream = await deeptone.openStream({ models: ['speech-rt'], outputPeriod: 512 });
    await stream.push(SECOND);
    assert.deepEqual(stream.warnings(), []);
    itIs(ends + 23 * HOUR_MS);
    assert.ok((await stream.push(SECOND)).steps.length > 0);
    const [warning] = stream.warnings();
    assert.equal(warning?.code, 'license');
    assert.match(warning.message, /may go on until/);
    await assert.rejects(deeptone.openStream({ models: ['speech-rt'], outputPeriod: 512 }), isEnded);
    itIs(ends + 24 * HOUR_MS);
    await assert.rejects(stream.push(SECOND), isEnded);
  });

  it('tells so as a live stream, and another begins with a new license only', async () => {
    const events: LiveEvent[] = [];
    const hub = new StreamHub({
      open: (options) => deeptone.openStream(options),
      options: { models: ['speech-rt'], outputPeriod: 512 },
      settings: { idleMs: 0 },
      listener: (event) => events.push(event),
    });
    const kinds = (): readonly string[] =>
      events.flatMap((event) =>
        event.kind === 'warning' ? [event.code] : event.kind === 'closed' ? [event.reason] : [],
      );
    await hub.hear('a', { payload: SECOND });
    itIs(ends + HOUR_MS);
    await hub.hear('a', { payload: SECOND });
    await hub.hear('a', { payload: SECOND });
    assert.deepEqual(kinds(), ['license']);
    itIs(ends + 25 * HOUR_MS);
    await assert.rejects(hub.hear('a', { payload: SECOND }), isEnded);
    assert.deepEqual(kinds(), ['license', 'failed']);
    await assert.rejects(hub.hear('a', { payload: SECOND }), isEnded);
    await hub.close();
  });
});
