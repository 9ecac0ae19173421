/** Rules of options that are objects. */
import type { Rule } from '../rules';
import { say } from '../sentence';

/** Entries in what a message may say: more than any model has classes. */
export const MOST_ENTRIES = 1_000;

const PROBABILITY = {
  type: 'number',
  minimum: 0,
  maximum: 1,
  accepted: say`a probability from 0 to 1 is accepted`,
} as const;
/** How the answers of one model are chosen (decision 31). */
export const DECISION = {
  type: 'object',
  fields: {
    classes: {
      type: 'list',
      most: MOST_ENTRIES,
      of: { type: 'text', accepted: say`the name of a class is accepted` },
      accepted: say`a list of names of classes is accepted`,
    },
    thresholds: {
      type: 'object',
      most: MOST_ENTRIES,
      others: PROBABILITY,
      accepted: say`an object {class: probability} is accepted`,
    },
    period: {
      type: 'judged',
      holds: (value) =>
        value === 'majority' || value === 'any' || (typeof value === 'number' && value > 0 && value <= 1),
      accepted: say`"majority", "any" or a share of the period above 0, up to 1, is accepted`,
    },
    baseline: { type: 'boolean', accepted: say`true or false is accepted` },
  },
  others: 'none',
  accepted: say`an object with any of classes, thresholds, period and baseline is accepted`,
} as const satisfies Rule;

const PADDING = {
  type: 'number',
  minimum: 0,
  maximum: 10_000,
  accepted: say`a number of milliseconds from 0 to 10,000 is accepted`,
} as const;
/** Which phases are cut out (decision 33). */
export const SEGMENTS = {
  type: 'object',
  fields: {
    model: { type: 'text', accepted: say`the name of a model that is asked for is accepted` },
    results: {
      type: 'list',
      most: MOST_ENTRIES,
      of: { type: 'text', accepted: say`a result of the model is accepted` },
      accepted: say`a list of results is accepted`,
    },
    before: PADDING,
    after: PADDING,
    minimum: PADDING,
    hold: PADDING,
    longest: {
      type: 'number',
      minimum: 1_000,
      maximum: 600_000,
      accepted: say`a number of milliseconds from 1,000 to 600,000 is accepted`,
    },
  },
  required: ['model'],
  others: 'none',
  accepted: say`an object {model, results, before, after, minimum, hold, longest} is accepted`,
} as const satisfies Rule;
