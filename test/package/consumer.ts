/** A folder of somebody who uses the package: it is found by its name there, as npm would have installed it. */
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '../tools/audio';

/** dist/test/package -> the repository. */
export const ROOT = join(__dirname, '../../..');

/** @param others packages of ours that it has, too */
export function consumerFolder(others: readonly string[] = []): string {
  const folder = temporaryFolder();
  link(ROOT, join(folder, 'node_modules/@deeptone/node-red'));
  for (const name of others) link(join(ROOT, 'node_modules', name), join(folder, 'node_modules', name));
  return folder;
}

function link(target: string, path: string): void {
  mkdirSync(join(path, '..'), { recursive: true });
  symlinkSync(target, path, 'junction');
}
