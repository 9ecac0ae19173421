/** The engine: one license, one set of models and one runtime, shared by all DeepTone nodes that name it. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { EngineLostError } from '../src';
import { CATALOGUE_FILE, describeEngine } from '../src/inference';
import { EngineHub, EngineMeter, healthOf, wordsOf, type EngineState } from '../src/supervision';
import {
  engineLimits,
  type EngineNode,
  type EngineSettings,
  engineStatus,
  openEngine,
  serveEngineFacts,
  serveObservation,
  serveRuntimeInstall,
  serveVoices,
  Voices,
  serveWatch,
} from './engine';
import type { Node, NodeAPI, NodeDef } from './shared/node-red';
import { administration, allowedFolders } from './shared/administration';
import { guarded, show, tell, whenClosed } from './shared/failure';
import { fieldNumbers, textIn, textsIn } from './shared/fields';
import { FORMS, type Forms } from './shared/forms';
import { migrated } from './shared/migrate';
import { ownFolders } from './shared/paths';
import { serveTeaching } from './teach';
import { speakAs } from './shared/language';
import { LiveBoard, placeOf } from './watch';

interface Credentials {
  licenseKey?: string;
}

/** What the editor is told. */
interface EditorSettings {
  readonly deeptoneEngineForms: Forms;
}

interface EngineConfig extends NodeDef {
  readonly modelSet?: string;
  /** How alike a voice must be to get a name: `usual`, `strict` or `generous`. */
  readonly voiceStrictness?: string;
  readonly modelFolders?: readonly string[];
  readonly ffmpegPath?: string;
  readonly workers?: number | string;
  readonly threads?: number | string;
  readonly runtime?: string;
  readonly predictionEngine?: string;
  readonly isolation?: string;
  readonly licensePublicKeys?: readonly string[];
  /** MB of sound in one message. */
  readonly maxMessage?: number | string;
  /** Hours. */
  readonly maxDuration?: number | string;
  readonly maxChannels?: number | string;
  /** Million values. */
  readonly maxAnswer?: number | string;
  /** MB. */
  readonly maxWaiting?: number | string;
}

/** What the choices of the dialog add to the likeness that is asked of a voice; measured in training/known-voices.mjs. */
const STRICTNESS = { generous: -0.1, usual: 0, strict: 0.15 };

type EngineNodeWithKey = EngineNode & Node<Credentials>;

