// All phases as a list to jump in, a hundred at a time.
import { isQuiet } from './colours.mjs';
import { clock, el, filled } from './dom.mjs';
import { wordOf } from './take.mjs';

const AT_ONCE = 100;

/** @typedef {import('./take.mjs').Row} Row */

export class PhaseList {
  /**
   * @param {readonly Row[]} rows
   * @param {import('./take.mjs').Language} language
   * @param {boolean} several
   * @param {import('./colours.mjs').Colours} colours
   * @param {(row: Row, index: number) => void} choose
   */
  constructor(rows, language, several, colours, choose) {
    const { texts } = language;
    const phases = rows
      .flatMap((row) => row.phases.map((phase, index) => ({ row, index, phase })))
      .filter(({ phase }) => !isQuiet(phase[2]))
      .sort((a, b) => a.phase[0] - b.phase[0]);
    const list = el('ol', { class: 'deeptone-events' });
    const more = el('button', { type: 'button' });
    let shown = 0;
    const show = () => {
      const next = phases.slice(shown, shown + AT_ONCE);
      shown += next.length;
      list.append(
        ...next.map(({ row, index, phase: [start, end, label] }) => {
          const colour = colours.of(label, row.owner);
          const words = `${row.title}: ${wordOf(row, label, language, several)}`;
          const onclick = () => choose(row, index);
          const swatch = el('span', { class: 'deeptone-swatch', style: `background:${colour}` });
          const button = el(
            'button',
            { type: 'button', onclick, 'aria-label': filled(texts.jump, { words, time: clock(start, 1) }) },
            clock(start, 1),
          );
          return el('li', {}, button, swatch, `${words}, ${((end - start) / 1000).toFixed(1)} s`);
        }),
      );
      more.textContent = filled(texts.more, { shown, all: phases.length });
      more.hidden = shown >= phases.length;
    };
    more.addEventListener('click', show);
    const title = `${texts.phases ?? ''} (${phases.length})`;
    const ontoggle = () => {
      if (shown === 0) show();
    };
    this.element = el('details', { class: 'deeptone-list', ontoggle }, el('summary', {}, title), list, more);
  }
}
