// The edit dialogs of the widgets of Dashboard 2, which stay usable where Dashboard is not there.
(function () {
  'use strict';
  if (window.DeeptoneWidget) return;

  /** The node whose dialog was opened last. @type {EditorNode | undefined} */
  let edited;

  /** Whether Dashboard 2 is there: its groups are known. */
  function hasDashboard() {
    return Boolean(RED.nodes.getType('ui-group'));
  }

  /**
   * Writes the rows of a dialog into its template.
   * @param {string} type
   * @param {readonly (readonly [string, string])[]} fields names of settings, `check`, `text`, or `problem` for where it is said what is wrong with a check
   */
  function write(type, fields) {
    const label = (/** @type {string} */ field, /** @type {string} */ icon) =>
      `<label for="node-input-${field}"><i class="fa fa-${icon}"></i> <span data-i18n="${type}.label.${field}"></span></label>`;
    const problem = (/** @type {string} */ field) =>
      `<div class="deeptone-widget-problem" id="${type}-${field}-problem" role="status" data-field="${field}" ` +
      'style="margin:2px 0 0 105px;font-size:12px;color:var(--red-ui-text-color-error, #d6615f)"></div>';
    const rows = fields.map(([field, kind]) => {
      if (kind === 'problem') return `<div class="form-row">${problem(field)}</div>`;
      return kind === 'check'
        ? `<div class="form-row"><input type="checkbox" id="node-input-${field}" style="width:auto;margin:0 8px 4px 105px">` +
            `<label for="node-input-${field}" style="width:auto" data-i18n="${type}.label.${field}"></label></div>`
        : `<div class="form-row">${label(field, 'sliders')}<input type="text" id="node-input-${field}">${problem(field)}</div>`;
    });
    const size =
      `<div class="form-row deeptone-size">${label('size', 'object-group')}` +
      '<input type="hidden" id="node-input-width"><input type="hidden" id="node-input-height">' +
      '<button type="button" class="editor-button" id="node-input-size"></button></div>';
    $(`script[data-template-name="${type}"]`).text(
      `<div class="form-tips deeptone-no-dashboard" style="display:none;max-width:none;margin-bottom:12px" data-i18n="${type}.noDashboard"></div>` +
        `<div class="form-row">${label('name', 'tag')}<input type="text" id="node-input-name"></div>` +
        `<div class="form-row deeptone-group-row">${label('group', 'table')}<input type="text" id="node-input-group"></div>` +
        size +
        rows.join(''),
    );
  }

  /**
   * Fills the dialog of a node.
   * @param {EditorNode} node
   */
  function prepare(node) {
    edited = node;
    showProblems(node);
    const isThere = hasDashboard();
    $('.deeptone-no-dashboard').toggle(!isThere);
    $('.deeptone-group-row').toggle(isThere);
    const button = /** @type {JQuery & {elementSizer?: (of: object) => void}} */ ($('#node-input-size'));
    $('.deeptone-size').toggle(isThere && Boolean(button.elementSizer));
    if (isThere && button.elementSizer) {
      button.elementSizer({
        width: '#node-input-width',
        height: '#node-input-height',
        group: '#node-input-group',
      });
    }
  }

  /**
   * Says under a field what is accepted, where a tooltip says it only to who has a mouse.
   * @param {EditorNode} node
   */
  function showProblems(node) {
    $('.deeptone-widget-problem').each((_index, place) => {
      const field = place.dataset.field ?? '';
      const { validate } = node._def.defaults[field] ?? {};
      if (!validate) return;
      const input = $('#node-input-' + field).attr('aria-describedby', place.id);
      const look = () => {
        const answer = validate.call(node, input.val(), {});
        $(place).text(answer === true ? '' : answer);
        input.attr('aria-invalid', String(answer !== true));
      };
      input.on('input change', look);
      // A check is judged with the others, and so anew with each of them: by us and by the editor.
      if (input.is('[type=checkbox]'))
        $('#dialog-form input[type=checkbox]')
          .not(input)
          .on('change', () => input.trigger('change'));
      look();
    });
  }

  /** Settings of every widget: its place on a page. @type {EditorNodeDefinition['defaults']} */
  const place = {
    group: {
      value: '',
      type: 'ui-group',
      validate: function (value, _options) {
        return group(this, value);
      },
    },
    order: { value: 0 },
    width: { value: 0 },
    height: { value: 0 },
    className: { value: '' },
  };

  /**
   * What the registration of every widget has.
   * @type {DeeptoneWidgetApi['common']}
   */
  const common = {
    paletteLabel: function () {
      return this._(`${this.type}.paletteLabel`);
    },
    // Definitions and nodes have their type: the editor sets it.
    onpaletteadd: function () {
      DeeptoneEditor.findable(this.type ?? '');
    },
    inputLabels: function () {
      return this._(`${this.type}.inputLabel`);
    },
    label: function () {
      return this.name || this._(`${this.type}.defaultName`);
    },
    labelStyle: function () {
      return this.name ? 'node_label_italic' : '';
    },
    oneditprepare: function () {
      prepare(this);
    },
  };

  /**
   * A group is needed where there are any.
   * @param {EditorNode} node
   * @param {unknown} value
   * @returns {true | string}
   */
  function group(node, value) {
    const isChosen = typeof value === 'string' && value !== '' && value !== '_ADD_';
    return !hasDashboard() || isChosen || node._('@deeptone/node-red/ui-deeptone-timeline:missing.noGroup');
  }

  /**
   * @param {EditorNode} node
   * @param {string} field
   * @param {unknown} value
   * @param {number} least
   * @param {number} most
   * @returns {true | string}
   */
  function number(node, field, value, least, most) {
    const text = String(value ?? '').trim();
    const isRight =
      text === '' || /^\$\{[^}]+\}$/.test(text) || (Number(text) >= least && Number(text) <= most);
    return isRight || `${node._(`${node.type}.label.${field}`)}: ${least} – ${most}`;
  }

  /**
   * At least one of several checks is needed; in an open dialog as they are ticked there.
   * @param {EditorNode} node
   * @param {readonly string[]} fields
   * @returns {true | string}
   */
  function someOf(node, fields) {
    const isTicked = (/** @type {string} */ field) => {
      const input = $('#node-input-' + field);
      // What was saved before there was the setting has it.
      return edited?.id === node.id && input.length > 0 ? input.is(':checked') : node[field] !== false;
    };
    return fields.some(isTicked) || node._(`${node.type}.validation.noneTicked`);
  }

  window.DeeptoneWidget = { write, common, place, valid: { number, someOf } };
})();
