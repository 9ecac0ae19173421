/** A camera, a radio, a sound card or a file that the stream node opens itself, through ffmpeg. */
import { FfmpegError, InvalidArgumentError } from '../../../src';
import { findFfmpeg, openLiveSource, type LiveSource, type LiveSourceEvent } from '../../../src/audio';
import { failureStatus, guarded } from '../../shared/failure';
import { whenFlowsStart } from '../flows-started';
import type { NodeStatus } from '../../shared/node-red';
import { PACKAGE } from '../../shared/node-red';
import { allowedFolders } from '../../shared/administration';
import { fieldNumbers, textIn, textsIn } from '../../shared/fields';
import { exampleSoundPath } from '../../shared/paths';
import type { StreamAttachment, StreamNode } from '../attachments';
import type { StreamCredentials } from '../settings';
import { troubleCause, type TroubleCause } from './trouble';
import { say } from '../../../src/sentence';

const EXAMPLE = 'example:';

/** Opens the source of a node that is set to ffmpeg. */
export function attachFfmpeg(node: StreamNode): StreamAttachment | undefined {
  return node.config.source === 'ffmpeg' ? new FfmpegAttachment(node) : undefined;
}

class FfmpegAttachment implements StreamAttachment {
  status: NodeStatus | undefined;
  readonly #node: StreamNode;
  readonly #giveUp: () => void;
  #playing: Promise<void> = Promise.resolve();
  #source: LiveSource | undefined;
  #closed = false;
  /** Audio that is missing before the next. */
  #lostMs = 0;
  /** Why it was not heard last; until it is. */
  #trouble: TroubleCause | undefined;

  constructor(node: StreamNode) {
    this.#node = node;
    // Only then are the nodes there that are to hear of it.
    this.#giveUp = whenFlowsStart(node.RED, node.node, () => {
      this.#playing = this.#play().catch((error: unknown) => {
        // What cannot even begin is wrong until it is set otherwise.
        this.status = failureStatus(error);
        node.fail(error);
      });
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#giveUp();
    await this.#source?.close();
    await this.#playing;
  }

  async #play(): Promise<void> {
    const { config, engine } = this.#node;
    const setting = engine.engine().ffmpegPath;
    const ffmpegPath = await findFfmpeg(setting);
    if (ffmpegPath === undefined) {
      throw new FfmpegError(
        'DEEPTONE_FFMPEG_NOT_FOUND',
        say`This source needs ffmpeg, and none was found: install it, or set its path in the engine.`,
      );
    }
    const { channel, silenceTimeout } = fieldNumbers('deeptone-stream', config);
    const protocols = textsIn(config.protocols?.split(/[\s,]+/));
    const source = openLiveSource({
      input: withCredentials(address(textIn(config.input) ?? ''), this.#node.node.credentials),
      inputOptions: words(config.inputOptions),
      allowedProtocols: protocols.length > 0 ? protocols : undefined,
      realTime: config.fast !== true,
      loop: config.loop === true,
      channel,
      silenceTimeoutMs: silenceTimeout * 1_000,
      ffmpegPath,
      folders: allowedFolders(this.#node.RED),
      onEvent: guarded(this.#node.node, (event) => {
        this.#happened(event);
      }),
    });
    await this.#hear(source, textIn(config.streamName) ?? source.name.replace('***@', ''));
  }

  async #hear(source: LiveSource, key: string): Promise<void> {
    // Closed while ffmpeg was looked for.
    if (this.#isClosed()) return;
    this.#source = source;
    for await (const samples of source) {
      const lostMs = this.#lostMs;
      this.#lostMs = 0;
      const heard = this.#node.hearSamples(key, samples, lostMs);
      // Live audio does not wait: what is too much is for the bounded queue to drop. A file does.
      if (this.#node.config.fast === true) await heard;
    }
    if (!this.#isClosed()) await this.#node.end(key);
  }

  #isClosed(): boolean {
    return this.#closed;
  }

  #happened(event: LiveSourceEvent): void {
    if (this.#isClosed()) return;
    this.#lostMs += event.type === 'started' ? (event.gapMs ?? 0) : 0;
    if (event.type === 'started') this.#trouble = undefined;
    if (event.type === 'died') this.#trouble = troubleCause(event.reason);
    if (event.type === 'died') this.#node.fail(new FfmpegError('DEEPTONE_FFMPEG_FAILED', event.reason));
    this.status = this.#statusOf(event);
    this.#node.changed();
  }

  #statusOf(event: LiveSourceEvent): NodeStatus | undefined {
    const text = (key: string, values = {}): string =>
      this.#node.RED._(`${PACKAGE}/deeptone-stream:deeptone-stream.status.${key}`, values);
    const cause = (): string => text(`trouble.${this.#trouble ?? 'other'}`);
    switch (event.type) {
      case 'connecting': {
        const key = this.#trouble === undefined ? 'connecting' : 'connectingAgain';
        return { fill: 'yellow', shape: 'ring', text: text(key, { cause: cause() }) };
      }
      case 'started':
        return undefined;
      case 'silent':
      case 'died':
        return this.status;
      case 'restarting':
        return {
          fill: 'red',
          shape: 'ring',
          text: text('restarting', {
            cause: cause(),
            seconds: String(Math.ceil(event.inMs / 1_000)),
          }),
        };
      case 'ended':
        return { fill: 'grey', shape: 'ring', text: text('ended') };
    }
  }
}

/** `example:` stands for the sounds that ship with the package. */
function address(input: string): string {
  return input.startsWith(EXAMPLE) ? exampleSoundPath(input.slice(EXAMPLE.length)) : input;
}

/** @throws InvalidArgumentError when there is a user or password, and no address to put them into */
function withCredentials(input: string, credentials: StreamCredentials | undefined): string {
  const { inputUser = '', inputPassword = '' } = credentials ?? {};
  if (inputUser === '' && inputPassword === '') return input;
  if (!/^[a-z]+:\/\//iu.test(input)) {
    throw new InvalidArgumentError(say`A user and a password are for addresses such as rtsp://camera/audio.`);
  }
  const user = `${encodeURIComponent(inputUser)}:${encodeURIComponent(inputPassword)}@`;
  return input.replace(/^([a-z]+:\/\/)(?:[^/@]*@)?/iu, (_whole, scheme: string) => scheme + user);
}

/** Words as on a command line; those with spaces stand in quotes. */
function words(line = ''): readonly string[] {
  const found = line.match(/"[^"]*"|\S+/gu) ?? [];
  return found.map((word) => word.replace(/^"(.*)"$/u, '$1')).filter((word) => word !== '');
}
