/** Analyses whole clips in `msg.payload`: raw samples of a declared format, or a container recognised by content. */
import { analyseWholes, type WholeConfig } from './answers';
import { messageSound, type FormatDialog } from './shared/message-format';
import { migrated } from './shared/migrate';
import type { Node, NodeAPI } from './shared/node-red';
import { messageOptions } from './shared/options';
import { speakAs } from './shared/language';

type BytesConfig = WholeConfig & FormatDialog;

function register(RED: NodeAPI): void {
  speakAs(RED);
  function DeeptoneBytes(this: Node, saved: BytesConfig): void {
    RED.nodes.createNode(this, saved);
    const config = migrated('deeptone-bytes', saved);
    analyseWholes(RED, this, 'bytes', config, async (message) => {
      const sound = await messageSound(config, message, messageOptions('bytes', message));
      return {
        analyse: async (deeptone, options) => {
          if (sound.container) {
            // Every channel of a container is analysed on its own, as in a file (decision 16).
            const complete = await deeptone.processContainer(sound.container, options);
            return { channels: complete.channels, complete };
          }
          // Raw samples are one signal: a channel is picked, or all are averaged (decision 19).
          const complete = await deeptone.processAudioBytes(sound.data, { ...options, ...sound.options });
          return { channels: { [options.channel ?? 0]: complete }, complete };
        },
      };
    });
  }

  RED.nodes.registerType('deeptone-bytes', DeeptoneBytes);
}

export = register;
