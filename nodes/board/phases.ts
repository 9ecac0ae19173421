/** Phases and loudness in the short form that pages get, bounded however long a sound is. Pure. */
import { fieldsOf, labelIn, listOf, numberOf, textOf } from './reading';

/** Start and end in milliseconds, label, confidence from 0 to 1. */
export type Phase = readonly [start: number, end: number, label: string, confidence: number];

/** How loud a sound is, in parts of one length. */
export interface Levels {
  /** Milliseconds per part. */
  readonly period: number;
  /** dBFS, one number for each part. */
  readonly mean: readonly number[];
  readonly peak: readonly number[];
}

/** Phases per row and parts of loudness that a page is given: more than any screen can show. */
const MOST_PHASES = 20_000;
const MOST_PARTS = 8_000;
const SILENT_DB = -120;

type PhasesByModel = Readonly<Record<string, readonly Phase[]>>;

/** Phases of all models, and whether there were more than a page is given. */
export interface Phases {
  readonly phases: PhasesByModel;
  readonly simplified: boolean;
}

/** Of the payload of transitions. */
export function phasesOfTransitions(payload: unknown): Phases {
  const models = Object.entries(fieldsOf(payload));
  return bounded(models.map(([model, list]) => [model, listOf(list).flatMap(phaseOf)]));
}

function bounded(models: readonly (readonly [string, readonly Phase[]])[]): Phases {
  return {
    phases: Object.fromEntries(models.map(([model, phases]) => [model, coarsened(phases)])),
    simplified: models.some(([, phases]) => phases.length > MOST_PHASES),
  };
}

function phaseOf(value: unknown): Phase[] {
  const { timestamp_start: start, timestamp_end: end, result, confidence } = fieldsOf(value);
  const [from, to, label] = [numberOf(start), numberOf(end), textOf(result)];
  if (from === undefined || to === undefined || label === undefined || to <= from) return [];
  return [[from, to, label, numberOf(confidence) ?? 1]];
}

/** Of a time series: runs of steps that say the same. */
export function phasesOfSteps(steps: readonly unknown[], period: number, duration: number): Phases {
  const byModel = new Map<string, Phase[]>();
  for (const step of steps) {
    const { timestamp, results } = fieldsOf(step);
    const start = numberOf(timestamp) ?? 0;
    const end = Math.min(start + period, Math.max(duration, start + 1));
    for (const [model, result] of Object.entries(fieldsOf(results))) {
      const label = labelIn(result);
      if (label === undefined) continue;
      const phases = byModel.get(model) ?? [];
      byModel.set(model, phases);
      const last = phases.at(-1);
      const goesOn = last !== undefined && last[2] === label && last[1] >= start;
      const confidence = numberOf(fieldsOf(result)['confidence']) ?? 1;
      if (goesOn) phases[phases.length - 1] = [last[0], end, label, last[3]];
      else phases.push([start, end, label, confidence]);
    }
  }
  return bounded([...byModel]);
}

/** At most so many phases: where there are more, each stretch of one length is what most of it was. */
export function coarsened(phases: readonly Phase[], most = MOST_PHASES): readonly Phase[] {
  const [first, last] = [phases[0], phases.at(-1)];
  if (phases.length <= most || !first || !last) return phases;
  const least = (last[1] - first[0]) / most;
  const kept: Phase[] = [];
  let shares = new Map<string, number>();
  let start = first[0];
  for (const [begin, end, label] of phases) {
    shares.set(label, (shares.get(label) ?? 0) + end - begin);
    if (end - start < least && end !== last[1]) continue;
    const [[most, share] = [label, 0]] = [...shares].sort(([, one], [, other]) => other - one);
    const before = kept.at(-1);
    if (before?.[2] === most) kept[kept.length - 1] = [before[0], end, most, before[3]];
    else kept.push([start, end, most, Math.round((share / (end - start)) * 100) / 100]);
    shares = new Map();
    start = end;
  }
  return kept;
}

/** Loudness of a time series, in at most 8,000 parts. */
export function levelsOf(steps: readonly unknown[], period: number): Levels {
  const together = Math.max(1, Math.ceil(steps.length / MOST_PARTS));
  const mean: number[] = [];
  const peak: number[] = [];
  for (let at = 0; at < steps.length; at += together) {
    const levels = steps.slice(at, at + together).map((step) => fieldsOf(fieldsOf(step)['level']));
    const means = levels.map((level) => numberOf(level['mean']) ?? SILENT_DB);
    mean.push(round(10 * Math.log10(means.reduce((sum, db) => sum + 10 ** (db / 10), 0) / means.length)));
    peak.push(round(Math.max(...levels.map((level) => numberOf(level['peak']) ?? SILENT_DB))));
  }
  return { period: period * together, mean, peak };
}

function round(db: number): number {
  return Math.round(Math.max(db, SILENT_DB) * 10) / 10;
}
