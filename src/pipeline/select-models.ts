import { InvalidArgumentError, ModelInvalidError, ModelNotFoundError } from '../errors';
import { phrase, say } from '../sentence';
import type { BrokenModel, ModelDescription } from '../inference';
import { checkDecision, LOUDNESS, type Decisions } from '../insight';
import { describe } from '../rules';

/**
 * The descriptions of the models asked for, in the order asked, each once.
 *
 * @param broken models that were left out, and why
 * @throws InvalidArgumentError for an empty list, ModelInvalidError for one that was left out, ModelNotFoundError for an
 *   unknown name
 */
export function selectModels(
  names: unknown,
  available: readonly ModelDescription[],
  broken: readonly BrokenModel[] = [],
): readonly ModelDescription[] {
  const availableNames = available.map((model) => model.name);
  if (!Array.isArray(names) || names.length === 0) {
    const given = Array.isArray(names) ? phrase`an empty list` : describe(names);
    throw new InvalidArgumentError(
      say`models is ${given}: a list of at least one of ${availableNames.join(', ')} is accepted.`,
    );
  }
  return [...new Set(names as readonly unknown[])].map((name) => {
    const model = available.find((candidate) => candidate.name === name);
    const leftOut = model ? undefined : broken.find((candidate) => candidate.name === name);
    if (leftOut) {
      throw new ModelInvalidError(say`The model "${leftOut.name}" cannot be used: ${leftOut.reason}.`);
    }
    if (!model) {
      throw new ModelNotFoundError(typeof name === 'string' ? name : String(describe(name)), availableNames);
    }
    return model;
  });
}

/**
 * Checks what is decided about models; they need not be asked for, so that a flow can keep what it decided.
 *
 * @throws InvalidArgumentError for a class that a model does not have, ModelInvalidError, ModelNotFoundError
 */
export function checkDecisions(
  decisions: Decisions | undefined,
  available: readonly ModelDescription[],
  broken?: readonly BrokenModel[],
): void {
  const names = Object.keys(decisions ?? {}).filter((name) => name !== LOUDNESS);
  if (names.length === 0) return;
  for (const model of selectModels(names, available, broken)) checkDecision(model, decisions?.[model.name]);
}
