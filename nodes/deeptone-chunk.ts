/** Answers each message as a whole: one chunk of sound in, one result per model out. */
import { ChunkMemory, type ChunkOptions } from '../src';
import { heardNow, stepText } from '../src/insight';
import { answerMessages, insight, speed, Warnings, withWarnings, type QueueConfig } from './answers';
import { fieldNumbers } from './shared/fields';
import { messageSound, type FormatDialog } from './shared/message-format';
import { migrated } from './shared/migrate';
import { sharedText, type Node, type NodeAPI } from './shared/node-red';
import { dialogOptions, mergeOptions, messageOptions, type DialogOptions } from './shared/options';
import { vocabularyOf } from './shared/vocabulary';
import { speakAs } from './shared/language';

interface ChunkConfig extends QueueConfig, DialogOptions, FormatDialog {
  /** Let the models hear what the same topic said before. */
  readonly memory?: boolean;
  /** Topics that are remembered. */
  readonly topics?: number | string;
}

function register(RED: NodeAPI): void {
  speakAs(RED);
  function DeeptoneChunk(this: Node, saved: ChunkConfig): void {
    RED.nodes.createNode(this, saved);
    const config = migrated('deeptone-chunk', saved);
    const numbers = () => fieldNumbers('deeptone-chunk', config);
    // One at a time, so that a topic's answers and its memory keep the order of its messages.
    const limits = () => ({ ...numbers(), parallel: 1 });
    answerMessages(RED, this, config, limits, ({ engine, status }) => {
      const words = vocabularyOf(RED);
      const memory = new ChunkMemory(numbers().topics);
      return async (message, send, signal) => {
        const { topic = '' } = message;
        if (message['reset'] !== undefined) {
          memory.forget(topic === '' ? undefined : topic);
          return;
        }
        const asked = messageOptions('chunk', message);
        const dialog = dialogOptions({ ...config, outputPeriod: undefined });
        const options = mergeOptions(dialog, asked);
        const sound = await messageSound(config, message, asked);
        const remembers = config.memory === true && asked.contextSamples === undefined;
        const warnings = new Warnings();
        const started = performance.now();
        let duration = 0;
        const payload = await engine.deeptone().processAudioChunk(sound.data, {
          ...options,
          ...{ format: undefined, ...sound.options }, // Stated in other words by messages.
          ...(remembers ? { memory, topic } : {}),
          signal,
          onWarning: warnings.take,
          onProgress: (_fraction, chunkMs) => (duration = chunkMs),
        } as ChunkOptions); // Names are checked; values are checked by the engine.
        const facts = {
          node: this.type,
          models: [...new Set(options.models as readonly string[])],
          outputPeriod: null,
          ...(remembers ? { stream: topic } : {}),
          ...{ duration, speed: speed(duration, performance.now() - started) },
          ...(engine.evaluation ? ({ evaluation: true } as const) : {}),
        };
        const told = insight(
          'chunk',
          stepText(payload, words),
          withWarnings({ ...facts, ...warnings.facts }, payload.warnings),
        );
        send({ ...message, payload, insight: told });
        const heard = heardNow(payload.results);
        const text = heard ? words.label(heard.model, heard.label) : sharedText('status.nothing');
        status.set({ fill: 'green', shape: 'dot', text });
      };
    });
  }

  RED.nodes.registerType('deeptone-chunk', DeeptoneChunk);
}

export = register;
