import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startBroker, type Broker } from '../tools/mqtt/broker';
import { Listener, type HeardMessage } from '../tools/mqtt/listener';
import { startPlayingBroker } from '../tools/mqtt/playing-broker';
import { SimulatedDevices, type SimulationOptions } from '../tools/mqtt/simulated-devices';
import { speak, tone } from '../tools/mqtt/sound';
import { WorkerProcess, type WorkerOptions } from '../tools/serve';
import { ROOT } from '../package/consumer';
import { deeptone, temporaryFolder } from './run-deeptone';

/** Started by root, mosquitto would become a user that cannot read the files of this test. */
const AS_OWNER = ['user root'];
const BASE = ['--models', 'speech-rt', '--topic', 'audio/+/pcm', '--output-period', '256'];

describe('deeptone serve', function () {
  this.timeout(120_000);
  const folder = temporaryFolder();
  let open: { close(): Promise<unknown> }[] = [];
  let speech: Int16Array;

  before(async () => {
    speech = await speak('Good morning. This is a sentence of the kitchen.');
  });
  afterEach(async () => {
    const all = open.toReversed();
    open = [];
    for (const one of all) await one.close();
  });

  async function broker(extraLines: readonly string[] = []): Promise<Broker> {
    const started = await startBroker({ extraLines: [...AS_OWNER, ...extraLines] });
    open.push(started);
    return started;
  }
  function worker(args: readonly string[], options?: WorkerOptions): WorkerProcess {
    const started = new WorkerProcess([...BASE, ...args], options);
    open.push({ close: () => started.stop('SIGKILL') });
    return started;
  }
  async function listener(url: string, filter: string): Promise<Listener> {
    const started = await Listener.open(url, filter);
    open.push(started);
    return started;
  }
  async function devices(
    options: Partial<SimulationOptions> & { brokerUrl: string },
  ): Promise<SimulatedDevices> {
    const started = new SimulatedDevices({ devices: 1, sounds: [speech], frames: 20, speed: 4, ...options });
    open.push({ close: () => started.stop() });
    await started.start();
    return started;
  }
  const has =
    (topic: string, payload: string | RegExp) =>
    (message: HeardMessage): boolean => {
      const text = message.payload.toString();
      return message.topic === topic && (typeof payload === 'string' ? text === payload : payload.test(text));
    };

  it('hears devices and publishes what the stream node does, and goes with its last answers and a goodbye', async () => {
    const { url } = await broker();
    const heard = await listener(url, '#');
    const serving = worker(['--mqtt', url, '--print', 'steps,events,summaries', '--home-assistant']);
    await serving.listening();
    await heard.waitFor(has('deeptone/availability', 'online'));
    const simulated = await devices({ brokerUrl: url, deviceName: () => 'kitchen' });
    await heard.waitFor(has('deeptone/kitchen/speech-rt/speech', 'ON'));
    await simulated.finished;

    assert.equal(await serving.stop(), 0, serving.said);
    await heard.waitFor(has('deeptone/availability', 'offline'));
    const announced = JSON.parse(
      heard.latest('homeassistant/device/deeptone__deeptone__kitchen/config') ?? '',
    ) as {
      readonly availability: readonly { readonly topic: string }[];
    };
    assert.deepEqual(
      announced.availability.map(({ topic }) => topic),
      ['deeptone/availability', 'deeptone/kitchen/availability'],
    );
    assert.equal(heard.latest('deeptone/kitchen/speech-rt/speech'), 'OFF');
    assert.equal(heard.latest('deeptone/kitchen/availability'), 'offline');
    const states = heard.messages.filter(({ topic }) => topic === 'deeptone/kitchen/state');
    const told = states.map(
      ({ payload }) => JSON.parse(payload.toString()) as { device: string; stream: string; results: object },
    );
    assert.ok(told.some(({ results }) => 'speech-rt' in results));
    assert.deepEqual(
      { ...told.at(-1), timestamp: 0, time: 0 },
      { device: 'kitchen', stream: 'audio/kitchen/pcm', timestamp: 0, time: 0, results: {} },
    );

    // 20 messages of 100 ms are 7 periods of 256 ms and one that is shorter, which only the end gives.
    const steps = serving.lines.filter(({ kind }) => kind === 'step');
    assert.deepEqual(
      steps.map(({ step }) => (step as { timestamp: number }).timestamp),
      [0, 256, 512, 768, 1024, 1280, 1536, 1792],
    );
    assert.deepEqual(
      serving.lines.slice(-2).map(({ kind, stream }) => [kind, stream]),
      [
        ['summary', 'audio/kitchen/pcm'],
        ['closed', 'audio/kitchen/pcm'],
      ],
    );
  });

  it('says how it is: alive at once, ready when it listens, not while the broker is gone, and ready again', async () => {
    const started = await broker();
    const serving = worker(['--mqtt', started.url, '--http', '0'], {
      env: { DEEPTONE_METRICS_TOKEN: 'sixteen letters!' },
    });
    const base = await serving.url();
    const ask = async (path: string, token?: string): Promise<{ status: number; body: string }> => {
      const headers = token === undefined ? undefined : { authorization: `Bearer ${token}` };
      const answer = await fetch(`${base}${path}`, { headers });
      return { status: answer.status, body: await answer.text() };
    };
    assert.equal((await ask('/livez')).status, 200);
    await serving.listening();
    const until = async (status: number): Promise<void> => {
      const limit = Date.now() + 40_000;
      while ((await ask('/readyz')).status !== status)
        assert.ok(Date.now() < limit, `never ${status}: ${serving.said}`);
    };
    await until(200);
    assert.equal((await ask('/health')).status, 401);
    assert.equal((await ask('/metrics', 'sixteen letters?')).status, 401);
    assert.deepEqual(JSON.parse((await ask('/health', 'sixteen letters!')).body), {
      status: 'ready',
      reason: null,
      code: null,
      broker: 'connected',
      streams: 0,
    });
    const { body } = await ask('/metrics', 'sixteen letters!');
    assert.match(body, /^deeptone_broker_connected 1$/m);
    assert.match(body, /^deeptone_engine_status\{engine="serve",status="ready"\} 1$/m);
    assert.equal((await ask('/')).status, 404);
    assert.equal((await fetch(`${base}/livez`, { method: 'POST' })).status, 405);

    await started.stop();
    await until(503);
    assert.equal((await ask('/livez')).status, 200);
    const health = JSON.parse((await ask('/health', 'sixteen letters!')).body) as {
      status: string;
      code: string;
    };
    assert.deepEqual([health.status, health.code], ['failed', 'DEEPTONE_BROKER']);
    await started.start();
    await until(200);
    const heard = await listener(started.url, 'deeptone/availability');
    // mosquitto has forgotten everything; it was told again.
    await heard.waitFor(has('deeptone/availability', 'online'));
  });

  it('waits for a broker that is not there yet', async () => {
    const started = await broker();
    await started.stop();
    const serving = worker(['--mqtt', started.url]);
    await serving.until('the word about it', ({ said }) =>
      /No connection to the broker \(.*ECONNREFUSED.*\); trying again/.test(said),
    );
    await started.start();
    await serving.listening();
    assert.equal(serving.said.match(/No connection/g)?.length, 1, serving.said);
    assert.equal(await serving.stop('SIGINT'), 0);
  });

  it('is said to be offline by the broker when it is killed, or stands still; and says that it is back', async () => {
    const { url } = await broker();
    const heard = await listener(url, 'deeptone/#');
    const serving = worker(['--mqtt', url, '--keepalive', '1', '--shard', '0/1']);
    const topic = 'deeptone/availability/shard-0-of-1';
    await heard.waitFor(has(topic, 'online'));
    serving.process.kill('SIGSTOP');
    await heard.waitFor(has(topic, 'offline'));
    serving.process.kill('SIGCONT');
    await heard.waitFor(
      (message) =>
        has(topic, 'online')(message) &&
        heard.messages.indexOf(message) > 0 &&
        heard.messages.some(has(topic, 'offline')) &&
        heard.latest(topic) === 'online',
    );
    await serving.stop('SIGKILL');
    const before = heard.messages.length;
    await heard.waitFor(
      (message) => has(topic, 'offline')(message) && heard.messages.indexOf(message) >= before - 1,
    );
  });

  it('hears of a device that sends under two topics in one place, and publishes the first', async () => {
    const { url } = await broker();
    const heard = await listener(url, 'deeptone/#');
    const serving = worker([
      '--mqtt',
      url,
      '--topic',
      'audio/#',
      '--device',
      'audio/{device}/#',
      '--print',
      'events',
    ]);
    await serving.listening();
    for (const part of ['left', 'right']) {
      await heard.publish(`audio/hall/${part}`, Buffer.from(tone(300).buffer));
      await serving.until(`the stream ${part}`, ({ lines }) =>
        lines.some(({ stream, kind }) => kind === 'opened' && stream === `audio/hall/${part}`),
      );
    }
    await serving.until('the warning', ({ said }) =>
      said.includes(
        'The results of "audio/hall/right" are not published: it names the same device "hall" as "audio/hall/left" does.',
      ),
    );
  });

  it('is a member of a group that shares the devices, and leaves them to the others when it stops or dies', async () => {
    const { url } = await broker();
    const heard = await listener(url, 'deeptone/#');
    const member = (name: string): WorkerProcess =>
      worker([
        '--mqtt',
        url,
        '--group',
        'home',
        '--client-id',
        name,
        '--print',
        'events',
        // Nobody is to be missed who is merely late on a busy machine; who dies is missed by its will at once.
        '--lost-after',
        '6',
        '--output-period',
        '1024',
      ]);
    const members = [member('one'), member('two'), member('three')];
    for (const each of members) {
      await each.until('all members', ({ said }) => said.includes('The group shares: one, three, two.'));
    }
    const simulated = await devices({
      brokerUrl: url,
      devices: 21,
      frames: 1_000,
      speed: 1,
      sounds: [tone(1_000)],
    });
    const openedBy = (each: WorkerProcess): ReadonlySet<string> =>
      new Set(each.lines.filter(({ kind }) => kind === 'opened').map(({ stream }) => stream));
    const opened = (): number => members.reduce((sum, each) => sum + openedBy(each).size, 0);
    const [one, two, three] = members;
    assert.ok(one && two && three);
    await heard.waitFor(() => opened() === 21, 'all 21 streams');
    const ofTwo = openedBy(two);
    assert.ok(ofTwo.size > 0 && openedBy(one).size > 0 && openedBy(three).size > 0);

    // The broker speaks the will of the dead, so nobody has to miss it first.
    await two.stop('SIGKILL');
    await heard.waitFor(has('deeptone/availability/two', 'offline'));
    for (const stream of ofTwo)
      await heard.waitFor(() => openedBy(one).has(stream) || openedBy(three).has(stream), stream);
    const gaps = [one, three].flatMap(({ lines }) => lines.filter(({ kind }) => kind === 'gap'));
    assert.ok(
      gaps.every(({ evidence }) => evidence === 'handover'),
      JSON.stringify(gaps),
    );

    // Whoever leaves tells its last answers, and hands over without a gap.
    const before = openedBy(three);
    assert.equal(await three.stop(), 0);
    for (const stream of before) await heard.waitFor(() => openedBy(one).has(stream), stream);
    assert.deepEqual(
      new Set(three.lines.filter(({ kind }) => kind === 'closed').map(({ reason }) => reason)),
      new Set(['handover']),
    );
    await simulated.stop();
  });

  it('takes user and password from the environment or from files, and ends where the broker refuses them', async () => {
    const passwords = join(folder, 'passwords');
    execFileSync('mosquitto_passwd', ['-b', '-c', passwords, 'worker', 'open sesame']);
    const { url } = await broker(['allow_anonymous false', `password_file ${passwords}`]);
    const right = worker(['--mqtt', url], {
      env: { DEEPTONE_MQTT_USERNAME: 'worker', DEEPTONE_MQTT_PASSWORD: 'open sesame' },
    });
    await right.listening();
    assert.equal(await right.stop(), 0);

    writeFileSync(join(folder, 'user'), 'worker\n');
    writeFileSync(join(folder, 'password'), 'open sesame\n');
    const fromFiles = worker([
      '--mqtt',
      url,
      '--protocol',
      '3.1.1',
      '--username-file',
      join(folder, 'user'),
      '--password-file',
      join(folder, 'password'),
    ]);
    await fromFiles.listening();
    assert.equal(await fromFiles.stop(), 0);

    const wrong = worker(['--mqtt', url], {
      env: { DEEPTONE_MQTT_USERNAME: 'worker', DEEPTONE_MQTT_PASSWORD: 'open barley' },
    });
    assert.equal(await wrong.ended(), 3);
    assert.match(wrong.said, /The broker cannot be used: Connection refused: Not authorized/);
    assert.doesNotMatch(wrong.said, /barley/);
  });

  it('works with a broker that keeps nothing, and says what is missing by that', async () => {
    const { url } = await broker(['retain_available false']);
    for (const protocol of ['5', '3.1.1']) {
      const heard = await listener(url, 'deeptone/#');
      const serving = worker(['--mqtt', url, '--protocol', protocol]);
      await serving.listening();
      await serving.until('the warning', ({ said }) =>
        said.includes('The broker keeps no messages (retain)'),
      );
      await heard.waitFor(has('deeptone/availability', 'online'));
      await serving.stop('SIGKILL');
      await heard.waitFor(has('deeptone/availability', 'offline'));
      await heard.close();
    }
  });

  it('is not ready where the broker does not let it listen', async () => {
    const refusing = await startPlayingBroker([[]], 128);
    open.push(refusing);
    const url = `mqtt://127.0.0.1:${refusing.port}`;
    const serving = worker(['--mqtt', url, '--protocol', '3.1.1', '--no-results', '--http', '0']);
    const base = await serving.url();
    await serving.until('the warning', ({ said }) =>
      said.includes('The broker does not let this client listen to "audio/+/pcm".'),
    );
    const health = await fetch(`${base}/health`);
    assert.equal(health.status, 503);
    assert.match(await health.text(), /The broker does not let it listen/);
  });

  it('speaks TLS, with an authority and a certificate of its own, and to nobody else', async function () {
    if (!hasOpenssl()) {
      process.stderr.write(
        '!!! LEFT OUT: openssl is not installed, so no certificates can be made for this test.\n',
      );
      this.skip();
    }
    const made = certificates(folder);
    const secure = await broker([
      `cafile ${made.ca}`,
      `certfile ${made.serverCert}`,
      `keyfile ${made.serverKey}`,
      'require_certificate true',
    ]);
    const url = `mqtts://localhost:${secure.port}`;
    const right = worker([
      '--mqtt',
      url,
      '--ca',
      made.ca,
      '--cert',
      made.clientCert,
      '--key',
      made.clientKey,
    ]);
    await right.listening();
    assert.equal(await right.stop(), 0);
    const stranger = worker(['--mqtt', url]);
    assert.equal(await stranger.ended(), 3);
    assert.match(stranger.said, /The broker cannot be used: .*(certificate|SELF_SIGNED)/i);
  });

  it('says in one sentence how to get the MQTT client where that is not installed', async () => {
    const copy = join(folder, 'without-mqtt');
    mkdirSync(join(copy, 'node_modules', '@deeptone'), { recursive: true });
    cpSync(join(ROOT, 'dist/src'), join(copy, 'dist/src'), { recursive: true });
    cpSync(join(ROOT, 'package.json'), join(copy, 'package.json'));
    const { dependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
      dependencies: object;
    };
    for (const name of Object.keys(dependencies))
      symlinkSync(join(ROOT, 'node_modules', name), join(copy, 'node_modules', name));
    symlinkSync(join(ROOT, 'models'), join(copy, 'models'));
    const serving = worker(['--mqtt', 'mqtt://127.0.0.1:1'], { command: join(copy, 'dist/src/cli/main.js') });
    assert.equal(await serving.ended(), 3);
    assert.match(
      serving.said,
      /^deeptone: The MQTT client is not installed here: run "npm install mqtt" in the folder/,
    );
  });

  it('refuses what cannot be meant before anything is done, with what is accepted', async () => {
    writeFileSync(join(folder, 'no-pem'), 'nothing');
    writeFileSync(join(folder, 'empty'), '\n');
    const common = ['--mqtt', 'mqtt://127.0.0.1:1', ...BASE];
    const cases: readonly (readonly [readonly string[], RegExp])[] = [
      [['--models', 'speech-rt', '--topic', 'a/+'], /--mqtt is missing/],
      [['--models', 'speech-rt', '--mqtt', 'mqtt://x'], /--topic is missing/],
      [[...common, '--mqtt', 'http://x'], /begins with "http:\/\/": mqtt:\/\/HOST:PORT is accepted/],
      [[...common, '--mqtt', 'nonsense'], /is none: mqtt:\/\/HOST:PORT is accepted/],
      [[...common, '--mqtt', 'mqtt://me:secret@x'], /holds a user or a password/],
      [[...common, '--topic', 'audio/#/pcm'], /"audio\/#\/pcm" is not an MQTT topic filter/],
      [[...common, '--topic', 'deeptone/audio/+'], /would hear nothing/],
      [[...common, '--shard', '4/4'], /The shard is 4\/4: K\/N is accepted, with K from 0 to N - 1/],
      [[...common, '--shard', 'two'], /The shard is "two"/],
      [[...common, '--group', 'a/b'], /cannot be the name of a group/],
      [
        [...common, '--group', 'home', '--shard', '0/2'],
        /A group and a shard both say which devices are heard/,
      ],
      [[...common, '--lost-after', '4'], /--group is missing/],
      [[...common, '--group', 'home', '--lost-after', '100'], /1 to 60 seconds are accepted/],
      [[...common, '--group', 'home', '--topic', '$share/g/audio/+'], /leave \$share out/],
      [[...common, '--device', 'audio/+/pcm'], /does not say where the device is/],
      [[...common, '--prefix', '$SYS'], /cannot be the topic of results/],
      [[...common, '--home-assistant', 'a/+'], /cannot be the topic of results/],
      [[...common, '--home-assistant', '--no-results'], /choose one/],
      [
        [...common, '--print', 'words'],
        /--print names "words": accepted are steps, transitions, summaries, events/,
      ],
      [[...common, '--http', '99999'], /PORT or HOST:PORT is accepted/],
      [[...common, '--qos', '3'], /Allowed choices are 0, 1, 2/],
      [[...common, '--protocol', '4'], /Allowed choices are auto, 5, 3.1.1/],
      [[...common, '--idle', '-1'], /A number of at least 0 is accepted/],
      [[...common, '--max-streams', '0'], /A whole number of at least 1 is accepted/],
      [[...common, '--output-period', '100'], /positive multiple of 64/],
      [[...common, '--ca', join(folder, 'no-pem')], /holds no certificate in PEM form/],
      [[...common, '--ca', join(ROOT, 'nowhere.pem')], /cannot be read \(ENOENT\)/],
      [[...common, '--password-file', join(folder, 'empty')], /The password file .* is empty/],
      [[...common, '--format', 'mp3', '--models', 'speech-rt'], /mp3/],
    ];
    for (const [args, sentence] of cases) {
      const { code, stderr } = await deeptone(['serve', ...args]);
      assert.match(stderr, sentence, args.join(' '));
      assert.doesNotMatch(stderr, /secret/);
      assert.equal(code, 2, `${args.join(' ')}: ${stderr}`);
    }
    const other = await deeptone(['serve', ...common], { env: { DEEPTONE_METRICS_TOKEN: 'short' } });
    assert.match(other.stderr, /DEEPTONE_METRICS_TOKEN has 5 characters/);
    const unknown = await deeptone(['serve', ...common, '--models', 'telepathy']);
    assert.match(unknown.stderr, /There is no model named "telepathy"/);
    assert.equal(unknown.code, 2);
  });
});

