/** How a node in a flow shares the engine of a `deeptone-engine` node. */
import type { Deeptone, LicenseStatus, Limits, OwnModel } from '../../src';
import {
  EngineMeter,
  type Counts,
  type EngineState,
  type Health,
  type OpenEngine,
} from '../../src/supervision';
import { fieldNumbers, HOUR_MS, MEGABYTE, MILLION } from '../shared/fields';
import { failureStatus, NoEngineError } from '../shared/failure';
import { sharedText, type Node, type NodeAPI, type NodeStatus } from '../shared/node-red';
import type { StatusLine } from '../shared/status-line';
import { LiveBoard, placeOf } from '../watch';

/** The face that a `deeptone-engine` node shows to its users. */
export interface EngineNode extends Node {
  /** Nodes that use this engine, by id. The runtime sends errors and status of the engine to their flows too. */
  readonly users: Readonly<Record<string, Node>>;
  readonly engineState: EngineState;
  /** Counts what it and its users do. */
  readonly meter: EngineMeter;
  readonly health: Health;
  /** Words about what runs the models, for people and metrics; none before it is loaded. */
  readonly runtimeWords: Readonly<Record<string, string>>;
  /** Models of users that it has loaded. */
  readonly ownModels: readonly OwnModel[];
  readonly limits: EngineLimits;
  /** The live streams of its users, for the sidebar. */
  readonly board: LiveBoard;
  /** @throws LicenseManagerError and what else opening an engine can throw */
  engine(): OpenEngine;
  /** The engine as it is, for a look at it: nothing is started, and no failure is told. Throws as {@link engine}. */
  inspect(): OpenEngine;
  /** Takes a node as user and starts the engine for the first one. `changed` hears every state, the present one too. */
  register(user: Node, changed: (state: EngineState) => void): void;
  deregister(user: Node): void;
}

/** How much the nodes of an engine may be handed. */
export interface EngineLimits extends Required<Limits> {
  /** Bytes of audio in messages that wait in the line of one node. */
  readonly maxWaitingBytes: number;
}

/**
 * The limits that an engine node is set to.
 *
 * @throws InvalidArgumentError naming a field that is not accepted
 */
export function engineLimits(config: object): EngineLimits {
  const numbers = fieldNumbers('deeptone-engine', config);
  return {
    maxMessageBytes: Math.ceil(numbers.maxMessage * MEGABYTE),
    maxDuration: Math.ceil(numbers.maxDuration * HOUR_MS),
    maxChannels: numbers.maxChannels,
    maxAnswerValues: Math.ceil(numbers.maxAnswer * MILLION),
    maxWaitingBytes: Math.ceil(numbers.maxWaiting * MEGABYTE),
  };
}

/** One node's use of its engine. */
export interface EngineConnection {
  /** @throws InvalidArgumentError when they are not accepted */
  readonly limits: EngineLimits;
  /**
   * The shared engine.
   *
   * @throws NoEngineError; what opening an engine can throw
   */
  engine(): OpenEngine;
  /** `engine().deeptone` */
  deeptone(): Deeptone;
  /** For `msg.insight`: whether the evaluation license is in use. */
  readonly evaluation: boolean;
  /** Why the engine does no new work, as a status; undefined when it does. */
  readonly obstacle: NodeStatus | undefined;
  /** Where the node counts what it does; the engine's own. */
  readonly meter: EngineMeter;
  /** Where the node shows its live streams; the engine's own. */
  readonly board: LiveBoard;
  readonly counts: Counts;
  readonly health: Health;
  readonly runtimeWords: Readonly<Record<string, string>>;
  readonly ownModels: readonly OwnModel[];
  /** Undefined before the engine is ready. */
  readonly license: LicenseStatus | undefined;
  close(): void;
}

/**
 * Connects a node to the engine it is set to, and shows in its status what the engine has to say as long as the node
 * itself is silent.
 *
 * @param engineId id of the `deeptone-engine` node
 */
export function connectEngine(
  RED: NodeAPI,
  node: Node,
  engineId: string,
  status: StatusLine,
): EngineConnection {
  const engine: unknown = RED.nodes.getNode(engineId);
  if (!isEngine(engine)) {
    const noEngine = { fill: 'red', shape: 'ring', text: sharedText('status.noEngine') } as const;
    status.set(noEngine);
    const refuse = (): never => {
      throw new NoEngineError();
    };
    const meter = new EngineMeter();
    return {
      limits: engineLimits({}),
      engine: refuse,
      deeptone: refuse,
      evaluation: false,
      obstacle: noEngine,
      meter,
      board: new LiveBoard({ place: placeOf(node), status: () => noEngine, runtime: () => '' }),
      get counts() {
        return meter.counts;
      },
      health: { status: 'failed', reason: 'The node has no engine.', code: 'DEEPTONE_INVALID_ARGUMENT' },
      runtimeWords: {},
      ownModels: [],
      license: undefined,
      close: () => undefined,
    };
  }
  engine.register(node, (state) => {
    status.setFromOutside(engineStatus(state, RED));
  });
  return {
    get limits() {
      return engine.limits;
    },
    engine: () => engine.engine(),
    deeptone: () => engine.engine().deeptone,
    get evaluation() {
      const state = engine.engineState;
      return state.phase === 'ready' && state.license.evaluation;
    },
    get obstacle() {
      const shown = engineStatus(engine.engineState, RED);
      return shown.fill === 'red' ? shown : undefined;
    },
    meter: engine.meter,
    board: engine.board,
    get counts() {
      return engine.meter.counts;
    },
    get health() {
      return engine.health;
    },
    get runtimeWords() {
      return engine.runtimeWords;
    },
    get ownModels() {
      return engine.ownModels;
    },
    get license() {
      const state = engine.engineState;
      return state.phase === 'ready' ? state.license : undefined;
    },
    close: () => {
      engine.deregister(node);
    },
  };
}

export function isEngine(node: unknown): node is EngineNode {
  return typeof node === 'object' && node !== null && 'engineState' in node && 'register' in node;
}

/** What the state of an engine looks like under a node. */
export function engineStatus(state: EngineState, RED: Pick<NodeAPI, '_'>): NodeStatus {
  switch (state.phase) {
    case 'idle':
      return {};
    case 'starting':
      return { fill: 'grey', shape: 'ring', text: sharedText('status.starting') };
    case 'restarting':
      return { fill: 'yellow', shape: 'ring', text: sharedText('status.restarting') };
    case 'failed':
      return failureStatus(state.error);
    case 'ready':
      return licenseStatus(state, RED);
  }
}

function licenseStatus(
  { license, info }: Extract<EngineState, { phase: 'ready' }>,
  RED: Pick<NodeAPI, '_'>,
): NodeStatus {
  // It works, but not as fast as it could.
  const isSlow = info?.remark !== undefined;
  switch (license.state) {
    case 'valid':
      return {
        fill: isSlow ? 'yellow' : 'green',
        shape: 'dot',
        text: sharedText(isSlow ? 'status.readySlow' : 'status.ready'),
      };
    case 'expiring':
      return {
        fill: 'yellow',
        shape: 'dot',
        text: RED._(sharedText('status.expiring'), { days: String(license.daysLeft) }),
      };
    case 'expired':
      return { fill: 'red', shape: 'ring', text: sharedText('status.expired') };
    case 'not-yet-valid':
      return { fill: 'red', shape: 'ring', text: sharedText('status.notYetValid') };
  }
}
