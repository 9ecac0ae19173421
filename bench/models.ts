/** The models that the benches ask for. */
import { loadCatalogue } from '../src/inference';

export const THREE_MODELS = ['speech-rt', 'speech', 'gender'] as const;
/** Every model that ships, in the order of the catalogue. */
export const ALL_MODELS: readonly string[] = loadCatalogue().models.map(
  ({ description }) => description.name,
);
