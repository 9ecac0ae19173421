// What the edit dialogs of the DeepTone nodes share. Loaded by each of them; the first one wins.
// The editor loads all files of a dialog at once: none may ask for another before a dialog is made.
(function () {
  'use strict';
  if (window.DeeptoneEditor) return;

  const TEXTS = '@deeptone/node-red/deeptone-engine:deeptone.';

  /**
   * A text that all DeepTone nodes share.
   * @param {string} key
   * @param {Record<string, string | number>} [values]
   * @returns {string}
   */
  function text(key, values) {
    return RED._(TEXTS + key, values);
  }

  /**
   * A text, or what is given where there is none in any language.
   * @param {string} key
   * @param {string} fallback
   * @returns {string}
   */
  function textOr(key, fallback) {
    return RED._(TEXTS + key, { defaultValue: fallback });
  }

  /**
   * What the runtime serves about the dialogs; nothing while the set of the engine is switched off in the palette.
   * @returns {DeeptoneForms}
   */
  function forms() {
    const none = { fields: {}, encodings: [], trusts: [], version: 0, migrations: {} };
    return RED.settings.deeptoneEngineForms || none;
  }

  /**
   * @param {unknown} engineId
   * @param {string} what
   * @returns {string}
   */
  function addressOf(engineId, what) {
    const id = typeof engineId === 'string' && engineId !== '' ? engineId : '_ADD_';
    return 'deeptone-engine/' + encodeURIComponent(id) + '/' + what;
  }

  /**
   * Asks an engine for facts, which starts nothing. An engine that is not deployed answers with the defaults.
   * @param {unknown} engineId
   * @param {'models' | 'license' | 'runtime'} what
   * @returns {JQuery.jqXHR<any>}
   */
  function ask(engineId, what) {
    return $.getJSON(addressOf(engineId, what));
  }

  /**
   * Has an engine try its runtime out, for who may deploy.
   * @param {unknown} engineId
   * @returns {JQuery.jqXHR<any>}
   */
  function tryOut(engineId) {
    return start(engineId, 'runtime');
  }

  /**
   * Has an engine do something, which only who may deploy can.
   * @param {unknown} engineId
   * @param {'runtime' | 'test'} what
   */
  function start(engineId, what) {
    return $.ajax({
      url: addressOf(engineId, what),
      method: 'POST',
      contentType: 'application/json',
      data: '{}',
      dataType: 'json',
    });
  }

  const INSTALL = 'deeptone-engine/runtime/install';
  /** Milliseconds between two questions how far an installation is. */
  const ASK_AGAIN_MS = 1000;

  /**
   * Says below what an engine runs on why it could be faster, and offers to install what makes it so.
   * @param {JQuery} place
   * @param {{ remark?: string, installLine?: string }} runtime
   * @param {(key: string, values?: Record<string, string | number>) => string} text
   */
  function offerNative(place, runtime, text) {
    if (runtime.remark) $('<div class="deeptone-remark">').text(runtime.remark).appendTo(place);
    if (!runtime.installLine) return;
    const progress = $('<div class="deeptone-install-progress">');
    const button = $('<button type="button" class="red-ui-button deeptone-install">')
      .text(text('button'))
      .on('click', () => {
        button.prop('disabled', true);
        $.ajax({
          url: INSTALL,
          method: 'POST',
          contentType: 'application/json',
          data: '{}',
          dataType: 'json',
        })
          .done(show)
          .fail(failed);
      });
    /** @param {{ state: string, seconds?: number, line?: string, runtime?: string, message?: string }} answer */
    function show(answer) {
      if (answer.state === 'running') {
        progress.text(text('running', { seconds: answer.seconds || 0, line: answer.line || '' }));
        // A dialog that was closed meanwhile asks no more.
        if (progress.closest('body').length > 0)
          setTimeout(() => $.getJSON(INSTALL).done(show).fail(failed), ASK_AGAIN_MS);
      } else if (answer.state === 'done') {
        progress.text(text('done', { runtime: answer.runtime || '' }));
        $('<button type="button" class="red-ui-button">')
          .text(text('restart'))
          .on('click', () => RED.actions.invoke('core:restart-flows'))
          .appendTo(progress);
      } else if (answer.state === 'failed') {
        again(answer.message || '');
      }
    }
    /** @param {JQuery.jqXHR} response */
    function failed(response) {
      again(problem(response));
    }
    /** @param {string} message */
    function again(message) {
      button.prop('disabled', false);
      progress.text(text('failed', { message })).addClass('deeptone-problem');
    }
    const line = $('<code class="deeptone-install-line">').text(runtime.installLine);
    $('<div>')
      .append(button, ' ', document.createTextNode(text('command') + ' '), line)
      .appendTo(place);
    progress.appendTo(place);
    // One may be under way, begun in another window.
    $.getJSON(INSTALL).done(show);
  }

  /**
   * The sentence in an answer that says what is wrong.
   * @param {JQuery.jqXHR} response
   * @returns {string}
   */
  function problem(response) {
    const body = response.responseJSON;
    return (body && body.message) || response.statusText || String(response.status);
  }

  /**
   * Where phases are cut out, they are those of a model that is asked for, or of loudness.
   * @param {EditorNode} node
   * @param {unknown} value
   * @returns {true | string}
   */
  function segmentModel(node, value) {
    if (!node.segments || isReplaced(value)) return true;
    // A variable may name any models.
    const isAsked = !Array.isArray(node.models) || node.models.includes(value) || value === 'loudness';
    return (!isEmpty(value) && isAsked) || text('validation.segmentModel');
  }

  /**
   * The lines of a text area that hold something.
   * @param {unknown} value
   * @returns {string[]}
   */
  function lines(value) {
    return String(value || '')
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '');
  }

  /**
   * The keys in a text area: PEM blocks of several lines each, or one name of an environment variable a line.
   * @param {unknown} value
   * @returns {string[]}
   */
  function pemBlocks(value) {
    const blocks = /-----BEGIN[^-]+-----[\s\S]*?-----END[^-]+-----/g;
    const content = String(value || '');
    return [...(content.match(blocks) || []), ...lines(content.replace(blocks, ''))];
  }

  /**
   * @param {EditorNode} node
   * @param {number} index
   * @returns {string}
   */
  function outputLabel(node, index) {
    if (index === 0 && node.sendAs === 'text') return text('output.text');
    return text(
      'output.' + (['series', 'summary', 'transitions', 'progress', 'segments'][index] || 'series'),
    );
  }

  /**
   * Fills a list with the encodings that raw samples may have.
   * @param {JQuery} select
   * @param {unknown} chosen
   */
  function encodings(select, chosen) {
    $('<option>').val('').text(text('encoding.none')).appendTo(select);
    for (const name of forms().encodings) {
      $('<option>')
        .val(name)
        .text(name + ': ' + textOr('encoding.' + name, name))
        .appendTo(select);
    }
    select.val(typeof chosen === 'string' ? chosen : '');
  }

  /**
   * Gives a node that is loaded the settings of the present version, as the runtime does (nodes/shared/migrate.ts). What was saved
   * before is in the defaults without a value, or the editor would drop it.
   * @param {EditorNode} node
   * @param {readonly DeeptoneMigration[]} steps
   */
  function migrate(node, steps) {
    const from = typeof node.version === 'number' ? node.version : 0;
    for (const { version, renamed = {}, replaced = {} } of steps) {
      if (version <= from) continue;
      for (const [before, after] of Object.entries(renamed)) {
        if (isEmpty(node[after]) && node[before] !== undefined) node[after] = node[before];
        delete node[before];
      }
      for (const [name, values] of Object.entries(replaced)) {
        if (Object.hasOwn(values, node[name])) node[name] = values[node[name]];
      }
    }
    node.version = Math.max(from, forms().version);
  }

  RED.events.on('nodes:add', (added) => {
    const steps = forms().migrations[added.type];
    // Nodes of a locked flow refuse changes; this is none that anybody made.
    if (steps) migrate(added.__node__ || added, steps);
  });

  const ENGINE = 'deeptone-engine';

  /**
   * The engine that a new node of a flow gets: the one that most nodes use, of those that are switched on and that the flow can see.
   * @param {string} flow
   * @returns {EditorNode | undefined}
   */
  function usualEngine(flow) {
    /** @type {EditorNode[]} */
    const engines = [];
    RED.nodes.eachConfig((config) => {
      const isSeen = !config.z || config.z === flow;
      if (config.type === ENGINE && isSeen && !config.d) engines.push(config);
    });
    return engines.sort((one, other) => other.users.length - one.users.length)[0];
  }

  /**
   * Lets a node that somebody makes work as it is: with an engine, the usual one of the flow or the first one of all, and with an answer
   * that people can read.
   * @param {EditorNode} node
   */
  function begin(node) {
    // Called for what is imported too, which is there already and keeps what it was saved with.
    if (RED.nodes.node(node.id)) return;
    if (node.sendAs === 'series') node.sendAs = 'text';
    if (!node.engine) giveEngine(node);
  }

  /** @param {EditorNode} node */
  function giveEngine(node) {
    const definition = RED.nodes.getType(ENGINE);
    if (!definition) return;
    const usual = usualEngine(node.z);
    node.engine = usual ? usual.id : makeEngine(definition, node.id);
  }

  /**
   * @param {EditorNodeDefinition} definition
   * @param {string} nodeId of the node that it is made for
   * @returns {string} its id
   */
  function makeEngine(definition, nodeId) {
    const settings = Object.entries(definition.defaults).map(([name, { value }]) => [name, value]);
    const id = RED.nodes.id();
    RED.nodes.add({
      ...JSON.parse(JSON.stringify(Object.fromEntries(settings))),
      ...{ id, type: ENGINE, _def: definition, users: [], valid: true, changed: true },
    });
    // Whoever takes the node back takes the engine back.
    setTimeout(() => {
      const last = RED.history.peek() || {};
      const made = [last, ...(last.events || [])].find(
        ({ t, nodes = [] }) => t === 'add' && nodes.includes(nodeId),
      );
      if (made && made.nodes) made.nodes.push(id);
    });
    return id;
  }

  /**
   * Lets words find a node in the palette beside its label and type, which is all that the palette looks at.
   * @param {string} type
   */
  function findable(type) {
    const own = RED._('@deeptone/node-red/' + type + ':' + type + '.paletteWords', { defaultValue: '' });
    const entry = $('.red-ui-palette-node[data-palette-type="' + type + '"]');
    entry.attr('data-palette-label', [entry.attr('data-palette-label'), text('paletteWords'), own].join(' '));
  }

  /**
   * Whether the runtime replaces the text by something else, so that it cannot be judged here.
   * @param {unknown} value
   */
  function isReplaced(value) {
    return typeof value === 'string' && /^\$\{[^}]+\}$/.test(value);
  }

  /** @param {unknown} value */
  function isEmpty(value) {
    return value === undefined || value === null || value === '';
  }

  /**
   * Validates a field with a number by the rule that the node has for it: true, or a sentence that says what is accepted.
   * @param {EditorNode} node
   * @param {string} field
   * @param {unknown} value
   * @returns {true | string}
   */
  function number(node, field, value) {
    if (isEmpty(value) || isReplaced(value)) return true;
    const { limits } = (forms().fields[node.type] || {})[field] || { limits: {} };
    return DeeptoneNumbers.judge(field, limits, value);
  }

  /**
   * @param {unknown} value
   * @returns {true | string}
   */
  function models(value) {
    const isChosen = Array.isArray(value) ? value.length > 0 : !isEmpty(value);
    return isChosen || text('validation.models');
  }

  /** @type {DeeptoneEditorApi} */
  window.DeeptoneEditor = {
    forms,
    text,
    textOr,
    ask,
    tryOut,
    start,
    begin,
    findable,
    offerNative,
    problem,
    lines,
    pemBlocks,
    outputLabel,
    encodings,
    isEmpty,
    isReplaced,
    valid: { models, number, segmentModel },
  };
})();
