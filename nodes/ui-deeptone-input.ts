/** A widget of Dashboard 2 that takes sound from who looks at the page: a file, an example, or the microphone. */
import { basename } from 'node:path';
import {
  beWidget,
  clientOf,
  microphoneMessage,
  shown,
  socketOf,
  Uploads,
  watchMissingDashboard,
  type WidgetConfig,
} from './board';
import { numberIn } from './shared/fields';
import { toError } from './shared/failure';
import type { Node, NodeAPI } from './shared/node-red';
import { exampleSounds } from './shared/paths';

interface InputConfig extends WidgetConfig {
  readonly upload?: boolean;
  readonly microphone?: boolean;
  readonly examples?: boolean;
  readonly megabytes?: string | number;
  /** Name of the stream, before the name of the browser. */
  readonly stream?: string;
}

const MEGABYTE = 1_000_000;

function register(RED: NodeAPI): void {
  watchMissingDashboard(RED);
  function Input(this: Node, config: InputConfig): void {
    RED.nodes.createNode(this, config);
    const { upload = true, microphone = true, examples = true, stream = 'microphone' } = config;
    const megabytes = megabytesOf(config);
    const uploads = new Uploads(megabytes * MEGABYTE);
    const sendFile = (filename: string, title: string, client: string | undefined): void => {
      this.send([
        { filename, title, topic: title, ...(client ? { _client: { socketId: socketOf(client) } } : {}) },
        null,
      ]);
    };
    beWidget(RED, this, config, {
      onMessage: (message, tell) => {
        const { error } = message as { readonly error?: { readonly message?: unknown } };
        if (typeof error?.message === 'string') tell({ refused: error.message }, clientOf(message));
      },
      onBrowser: (value, client) => {
        const { example } = (value ?? {}) as { readonly example?: unknown };
        if (typeof example === 'string') {
          if (examples && exampleSounds().includes(example)) sendFile(`example:${example}`, example, client);
          return;
        }
        if (!microphone) return;
        try {
          this.send([null, microphoneMessage(value, stream, client)]);
        } catch (error) {
          this.warn(toError(error).message);
        }
      },
      host: {
        state: () => {
          const offered = examples ? exampleSounds() : [];
          return { upload, microphone, examples: offered, megabytes, ...shown(RED, []) };
        },
        upload: async (request, name, client) => {
          if (!upload) throw new Error('Files are not taken here.');
          const sound = await uploads.take(request, basename(name).slice(0, 200));
          sendFile(sound.path, sound.name, client);
          return { name: sound.name, bytes: sound.bytes };
        },
      },
      close: () => uploads.close(),
    });
  }
  RED.nodes.registerType('ui-deeptone-input', Input);
}

/** What is no number is 100. */
function megabytesOf({ megabytes }: InputConfig): number {
  try {
    const number = numberIn('megabytes', megabytes) ?? 100;
    return number > 0 ? number : 100;
  } catch {
    return 100;
  }
}

export = register;
