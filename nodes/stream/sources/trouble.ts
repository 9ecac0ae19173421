/** Why a camera, radio or microphone gives nothing, in a word for the status; ffmpeg's own sentence goes to the Catch nodes. */

const CAUSES = [
  ['unauthorized', /401|unauthori[sz]ed|authentication/iu],
  ['forbidden', /403|forbidden|permission denied/iu],
  ['refused', /connection refused/iu],
  ['unknownHost', /name or service not known|failed to resolve|could not resolve|name resolution/iu],
  ['unreachable', /no route|unreachable|timed? ?out|nothing came/iu],
  ['notFound', /404|not found|no such (?:file|device)/iu],
  ['busy', /busy/iu],
  ['broken', /came to its end|broken pipe|end of file|connection reset/iu],
] as const;

/** What is known of the cause of a failure; `other` where ffmpeg says something else. */
export type TroubleCause = (typeof CAUSES)[number][0] | 'other';

export function troubleCause(reason: string): TroubleCause {
  // An address in quotes may hold any word.
  const words = reason.replace(/"[^"]*"/gu, '');
  return CAUSES.find(([, pattern]) => pattern.test(words))?.[0] ?? 'other';
}
