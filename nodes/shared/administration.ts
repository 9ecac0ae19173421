/** What the administrator of a Node-RED sets for all our nodes: `deeptone` in settings.js, out of reach of who edits flows. */
import { InvalidArgumentError } from '../../src';
import { checkValue, type Rule } from '../../src/rules';
import type { NodeAPI } from './node-red';
import { EXAMPLE_SOUNDS, UPLOADS } from './paths';
import { phrase, say, sentenceOf } from '../../src/sentence';

/** `deeptone` of settings.js. */
export interface Administration {
  /** Folders that sound files are read from, in every node; any where it is not set. */
  readonly folders?: readonly string[];
  /** The prediction engine of all engine nodes that name none: the name of a module, or a function that makes it. */
  readonly predictionEngine?: string | ((settings: object) => unknown);
  /** Lets whoever has the token read metrics and health, without an account of Node-RED. */
  readonly metrics?: { readonly token: string };
}

const FOLDERS = phrase`a list of absolute paths of folders is accepted`;
const TOKEN = phrase`a text of at least 16 letters, digits and signs, without spaces, is accepted`;
const RULE: Rule = {
  type: 'object',
  accepted: say`an object with folders, predictionEngine and metrics is accepted`,
  fields: {
    folders: {
      type: 'list',
      of: { type: 'text', pattern: /^(?:\/|[A-Za-z]:[\\/]|\\\\)/u, accepted: FOLDERS },
      accepted: FOLDERS,
    },
    predictionEngine: {
      type: 'judged',
      holds: (value) => typeof value === 'function' || (typeof value === 'string' && value !== ''),
      accepted: say`the name of a module or a function that makes an engine is accepted`,
    },
    metrics: {
      type: 'object',
      accepted: say`an object with a token is accepted`,
      fields: { token: { type: 'text', pattern: /^[!-~]{16,}$/u, isSecret: true, accepted: TOKEN } },
      required: ['token'],
      others: 'none',
    },
  },
  others: 'none',
};

/**
 * What is set for all nodes. What is not accepted is refused, rather than being taken for no limit.
 *
 * @throws InvalidArgumentError naming the setting
 */
export function administration(RED: Pick<NodeAPI, 'settings'>): Administration {
  const { deeptone } = RED.settings as { readonly deeptone?: unknown };
  if (deeptone === undefined) return {};
  try {
    checkValue('deeptone', deeptone, RULE);
  } catch (cause) {
    const reason = cause instanceof Error ? sentenceOf(cause) : String(cause);
    throw new InvalidArgumentError(say`In settings.js of this Node-RED ${reason}`, { cause });
  }
  return deeptone as Administration; // As it was checked.
}

/**
 * Folders that files may be read from, those of the sounds that ship with the package included; undefined where any may.
 *
 * @throws InvalidArgumentError
 */
export function allowedFolders(RED: Pick<NodeAPI, 'settings'>): readonly string[] | undefined {
  const { folders } = administration(RED);
  return folders && [...folders, EXAMPLE_SOUNDS, UPLOADS];
}
