import assert from 'node:assert/strict';
import { startBroker, type Broker } from '../tools/mqtt/broker';
import { encodeFrame } from '../tools/mqtt/frames';
import { Listener } from '../tools/mqtt/listener';
import { SimulatedDevices } from '../tools/mqtt/simulated-devices';
import { tone } from '../tools/mqtt/sound';

describe('simulated MQTT devices', () => {
  let broker: Broker;
  let listener: Listener;

  before(async () => {
    broker = await startBroker();
  });
  after(() => broker.close());
  beforeEach(async () => {
    listener = await Listener.open(broker.url, 'audio/#');
  });
  afterEach(() => listener.close());

  it('publish their sound frame by frame, each under its own topic, with sequence number and capture time', async () => {
    const sound = tone(1_000);
    const devices = new SimulatedDevices({
      brokerUrl: broker.url,
      devices: 2,
      frames: 10,
      speed: 10,
      sounds: [sound],
    });
    await devices.start();
    await devices.finished;
    await devices.stop();
    await listener.settle();
    const first = listener.messages.filter(({ topic }) => topic === 'audio/mic-1/pcm');
    assert.deepEqual(
      first.map(({ packet }) => packet.properties?.userProperties?.['seq']),
      ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'],
    );
    assert.deepEqual(
      Buffer.concat(first.map(({ payload }) => payload)),
      Buffer.from(sound.buffer, sound.byteOffset, sound.byteLength),
    );
    const properties = first[0]?.packet.properties;
    assert.equal(properties?.userProperties?.['ts'], String(Math.round(devices.startOf(0))));
    assert.equal(properties.contentType, 'audio/pcm;rate=16000;channels=1;encoding=s16le');
    assert.equal(listener.messages.filter(({ topic }) => topic.startsWith('audio/')).length, 20);
  });

  it('lose and repeat frames on demand, and count both', async () => {
    const devices = new SimulatedDevices({
      brokerUrl: broker.url,
      devices: 3,
      frames: 50,
      speed: 50,
      sounds: [tone(1_000)],
      loss: 0.2,
      duplicates: 0.2,
    });
    await devices.start();
    await devices.finished;
    await devices.stop();
    await listener.settle();
    const { sent, lost, duplicated } = devices.counts;
    assert.ok(lost > 0 && duplicated > 0);
    assert.equal(sent + lost, 150);
    assert.equal(
      listener.messages.filter(({ topic }) => topic.startsWith('audio/')).length,
      sent + duplicated,
    );
  });

  it('survive a broker that goes and comes back', async () => {
    const devices = new SimulatedDevices({
      brokerUrl: broker.url,
      devices: 1,
      sounds: [tone(1_000)],
      frameMs: 20,
    });
    await devices.start();
    await broker.stop();
    await broker.start();
    const again = await Listener.open(broker.url, 'audio/#');
    await again.waitFor(({ topic }) => topic === 'audio/mic-1/pcm');
    await again.close();
    await devices.stop();
  });
});

describe('frame formats of devices', () => {
  const samples = Int16Array.of(0, 256, -256, 32_767, -32_768);

  it('put a whole WAV file into each Hermes frame', () => {
    const frame = encodeFrame('hermes', samples, false, 0) as Buffer;
    assert.equal(frame.toString('latin1', 0, 4), 'RIFF');
    assert.equal(frame.readUInt32LE(4), frame.length - 8);
    assert.equal(frame.readUInt32LE(40), 10);
    assert.equal(frame.readInt16LE(46), 256);
  });

  it('put the capture time between the format and the data of a Snips frame', () => {
    const frame = encodeFrame('snips', samples, false, 1_234_567) as Buffer;
    assert.equal(frame.toString('latin1', 36, 40), 'time');
    assert.equal(frame.readBigUInt64LE(44), 1_234_567n);
    assert.equal(frame.readUInt32LE(4), frame.length - 8);
    assert.equal(frame.toString('latin1', frame.length - 18, frame.length - 14), 'data');
  });

  it('promise more than there is in a satellite frame, and have a header only at the start of a WAV stream', () => {
    const satellite = encodeFrame('satellite', samples, false, 0) as Buffer;
    assert.equal(satellite.readUInt32LE(40), 2 * (satellite.length - 44));
    assert.equal((encodeFrame('wav-start', samples, true, 0) as Buffer).readUInt32LE(40), 0xffffffff);
    assert.equal((encodeFrame('wav-start', samples, false, 0) as Buffer).length, 10);
  });

  it('are big-endian in L16, left-justified in 32 bits, and text in base64 and JSON', () => {
    assert.equal((encodeFrame('l16', samples, false, 0) as Buffer).readInt16BE(2), 256);
    assert.equal((encodeFrame('s32', samples, false, 0) as Buffer).readInt32LE(4), 256 << 16);
    assert.equal((encodeFrame('u8', samples, false, 0) as Buffer).readUInt8(1), 129);
    assert.deepEqual(JSON.parse(encodeFrame('json', samples, false, 0) as string), [...samples]);
    assert.equal(
      Buffer.from(encodeFrame('base64', samples, false, 0) as string, 'base64').readInt16LE(2),
      256,
    );
  });
});
