import type { ModelDescription } from '../inference';
import { ExitCode } from './exit-codes';
import type { ModelFlags } from './engine-flags';
import type { Terminal } from './terminal';

export interface ModelsFlags extends ModelFlags {
  readonly json?: boolean;
}

/** Lists the models. Needs neither the runtime nor a license. */
export async function listModels(flags: ModelsFlags, terminal: Terminal): Promise<ExitCode> {
  const { loadCatalogue } = await import('../inference/index.js');
  const catalogue = loadCatalogue({ modelSet: flags.modelSet, modelFolders: flags.modelFolder });
  const models = catalogue.models.map(({ description }) => description);
  if (flags.json) {
    await terminal.write(
      `${JSON.stringify({ set: catalogue.set, models, broken: catalogue.broken }, null, 2)}\n`,
    );
  } else {
    await terminal.print(models.map(describe).join('\n'));
  }
  for (const { name, reason } of catalogue.broken)
    terminal.say(`deeptone: The model ${name} is left out: ${reason}`);
  return ExitCode.Ok;
}

function describe(model: ModelDescription): string {
  const lines = [
    `${model.name}: ${model.description}`,
    `  classes          ${model.classes.length > 0 ? model.classes.join(', ') : 'the speakers that it hears'}`,
    `  receptive field  ${model.receptiveFieldMs} ms`,
    ...(model.pooling
      ? [
          `  answers over     the last ${model.pooling.seconds} s of ${model.gate === 'voice' ? 'speech' : 'sound'}`,
        ]
      : []),
    ...(model.baseline
      ? [`  answers against  what was usual in the last ${model.baseline.memorySeconds / 60} min of speech`]
      : []),
    `  asked when       ${model.gate === 'voice' ? 'there is speech' : 'there is sound'}`,
    `  license          ${model.license} (${trainingData(model)})`,
  ];
  return `${lines.join('\n')}\n`;
}

function trainingData({ trainingData: data }: ModelDescription): string {
  switch (data) {
    case 'open':
      return 'trained on openly licensed data';
    case 'non-commercial':
      return 'trained also on data for non-commercial use';
    case 'user':
      return 'a model of your own';
  }
}
