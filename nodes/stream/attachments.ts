/**
 * What a stream node has beside its input: sources of audio of its own, and listeners to what its streams tell. Each kind is one
 * entry in `ATTACHMENTS`; the node knows none of them.
 */
import type { LiveEvent, StreamHandOver } from '../../src';
import type { EngineConnection } from '../engine';
import type { IncomingMessage, Node, NodeAPI, NodeMessage, NodeStatus } from '../shared/node-red';
import { attachFfmpeg } from './sources/ffmpeg';
import { attachMqtt } from './sources/mqtt';
import type { StreamConfig, StreamCredentials } from './settings';

/** What the node offers to an attachment. */
export interface StreamNode {
  readonly RED: NodeAPI;
  readonly node: Node<StreamCredentials>;
  readonly config: StreamConfig;
  readonly engine: EngineConnection;
  /**
   * Takes a message with audio as if it had come in by wire; never rejects, failures are told by the node.
   *
   * @param handOver the first message of a stream that another program has heard until now
   */
  hear(message: IncomingMessage, handOver?: StreamHandOver): Promise<void>;
  /** Takes 16 kHz mono samples for a stream, in the same way. `lostMs`: audio known to be missing before them. */
  hearSamples(stream: string, samples: Float32Array, lostMs: number): Promise<void>;
  /** Ends a stream: last step, transitions, summary. */
  end(stream: string, reason?: 'complete' | 'handover'): Promise<void>;
  /** Tells of something on the output for events, where there is one. */
  tell(event: { readonly kind: string } & Readonly<Record<string, unknown>>, topic?: string): void;
  /** The status of the attachment is another. */
  changed(): void;
  /** A warning for the log and the debug sidebar; the same one again only after a while. */
  warn(text: string): void;
  /** A failure for Catch nodes and the status line. */
  fail(error: unknown): void;
}

export interface StreamAttachment {
  /** Hears everything that the streams of the node tell. */
  readonly told?: (event: LiveEvent<NodeMessage>) => void;
  /** Forgets what it has told of a device, or of the device of a stream; of all where neither is named. */
  readonly forget?: (what: {
    readonly device?: string | undefined;
    readonly stream?: string | undefined;
  }) => void;
  /** What it has to say under the node; undefined: nothing. */
  readonly status?: NodeStatus | undefined;
  /** What it adds to the line under the node, where all is well; undefined: nothing. */
  readonly note?: string | undefined;
  /** Stops. No audio after it has been called. `removed`: the node is gone for good. */
  close(removed: boolean): Promise<void>;
}

/** Makes an attachment if the node is set to have it; throws what `done(error)` would say. */
export type Attach = (node: StreamNode) => StreamAttachment | undefined;

export const ATTACHMENTS: readonly Attach[] = [attachFfmpeg, attachMqtt];
