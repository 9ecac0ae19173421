// The last two minutes of a live stream: how loud it was, and what each model heard when. Loaded by the page of the engine.
(function () {
  'use strict';
  if (window.DeeptoneTimeline) return;

  /** One colour per class, whichever stream and model it is heard in; see the style sheet. */
  /** @type {Readonly<Record<string, number>>} */
  const COLOURS = {
    ...{ speech: 0, music: 1, other: 2, noise: 2, female: 3, male: 4 },
    ...{ happy: 1, irritated: 7, tired: 8, high: 7, low: 4, neutral: 0, child: 6, adult: 0 },
    ...{ nat_human_sounds: 8, neg_human_sounds: 7, pos_human_sounds: 3 },
    ...{ de: 0, en: 1, es: 3, fr: 4, it: 5 },
  };
  const COLOUR_COUNT = 10;
  /** What is the ground of a row, rather than a figure. */
  const GROUND = ['silence', 'no_speech', 'unknown'];
  /** Lowest level of the curve, dBFS. */
  const FLOOR_DB = -80;

  /** @type {Map<string, Map<string, number>>} */
  const given = new Map();

  /**
   * The class of style of a label: by its name, or the next free one of its model.
   * @param {string} model
   * @param {string} label
   */
  function colourOf(model, label) {
    if (GROUND.includes(label)) return 'deeptone-ground-' + label;
    if (Object.hasOwn(COLOURS, label)) return 'deeptone-colour-' + COLOURS[label];
    const ofModel = given.get(model) || new Map();
    given.set(model, ofModel);
    if (!ofModel.has(label)) ofModel.set(label, ofModel.size % COLOUR_COUNT);
    return 'deeptone-colour-' + ofModel.get(label);
  }

  /**
   * Puts a timeline below a stream.
   * @param {JQuery} place
   * @returns {DeeptoneTimelineView}
   */
  function view(place) {
    const { text, keyed } = DeeptoneLive;
    const told = $('<p class="deeptone-timeline-told" role="status">').text(text('asking'));
    const rows = $('<div class="deeptone-timeline-rows">');
    const level = $('<div class="deeptone-timeline-curve" role="img">').hide();
    const axis = $('<div class="deeptone-timeline-axis" aria-hidden="true">').hide();
    const whole = $('<div class="deeptone-timeline" role="group">')
      .attr('aria-label', text('lastMinutes'))
      .append(told, level, rows, axis)
      .appendTo(place);
    rows.on('keydown', '[role=option]', move).on('focusin mouseover', '[role=option]', function () {
      told.text($(this).attr('aria-label') || '');
    });

    /** @param {string} words */
    function say(words) {
      told.text(words);
    }

    /** @param {DeeptoneTimelineAnswer | null} timeline */
    function show(timeline) {
      if (!timeline) {
        say(text('noRoom'));
        return;
      }
      const isFirst = axis.is(':hidden');
      const lengthMs = timeline.slots * timeline.slotMs;
      if (isFirst) {
        told.text(text('choosePhase'));
        const marks = [clock(lengthMs), clock(lengthMs / 2), text('now')];
        axis.append(marks.map((mark) => $('<span>').text(mark))).show();
      }
      drawLevel(level.show(), timeline);
      keyed(
        rows,
        timeline.models,
        ({ name }) => name,
        rowOf,
        (row, model) => updateRow(row, model, timeline),
      );
    }

    return { show, say, remove: () => whole.remove() };
  }

  function rowOf() {
    return $('<div class="deeptone-timeline-row">').append(
      $('<div class="deeptone-timeline-title">'),
      $('<div class="deeptone-timeline-bar" role="listbox" aria-orientation="horizontal">'),
      $('<ul class="deeptone-timeline-legend">'),
    );
  }

  /**
   * @param {JQuery} row
   * @param {DeeptoneTimelineModel} model
   * @param {DeeptoneTimelineAnswer} timeline
   */
  function updateRow(row, { name, phases }, timeline) {
    const { setText, keyed } = DeeptoneLive;
    const title = DeeptoneEditor.textOr('model.' + name + '.title', name);
    setText(row.children('.deeptone-timeline-title'), title);
    const bar = row.children('.deeptone-timeline-bar').attr('aria-label', title);
    const { slots, slotMs, shift } = timeline;
    keyed(
      bar,
      phases,
      // A phase keeps its place on the stream's clock while it moves to the left.
      ({ from, label }) => label + ' ' + (from === 0 ? 'first' : from + shift),
      () => $('<span role="option" aria-selected="false" tabindex="-1">'),
      (one, { from, to, label }) => {
        one
          .attr({ class: colourOf(name, label), 'aria-label': sentence(name, label, from, to, timeline) })
          .css({ left: (from / slots) * 100 + '%', width: ((to - from) / slots) * 100 + '%' });
      },
    );
    const options = bar.children();
    if (options.filter('[tabindex=0]').length === 0) options.last().attr('tabindex', 0);
    bar.toggleClass('deeptone-timeline-lost', timeline.lost.length > 0);
    legend(row.children('ul'), name, phases, slotMs);
  }

  /**
   * Which colour is what, and for how long it was heard.
   * @param {JQuery} place
   * @param {string} model
   * @param {readonly DeeptoneTimelinePhase[]} phases
   * @param {number} slotMs
   */
  function legend(place, model, phases, slotMs) {
    const { text, keyed, setText } = DeeptoneLive;
    /** @type {Map<string, number>} */
    const sums = new Map();
    for (const { from, to, label } of phases) sums.set(label, (sums.get(label) || 0) + (to - from) * slotMs);
    keyed(
      place,
      [...sums].sort(([, one], [, other]) => other - one),
      ([label]) => label,
      () => $('<li>').append('<i aria-hidden="true">', '<span>'),
      (one, [label, ms]) => {
        one.children('i').attr('class', colourOf(model, label));
        const words = DeeptoneModels.className(model, label);
        setText(one.children('span'), text('share', { words, seconds: Math.round(ms / 1000) }));
      },
    );
  }

  /**
   * @param {string} model
   * @param {string} label
   * @param {number} from
   * @param {number} to
   * @param {DeeptoneTimelineAnswer} timeline
   */
  function sentence(model, label, from, to, { slots, slotMs }) {
    return DeeptoneLive.text('phase', {
      words: DeeptoneModels.className(model, label),
      seconds: (((to - from) * slotMs) / 1000).toFixed(1),
      ago: clock((slots - from) * slotMs),
    });
  }

  /**
   * The level as a curve, with a mark where audio is missing.
   * @param {JQuery} place
   * @param {DeeptoneTimelineAnswer} timeline
   */
  function drawLevel(place, { level, lost, slots }) {
    const heard = level.filter((one) => one !== null);
    const { text } = DeeptoneLive;
    const words = heard.length === 0 ? text('nothingYet') : text('loudest', { level: Math.max(...heard) });
    const missing = lost.length > 0 ? ' ' + text('missing') : '';
    place.attr({ 'aria-label': words + missing, title: words + missing });
    const path = level
      .map((one, slot) => {
        const height = one === null ? 0 : Math.max(0, 1 - one / FLOOR_DB) * 100;
        return height === 0 ? '' : `M${slot} 100h1V${(100 - height).toFixed(1)}h-1z`;
      })
      .join('');
    const marks = lost.map((slot) => `M${slot} 0h1V100h-1z`).join('');
    // Numbers alone are put into it.
    place.html(
      `<svg viewBox="0 0 ${slots} 100" preserveAspectRatio="none"><path d="${path}"/>` +
        `<path class="deeptone-timeline-gap" d="${marks}"/></svg>`,
    );
  }

  /**
   * Arrows go along a row and from row to row.
   * @this {HTMLElement}
   * @param {JQuery.KeyDownEvent} event
   */
  function move(event) {
    const one = $(this);
    const row = one.closest('.deeptone-timeline-row');
    /** @type {Record<string, () => JQuery>} */
    const ways = {
      ArrowLeft: () => one.prev(),
      ArrowRight: () => one.next(),
      Home: () => one.siblings().addBack().first(),
      End: () => one.siblings().addBack().last(),
      ArrowUp: () => sameTime(one, row.prev()),
      ArrowDown: () => sameTime(one, row.next()),
    };
    const way = Object.hasOwn(ways, event.key) ? ways[event.key] : undefined;
    if (!way) return;
    event.preventDefault();
    event.stopPropagation();
    const next = way();
    if (next.length === 0) return;
    next.siblings().addBack().attr({ tabindex: -1, 'aria-selected': 'false' });
    next.attr({ tabindex: 0, 'aria-selected': 'true' }).trigger('focus');
  }

  /**
   * @param {JQuery} one
   * @param {JQuery} row
   */
  function sameTime(one, row) {
    const at = one[0].offsetLeft;
    const options = row.find('[role=option]').toArray();
    return $(options.find((other) => other.offsetLeft + other.offsetWidth > at) || options.slice(-1));
  }

  /**
   * Minutes and seconds before now.
   * @param {number} ms
   */
  function clock(ms) {
    const whole = Math.round(ms / 1000);
    return '−' + Math.floor(whole / 60) + ':' + String(whole % 60).padStart(2, '0');
  }

  window.DeeptoneTimeline = { view, colourOf };
})();
