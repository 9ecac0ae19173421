/** Live audio: many streams at once, each named by its messages' topic, answered while they come in. */
import { connectEngine } from './engine';
import { codeOf, failureStatus, hearMessages, tell, toError, whenClosed } from './shared/failure';
import {
  isAudioAlone,
  RepeatedFailures,
  type StreamConfig,
  serveMicrophones,
  type StreamCredentials,
  StreamSession,
  whenFlowsStart,
} from './stream';
import type { Node, NodeAPI } from './shared/node-red';
import { migrated } from './shared/migrate';
import { StatusLine } from './shared/status-line';
import { speakAs } from './shared/language';

function register(RED: NodeAPI): void {
  speakAs(RED);
  function DeeptoneStream(this: Node<StreamCredentials>, saved: StreamConfig): void {
    RED.nodes.createNode(this, saved);
    const config = migrated('deeptone-stream', saved);
    const line = new StatusLine(this);
    const engine = connectEngine(RED, this, config.engine, line);
    let session: StreamSession | undefined;
    let problem: unknown;
    try {
      session = new StreamSession(RED, this, config, engine, line);
    } catch (error) {
      // The node stays, so that every message says what is wrong with its settings.
      problem = error;
      line.set(failureStatus(error));
    }
    // A source of its own has no message to answer; Catch nodes hear once the flows run.
    const tellProblem = (): void => {
      if (problem !== undefined && config.source !== 'messages') tell(this, toError(problem), {});
    };
    const forget = whenFlowsStart(RED, this, tellProblem);

    const failures = new RepeatedFailures();
    hearMessages(this, (message, _send, done) => {
      const given: unknown = message.topic;
      const topic = typeof given === 'string' ? given : '';
      const isAudio = isAudioAlone(message);
      const taken = session ? session.take(message) : Promise.reject(toError(problem));
      taken.then(
        () => {
          if (isAudio) failures.heard(topic);
          done();
        },
        (error: unknown) => {
          const failure = toError(error);
          // A flow that is to be told of every message that is too much slows down by that.
          const isWanted =
            !isAudio || (config.whenFull === 'error' && codeOf(error) === 'DEEPTONE_OVERLOADED');
          done(isWanted || failures.isNew(topic, failure) ? failure : undefined);
        },
      );
    });

    this.on('close', (removed: boolean, done: () => void) => {
      forget();
      const closed = session?.close(removed) ?? Promise.resolve();
      whenClosed(this, closed, () => {
        engine.close();
        line.close();
        done();
      });
    });
  }

  RED.nodes.registerType<Node<StreamCredentials>, StreamConfig, Record<string, never>, StreamCredentials>(
    'deeptone-stream',
    DeeptoneStream,
    { credentials: { inputUser: { type: 'text' }, inputPassword: { type: 'password' } } },
  );
  serveMicrophones(RED);
}

export = register;
