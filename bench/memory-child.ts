/** Analyses a file in a process of its own; prints the most memory that it ever held, in bytes. */
import { Deeptone } from '../src';

const KILOBYTE = 1_024;

async function main([file = '', models = '']: readonly string[]): Promise<void> {
  const deeptone = new Deeptone();
  await deeptone.processFile(file, { models: models.split(','), outputPeriod: 1_024, includeSummary: true });
  await deeptone.close();
  console.log(process.resourceUsage().maxRSS * KILOBYTE);
}

void main(process.argv.slice(2));
