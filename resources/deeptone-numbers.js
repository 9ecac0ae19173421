// Numbers as people write them in the edit dialogs: read, rounded to what is accepted, and judged. Loaded by each dialog; the first one wins.
(function () {
  'use strict';
  if (window.DeeptoneNumbers) return;

  const TEXTS = '@deeptone/node-red/deeptone-engine:deeptone.validation.';
  const SECOND = 1000;
  const MINUTE = 60 * SECOND;
  const HOUR = 60 * MINUTE;
  const DAY = 24 * HOUR;

  /** What units are in others of their kind: milliseconds, Hz, MB, and parts of one. */
  /** @type {Readonly<Record<string, Readonly<Record<string, number>>>>} */
  const KINDS = {
    time: {
      ...{ ms: 1, msec: 1, millisecond: 1, milliseconds: 1, millisekunden: 1 },
      ...{ s: SECOND, sec: SECOND, second: SECOND, seconds: SECOND, sekunde: SECOND, sekunden: SECOND },
      ...{ min: MINUTE, minute: MINUTE, minutes: MINUTE, minuten: MINUTE },
      ...{ h: HOUR, hour: HOUR, hours: HOUR, stunde: HOUR, stunden: HOUR },
      ...{ d: DAY, day: DAY, days: DAY, tag: DAY, tage: DAY },
    },
    rate: { hz: 1, khz: 1000, k: 1000 },
    size: { b: 1 / 1048576, kb: 1 / 1024, mb: 1, gb: 1024, kib: 1 / 1024, mib: 1, gib: 1024 },
    million: { million: 1, millions: 1, millionen: 1, m: 1 },
    share: { '%': 0.01 },
  };
  /** The kind and the measure of what stands in a field, by the name of its unit. */
  /** @type {Readonly<Record<string, { kind: string, of: number }>>} */
  const UNITS = {
    ms: { kind: 'time', of: 1 },
    seconds: { kind: 'time', of: SECOND },
    hours: { kind: 'time', of: HOUR },
    days: { kind: 'time', of: DAY },
    hz: { kind: 'rate', of: 1 },
    megabytes: { kind: 'size', of: 1 },
    millionValues: { kind: 'million', of: 1 },
    volume: { kind: 'share', of: 1 },
  };

  /**
   * Digits with separators of thousands or a comma for the point. What could be both is what the field accepts.
   * @param {string} digits
   * @param {boolean} isWhole whether fractions are not accepted, so that a point cannot begin one
   */
  function plain(digits, isWhole) {
    const last = Math.max(digits.lastIndexOf(','), digits.lastIndexOf('.'));
    if (last < 0) return digits;
    const mark = digits[last] || '';
    const parts = digits.split(mark);
    const isGrouped =
      /^[+-]?\d{1,3}$/.test(parts[0] || '') && parts.slice(1).every((part) => /^\d{3}$/.test(part));
    const hasOther = digits.includes(mark === ',' ? '.' : ',');
    // 1,000 is a thousand to most who write it so; 1.000 is one where fractions are accepted.
    const isThousands =
      !hasOther &&
      isGrouped &&
      (parts.length > 2 || isWhole || (mark === ',' && !/^[+-]?0$/.test(parts[0] || '')));
    if (isThousands) return parts.join('');
    return digits.slice(0, last).replace(/[.,]/g, '') + '.' + digits.slice(last + 1);
  }

  /**
   * The number that somebody wrote or pasted, in the unit of the field; NaN where it is none.
   * @param {string} text such as `1,000 ms`, `1.5 s`, `16 kHz`, `-46 dB`
   * @param {string} [unit] of the field
   * @param {DeeptoneLimits} [limits]
   * @returns {number}
   */
  function read(text, unit, limits = {}) {
    const compact = text
      .replace(/[\s'’_\u00a0\u202f]/g, '')
      .replace(/^[−–]/, '-')
      .toLowerCase();
    const found = /^([+-]?[\d.,]+(?:e[+-]?\d+)?)([a-z%]*)$/.exec(compact);
    if (!found || !/\d/.test(found[1] || '')) return NaN;
    const isWhole = limits.whole === true || limits.multipleOf !== undefined;
    const value = Number(plain(found[1] || '', isWhole && !found[2]));
    const suffix = found[2] || '';
    if (suffix === '') return value;
    // A level below full scale is told in decibels, too.
    if (unit === 'volume' && /^db(?:fs)?$/.test(suffix)) return Number((10 ** (value / 20)).toPrecision(2));
    const { kind = '', of = 1 } = UNITS[unit || ''] || {};
    const measure = (KINDS[kind] || {})[suffix];
    return measure === undefined ? NaN : Number(((value * measure) / of).toPrecision(12));
  }

  /**
   * The nearest number that a field accepts, where only its grain is wrong; limits are for people to heed.
   * @param {DeeptoneLimits} limits
   * @param {number} value
   * @returns {number}
   */
  function rounded({ whole, multipleOf, minimum }, value) {
    if (multipleOf !== undefined) {
      const least = Math.ceil((minimum === undefined ? multipleOf : minimum) / multipleOf) * multipleOf;
      return value > 0 ? Math.max(least, Math.round(value / multipleOf) * multipleOf) : value;
    }
    return whole && value > 0 ? Math.max(1, Math.round(value)) : value;
  }

  /**
   * Whether a number is what the node accepts; src/rules.ts says the same.
   * @param {DeeptoneLimits} limits
   * @param {number} value
   */
  function isWithin({ whole, minimum, above, maximum, multipleOf }, value) {
    return (
      Number.isFinite(value) &&
      !(whole && !Number.isSafeInteger(value)) &&
      !(minimum !== undefined && value < minimum) &&
      !(above !== undefined && value <= above) &&
      !(maximum !== undefined && value > maximum) &&
      !(multipleOf !== undefined && value % multipleOf !== 0)
    );
  }

  /**
   * Limits, for sentences that name them.
   * @param {DeeptoneLimits} limits
   * @returns {Record<string, string>}
   */
  function words(limits) {
    return Object.fromEntries(Object.entries(limits).map(([name, limit]) => [name, String(limit)]));
  }

  /**
   * The name of the sentence that says what numbers are accepted.
   * @param {DeeptoneLimits} limits
   */
  function sentence({ whole, above, maximum }) {
    if (maximum !== undefined) return 'range';
    if (above !== undefined) return 'above';
    return whole ? 'wholeNumber' : 'number';
  }

  /**
   * True, or a sentence that says what a field accepts.
   * @param {string} field
   * @param {DeeptoneLimits} limits
   * @param {unknown} value as it is saved
   * @returns {true | string}
   */
  function judge(field, limits, value) {
    if (isWithin(limits, Number(value))) return true;
    const values = words(limits);
    const own = RED._(TEXTS + field, { ...values, defaultValue: '' });
    return own || RED._(TEXTS + sentence(limits), values);
  }

  window.DeeptoneNumbers = { read, rounded, judge, words };
})();
