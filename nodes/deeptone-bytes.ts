/** Analyses whole clips in `msg.payload`: raw samples of a declared format, or a container recognised by content. */
import { detectContainer, readPayload, type AudioPayload, type SampleFormat } from '../src/audio';
import { messageFormat, type FormatDialog } from './shared/message-format';
import { migrated } from './shared/migrate';
import type { Node, NodeAPI } from './shared/node-red';
import { messageOptions } from './shared/options';
import { analyseWholes, type Source, type WholeConfig } from './answers/whole-analysis';

type BytesConfig = WholeConfig & FormatDialog;

function register(RED: NodeAPI): void {
  function DeeptoneBytes(this: Node, saved: BytesConfig): void {
    RED.nodes.createNode(this, saved);
    const config = migrated('deeptone-bytes', saved);
    analyseWholes(RED, this, 'bytes', config, (message) => {
      const audio = readPayload(message.payload);
      if (audio.kind === 'bytes' && detectContainer(audio.bytes)) {
        return Promise.resolve(containerSource(audio.bytes));
      }
      const format = messageFormat(config, message, messageOptions('bytes', message));
      return Promise.resolve(rawSource(audio, format));
    });
  }

  RED.nodes.registerType('deeptone-bytes', DeeptoneBytes);
}

/** Every channel of a container is analysed on its own, as in a file (decision 16). */
function containerSource(bytes: Uint8Array): Source {
  return {
    analyse: async (deeptone, options) => {
      const complete = await deeptone.processContainer(bytes, options);
      return { channels: complete.channels, complete };
    },
  };
}

/** Raw samples are one signal: a channel is picked, or all are averaged (decision 19). */
function rawSource(audio: AudioPayload, { encoding, sampleRate, channels }: SampleFormat): Source {
  return {
    analyse: async (deeptone, options) => {
      const complete =
        audio.kind === 'bytes'
          ? await deeptone.processAudioBytes(asBuffer(audio.bytes), {
              ...options,
              format: { encoding, sampleRate, channels },
            })
          : await deeptone.processAudioBytes(audio.samples, { ...options, rateIn: sampleRate, channels });
      return { channels: { [options.channel ?? 0]: complete }, complete };
    },
  };
}

/** The same memory: a Buffer says that it holds bytes, while a plain Uint8Array would be 8-bit samples. */
function asBuffer({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}

export = register;
