// What the colours mean, and how long each was heard: the talk time of each person among them.
import { textOn } from './colours.mjs';
import { clock, el } from './dom.mjs';
import { timesOf, wordOf } from './take.mjs';

export class Legend {
  /**
   * @param {import('./take.mjs').Take} take
   * @param {readonly import('./take.mjs').Row[]} rows
   * @param {import('./take.mjs').Language} language
   * @param {import('./colours.mjs').Colours} colours
   */
  constructor(take, rows, language, colours) {
    const several = Object.keys(take.channels).length > 1;
    const groups = rows.map((row) => {
      const whole = row.phases.reduce((sum, [start, end]) => sum + end - start, 0);
      const items = timesOf(row.phases).map(([label, time]) => {
        const colour = colours.of(label, row.owner);
        const style = `background:${colour};color:${textOn(colour)}`;
        const share = Math.round((time / Math.max(1, whole)) * 100);
        const word = wordOf(row, label, language, several);
        return el(
          'li',
          {},
          el('span', { class: 'deeptone-chip', style }, word),
          ` ${clock(time, 1)} (${share} %)`,
        );
      });
      return el('div', {}, el('span', { class: 'deeptone-legend-title' }, row.title), el('ul', {}, ...items));
    });
    this.element = el(
      'section',
      { class: 'deeptone-legend', 'aria-label': language.texts.legend },
      ...groups,
    );
  }
}
