// The rows of the edit dialogs of the DeepTone nodes, and what fills them. Loaded by each dialog; the first one wins.
(function () {
  'use strict';
  if (window.DeeptoneForm) return;

  const PACKAGE = '@deeptone/node-red/';
  const SHARED = PACKAGE + 'deeptone-engine:deeptone.';

  /**
   * The rows of one dialog, as HTML. Texts are looked for among those of the node, then among those that all DeepTone nodes share.
   * @param {string} type
   * @returns {DeeptoneFormRows}
   */
  function of(type) {
    const prefix = type === 'deeptone-engine' ? 'node-config-input-' : 'node-input-';
    const fields = DeeptoneEditor.forms().fields[type] || {};

    /**
     * @param {string} name
     * @returns {string | undefined} the full key of a text; undefined where there is none in any language
     */
    function key(name) {
      const own = PACKAGE + type + ':' + type + '.' + name;
      return [own, SHARED + name].find((candidate) => RED._(candidate, { defaultValue: '' }) !== '');
    }

    /** @param {string} name */
    function text(name) {
      return '<span data-i18n="' + key(name) + '"></span>';
    }

    /** @param {string} field */
    function placeholder(field) {
      const named = key('placeholder.' + field);
      if (named) return ' data-i18n="[placeholder]' + named + '"';
      const number = (fields[field] || {}).default;
      return number === undefined ? '' : ' placeholder="' + number + '"';
    }

    /** @param {string[]} content */
    function row(...content) {
      return '<div class="form-row">' + content.join(' ') + '</div>';
    }

    /**
     * @param {string} field
     * @param {string} icon
     * @param {string} [of] what stands before the name of the field in its id
     */
    function label(field, icon, of = prefix) {
      const icons = '<i class="fa fa-' + icon + '"></i> ';
      return '<label for="' + of + field + '">' + icons + text('label.' + field) + '</label>';
    }

    /**
     * @param {string} field
     * @param {string} attributes
     */
    function input(field, attributes) {
      return '<input id="' + prefix + field + '" ' + attributes + ' />';
    }

    /** @type {DeeptoneFormRows} */
    const rows = {
      write(content) {
        const html = '<div class="deeptone-form">' + content.join('') + '</div>';
        $('script[data-template-name="' + type + '"]').text(html);
      },
      name: () =>
        row(
          '<label for="' +
            prefix +
            'name"><i class="fa fa-tag"></i> <span data-i18n="node-red:common.label.name"></span></label>',
          input('name', 'type="text" data-i18n="[placeholder]node-red:common.label.name"'),
        ),
      configNode: (field, icon) => row(label(field, icon), input(field, 'type="text"')),
      text: (field, icon, { typed, kind = 'text' } = {}) =>
        row(
          label(field, icon),
          input(field, 'type="' + kind + '" style="width: 70%"' + placeholder(field)),
          typed ? input(field + 'Type', 'type="hidden"') : '',
        ),
      // Not under the field's own id: the editor would take the text for the list that is saved.
      lines: (field, icon) =>
        row(
          label(field, icon, 'deeptone-'),
          '<textarea id="deeptone-' +
            field +
            '" class="deeptone-lines"' +
            placeholder(field) +
            '></textarea>',
        ),
      facts: (icons) =>
        row(
          '<div class="deeptone-facts">',
          ...Object.entries(icons).map(
            ([name, icon]) =>
              '<i class="fa fa-' +
              icon +
              '"></i><span id="deeptone-' +
              name +
              '">' +
              text('asking') +
              '</span>',
          ),
          '</div>',
        ),
      number: (field, icon, unit) =>
        row(
          label(field, icon),
          input(field, 'type="text" class="deeptone-short"' + placeholder(field)),
          unit ? text('unit.' + unit) : '',
        ),
      select: (field, icon, values) =>
        row(
          label(field, icon),
          '<select id="' + prefix + field + '" style="width: 70%">',
          ...values.map((value) => {
            const word = key(field + '.' + value.replace(/,/g, '-'));
            return '<option value="' + value + '" data-i18n="' + word + '"></option>';
          }),
          '</select>',
        ),
      check: (field) =>
        row(
          input(field, 'type="checkbox" class="deeptone-check"'),
          '<label for="' + prefix + field + '" data-i18n="' + key('label.' + field) + '"></label>',
        ),
      fourthOutput: (field) =>
        row(
          input(field, 'type="checkbox" class="deeptone-check deeptone-fourth-output"'),
          '<label for="' + prefix + field + '" data-i18n="' + key('label.' + field) + '"></label>',
          input('outputs', 'type="hidden"'),
        ),
      note: (name) => row('<div class="deeptone-note">' + text(name) + '</div>'),
      models: () =>
        row(
          '<label style="width: 100%"><i class="fa fa-cubes"></i> ' + text('label.models') + '</label>',
          '<div id="deeptone-models" class="deeptone-models"></div>',
        ),
      outputPeriod: () => {
        const { minimum = 1 } = (fields.outputPeriod || {}).limits || {};
        const periods = [0, 1, 2, 3, 4, 5, 6].map((power) => '<option>' + minimum * 2 ** power + '</option>');
        return row(
          label('outputPeriod', 'clock-o'),
          input(
            'outputPeriod',
            'type="text" class="deeptone-short" list="deeptone-periods"' + placeholder('outputPeriod'),
          ),
          '<span class="deeptone-period"></span>',
          '<datalist id="deeptone-periods">' + periods.join('') + '</datalist>',
        );
      },
      details: (name, content) =>
        '<details><summary>' + text(name) + '</summary>' + content.join('') + '</details>',
      only: (part, content) =>
        content
          .map((one) => one.replace(/^<div class="form-row|^<details/, (start) => belongTo(start, part)))
          .join(''),
      /** What says the format of raw samples. */
      rawFormat: (more = []) =>
        rows.details('label.format', [
          rows.note('note.format'),
          rows.select('encoding', 'file-code-o', []),
          rows.number('rate', 'tachometer', 'hz'),
          rows.number('channels', 'columns'),
          rows.select('trust', 'balance-scale', DeeptoneEditor.forms().trusts),
          ...more,
        ]),
      /** What few look for. */
      more: (content) =>
        rows.details('label.advanced', [
          rows.number('volumeThreshold', 'volume-off'),
          rows.check('includeRawValues'),
          ...content,
        ]),
    };
    return rows;
  }

  /**
   * @param {string} start the beginning of a row, or of a group of rows
   * @param {string} part
   */
  function belongTo(start, part) {
    return start === '<details' ? '<details class="' + part + '"' : start + ' ' + part;
  }

  /**
   * Fills a dialog that has opened.
   * @param {EditorNode} node
   */
  function prepare(node) {
    const input = (/** @type {string} */ field) => $('#node-input-' + field);
    DeeptoneEditor.encodings(input('encoding'), node.encoding);
    // Flows that were written by hand may leave things out.
    for (const [field, { value }] of Object.entries(node._def.defaults)) {
      if (input(field).is('select') && typeof value === 'string' && !input(field).val())
        input(field).val(value);
    }
    node.deeptoneModels = DeeptoneEditor.modelList({
      list: $('#deeptone-models'),
      engine: input('engine'),
      selected: node.models,
    });
    const period = (DeeptoneEditor.forms().fields[node.type] || {}).outputPeriod;
    if (period)
      $('.deeptone-period').text(DeeptoneEditor.text('unit.period', DeeptoneEditor.words(period.limits)));
    $('.deeptone-fourth-output').on('change', function () {
      input('outputs').val($(this).is(':checked') ? 4 : 3);
    });
  }

  /**
   * Takes what only the dialog knows into the node.
   * @param {EditorNode} node
   */
  function save(node) {
    node.models = node.deeptoneModels.selected();
    cancel(node);
  }

  /** @param {EditorNode} node */
  function cancel(node) {
    delete node.deeptoneModels;
  }

  window.DeeptoneForm = { of, prepare, save, cancel };
})();
