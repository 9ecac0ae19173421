// A stream in the sidebar: how loud it is and what is heard now; opened, its last two minutes. Loaded by the page of the engine.
(function () {
  'use strict';
  if (window.DeeptoneLiveStream) return;

  /** The stream that is open: one at a time. */
  function opened() {
    /** Its number; and its name and node, by which it is found again when it begins anew. */
    let id = 0;
    let name = '';
    let node = '';
    /** Of which an answer is under way. */
    /** @type {DeeptoneTimelineView | undefined} */
    let asking;
    /** @type {DeeptoneTimelineView | undefined} */
    let view;
    /** @type {JQuery | undefined} */
    let row;

    function rowOf() {
      const one = $('<li class="deeptone-live-stream">');
      const button = $('<button type="button" aria-expanded="false">')
        .append(
          $('<span class="deeptone-live-name">'),
          $('<span class="deeptone-live-level">'),
          $('<span class="deeptone-live-meter" aria-hidden="true">').append('<i>', '<b>'),
          $('<span class="deeptone-live-heard">'),
          $('<span class="deeptone-live-facts">'),
        )
        .on('click', function () {
          if (row && row[0] === one[0]) close();
          else choose(one);
        });
      return one.append(button);
    }

    /** @param {JQuery} one */
    function choose(one) {
      close();
      row = one;
      ({ id, name } = one.data('stream'));
      node = one.data('node');
      view = DeeptoneTimeline.view(one);
      one.children('button').attr('aria-expanded', 'true');
      ask();
    }

    function close() {
      if (row) row.children('button').attr('aria-expanded', 'false');
      if (view) view.remove();
      row = undefined;
      view = undefined;
    }

    /**
     * @param {JQuery} one
     * @param {DeeptoneLiveStreamNow} stream
     * @param {string} nodeOf
     */
    function updateRow(one, stream, nodeOf) {
      one.data({ stream, node: nodeOf });
      const { level, heard, agoMs } = stream;
      const { setText, text, facts, QUIET_MS } = DeeptoneLive;
      setText(one.find('button > .deeptone-live-name'), stream.name || text('noName'));
      const bars = one.find('.deeptone-live-meter').children();
      bars.eq(0).css('width', share(level && level.mean));
      bars
        .eq(1)
        .css('left', share(level && level.peak))
        .toggle(level !== null);
      const isQuiet = agoMs !== null && agoMs > QUIET_MS;
      one.toggleClass('deeptone-live-quiet', isQuiet);
      const loud = level && !isQuiet ? text('level', { level: Math.round(level.mean) }) : '';
      setText(one.find('.deeptone-live-level'), loud);
      const words = [...new Set(heard.map(({ model, label }) => DeeptoneModels.className(model, label)))];
      const now = words.length === 0 ? text('nothingYet') : words.join(', ');
      const ago = text('ago', { seconds: Math.round((agoMs || 0) / 1000) });
      setText(one.find('.deeptone-live-heard'), isQuiet ? ago : now);
      setText(one.find('button > .deeptone-live-facts'), facts(stream).join(' · '));
      // One that ended and begins anew, or Node-RED with it, is open again.
      if (row && !row[0].isConnected && stream.name === name && nodeOf === node) choose(one);
    }

    /** Asks for the last two minutes, where a stream is open. */
    function ask() {
      if (!row || !view || asking === view) return;
      const asked = view;
      asking = asked;
      DeeptoneLive.get('/' + id)
        .done(function (answer) {
          asked.show(answer.timeline);
        })
        .fail(function (response) {
          if (response.status === 404) asked.say(DeeptoneLive.text('ended'));
        })
        .always(function () {
          if (asking === asked) asking = undefined;
        });
    }

    return { rowOf, updateRow, ask };
  }

  /**
   * Where a level stands on the meter.
   * @param {number | null} level dBFS
   */
  function share(level) {
    const { FLOOR_DB } = DeeptoneLive;
    if (level === null) return '0%';
    return Math.round(Math.min(1, Math.max(0, 1 - level / FLOOR_DB)) * 100) + '%';
  }

  window.DeeptoneLiveStream = { opened };
})();
