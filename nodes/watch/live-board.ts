/** Every engine that is deployed, and the nodes with live streams that use it: what the sidebar asks. Nothing here runs by itself. */
import type { HubStatistics } from '../../src';
import type { NodeStatus } from '../shared/node-red';
import type { WatchedStreams } from './watched-streams';

/** Where a node is, for who looks for it in the editor. */
export interface Place {
  readonly id: string;
  readonly name: string;
  /** The flow, or the subflow's instance, that it is in. */
  readonly z: string | undefined;
  /** In an instance of a subflow, the node of the subflow itself. */
  readonly alias: string | undefined;
}

/** A node with live streams. */
export interface WatchedNode {
  readonly place: Place;
  readonly statistics: () => HubStatistics;
  readonly streams: WatchedStreams;
}

/** An engine. */
export interface WatchedEngine {
  readonly place: Place;
  /** As under a node: a text, or the key of one. */
  readonly status: () => NodeStatus;
  /** What runs the models; '' before it is known. */
  readonly runtime: () => string;
}

const DEPLOYED = new Set<LiveBoard>();

/** The live side of one engine. */
export class LiveBoard {
  readonly engine: WatchedEngine;
  readonly #nodes = new Set<WatchedNode>();

  constructor(engine: WatchedEngine) {
    this.engine = engine;
  }

  /** Those of all engines that are deployed. */
  static get all(): readonly LiveBoard[] {
    return [...DEPLOYED];
  }

  get nodes(): readonly WatchedNode[] {
    return [...this.#nodes];
  }

  /** Shows it from now on. */
  open(): void {
    DEPLOYED.add(this);
  }

  close(): void {
    DEPLOYED.delete(this);
  }

  /**
   * Shows a node from now on.
   *
   * @returns no longer
   */
  watch(node: WatchedNode): () => void {
    this.#nodes.add(node);
    return () => {
      this.#nodes.delete(node);
      node.streams.close();
    };
  }
}

/** Where a node is. What the runtime says beside the types is read with care. */
export function placeOf(node: { readonly id: string; readonly name?: string | undefined }): Place {
  const { z, _alias } = node as { readonly z?: unknown; readonly _alias?: unknown };
  const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
  return { id: node.id, name: node.name ?? '', z: text(z), alias: text(_alias) };
}
