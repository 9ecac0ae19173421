/** The gate of a shipped set: not a model that anybody asks for, but run like one. */
import { ModelInvalidError } from '../errors';
import { say } from '../sentence';
import type { CatalogueGate } from './catalogue';
import type { GateEntry, TrunkEntry } from './catalogue-schema';
import type { ModelDescription } from './prediction-engine';

/** No model can have this name. */
const GATE_NAME = '@gate';

/**
 * The gate of a shipped set, from its entry.
 *
 * @throws ModelInvalidError when the entry does not fit the trunk, or its thresholds do not fit each other
 */
export function gateOf(entry: GateEntry, trunk: TrunkEntry): CatalogueGate {
  const { source, temperature, openAbove, closeBelow } = entry;
  if (source.offset >= trunk.scoresSize) {
    throw new ModelInvalidError(
      say`The shipped model catalogue cannot be used: the gate's offset ${source.offset} reaches beyond the ${trunk.scoresSize} scores of the trunk.`,
    );
  }
  if (closeBelow > openAbove) {
    throw new ModelInvalidError(
      say`The shipped model catalogue cannot be used: the gate would open from ${openAbove} on and close below ${closeBelow}; closeBelow must not be the larger one.`,
    );
  }
  const description: ModelDescription = {
    name: GATE_NAME,
    title: 'Gate',
    description: 'Whether somebody speaks.',
    classes: ['speech'],
    activation: 'sigmoid',
    receptiveFieldMs: Math.max(...Object.values(trunk.taps).map((tap) => tap.receptiveFieldMs)),
    gate: 'volume',
    unknownBelow: null,
    license: '',
    trainingData: 'open',
  };
  const model = { description, source, calibration: { temperature }, width: 1 };
  return { name: GATE_NAME, openAbove, closeBelow, model };
}
