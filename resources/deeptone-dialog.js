// What happens in the edit dialogs while they are open: what is filled in, judged while somebody types, and rounded. Loaded by each dialog; the first one wins.
(function () {
  'use strict';
  if (window.DeeptoneDialog) return;

  const NONE = '_ADD_';
  /** Models whose phases are sentences and songs: what is cut out of them is most often what was said. */
  const SPEECH = ['speech-rt', 'speech'];
  /** Fields that are more than one control: where a node that is edited holds what looks after them. */
  /** @type {Readonly<Record<string, string>>} */
  const PARTS = { models: 'deeptoneModels', decisions: 'deeptoneDecisions' };

  /** @param {EditorNode} node */
  function prefixOf(node) {
    return node._def.category === 'config' ? '#node-config-input-' : '#node-input-';
  }

  /**
   * The value of a field as the editor would save it.
   * @param {JQuery} field
   */
  function valueOf(field) {
    return field.is('[type=checkbox]') ? field.is(':checked') : field.val();
  }

  /** The sound of phases is the fifth output, so it brings the fourth with it: wires keep their places. */
  function showOutputs() {
    const hasFifth = $('.deeptone-fifth-output').is(':checked');
    const hasFourth = $('.deeptone-fourth-output').is(':checked');
    $('#node-input-outputs').val(hasFifth ? 5 : hasFourth ? 4 : 3);
    $('.deeptone-form .deeptone-segments').toggle(hasFifth);
  }

  /**
   * Of the models that are ticked, and of loudness, phases can be cut out; what is saved stays in the list.
   * @param {EditorNode} node
   */
  function offerSegmentModels(node) {
    const list = $('#node-input-segmentModel');
    const chosen = node.deeptoneModels ? node.deeptoneModels.chosen() : [];
    const value = String(list.val() || node.segmentModel || '');
    list.empty();
    for (const { name, title } of chosen) list.append(option(name, 'model.' + name + '.title', title));
    list.append(option('loudness', 'loudness', 'loudness'));
    if (value && list.find('option').filter((_, one) => one.value === value).length === 0)
      list.append($('<option>').val(value).text(value));
    list.val(value);
  }

  /**
   * @param {string} value
   * @param {string} key
   * @param {string} fallback
   */
  function option(value, key, fallback) {
    return $('<option>').val(value).text(DeeptoneEditor.textOr(key, fallback));
  }

  /**
   * Where somebody wants the sound of phases, what most want is offered: those of speech, or else of the first model that is ticked.
   * @param {EditorNode} node
   */
  function proposeSegments(node) {
    const list = $('#node-input-segmentModel');
    /** @type {DeeptoneOfferedModel[]} */
    const chosen = node.deeptoneModels ? node.deeptoneModels.chosen() : [];
    const names = chosen.map(({ name }) => name);
    if (!$('.deeptone-fifth-output').is(':checked') || names.length === 0) return;
    if (!names.includes(String(list.val())) && list.val() !== 'loudness')
      list.val(names.find((name) => SPEECH.includes(name)) || names[0] || '');
    const results = $('#node-input-segmentResults');
    if (!results.val() && SPEECH.includes(String(list.val()))) results.val('speech');
    check(node);
  }

  /**
   * The node as it would be saved now.
   * @param {EditorNode} node
   * @returns {EditorNode}
   */
  function present(node) {
    const candidate = Object.create(node.__node__ || node);
    for (const name of Object.keys(node._def.defaults)) {
      const field = $(prefixOf(node) + name);
      // Own properties: what is inherited may refuse to be changed.
      if (field.length > 0)
        Object.defineProperty(candidate, name, { value: valueOf(field), configurable: true, writable: true });
    }
    // Own, as above.
    if (node.deeptoneModels)
      Object.defineProperty(candidate, 'models', {
        ...{ value: node.deeptoneModels.selected(), configurable: true, writable: true },
      });
    return candidate;
  }

  /**
   * The sentence that says what is wrong with a field; '' where nothing is.
   * @param {EditorNode} candidate
   * @param {string} name
   */
  function problemOf(candidate, name) {
    const { validate, required, type } = candidate._def.defaults[name] || {};
    const value = candidate[name];
    if (DeeptoneEditor.isReplaced(value)) return '';
    if (type === 'deeptone-engine') return engineProblem(candidate, value);
    if (required && DeeptoneEditor.isEmpty(value)) return DeeptoneEditor.text('validation.required');
    const judged = validate ? validate.call(candidate, value === NONE ? '' : value, {}) : true;
    if (judged === true) return '';
    return typeof judged === 'string' ? judged : DeeptoneEditor.text('validation.required');
  }

  /**
   * @param {EditorNode} candidate
   * @param {unknown} value
   */
  function engineProblem(candidate, value) {
    if (!DeeptoneEditor.isEmpty(value) && value !== NONE && RED.nodes.node(value)) return '';
    const saved = Object.getPrototypeOf(candidate).engine;
    const isGone = !DeeptoneEditor.isEmpty(saved) && saved !== NONE && !RED.nodes.node(saved);
    return DeeptoneEditor.text(isGone ? 'validation.engineGone' : 'validation.engine');
  }

  /**
   * Says under each field what is wrong with it, and at each fold whether there is something in it.
   * @param {EditorNode} node
   */
  function check(node) {
    const candidate = present(node);
    for (const name of Object.keys(node._def.defaults)) {
      const row = $('.deeptone-row[data-field="' + name + '"]');
      if (row.length === 0) continue;
      const part = PARTS[name] && node[PARTS[name]];
      const problem = part ? part.problem() : problemOf(candidate, name);
      row
        .toggleClass('deeptone-wrong', problem !== '')
        .find('.deeptone-error')
        .text(problem);
      const field = $(prefixOf(node) + name);
      field.toggleClass('input-error', problem !== '').attr('aria-invalid', String(problem !== ''));
    }
    $('.deeptone-fold').each(function () {
      const wrong = $(this).find('.deeptone-wrong').length;
      $(this)
        .toggleClass('deeptone-fold-wrong', wrong > 0)
        .find('.deeptone-fold-problem')
        .first()
        .text(wrong > 0 ? DeeptoneEditor.text('validation.fold') : '');
    });
  }

  /**
   * Writes a number as the node takes it, where somebody has left the field: without units and separators, and rounded.
   * @param {EditorNode} node
   * @param {JQuery} field
   */
  function tidy(node, field) {
    const name = (field.attr('id') || '').replace(/^node-(?:config-)?input-/, '');
    const known = (DeeptoneEditor.forms().fields[node.type] || {})[name];
    const written = String(field.val() || '').trim();
    if (!known || written === '' || DeeptoneEditor.isReplaced(written)) return;
    const value = DeeptoneNumbers.read(written, field.attr('data-unit'), known.limits);
    if (Number.isNaN(value)) return;
    const rounded = DeeptoneNumbers.rounded(known.limits, value);
    if (String(rounded) === written) return;
    field.val(String(rounded)).trigger('change');
    const note =
      rounded === value
        ? ''
        : DeeptoneEditor.text('validation.rounded', { from: String(value), to: String(rounded) });
    field.closest('.deeptone-row').find('.deeptone-rounded').remove();
    if (note)
      field
        .closest('.deeptone-control')
        .append($('<span class="deeptone-rounded" role="status">').text(note));
  }

  /**
   * @param {EditorNode} node
   * @returns {JQuery}
   */
  function numberFields(node) {
    return $('.deeptone-form [data-unit]').filter('[id^="' + prefixOf(node).slice(1) + '"]');
  }

  /** What 20 log10 makes of the volume threshold, beside it. */
  function showDecibels() {
    const field = $('#node-input-volumeThreshold');
    const written = String(field.val() || field.attr('placeholder') || '');
    const value = DeeptoneNumbers.read(written, 'volume');
    const isLevel = value > 0 && value <= 1;
    field
      .closest('.deeptone-control')
      .find('.deeptone-unit')
      .text(
        isLevel ? DeeptoneEditor.text('unit.decibels', { level: Math.round(20 * Math.log10(value)) }) : '',
      );
  }

  /**
   * Fills a dialog that has opened, and looks after it until it closes.
   * @param {EditorNode} node
   */
  function prepare(node) {
    const prefix = prefixOf(node);
    const input = (/** @type {string} */ field) => $(prefix + field);
    if (input('encoding').length > 0) DeeptoneEditor.encodings(input('encoding'), node.encoding);
    // Flows that were written by hand may leave things out.
    for (const [field, { value }] of Object.entries(node._def.defaults)) {
      if (input(field).is('select') && typeof value === 'string' && !input(field).val())
        input(field).val(value);
    }
    showVariable(input('engine'), node.engine);
    if ($('#deeptone-models').length > 0)
      node.deeptoneModels = DeeptoneModels.list({
        place: $('#deeptone-models'),
        engine: input('engine'),
        selected: node.models,
        variables: !!RED.nodes.subflow(node.z),
        changed: () => {
          showDecisions(node);
          offerSegmentModels(node);
          check(node);
        },
      });
    if ($('#deeptone-decisions').length > 0)
      node.deeptoneDecisions = DeeptoneDecisions.form({
        place: $('#deeptone-decisions'),
        value: node.decisions,
        changed: () => check(node),
      });
    showDecisions(node);
    $('.deeptone-fourth-output, .deeptone-fifth-output').on('change', showOutputs);
    showOutputs();
    offerSegmentModels(node);
    $('.deeptone-fifth-output').on('change', () => proposeSegments(node));
    fit();
    numberFields(node).on('blur', function () {
      tidy(node, $(this));
    });
    $('.deeptone-form').on('input change', 'input, select, textarea', function () {
      $(this).closest('.deeptone-row').find('.deeptone-rounded').remove();
      check(node);
      showDecibels();
    });
    showDecibels();
    check(node);
    // What is wrong must not lie hidden.
    $('.deeptone-fold-wrong').prop('open', true);
  }

  /**
   * What can be decided about the models that are ticked now.
   * @param {EditorNode} node
   */
  function showDecisions(node) {
    const { deeptoneModels, deeptoneDecisions } = node;
    // The list may be there before what decides is.
    if (deeptoneModels && deeptoneDecisions) deeptoneDecisions.show(deeptoneModels.chosen());
  }

  /** The editor lets its trays be wider than what is to be seen of them in a narrow window. */
  function fit() {
    for (const form of $('.deeptone-form').get()) {
      const seen = form.closest('.red-ui-tray-body-wrapper');
      if (!seen) continue;
      const look = () => {
        const before = form.getBoundingClientRect().left - seen.getBoundingClientRect().left;
        form.style.maxWidth = Math.max(0, seen.clientWidth - 2 * before) + 'px';
      };
      new ResizeObserver(look).observe(seen);
      look();
    }
  }

  /**
   * Shows an engine that a variable names, which is none of the list.
   * @param {JQuery} select
   * @param {unknown} value
   */
  function showVariable(select, value) {
    if (typeof value !== 'string' || !DeeptoneEditor.isReplaced(value)) return;
    if (select.find('option').filter((_, option) => option.value === value).length === 0)
      $('<option>').val(value).text(value).appendTo(select);
    select.val(value);
  }

  /**
   * Takes what only the dialog knows into the node.
   * @param {EditorNode} node
   */
  function save(node) {
    numberFields(node).each(function () {
      tidy(node, $(this));
    });
    if (node.deeptoneModels) node.models = node.deeptoneModels.selected();
    if (node.deeptoneDecisions) node.decisions = node.deeptoneDecisions.value();
    cancel(node);
  }

  /** @param {EditorNode} node */
  function cancel(node) {
    for (const part of Object.values(PARTS)) delete node[part];
  }

  window.DeeptoneDialog = { prepare, check, save, cancel };
})();
