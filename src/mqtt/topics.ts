/** MQTT topic filters, and the device name that a topic holds. */
import { InvalidArgumentError } from '../errors';
import { say } from '../sentence';

const SHARED = /^\$share\/([^/#+]+)\/(.+)$/;
const FILTER = /^(#|(\+|[^+#/]*)(\/(\+|[^+#/]*))*(\/#)?)$/;
/** What a device name must not hold, because it becomes one level of a topic. */
const NOT_IN_A_LEVEL = /[/+#\p{Cc}]+/gu;
const DEVICE = '{device}';

/** A topic filter as it is subscribed to, taken apart. */
export interface TopicFilter {
  /** As it goes to the broker, `$share` included. */
  readonly subscription: string;
  /** Without `$share/group/`. */
  readonly filter: string;
  /** The group of a shared subscription. */
  readonly share: string | undefined;
}

/**
 * Reads a topic filter.
 *
 * @throws InvalidArgumentError when it is not one by MQTT's rules
 */
export function parseFilter(text: string): TopicFilter {
  const subscription = text.trim();
  const shared = SHARED.exec(subscription);
  const filter = shared?.[2] ?? subscription;
  if (filter === '' || !FILTER.test(filter) || filter.includes('\0') || filter.startsWith('$share')) {
    throw new InvalidArgumentError(
      say`"${text}" is not an MQTT topic filter. Accepted: levels separated by "/", where "+" stands for one whole level and "#" at the end for all further ones, for example audio/+/pcm, or $share/group/audio/+/pcm.`,
    );
  }
  return { subscription, filter, share: shared?.[1] };
}

/** Whether one topic can match both filters. */
export function filtersOverlap(one: string, other: string): boolean {
  const left = one.split('/');
  const right = other.split('/');
  for (let level = 0; ; level += 1) {
    const a = left[level];
    const b = right[level];
    if (a === '#' || b === '#') return true;
    if (a === undefined || b === undefined) return a === b;
    if (a !== b && a !== '+' && b !== '+') return false;
  }
}

/**
 * What the wildcards of a filter stand for in a topic (`#` gives all its levels as one text); undefined where it does not
 * match. By MQTT's rules wildcards do not match a first level that begins with `$`.
 */
function wildcardValues(filter: string, topic: string): string[] | undefined {
  const levels = topic.split('/');
  const pattern = filter.split('/');
  const values: string[] = [];
  if (topic.startsWith('$') && (pattern[0] === '+' || pattern[0] === '#')) return undefined;
  for (const [index, wanted] of pattern.entries()) {
    if (wanted === '#') {
      values.push(levels.slice(index).join('/'));
      return values;
    }
    const level = levels[index];
    if (level === undefined) return undefined;
    if (wanted === '+') values.push(level);
    else if (wanted !== level) return undefined;
  }
  return levels.length === pattern.length ? values : undefined;
}

/** Whether a filter (without `$share`) matches a topic. */
export function filterMatches(filter: string, topic: string): boolean {
  return wildcardValues(filter, topic) !== undefined;
}

/**
 * How a topic names its device.
 *
 * With a pattern such as `hermes/audioServer/{device}/audioFrame` the device is the level at `{device}`; `{device}` may
 * be part of a level (`esp-{device}`), and `+` and `#` stand for levels that do not matter. Without a pattern the device
 * is what the wildcards of the filter stand for, joined by `-`; where the filter has none, or is not given, it is the
 * whole topic with `-` in the place of `/`.
 *
 * @returns a function from topic to device name, never empty, safe as one level of a topic; undefined for a topic that
 *   the pattern does not fit
 * @throws InvalidArgumentError when the pattern does not hold `{device}` exactly once
 */
export function deviceNames(
  pattern: string | undefined,
  filter: string | undefined,
): (topic: string) => string | undefined {
  if (pattern === undefined || pattern.trim() === '') {
    return (topic) => {
      const values = filter === undefined ? undefined : wildcardValues(filter, topic);
      return asLevel((values ?? []).filter((value) => value !== '').join('-')) ?? asLevel(topic);
    };
  }
  const expression = devicePattern(pattern.trim());
  return (topic) => asLevel(expression.exec(topic)?.[1] ?? '');
}

function devicePattern(pattern: string): RegExp {
  if (pattern.split(DEVICE).length !== 2) {
    throw new InvalidArgumentError(
      say`"${pattern}" does not say where the device is. Accepted: a topic that holds {device} once, for example audio/{device}/pcm or site/+/{device}/#.`,
    );
  }
  if (!FILTER.test(pattern.replace(DEVICE, 'device'))) {
    throw new InvalidArgumentError(
      say`"${pattern}" is not a topic pattern: "+" stands for one whole level and "#" for all further ones at the end.`,
    );
  }
  const levels = pattern.split('/').map((level) => {
    if (level === '+') return '[^/]*';
    if (level === '#') return '.*';
    return level.split(DEVICE).map(literal).join('([^/]+)');
  });
  return new RegExp(`^${levels.join('/').replace(/\/\.\*$/, '(?:/.*)?')}$`, 'u');
}

function literal(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}

/** A name as one level of a topic: what a level cannot hold becomes `-`. */
export function topicLevel(name: string): string {
  return name.replace(NOT_IN_A_LEVEL, '-');
}

function asLevel(text: string): string | undefined {
  const level = topicLevel(text).replace(/^-+|-+$/g, '');
  return level === '' ? undefined : level;
}

/**
 * Reads the topic under which results are published.
 *
 * @throws InvalidArgumentError when it holds wildcards or begins with `$`
 */
export function parsePrefix(text: string): string {
  const prefix = text.trim().replace(/\/+$/, '');
  if (prefix === '' || /[+#\p{Cc}]/u.test(prefix) || prefix.startsWith('$')) {
    throw new InvalidArgumentError(
      say`"${text}" cannot be the topic of results. Accepted: one or more levels without "+" and "#", not beginning with "$", for example deeptone.`,
    );
  }
  return prefix;
}
