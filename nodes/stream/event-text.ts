import type { LiveEvent } from '../../src';
import { say, sentenceOf, type Word } from '../../src/sentence';

/** An event of a live stream that is no answer, as a sentence. */
export function eventText(event: LiveEvent): Word {
  const { key } = event.stream;
  const isNamed = key !== '';
  switch (event.kind) {
    case 'opened':
      return isNamed ? say`"${key}" begins.` : say`The stream begins.`;
    case 'closed': {
      const { error } = event;
      if (error)
        return isNamed
          ? say`"${key}" failed: ${sentenceOf(error)}`
          : say`The stream failed: ${sentenceOf(error)}`;
      const reason = REASONS[event.reason];
      return isNamed ? say`"${key}" ends (${reason}).` : say`The stream ends (${reason}).`;
    }
    case 'gap': {
      if (event.lostMs === null)
        return isNamed
          ? say`Audio of "${key}" is missing, nobody knows how much.`
          : say`Audio is missing, nobody knows how much.`;
      const lost = seconds(event.lostMs);
      return isNamed ? say`${lost} s of "${key}" are missing.` : say`${lost} s of audio are missing.`;
    }
    case 'dropped': {
      const dropped = seconds(event.droppedMs);
      return isNamed
        ? say`${dropped} s of "${key}" were dropped: there is more audio than there is time for.`
        : say`${dropped} s of audio were dropped: there is more than there is time for.`;
    }
    case 'warning':
      return sentenceOf(event);
    case 'step':
    case 'segment':
    case 'summary':
    case 'transition':
      return '';
  }
}

const REASONS = {
  complete: say`its sender said so`,
  idle: say`nothing came any more`,
  reset: say`it was reset`,
  gap: say`it begins anew after a gap`,
  failed: say`it failed`,
  handover: say`another Node-RED of the group hears it from now on`,
  shutdown: say`the node was stopped`,
} as const;

function seconds(ms: number): number {
  return Math.round(ms / 100) / 10;
}

/** What a group of Node-REDs that share devices tells, as a sentence. */
export function groupText({ kind, group, members, own, from, to }: Readonly<Record<string, unknown>>): Word {
  const name = String(group);
  switch (kind) {
    case 'members':
      return say`The group "${name}" has ${countOf(members)} members; this one is ${String(own)}.`;
    case 'taken':
      return typeof from === 'string'
        ? say`A device of the group "${name}" is heard here from now on, no more by ${from}.`
        : say`A device of the group "${name}" is heard here from now on.`;
    case 'given':
      return say`A device of the group "${name}" is heard by ${String(to)} from now on.`;
    default:
      return say`Something happened in the group "${name}".`;
  }
}

function countOf(value: unknown): number {
  return Array.isArray(value) ? value.length : Number(value);
}