function register(RED: NodeAPI): void {
  speakAs(RED);
  const voices = new Voices(ownFolders(RED).voices);

  function DeeptoneEngine(this: EngineNodeWithKey, saved: EngineConfig): void {
    RED.nodes.createNode(this, saved);
    const config = migrated('deeptone-engine', saved);
    const users: Record<string, Node> = {};
    const listeners = new Map<Node, (state: EngineState) => void>();
    const meter = new EngineMeter();
    const hub = new EngineHub(
      (onEngineEvent) =>
        openEngine(
          {
            ...engineSettings(config),
            modelFolders: [...textsIn(config.modelFolders), ...taughtModels(RED, config)],
            folders: allowedFolders(RED),
            knownVoices: (embeddingId) => voices.signatures(embeddingId),
            own: ownChoice(RED, config),
            onEngineEvent,
          },
          this.credentials.licenseKey,
          meter,
        ),
      {
        changed: (state) => {
          show(this, engineStatus(state, RED));
          for (const changed of listeners.values()) changed(state);
        },
        note: (text) => {
          this.log(text);
        },
        warn: (text) => {
          this.warn(text);
        },
        // With a message, if an empty one, the error reaches the Catch nodes of all users' flows.
        problem: (error) => {
          meter.failed(error);
          if (error instanceof EngineLostError) meter.lost();
          tell(this, error, {});
        },
      },
    );

    const board = new LiveBoard({
      place: placeOf(this),
      status: () => engineStatus(hub.state, RED),
      runtime: () => (hub.runtime ? describeEngine(hub.runtime) : ''),
    });
    board.open();

    Object.assign(this, {
      users,
      meter,
      board,
      engine: () => hub.engine(),
      inspect: () => hub.inspect(),
      register: (user: Node, changed: (state: EngineState) => void) => {
        users[user.id] = user;
        listeners.set(user, changed);
        changed(hub.state);
      },
      deregister: (user: Node) => {
        listeners.delete(user);
        // After a slow close the node of the new deployment may have the place already.
        // eslint-disable-next-line @typescript-eslint/no-dynamic-delete -- the runtime wants a plain object
        if (users[user.id] === user) delete users[user.id];
      },
    });
    Object.defineProperties(this, {
      engineState: { get: () => hub.state },
      health: { get: () => healthOf(hub.state, meter.counts, hub.runtime) },
      limits: { get: () => engineLimits(config) },
      ownModels: { get: () => hub.runtime?.info?.ownModels ?? [] },
      runtimeWords: { get: () => wordsOf(hub.runtime) },
    });

    // Only then can the Catch and Status nodes of the users hear what the engine has to say.
    const start = guarded(this, () => {
      if (listeners.size > 0) void hub.start();
    });
    RED.events.on('flows:started', start);

    this.on('close', (_removed: boolean, done: () => void) => {
      RED.events.off('flows:started', start);
      board.close();
      whenClosed(this, hub.close(), done);
    });
  }

  RED.nodes.registerType<EngineNodeWithKey, EngineConfig, EditorSettings, Credentials>(
    'deeptone-engine',
    DeeptoneEngine,
    {
      credentials: { licenseKey: { type: 'password' } },
      settings: { deeptoneEngineForms: { value: FORMS, exportable: true } },
    },
  );
  serveEngineFacts(RED);
  serveRuntimeInstall(RED);
  serveObservation(RED);
  serveVoices(RED, voices);
  serveTeaching(RED);
  serveWatch(RED);
}

/**
 * The dialog's fields as the settings of an engine; empty fields are left to their defaults.
 *
 * @throws InvalidArgumentError
 */
function engineSettings(config: EngineConfig): EngineSettings {
  return {
    modelSet: config.modelSet === 'open' ? 'open' : 'standard',
    voiceStrictness: new Map(Object.entries(STRICTNESS)).get(config.voiceStrictness ?? ''),
    ffmpegPath: textIn(config.ffmpegPath),
    ...workerSettings(config),
    // Left at the first choice it is that of the environment, if there is one.
    runtime: config.runtime === 'native' || config.runtime === 'wasm' ? config.runtime : undefined,
    isolation: config.isolation === 'process' ? 'process' : 'thread',
    licensePublicKeys: textsIn(config.licensePublicKeys),
    limits: engineLimits(config),
  };
}

/** The folder of what somebody taught this Node-RED, where there is something. */
function taughtModels(RED: NodeAPI, { modelSet }: EngineConfig): readonly string[] {
  const folder = join(ownFolders(RED).models, modelSet === 'open' ? 'open' : 'standard');
  return existsSync(join(folder, CATALOGUE_FILE)) ? [folder] : [];
}

/** How many workers there are, and how many threads each uses within a run. */
function workerSettings(config: EngineConfig): Pick<EngineSettings, 'workers' | 'threads'> {
  const { workers, threads } = fieldNumbers('deeptone-engine', config);
  return { workers, threads };
}

/** The engine that the node names, or the administrator for all nodes; undefined where it is the one that comes with the package. */
function ownChoice(RED: NodeAPI, config: EngineConfig): EngineSettings['own'] {
  const choice = textIn(config.predictionEngine) ?? administration(RED).predictionEngine;
  const { userDir } = RED.settings as { readonly userDir?: string };
  return choice === undefined ? undefined : { choice, userDir: userDir ?? process.cwd() };
}

export = register;
