import type { EngineEvent } from '../inference';
import {
  availabilityTopic,
  MqttResults,
  type AnnouncedModel,
  type MqttAudioMessage,
  type Publication,
  type TakenOver,
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
  type OpenEngine,
  type Reading,
} from '../supervision';
import { thrownError } from '../thrown';
import { packageVersion } from '../version';
import { BrokerClient } from './broker-client';
import { Monitor } from './monitor';
import type { MqttLibrary } from './mqtt-library';
import type { WorkerSettings } from './settings';
import { openSource, type SoundSource } from './sound-source';
import { WorkerCounts } from './worker-counts';
import { workerHealth, type WorkerHealth } from './worker-health';

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
  readonly #source: SoundSource;
  readonly #counts = new WorkerCounts();
  readonly #failures = new RepeatedFailures();
  readonly #seldom = new Seldom();
  #results: MqttResults | undefined;
  #monitor: Monitor | undefined;
  /** Streams that are being ended. */
  readonly #ending = new Set<Promise<void>>();
  #isStopping = false;

  /** @throws InvalidArgumentError naming a setting that is not accepted */
  constructor(settings: WorkerSettings, surroundings: WorkerSurroundings) {
    this.#settings = settings;
    this.#surroundings = surroundings;
    const { say } = surroundings;
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
    const { mqtt } = surroundings;
    this.#broker = new BrokerClient(mqtt, settings.broker, () => this.#will, {
      changed: (state) => {
        this.#source.turned(state);
        this.#results?.turned(state);
      },
      note: say,
      warn: say,
    });
    this.#source = this.#openSource();
    this.#hub = new StreamHub({
      open: async (options) => this.#engine.engine().deeptone.openStream(options),
      options: settings.options,
      format: settings.format,
      trust: settings.trust,
      settings: settings.live,
      markPrefix: settings.markPrefix,
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
    await this.#broker.connect();
  }

  /** Ends all streams, tells their last answers, says goodbye to the broker, and frees everything. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    // Who has nobody to leave devices to says that they are heard no more; else somebody else hears them from now on.
    if (this.#source.hasHeirs) await this.#source.close();
    await this.#endStreams();
    await this.#hub.close();
    await this.#results?.close();
    await this.#source.close();
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
    for (const key of this.#hub.keys) this.#end(key, 'complete');
    if ((await Promise.race([Promise.all(this.#ending), late])) === 'late') {
      this.#surroundings.say('There was no time left for the last answers of all streams.');
    }
    clearTimeout(timer);
  }

  #end(stream: string, reason: 'complete' | 'handover'): void {
    const ended = this.#hub
      .end(stream, undefined, reason)
      .catch(() => undefined) // A failure has been told as an event.
      .finally(() => this.#ending.delete(ended));
    this.#ending.add(ended);
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
        worker: this.#source.worker,
        sharing: this.#source.sharing,
        isOurs: this.#source.isOurs,
        discovery:
          discoveryPrefix === undefined ? undefined : { prefix: discoveryPrefix, version: packageVersion() },
      },
      (text) => {
        this.#warn(text);
      },
    );
  }

  #openSource(): SoundSource {
    let others: readonly string[] = [];
    return openSource(this.#broker, this.#settings, {
      heard: (message, takenOver) => {
        this.#hear(message, takenOver);
      },
      passedOver: () => {
        this.#counts.passedOver++;
      },
      given: (stream) => {
        this.#end(stream, 'handover');
      },
      resumed: (stream) => {
        this.#results?.resumed(stream);
      },
      members: (members, own) => {
        if (members.length > 0) this.#results?.present();
        for (const gone of members.length > 0 ? others.filter((other) => !members.includes(other)) : []) {
          this.#results?.mourn(gone);
        }
        others = members.filter((member) => member !== own);
        this.#surroundings.say(
          members.length > 0
            ? `The group shares: ${members.join(', ')}.`
            : 'This worker takes no part in the group for now.',
        );
      },
      warn: this.#surroundings.say,
    });
  }

  /** One that is of a group is missed by the others at once, who say for it that it is offline. */
  get #will(): Publication | undefined {
    const { results } = this.#settings;
    if (this.#source.will) return this.#source.will;
    const topic = results && availabilityTopic(results.prefix, this.#source.worker);
    return topic === undefined ? undefined : { topic, payload: 'offline', retain: true };
  }

  #hear(message: MqttAudioMessage, takenOver: TakenOver | undefined): void {
    if (this.#isStopping) return;
    const { topic, payload, contentType, userProperties, dup, packetId } = message;
    const handOver = takenOver && { lostMs: takenOver.lostMs, lastSeq: takenOver.lastSeq };
    this.#counts.heard++;
    const delivery = dup === undefined ? undefined : packetId === undefined ? { dup } : { dup, packetId };
    this.#hub.hear(topic, { payload, contentType, userProperties, delivery, handOver }).then(
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

  get #health(): WorkerHealth {
    const engine = healthOf(this.#engine.state, this.#meter.counts, this.#engine.runtime);
    return workerHealth(engine, {
      isStopping: this.#isStopping,
      broker: this.#broker.state,
      isListening: this.#broker.isListening,
      isIn: this.#source.isIn,
      streams: this.#hub.statistics.streams,
    });
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
