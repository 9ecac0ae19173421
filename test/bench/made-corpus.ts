/** A corpus for the accuracy bench, made of sounds at hand. */
import { mkdirSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { makeWav, temporaryFolder } from '../tools/audio';

const HEADER = 'file,start,end,corpus,voice,part,gender,age,age_group,language,event,note';

export interface Sound {
  readonly samples: Float32Array;
  /** Columns from `gender` on. */
  readonly labels: string;
}

/**
 * Writes a folder with a recording per sound, which is its voice, too.
 *
 * @param deliveries the sounds of each manifest, by name
 * @returns the folder
 */
export function corpusOf(...deliveries: readonly Readonly<Record<string, Sound>>[]): string {
  const folder = path.join(temporaryFolder(), 'corpus');
  mkdirSync(folder);
  deliveries.forEach((sounds, index) => {
    const rows = Object.entries(sounds).map(([name, { samples, labels }]) => {
      writeFileSync(path.join(folder, `${name}.wav`), makeWav([samples]));
      return `${name}.wav,0,${samples.length / 16_000},made,${name},dev,${labels}`;
    });
    writeFileSync(path.join(folder, `manifest-${index + 1}.csv`), [HEADER, ...rows].join('\n'));
  });
  return folder;
}
