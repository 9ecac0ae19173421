import type { EngineEvent } from '../inference';
import {
  availabilityTopic,
  deviceNames,
  listenToTopics,
  MqttResults,
  type AnnouncedModel,
  type MqttAudioMessage,
} from '../mqtt';
import { analysisOptions, StreamHub, type LiveEvent } from '../streams';
import {
  EngineHub,
  EngineMeter,
  healthOf,
  metricsText,
  NO_READING,
  RepeatedFailures,
  Seldom,
  wordsOf,
  type Health,
  type OpenEngine,
  type Reading,
} from '../supervision';
import { thrownError } from '../thrown';
import { packageVersion } from '../version';
import { BrokerClient } from './broker-client';
import { DeviceChoice } from './device-choice';
import { Monitor } from './monitor';
import type { MqttLibrary } from './mqtt-library';
import type { WorkerSettings } from './settings';
import { WorkerCounts } from './worker-counts';

/** What a worker needs of whoever runs it. */
export interface WorkerSurroundings {
  readonly mqtt: MqttLibrary;
  /** Opens the engine; `meter` counts its answers. */
  readonly open: (meter: EngineMeter, onEngineEvent: (event: EngineEvent) => void) => OpenEngine;
  /** A word to whoever looks after it. */
  readonly say: (text: string) => void;
  /** Hears everything that the streams tell. */
  readonly told: (event: LiveEvent) => void;
}

/** 32-bit samples at 16 kHz. */
const BYTES_PER_MS = 64;

/** Streams of many devices from a broker, answered and published there, without Node-RED. */
export class Worker {
  readonly #settings: WorkerSettings;
  readonly #surroundings: WorkerSurroundings;
  readonly #meter = new EngineMeter();
  readonly #engine: EngineHub;
  readonly #hub: StreamHub;
  readonly #broker: BrokerClient;
  readonly #choice: DeviceChoice;
  readonly #counts = new WorkerCounts();
  readonly #failures = new RepeatedFailures();
  readonly #seldom = new Seldom();
  #results: MqttResults | undefined;
  #monitor: Monitor | undefined;
  #isStopping = false;

