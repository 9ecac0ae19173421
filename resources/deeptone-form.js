// The rows of the edit dialogs of the DeepTone nodes. Loaded by each dialog; the first one wins.
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
      const found = key(name);
      // Without a text in any language the name says more than nothing.
      return found
        ? '<span data-i18n="' + found + '"></span>'
        : '<span>' + name.replace(/^.*\./, '') + '</span>';
    }

    /** @param {string} field */
    function placeholder(field) {
      const named = key('placeholder.' + field);
      if (named) return ' data-i18n="[placeholder]' + named + '"';
      const number = (fields[field] || {}).default;
      return number === undefined ? '' : ' placeholder="' + number + '"';
    }

    /**
     * A row: a label, what is set, a line of help, and a place for what is wrong.
     * @param {string} field
     * @param {string} label
     * @param {string[]} control
     * @param {string} [kind] a class of its own
     */
    function row(field, label, control, kind = '') {
      const help = key('hint.' + field)
        ? '<div class="deeptone-hint">' + text('hint.' + field) + '</div>'
        : '';
      return (
        '<div class="form-row deeptone-row ' +
        kind +
        '" data-field="' +
        field +
        '">' +
        label +
        '<div class="deeptone-control">' +
        control.join(' ') +
        '</div>' +
        help +
        '<div class="deeptone-error" role="status"></div></div>'
      );
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

    /**
     * @param {string} field
     * @param {readonly string[]} values
     * @param {string} [of] what stands before the name of the field in its id
     */
    function selection(field, values, of = prefix) {
      const options = values.map((value) => {
        const word = key(field + '.' + value.replace(/,/g, '-'));
        return '<option value="' + value + '" data-i18n="' + (word || '') + '">' + value + '</option>';
      });
      return '<select id="' + of + field + '">' + options.join('') + '</select>';
    }

    /** @type {DeeptoneFormRows} */
    const rows = {
      write(content) {
        const html = '<div class="deeptone-form">' + content.join('') + '</div>';
        $('script[data-template-name="' + type + '"]').text(html);
      },
      name: () =>
        row(
          'name',
          '<label for="' +
            prefix +
            'name"><i class="fa fa-tag"></i> <span data-i18n="node-red:common.label.name"></span></label>',
          [input('name', 'type="text" data-i18n="[placeholder]node-red:common.label.name"')],
        ),
      configNode: (field, icon) =>
        row(field, label(field, icon), [input(field, 'type="text" style="width: 100%"')]),
      text: (field, icon, { typed, kind = 'text', list } = {}) =>
        row(field, label(field, icon), [
          input(
            field,
            'type="' +
              kind +
              '" style="width: 100%"' +
              placeholder(field) +
              (list ? ' list="' + list + '"' : ''),
          ),
          typed ? input(field + 'Type', 'type="hidden"') : '',
        ]),
      hidden: (field) => input(field, 'type="hidden"'),
      // Not under the field's own id: the editor would take the text for the list that is saved.
      lines: (field, icon) =>
        row(field, label(field, icon, 'deeptone-'), [
          '<textarea id="deeptone-' +
            field +
            '" class="deeptone-lines"' +
            placeholder(field) +
            '></textarea>',
        ]),
      facts: (icons) =>
        '<div class="form-row deeptone-facts">' +
        Object.entries(icons)
          .map(
            ([name, icon]) =>
              '<i class="fa fa-' +
              icon +
              '"></i><span id="deeptone-' +
              name +
              '">' +
              text('asking') +
              '</span>',
          )
          .join('') +
        '</div>',
      number: (field, icon, unit) =>
        row(field, label(field, icon), [
          input(
            field,
            'type="text" inputmode="decimal" class="deeptone-short" data-unit="' +
              (unit || '') +
              '"' +
              placeholder(field),
          ),
          unit ? '<span class="deeptone-unit">' + text('unit.' + unit) + '</span>' : '',
        ]),
      select: (field, icon, values) => row(field, label(field, icon), [selection(field, values)]),
      choice: (field, icon, values) =>
        row(field, label(field, icon, 'deeptone-'), [selection(field, values, 'deeptone-')]),
      check: (field) => checkbox(field, 'deeptone-check', ''),
      fourthOutput: (field) =>
        checkbox(field, 'deeptone-check deeptone-fourth-output', input('outputs', 'type="hidden"')),
      note: (name) => '<div class="form-row deeptone-note">' + text(name) + '</div>',
      models: () =>
        row(
          'models',
          '<label><i class="fa fa-cubes"></i> ' + text('label.models') + '</label>',
          ['<div id="deeptone-models" class="deeptone-models"></div>'],
          'deeptone-wide',
        ),
      outputPeriod: () => {
        const { minimum = 1 } = (fields.outputPeriod || {}).limits || {};
        const periods = [0, 1, 2, 3, 4, 5, 6].map((power) => '<option>' + minimum * 2 ** power + '</option>');
        return row('outputPeriod', label('outputPeriod', 'clock-o'), [
          input(
            'outputPeriod',
            'type="text" inputmode="decimal" data-unit="ms" class="deeptone-short" list="deeptone-periods"' +
              placeholder('outputPeriod'),
          ),
          '<span class="deeptone-unit">' + text('unit.ms') + '</span>',
          '<datalist id="deeptone-periods">' + periods.join('') + '</datalist>',
        ]);
      },
      details: (name, content) =>
        '<details class="deeptone-fold"><summary>' +
        text(name) +
        ' <span class="deeptone-fold-problem"></span></summary>' +
        content.join('') +
        '</details>',
      only: (part, content) =>
        content
          .map((one) =>
            one.replace(
              /^<(?:div class="form-row|details class="deeptone-fold)/,
              (start) => start + ' ' + part,
            ),
          )
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
      /** The sound of phases, at an output of its own. */
      segments: () =>
        rows.details('group.segments', [
          checkbox('segments', 'deeptone-check deeptone-fifth-output', ''),
          rows.only('deeptone-segments', [
            rows.select('segmentModel', 'cube', []),
            rows.text('segmentResults', 'filter'),
            rows.number('segmentBefore', 'step-backward', 'ms'),
            rows.number('segmentAfter', 'step-forward', 'ms'),
            rows.number('segmentMinimum', 'compress', 'ms'),
            rows.number('segmentHold', 'hourglass-half', 'ms'),
            rows.number('segmentLongest', 'scissors', 'seconds'),
          ]),
        ]),
      /** How the answers of the chosen models are decided. */
      decisions: () =>
        rows.details('group.decisions', [
          row(
            'decisions',
            '',
            ['<div id="deeptone-decisions" class="deeptone-models"></div>'],
            'deeptone-wide',
          ),
        ]),
      /** What few look for. */
      more: (content) =>
        rows.details('label.advanced', [
          rows.number('volumeThreshold', 'volume-off', 'volume'),
          rows.number('loudAbove', 'bullhorn', 'dbfs'),
          rows.check('includeRawValues'),
          ...content,
        ]),
    };

    /**
     * @param {string} field
     * @param {string} kind
     * @param {string} more
     */
    function checkbox(field, kind, more) {
      return row(
        field,
        '',
        [
          input(field, 'type="checkbox" class="' + kind + '"'),
          '<label for="' + prefix + field + '">' + text('label.' + field) + '</label>',
          more,
        ],
        'deeptone-check-row',
      );
    }
    return rows;
  }

  window.DeeptoneForm = { of };
})();
