/** Analyses whole sound files: `msg.filename`, or the name that the node is set to. */
import { migrated } from './shared/migrate';
import type { IncomingMessage, Node, NodeAPI } from './shared/node-red';
import { exampleSoundPath, exampleSounds, namedFile } from './shared/paths';
import { typedInput } from './shared/typed-input';
import { analyseWholes, type WholeConfig } from './answers';
import { speakAs } from './shared/language';

interface FileConfig extends WholeConfig {
  readonly filename?: string;
  /** A type of the core typed input, or `example` for a sound that ships with the package. */
  readonly filenameType?: string;
}

function register(RED: NodeAPI): void {
  speakAs(RED);
  function DeeptoneFile(this: Node, saved: FileConfig): void {
    RED.nodes.createNode(this, saved);
    const config = migrated('deeptone-file', saved);
    const { filename = 'filename', filenameType = 'msg' } = config;
    const { fileWorkingDirectory: workingDirectory } = RED.settings as { fileWorkingDirectory?: unknown };

    const path = async (message: IncomingMessage): Promise<string> => {
      if (filenameType === 'example') return exampleSoundPath(filename);
      const name = await typedInput(RED, this, message, filename, filenameType);
      return namedFile(name, workingDirectory);
    };
    analyseWholes(RED, this, 'file', config, async (message) => {
      const name = await path(message);
      return {
        filename: name,
        analyse: async (deeptone, options) => {
          const complete = await deeptone.processFile(name, options);
          return { channels: complete.channels, complete };
        },
      };
    });
  }

  RED.nodes.registerType('deeptone-file', DeeptoneFile, {
    settings: { deeptoneFileExamples: { value: exampleSounds(), exportable: true } },
  });
}

export = register;
