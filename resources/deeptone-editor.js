// What the edit dialogs of the DeepTone nodes share. Loaded by each of them; the first one wins.
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
   * Asks an engine for facts. An engine that is not deployed answers with the defaults.
   * @param {unknown} engineId
   * @param {'models' | 'license' | 'runtime'} what
   * @returns {JQuery.jqXHR<any>}
   */
  function ask(engineId, what) {
    const id = typeof engineId === 'string' && engineId !== '' ? engineId : '_ADD_';
    return $.getJSON('deeptone-engine/' + encodeURIComponent(id) + '/' + what);
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
   * A list of the models that the chosen engine offers, to tick.
   * @param {{ list: JQuery, engine: JQuery, selected: readonly string[] | string }} parts `selected` as text is an environment variable: it stays until
   *   something is ticked
   * @returns {{ selected(): string[] | string }}
   */
  function modelList({ list, engine, selected }) {
    const ticked = new Set(Array.isArray(selected) ? selected : []);
    const replaced = typeof selected === 'string' ? selected : '';
    let asked = 0;

    /** @param {DeeptoneOfferedModel[]} offered */
    function show(offered) {
      list.empty();
      const names = offered.map((model) => model.name);
      for (const model of offered) list.append(row(model, true));
      for (const name of ticked) {
        if (!names.includes(name)) list.append(row({ name, title: name, description: '' }, false));
      }
      mark();
    }

    /**
     * @param {DeeptoneOfferedModel} model
     * @param {boolean} isOffered
     */
    function row(model, isOffered) {
      const label = $('<label class="deeptone-model">').toggleClass('deeptone-model-missing', !isOffered);
      $('<input type="checkbox">')
        .val(model.name)
        .prop('checked', ticked.has(model.name))
        .on('change', function () {
          if ($(this).is(':checked')) ticked.add(model.name);
          else ticked.delete(model.name);
          mark();
        })
        .appendTo(label);
      $('<span class="deeptone-model-title">')
        .text(textOr('model.' + model.name + '.title', model.title))
        .appendTo(label);
      $('<span class="deeptone-model-facts">').text(facts(model)).appendTo(label);
      $('<span class="deeptone-model-description">')
        .text(
          isOffered
            ? textOr('model.' + model.name + '.description', model.description)
            : text('models.notOffered'),
        )
        .appendTo(label);
      return label;
    }

    /** @param {DeeptoneOfferedModel} model */
    function facts(model) {
      /** @type {string[]} */
      const found = [];
      if (model.trainingData === 'non-commercial') found.push(text('models.nonCommercial'));
      if (model.trainingData === 'user') found.push(text('models.user'));
      if (model.receptiveFieldMs) found.push(text('models.receptiveField', { ms: model.receptiveFieldMs }));
      return found.join(' · ');
    }

    function mark() {
      list.toggleClass('deeptone-empty', ticked.size === 0 && !replaced);
    }

    function load() {
      const turn = ++asked;
      if (list.children().length === 0)
        list.append($('<div class="deeptone-note">').text(text('models.loading')));
      ask(engine.val(), 'models')
        .done((offered) => {
          if (turn === asked) show(offered);
        })
        .fail((response) => {
          if (turn !== asked) return;
          show([]);
          list.prepend($('<div class="deeptone-note deeptone-problem">').text(problem(response)));
        });
    }

    engine.on('change', load);
    load();
    return { selected: () => (ticked.size === 0 && replaced ? replaced : Array.from(ticked)) };
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
   * @param {number} index
   * @returns {string}
   */
  function outputLabel(index) {
    return text('output.' + (['series', 'summary', 'transitions', 'progress'][index] || 'series'));
  }

  /**
   * Fills a list with the encodings that raw samples may have.
   * @param {JQuery} select
   * @param {readonly string[]} names
   * @param {unknown} chosen
   */
  function encodings(select, names, chosen) {
    $('<option>').val('').text(text('encoding.none')).appendTo(select);
    for (const name of names) {
      $('<option>')
        .val(name)
        .text(name + ': ' + textOr('encoding.' + name, name))
        .appendTo(select);
    }
    select.val(typeof chosen === 'string' ? chosen : '');
  }

  /**
   * Whether the runtime replaces the text by something else, so that it cannot be judged here.
   * @param {unknown} value
   */
  function isReplaced(value) {
    return typeof value === 'string' && /^\$\{[^}]+\}$/.test(value);
  }

  /**
   * Makes a validator: true, or a sentence that says what is accepted.
   * @param {(value: unknown) => boolean} holds
   * @param {string} key
   */
  function validator(holds, key) {
    /** @param {unknown} value */
    return function (value) {
      return isReplaced(value) || holds(value) || text('validation.' + key);
    };
  }

  /** @param {unknown} value */
  const isEmpty = (value) => value === undefined || value === null || value === '';
  /**
   * @param {unknown} value
   * @param {number} minimum
   */
  const isWhole = (value, minimum) =>
    !isEmpty(value) && Number.isInteger(Number(value)) && Number(value) >= minimum;

  /** @type {DeeptoneEditorApi} */
  window.DeeptoneEditor = {
    text,
    ask,
    problem,
    lines,
    pemBlocks,
    outputLabel,
    encodings,
    modelList,
    valid: {
      models: validator((value) => (Array.isArray(value) ? value.length > 0 : !isEmpty(value)), 'models'),
      outputPeriod: validator((value) => isWhole(value, 64) && Number(value) % 64 === 0, 'outputPeriod'),
      channel: validator((value) => isEmpty(value) || isWhole(value, 0), 'channel'),
      volumeThreshold: validator(
        (value) => isEmpty(value) || (Number(value) >= 0 && Number(value) <= 1),
        'volumeThreshold',
      ),
      rate: validator(
        (value) => isEmpty(value) || (isWhole(value, 4_000) && Number(value) <= 384_000),
        'rate',
      ),
      atLeastOne: validator((value) => isEmpty(value) || isWhole(value, 1), 'atLeastOne'),
      notNegative: validator((value) => isEmpty(value) || isWhole(value, 0), 'notNegative'),
      positive: validator((value) => isEmpty(value) || Number(value) >= 0, 'positive'),
      aboveZero: validator((value) => isEmpty(value) || Number(value) > 0, 'aboveZero'),
    },
  };
})();
