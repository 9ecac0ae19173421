import { asksForDiagnostics } from '../engine';
import type { NodeMessage } from '../shared/node-red';

/** What a message may ask of a stream beside hearing its audio. */
const REQUESTS = ['reset', 'complete', 'summary', 'forget'] as const;

/** Whether a message asks for nothing but that its audio is heard. */
export function isAudioAlone(message: NodeMessage): boolean {
  return !asksForDiagnostics(message) && !REQUESTS.some((name) => Object.hasOwn(message, name));
}
