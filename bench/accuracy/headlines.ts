/** The figures that the models are meant to reach, picked from their tables. */
import type { Measurement } from '../report';
import { NOT_MEASURED } from './report';
import type { ModelTable, Row } from './rows';

type Pick = 'macroRecall' | 'macroF1' | 'rocAuc' | 'f1' | 'share' | 'rate' | 'errorRate';

/** model, row, figure, bound */
const TARGETS: readonly (readonly [string, string, Pick, NonNullable<Measurement['target']>])[] = [
  ['gate', 'speech, frames, all conditions', 'rocAuc', { atLeast: 0.96 }],
  ['gate', 'speech, frames, all conditions, as answered', 'f1', { atLeast: 0.935 }],
  ['gate', 'let through as speech: coughs', 'share', { atMost: 0.12 }],
  ['gate', 'let through as speech: songs', 'share', { atMost: 0.12 }],
  ['speech-rt', 'speech, frames, all conditions', 'rocAuc', { atLeast: 0.95 }],
  ['speech', 'speech, frames, all conditions', 'rocAuc', { atLeast: 0.97 }],
  ['speech', 'speech, frames, 10 dB', 'rocAuc', { atLeast: 0.97 }],
  ['speech', '1 s, clean', 'macroRecall', { atLeast: 0.95 }],
  ['gender', '3 s, adults, clean', 'macroRecall', { atLeast: 0.99 }],
  ['gender', '3 s, adults, telephone', 'macroRecall', { atLeast: 0.96 }],
  ['gender', '3 s, adults, 10 dB', 'macroRecall', { atLeast: 0.96 }],
  ['underage-speaker', '2 s, 6 to 10 years against adults, clean', 'macroRecall', { atLeast: 0.93 }],
  ['underage-speaker', 'adults of other corpora taken for children, 2 s', 'share', { atMost: 0.05 }],
  ['arousal', '2 s, clean', 'macroRecall', { atLeast: 0.75 }],
  ['emotions', '2 s, clean', 'macroRecall', { atLeast: 0.74 }],
  ['language', '3 s', 'macroRecall', { atLeast: 0.75 }],
  ['language', '10 s', 'macroRecall', { atLeast: 0.88 }],
  ['language', '10 s, right, of what is answered (others included)', 'share', { atLeast: 0.85 }],
  ['language', '10 s, other languages answered `unknown`', 'share', { atLeast: 0.7 }],
  ['audio-event', '1 s, clean', 'macroF1', { atLeast: 0.75 }],
  ['audio-event', 'a made hour at home without a cry, laugh or cough: false alarms', 'rate', { atMost: 3 }],
  ['speaker-map', 'conversations of 2 to 4 voices, no collar', 'errorRate', { atMost: 0.2 }],
];

/** Largest expected calibration error of a model on clean windows. */
const CALIBRATION_ERROR = { atMost: 0.05 } as const;

/** One measurement per target, of the rows that were asked for; a target that the corpus has nothing for is not kept. */
export function headlines(tables: readonly ModelTable[]): readonly Measurement[] {
  const reached = TARGETS.flatMap(([model, what, pick, target]) => {
    const row = rowOf(tables, model, what);
    if (!row) return [];
    const value = valueOf(row, pick) ?? NOT_MEASURED;
    return [{ measure: `${model}: ${what}`, value, unit: UNITS[pick], target }];
  });
  const calibration = tables.flatMap(({ model, rows }) => {
    const row = rows.find((candidate) => candidate.kind === 'classes');
    if (row?.kind !== 'classes') return [];
    const value = row.figures?.calibrationError ?? NOT_MEASURED;
    return [
      { measure: `${model}: ${row.what}`, value, unit: 'calibration error', target: CALIBRATION_ERROR },
    ];
  });
  return [...reached, ...calibration];
}

const UNITS: Readonly<Record<Pick, string>> = {
  macroRecall: 'macro recall',
  macroF1: 'macro F1',
  rocAuc: 'ROC-AUC',
  f1: 'F1',
  share: 'share',
  rate: 'times an hour',
  errorRate: 'diarization error',
};

function rowOf(tables: readonly ModelTable[], model: string, what: string): Row | undefined {
  return tables.find((table) => table.model === model)?.rows.find((row) => row.what === what);
}

function valueOf(row: Row, pick: Pick): number | undefined {
  switch (row.kind) {
    case 'classes':
      return pick === 'macroF1' ? row.figures?.macroF1 : row.figures?.macroRecall;
    case 'detection':
    case 'share':
    case 'rate':
      return row.figures?.value;
    case 'diarization':
      return row.figures?.errorRate;
  }
}
