// The timeline as a picture, drawn anew: sharp, with its legend, on white.
import { textOn } from './colours.mjs';
import { clock } from './dom.mjs';
import { partsOf, timesOf, wordOf } from './take.mjs';
import { drawLevels, marksOf } from './waveform.mjs';

const WIDTH = 1400;
const NAME = 220;
const ROW = 34;
const GAP = 8;
const PAD = 24;
const BAR = WIDTH - NAME - 2 * PAD;

/**
 * @param {import('./take.mjs').Take} take
 * @param {readonly import('./take.mjs').Row[]} rows
 * @param {import('./take.mjs').Language} language
 * @param {import('./colours.mjs').Colours} colours
 * @param {import('./span.mjs').Span} span
 * @returns {Promise<Blob | null>}
 */
export function pictureOf(take, rows, language, colours, span) {
  const waves = Object.values(take.channels).flatMap(({ levels }) => (levels ? [levels] : []));
  const lines = waves.length + rows.length * 2 + 1;
  const canvas = document.createElement('canvas');
  canvas.width = WIDTH;
  canvas.height = 2 * PAD + 30 + lines * (ROW + GAP);
  const context = canvas.getContext('2d');
  if (!context) return Promise.resolve(null);
  context.fillStyle = '#fff';
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.textBaseline = 'middle';
  context.fillStyle = '#111';
  context.font = 'bold 18px sans-serif';
  context.fillText(take.title, PAD, PAD + 8);
  context.font = '14px sans-serif';
  let y = PAD + 30;
  for (const levels of waves) {
    context.save();
    context.translate(PAD + NAME, y);
    context.fillStyle = '#444';
    drawLevels(context, levels, {
      from: span.from,
      to: Math.min(span.to, take.duration),
      width: BAR,
      height: ROW,
    });
    context.restore();
    y += ROW + GAP;
  }
  const several = Object.keys(take.channels).length > 1;
  for (const row of rows) {
    drawRow(
      context,
      row,
      y,
      (label) => [colours.of(label, row.owner), wordOf(row, label, language, several)],
      span,
    );
    y += ROW + GAP;
  }
  drawMarks(context, span, y - 4);
  y += 24;
  for (const row of rows) {
    const times = timesOf(row.phases).map(
      ([label, time]) => `${wordOf(row, label, language, several)} ${clock(time, 1)}`,
    );
    context.fillStyle = '#111';
    context.fillText(`${row.title}: ${times.join(' · ')}`, PAD, y, WIDTH - 2 * PAD);
    y += 24;
  }
  return new Promise((resolve) => canvas.toBlob(resolve, 'image/png'));
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {import('./take.mjs').Row} row
 * @param {number} y
 * @param {(label: string) => [colour: string, word: string]} shown
 * @param {import('./span.mjs').Span} span
 */
function drawRow(context, row, y, shown, span) {
  context.fillStyle = '#111';
  context.fillText(row.title, PAD, y + ROW / 2, NAME - 10);
  for (const { start, end, label } of partsOf(row.phases, span.from, span.to, (2 * span.length) / BAR)) {
    const [colour, word] = shown(label);
    const [x, width] = [PAD + NAME + span.share(start) * BAR, ((end - start) / span.length) * BAR];
    context.fillStyle = colour;
    context.fillRect(x, y, Math.max(1, width - 1), ROW);
    context.fillStyle = textOn(colour);
    if (context.measureText(word).width < width - 8) context.fillText(word, x + 5, y + ROW / 2);
  }
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {import('./span.mjs').Span} span
 * @param {number} y
 */
function drawMarks(context, span, y) {
  const { marks, digits } = marksOf(span.from, span.to, BAR);
  context.fillStyle = '#444';
  for (const time of marks) context.fillText(clock(time, digits), PAD + NAME + span.share(time) * BAR, y + 8);
}
