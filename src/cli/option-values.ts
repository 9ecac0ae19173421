import { InvalidArgumentError } from 'commander';

/** Reads the value of an option as a number; whether it is accepted, the engine says. */
export function number(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || Number.isNaN(value)) throw new InvalidArgumentError('A number is accepted.');
  return value;
}

/** Reads the value of an option as JSON; what it must hold, the engine says. */
export function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new InvalidArgumentError(`JSON is accepted. ${error instanceof Error ? error.message : ''}`);
  }
}

/** Reads the value of an option as a whole number of at least 1. */
export function wholeNumber(text: string): number {
  const value = number(text);
  if (!Number.isSafeInteger(value) || value < 1) {
    throw new InvalidArgumentError('A whole number of at least 1 is accepted.');
  }
  return value;
}

/** Reads the value of an option as a number of at least 0. */
export function notNegative(text: string): number {
  const value = number(text);
  if (value < 0) throw new InvalidArgumentError('A number of at least 0 is accepted.');
  return value;
}

/** Reads `a,b` as a list of names. */
export function names(text: string): readonly string[] {
  return text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

/** Gathers the values of an option that may be repeated. */
export function collect(value: string, previous: readonly string[] = []): readonly string[] {
  return [...previous, value];
}