function hasOpenssl(): boolean {
  return (process.env['PATH'] ?? '').split(':').some((one) => existsSync(join(one, 'openssl')));
}

/** An authority, and certificates of a server and a client that it has signed. */
function certificates(
  folder: string,
): Readonly<Record<'ca' | 'serverCert' | 'serverKey' | 'clientCert' | 'clientKey', string>> {
  const path = (name: string): string => join(folder, name);
  const openssl = (...args: readonly string[]): void => {
    execFileSync('openssl', args, { stdio: 'ignore' });
  };
  const key = ['-newkey', 'rsa:2048', '-nodes'] as const;
  openssl(
    'req',
    '-x509',
    ...key,
    '-keyout',
    path('ca.key'),
    '-out',
    path('ca.pem'),
    '-days',
    '2',
    '-subj',
    '/CN=Authority of a test',
  );
  writeFileSync(path('names'), 'subjectAltName=DNS:localhost\n');
  for (const [name, subject] of [
    ['server', '/CN=localhost'],
    ['client', '/CN=worker'],
  ] as const) {
    openssl('req', ...key, '-keyout', path(`${name}.key`), '-out', path(`${name}.csr`), '-subj', subject);
    openssl(
      'x509',
      '-req',
      '-in',
      path(`${name}.csr`),
      '-CA',
      path('ca.pem'),
      '-CAkey',
      path('ca.key'),
      '-CAcreateserial',
      '-out',
      path(`${name}.pem`),
      '-days',
      '2',
      '-extfile',
      path('names'),
    );
  }
  return {
    ca: path('ca.pem'),
    serverCert: path('server.pem'),
    serverKey: path('server.key'),
    clientCert: path('client.pem'),
    clientKey: path('client.key'),
  };
}
