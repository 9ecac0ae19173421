import { trainHead as train, type HeadReport } from '../heads';
import { ExitCode } from './exit-codes';
import type { Terminal } from './terminal';

export interface TrainHeadFlags {
  readonly name: string;
  readonly title?: string;
  readonly out: string;
  readonly tap: string;
  readonly replace?: boolean;
  readonly modelSet?: 'standard' | 'open';
  readonly ffmpeg?: string;
  readonly json?: boolean;
}

/** Mistakes that are named one by one; the table counts them all. */
const MOST_MISTAKES = 20;

/** Trains a head on a folder of recordings and says how well it does on recordings that were held out. */
export async function trainHead(
  folder: string,
  flags: TrainHeadFlags,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<ExitCode> {
  const { name, title, out, tap, replace, modelSet, ffmpeg: ffmpegPath } = flags;
  try {
    const report = await train(folder, {
      name,
      title,
      out,
      tap,
      replace,
      modelSet,
      ffmpegPath,
      signal,
      onProgress: (file, fraction) => {
        terminal.progress(file, fraction, 0);
      },
    });
    await terminal.print(flags.json ? `${JSON.stringify(report, null, 2)}\n` : textOf(report, out));
  } finally {
    terminal.done();
  }
  return ExitCode.Ok;
}

function textOf(report: HeadReport, out: string): string {
  const { recordings, recordingsRight, framesRight, mistakes } = report.heldOut;
  const frames = `${(100 * framesRight).toFixed(1)} % of the 64 ms frames with sound (mean over the classes)`;
  return `${[
    `Heard ${recordings} recordings of ${report.classes.length} classes at ${report.tap} (${report.receptiveFieldMs} ms).`,
    '',
    'Each recording was judged by a head that had not learned from it. Rows: what it is; columns: heard as.',
    ...confusionTable(report),
    '',
    `Right: ${recordingsRight} of ${recordings} recordings, ${frames}.`,
    ...mistakes.slice(0, MOST_MISTAKES).map(({ file, heardAs }) => `  ${file} was heard as ${heardAs}`),
    ...(mistakes.length > MOST_MISTAKES ? [`  and ${mistakes.length - MOST_MISTAKES} more`] : []),
    '',
    `Written: ${report.files.join(', ')}`,
    `Try it:  deeptone analyze FILE --models ${report.name} --model-folder ${out}`,
  ].join('\n')}\n`;
}

function confusionTable({ classes, heldOut }: HeadReport): readonly string[] {
  const width = Math.max(...classes.map((name) => name.length), String(heldOut.recordings).length);
  const line = (first: string, cells: readonly (string | number)[]): string =>
    `  ${first.padEnd(width)}  ${cells.map((cell) => String(cell).padStart(width)).join('  ')}`;
  return [line('', classes), ...heldOut.confusion.map((row, label) => line(classes[label] ?? '', row))];
}
