import type { LiveEvent } from '../../src';

/** An event of a live stream that is no answer, as a sentence. */
export function eventText(event: LiveEvent): string {
  const name = event.stream.key === '' ? 'The stream' : `"${event.stream.key}"`;
  switch (event.kind) {
    case 'opened':
      return `${name} begins.`;
    case 'closed':
      return event.error
        ? `${name} failed: ${event.error.message}`
        : `${name} ends (${REASONS[event.reason]}).`;
    case 'gap':
      return event.lostMs === null
        ? `Audio of ${name} is missing, nobody knows how much.`
        : `${seconds(event.lostMs)} of ${name} are missing.`;
    case 'dropped':
      return `${seconds(event.droppedMs)} of ${name} were dropped: there is more audio than there is time for.`;
    case 'warning':
      return event.message;
    case 'step':
    case 'segment':
    case 'summary':
    case 'transition':
      return '';
  }
}

const REASONS = {
  complete: 'its sender said so',
  idle: 'nothing came any more',
  reset: 'it was reset',
  gap: 'it begins anew after a gap',
  failed: 'it failed',
  handover: 'another Node-RED of the group hears it from now on',
  shutdown: 'the node was stopped',
} as const;

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}

/** What a group of Node-REDs that share devices tells, as a sentence. */
export function groupText({
  kind,
  group,
  members,
  own,
  from,
  to,
}: Readonly<Record<string, unknown>>): string {
  const name = `"${String(group)}"`;
  switch (kind) {
    case 'members':
      return `The group ${name} has ${countOf(members)} members; this one is ${String(own)}.`;
    case 'taken':
      return `A device of the group ${name} is heard here from now on${typeof from === 'string' ? `, no more by ${from}` : ''}.`;
    case 'given':
      return `A device of the group ${name} is heard by ${String(to)} from now on.`;
    default:
      return `Something happened in the group ${name}.`;
  }
}

function countOf(value: unknown): string {
  return String(Array.isArray(value) ? value.length : value);
}
