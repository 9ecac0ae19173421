/** Manifests of a labelled corpus: what is known of each span of its recordings. */

/** One labelled span of a recording; empty strings where a label is unknown. */
export interface Clip {
  readonly file: string;
  /** Seconds in the file. */
  readonly start: number;
  readonly end: number;
  readonly corpus: string;
  readonly voice: string;
  readonly gender: string;
  /** Age, the middle of a band such as `20-29`; null where it is unknown. */
  readonly years: number | null;
  readonly ageGroup: string;
  readonly emotion: string;
  readonly arousal: string;
  readonly language: string;
  readonly event: string;
  readonly note: string;
}

/**
 * The development rows of a manifest: voices that training never heard. Rows whose labels are suspect are left out, and so are
 * synthetic voices, which only ever train.
 *
 * @throws Error where a column is missing that a clip cannot be without
 */
export function developmentClips(manifest: string): readonly Clip[] {
  const [header = '', ...lines] = manifest.trim().split(/\r?\n/u);
  const names = parseRow(header);
  const missing = ['file', 'start', 'end', 'corpus', 'voice', 'part'].filter((name) => !names.includes(name));
  if (missing.length > 0) throw new Error(`it has no column ${missing.join(', ')}`);
  return lines
    .map((line) => {
      const cells = parseRow(line);
      return new Map(names.map((name, index) => [name, cells[index] ?? '']));
    })
    .filter((row) => row.get('part') === 'dev' && isTrusted(row.get('note') ?? ''))
    .map(toClip);
}

function isTrusted(note: string): boolean {
  return !note.includes('label-suspect') && !note.includes('tts=1') && note !== 'synthetic';
}

/** Years of an age or the middle of a band (`20-29` is 24.5), as `training/corpus.py` reads them; null where there is none. */
export function yearsOf(age: string): number | null {
  const bounds = age
    .split('-')
    .filter((bound) => bound !== '')
    .map(Number);
  if (bounds.length === 0 || bounds.some(Number.isNaN)) return null;
  return bounds.reduce((sum, bound) => sum + bound, 0) / bounds.length;
}

/** Cells of one CSV line; quoted cells may hold commas. */
export function parseRow(line: string): readonly string[] {
  return [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/gu)].map(
    ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? '',
  );
}

function toClip(row: ReadonlyMap<string, string>): Clip {
  const text = (name: string) => row.get(name) ?? '';
  return {
    file: text('file'),
    start: Number(text('start')),
    end: Number(text('end')),
    corpus: text('corpus'),
    voice: text('voice'),
    gender: text('gender'),
    years: yearsOf(text('age')),
    ageGroup: text('age_group'),
    emotion: text('emotion').replace('?', ''),
    arousal: text('arousal'),
    language: text('language'),
    event: text('event'),
    note: text('note'),
  };
}