  /** @throws InvalidArgumentError naming a setting that is not accepted */
  constructor(settings: WorkerSettings, surroundings: WorkerSurroundings) {
    this.#settings = settings;
    this.#surroundings = surroundings;
    const { say } = surroundings;
    this.#choice = new DeviceChoice(
      deviceNames(settings.devicePattern, settings.filter.filter),
      settings.shard,
    );
    this.#engine = new EngineHub((onEngineEvent) => surroundings.open(this.#meter, onEngineEvent), {
      changed: () => undefined,
      note: say,
      warn: say,
      problem: (error) => {
        this.#meter.failed(error);
        if ('how' in error) this.#meter.lost();
        say(error.message);
      },
    });
    const { results } = settings;
    this.#broker = new BrokerClient(
      surroundings.mqtt,
      settings.broker,
      results && availabilityTopic(results.prefix, this.#choice.worker),
      {
        changed: (state) => {
          this.#results?.turned(state);
        },
        note: say,
        warn: say,
      },
    );
    this.#hub = new StreamHub({
      open: async (options) => this.#engine.engine().deeptone.openStream(options),
      options: settings.options,
      format: settings.format,
      trust: settings.trust,
      settings: settings.live,
      ffmpegPath: () => this.#engine.engine().ffmpegPath,
      listener: (event) => {
        this.#told(event);
      },
    });
    this.#meter.watch(() => this.#reading);
  }

  /**
   * Loads the models, then connects and listens. Resolves when the broker has let it in, however long that takes.
   *
   * @throws BrokerError, InvalidArgumentError; what opening and starting an engine throws
   */
  async start(): Promise<void> {
    const { monitor } = this.#settings;
    if (monitor) {
      const facts = {
        isReady: () => this.#isReady,
        health: () => this.#health,
        metrics: () => this.#metrics,
      };
      this.#monitor = await Monitor.open(monitor.address, facts, monitor.token);
      this.#surroundings.say(`Monitors are answered at ${this.#monitor.url}.`);
    }
    await this.#engine.start();
    const { state } = this.#engine;
    if (state.phase === 'failed') throw state.error;
    // What is wrong with models, options or license would be wrong with every device.
    (await this.#engine.engine().deeptone.openStream(analysisOptions(this.#settings.options))).close();
    this.#results = this.#openResults();
    const { filter, qos } = this.#settings;
    listenToTopics(
      this.#broker,
      { filter: filter.subscription, qos },
      {
        heard: (message) => {
          this.#hear(message);
        },
        warn: this.#surroundings.say,
      },
    );
    await this.#broker.connect();
  }

  /** Ends all streams, tells their last answers, says goodbye to the broker, and frees everything. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#broker.unsubscribe(this.#settings.filter);
    await this.#endStreams();
    await this.#hub.close();
    await this.#results?.close();
    await this.#broker.close();
    await this.#engine.close();
    await this.#monitor?.close();
  }

  async #endStreams(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<'late'>((resolve) => {
      timer = setTimeout(() => {
        resolve('late');
      }, this.#settings.graceMs);
    });
    const ended = Promise.allSettled(this.#hub.keys.map((key) => this.#hub.end(key)));
    if ((await Promise.race([ended, late])) === 'late') {
      this.#surroundings.say('There was no time left for the last answers of all streams.');
    }
    clearTimeout(timer);
  }

  #openResults(): MqttResults | undefined {
    const { results, devicePattern, filter, options } = this.#settings;
    if (!results) return undefined;
    const { prefix, maxDevices, expireMs, discoveryPrefix } = results;
    const wanted = new Set(options.models);
    const models = (): readonly AnnouncedModel[] =>
      this.#engine
        .engine()
        .deeptone.describeModels()
        .filter(({ name }) => wanted.has(name));
    return new MqttResults(
      this.#broker,
      {
        ...{ prefix, devicePattern, maxDevices, expireMs, models },
        filter: filter.filter,
        worker: this.#choice.worker,
        isOurs: (device) => this.#choice.keepsDevice(device),
        discovery:
          discoveryPrefix === undefined ? undefined : { prefix: discoveryPrefix, version: packageVersion() },
      },
      (text) => {
        this.#warn(text);
      },
    );
  }

  #hear({ topic, payload, contentType, userProperties, dup, packetId }: MqttAudioMessage): void {
    if (this.#isStopping) return;
    if (!this.#choice.keeps(topic)) {
      this.#counts.otherShard++;
      return;
    }
    this.#counts.heard++;
    const delivery = dup === undefined ? undefined : packetId === undefined ? { dup } : { dup, packetId };
    this.#hub.hear(topic, { payload, contentType, userProperties, delivery }).then(
      () => {
        this.#failures.heard(topic);
      },
      (thrown: unknown) => {
        if (this.#isStopping) return;
        const error = thrownError(thrown);
        this.#meter.failed(error);
        if (this.#failures.isNew(topic, error)) this.#surroundings.say(`"${topic}": ${error.message}`);
      },
    );
  }

  #told(event: LiveEvent): void {
    this.#surroundings.told(event);
    this.#results?.hear(event);
    const { key } = event.stream;
    switch (event.kind) {
      case 'dropped':
        this.#meter.overloaded();
        this.#warn(
          `There is more audio than there is time for: ${event.droppedMs} ms of "${key}" were dropped.`,
          'dropped',
        );
        break;
      case 'warning':
        this.#warn(`"${key}": ${event.message}`);
        break;
      case 'opened':
      case 'gap':
      case 'closed':
      case 'step':
      case 'summary':
      case 'transition':
      case 'segment':
        break;
    }
  }

  #warn(text: string, word = text): void {
    if (this.#seldom.isDue(word)) this.#surroundings.say(text);
  }

  get #isReady(): boolean {
    const { status } = this.#engineHealth;
    return !this.#isStopping && this.#broker.isListening && (status === 'ready' || status === 'degraded');
  }

  get #engineHealth(): Health {
    return healthOf(this.#engine.state, this.#meter.counts, this.#engine.runtime);
  }

  get #health(): Health & Readonly<Record<string, unknown>> {
    const health = this.#engineHealth;
    const { state } = this.#broker;
    const more = { broker: state, streams: this.#hub.statistics.streams };
    if (health.status === 'failed' || health.status === 'initialising') return { ...health, ...more };
    if (this.#isStopping) return { status: 'failed', reason: 'It is being stopped.', code: null, ...more };
    if (this.#broker.isListening) return { ...health, ...more };
    const reason =
      state === 'connected' ? 'The broker does not let it listen.' : 'There is no connection to the broker.';
    return { status: 'failed', reason, code: 'DEEPTONE_BROKER', ...more };
  }

  get #metrics(): string {
    const { state } = this.#engine;
    const { clientId } = this.#settings.broker;
    const measured = {
      ...{ id: 'serve', name: clientId },
      health: this.#health,
      counts: this.#meter.counts,
      runtime: wordsOf(this.#engine.runtime),
      licenseDaysLeft: state.phase === 'ready' ? state.license.daysLeft : undefined,
    };
    return metricsText([measured], this.#counts.families(this.#broker.state === 'connected'));
  }

  get #reading(): Reading {
    const { streams, waitingMs, droppedMs, gaps, gapMs, refused } = this.#hub.statistics;
    const waitingBytes = waitingMs * BYTES_PER_MS;
    return { ...NO_READING, streams, waitingMs, waitingBytes, droppedMs, gaps, gapMs, refused };
  }
}
