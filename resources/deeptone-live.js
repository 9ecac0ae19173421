// The sidebar "DeepTone": every engine and live stream, and the last two minutes of one. It asks only while somebody sees it, and changes
// nothing. Loaded by the page of the engine; the first one wins.
(function () {
  'use strict';
  if (window.DeeptoneLive) return;

  const ADDRESS = 'deeptone/live';
  const TEXTS = 'sidebar.';
  /** Milliseconds between an answer and the next question; longer where there is none. */
  const ASK_AGAIN_MS = 1000;
  const LONGEST_WAIT_MS = 10000;
  /** More streams than this are looked for by name. */
  const FEW_STREAMS = 8;
  /** A stream that has said nothing for so long says so, in milliseconds. */
  const QUIET_MS = 5000;
  /** dBFS at the left end of a meter. */
  const FLOOR_DB = -60;

  /**
   * @param {string} key
   * @param {Record<string, string | number>} [values]
   */
  function text(key, values) {
    return DeeptoneEditor.text(TEXTS + key, values);
  }

  /**
   * Asks for something that is live; a Node-RED that says nothing is no reason to wait for ever.
   * @param {string} what
   * @param {Record<string, string>} [query]
   * @returns {JQuery.jqXHR<any>}
   */
  function get(what, query) {
    return $.ajax({ url: ADDRESS + what, data: query, dataType: 'json', timeout: LONGEST_WAIT_MS });
  }

  /** Adds the tab, once. */
  function open() {
    const live = sidebar();
    RED.sidebar.addTab({
      id: 'deeptone',
      label: 'DeepTone',
      name: 'DeepTone',
      content: live.content,
      closeable: true,
      enableOnEdit: true,
      iconClass: 'fa fa-assistive-listening-systems',
      action: 'deeptone:show-live-tab',
    });
    RED.actions.add('deeptone:show-live-tab', function () {
      RED.sidebar.show('deeptone');
    });
    live.watch();
  }

  function sidebar() {
    const content = $('<div class="deeptone-live">');
    const problem = $('<div class="deeptone-live-problem" role="status">').hide();
    const find = $('<input type="search" class="deeptone-live-find">')
      .attr({ placeholder: text('find'), 'aria-label': text('find') })
      .hide();
    const engines = $('<div class="deeptone-live-engines">');
    content.append(problem, find, engines);

    let isSeen = false;
    let isStopped = false;
    let isAsking = false;
    let failures = 0;
    let longest = 0;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let timer;
    const opened = DeeptoneLiveStream.opened();

    function isOpen() {
      return isSeen && document.visibilityState === 'visible' && !isStopped;
    }

    /** Asks for as long as somebody sees it. */
    function run() {
      clearTimeout(timer);
      if (!isOpen() || isAsking) return;
      isAsking = true;
      get('', { find: String(find.val() || '') })
        .done(function (answer) {
          failures = 0;
          say('');
          show(answer.engines);
          opened.ask();
        })
        .fail(failed)
        .always(function () {
          isAsking = false;
          if (isOpen()) timer = setTimeout(run, Math.min(LONGEST_WAIT_MS, ASK_AGAIN_MS * 2 ** failures));
        });
    }

    /** @param {JQuery.jqXHR} response */
    function failed(response) {
      failures += 1;
      content.addClass('deeptone-live-old');
      if (response.status === 401 || response.status === 403) {
        isStopped = true;
        const again = $('<button type="button" class="red-ui-button">')
          .text(text('again'))
          .on('click', function () {
            isStopped = false;
            failures = 0;
            run();
          });
        say(text('forbidden'), again);
      } else say(text(response.status === 0 ? 'unreachable' : 'failed'));
    }

    /**
     * @param {string} words
     * @param {JQuery} [button]
     */
    function say(words, button) {
      content.toggleClass('deeptone-live-old', words !== '');
      if (problem.data('words') === words) return;
      problem
        .data('words', words)
        .empty()
        .toggle(words !== '');
      if (words !== '') problem.append($('<span>').text(words), button || '');
    }

    /** @param {DeeptoneLiveEngine[]} all */
    function show(all) {
      const count = all.reduce((sum, { nodes }) => sum + nodes.reduce((of, one) => of + countOf(one), 0), 0);
      longest = Math.max(longest, count);
      find.toggle(longest > FEW_STREAMS);
      engines.children('.deeptone-live-none').remove();
      keyed(engines, all, (engine) => engine.id, engineOf, updateEngine);
      if (all.length === 0) engines.append($('<p class="deeptone-live-none">').text(text('none')));
    }

    /**
     * @param {JQuery} place
     * @param {DeeptoneLiveEngine} engine
     */
    function updateEngine(place, engine) {
      const words = RED._(engine.status.text, { defaultValue: engine.status.text });
      setText(place.find('h3 > .deeptone-live-name'), engine.name || text('engine'));
      place.find('h3 > .deeptone-live-dot').attr('data-fill', engine.status.fill);
      setText(place.find('.deeptone-live-status'), [words, engine.runtime].filter(Boolean).join(' · '));
      const nodes = place.children('.deeptone-live-nodes');
      nodes.children('.deeptone-live-none').remove();
      keyed(nodes, engine.nodes, (node) => node.id, nodeOf, updateNode);
      if (engine.nodes.length === 0) nodes.append($('<p class="deeptone-live-none">').text(text('noNodes')));
    }

    /**
     * @param {JQuery} place
     * @param {DeeptoneLiveNode} node
     */
    function updateNode(place, node) {
      place.data('node', node);
      setText(place.find('h4 .deeptone-live-name'), node.name || text('stream'));
      setText(place.find('h4 + .deeptone-live-facts'), nodeFacts(node));
      const list = place.children('ul');
      keyed(
        list,
        node.streams,
        (stream) => stream.name + ' ' + stream.id,
        opened.rowOf,
        (row, stream) => opened.updateRow(row, stream, node.id),
      );
      const more = place.children('.deeptone-live-more');
      const isFiltered = String(find.val() || '') !== '';
      const none = node.streams.length > 0 ? '' : text(isFiltered ? 'notFound' : 'noStreams');
      setText(more, node.more > 0 ? text('more', { count: node.more }) : none);
    }

    find.on('input', run);
    return {
      content,
      /** Asks whenever it comes into sight, by whichever way. */
      watch: function () {
        new IntersectionObserver(function (entries) {
          isSeen = entries.some((entry) => entry.isIntersecting);
          if (isSeen) isStopped = false; // Whoever opens it again may have logged in.
          run();
        }).observe(content[0]);
        document.addEventListener('visibilitychange', run);
      },
    };
  }

  /** @param {DeeptoneLiveNode} node */
  function countOf(node) {
    return node.streams.length + node.more;
  }

  function engineOf() {
    const title = $('<h3>').append(
      $('<span class="deeptone-live-dot" aria-hidden="true">'),
      $('<span class="deeptone-live-name">'),
    );
    return $('<section class="deeptone-live-engine">').append(
      title,
      $('<div class="deeptone-live-facts deeptone-live-status">'),
      $('<div class="deeptone-live-nodes">'),
    );
  }

  function nodeOf() {
    const place = $('<section class="deeptone-live-node">');
    const reveal = $('<button type="button" class="deeptone-live-reveal">')
      .attr({ title: text('reveal'), 'aria-label': text('reveal') })
      .append('<i class="fa fa-search" aria-hidden="true">')
      .on('click', function () {
        const { id, z } = place.data('node');
        // A node in an instance of a subflow is shown where the instance is.
        RED.view.reveal(RED.nodes.node(id) ? id : z);
      });
    return place.append(
      $('<h4>').append($('<span class="deeptone-live-name">'), reveal),
      $('<div class="deeptone-live-facts">'),
      $('<ul>'),
      $('<div class="deeptone-live-facts deeptone-live-more">'),
    );
  }

  /** @param {DeeptoneLiveNode} node */
  function nodeFacts({ statistics }) {
    const { streams, refused } = statistics;
    const count = text(streams === 1 ? 'oneStream' : 'streams', { count: streams });
    return [count, ...facts(statistics), refused > 0 ? text('refused', { count: refused }) : '']
      .filter(Boolean)
      .join(' · ');
  }

  /**
   * Speed, drops and gaps in words.
   * @param {DeeptoneLiveFacts} of
   */
  function facts({ speed, lagMs, droppedMs, gaps, gapMs }) {
    return [
      speed === null ? '' : text('speed', { times: speed < 10 ? speed : Math.round(speed) }),
      lagMs >= 1000 ? text('behind', { seconds: seconds(lagMs) }) : '',
      droppedMs > 0 ? text('dropped', { seconds: seconds(droppedMs) }) : '',
      gaps > 0 ? text(gaps === 1 ? 'oneGap' : 'gaps', { count: gaps, seconds: seconds(gapMs) }) : '',
    ].filter(Boolean);
  }

  /** @param {number} ms */
  function seconds(ms) {
    return ms < 10000 ? (ms / 1000).toFixed(1) : String(Math.round(ms / 1000));
  }

  /**
   * Brings the children of a place up to date, each kept for as long as there is something with its key.
   * @template T
   * @param {JQuery} place
   * @param {readonly T[]} items
   * @param {(item: T) => string} keyOf
   * @param {() => JQuery} make
   * @param {(child: JQuery, item: T) => void} update
   */
  function keyed(place, items, keyOf, make, update) {
    /** @type {Map<string, JQuery>} */
    const known = place.data('keyed') || new Map();
    place.data('keyed', known);
    const keys = new Set(items.map(keyOf));
    for (const [key, child] of known) {
      if (keys.has(key)) continue;
      child.remove();
      known.delete(key);
    }
    items.forEach(function (item, index) {
      const key = keyOf(item);
      const child = known.get(key) || make();
      known.set(key, child);
      // What is in its place stays there, and keeps the focus.
      if (place.children()[index] !== child[0]) {
        if (index === 0) place.prepend(child);
        else
          place
            .children()
            .eq(index - 1)
            .after(child);
      }
      update(child, item);
    });
  }

  /**
   * @param {JQuery} place
   * @param {string} words
   */
  function setText(place, words) {
    if (place.text() !== words) place.text(words);
  }

  window.DeeptoneLive = { open, get, text, facts, keyed, setText, QUIET_MS, FLOOR_DB };
})();
