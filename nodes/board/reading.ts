/** Reads what flows send: nothing of a message is taken for granted. */

import { pageOf } from './clients';

export type Fields = Readonly<Record<string, unknown>>;

/** An object's fields; those of nothing where it is none. */
export function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

export function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** The page that a message is for; undefined where it is for all. */
export function clientOf(message: object): string | undefined {
  const socket = textOf(fieldsOf(fieldsOf(message)['_client'])['socketId']);
  return socket && pageOf(socket);
}

/** The label that a step says of one model. */
export function labelIn(result: unknown): string | undefined {
  const { result: label, speaker_top: speaker } = fieldsOf(result);
  return textOf(label) ?? textOf(speaker);
}
