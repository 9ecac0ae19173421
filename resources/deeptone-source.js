// Where the stream node has its audio from, in everyday words, and what it is set up for. Loaded by its dialog.
(function () {
  'use strict';
  if (window.DeeptoneSource) return;

  const MICROPHONES = 'deeptone-stream/microphones';
  const KINDS = ['messages', 'mqtt', 'microphone', 'camera', 'radio', 'file'];
  /** Kinds that ffmpeg opens. */
  const OPENED = ['microphone', 'camera', 'radio', 'file'];
  const SOUND_CARD = /^(?:alsa|pulse|jack|avfoundation|dshow):/i;
  const ADDRESS = /^[a-z][a-z0-9+.-]*:\/\//i;
  /** Settings that go together, by what somebody wants. */
  /** @type {Readonly<Record<string, Readonly<Record<string, string | boolean>>>>} */
  const PURPOSES = {
    alert: { outputPeriod: '1024', minimum: '1000', hold: '500', tellBegin: true, includeRawValues: false },
    talkTime: { outputPeriod: '1024', minimum: '', hold: '', tellBegin: false, includeRawValues: false },
    lamp: { outputPeriod: '512', minimum: '300', hold: '3000', tellBegin: true, includeRawValues: false },
    research: { outputPeriod: '64', minimum: '', hold: '', tellBegin: false, includeRawValues: true },
  };

  /**
   * The kind of source that a node was saved with. Flows that know no kinds have it from what is opened.
   * @param {EditorNode} node
   * @returns {string}
   */
  function kindOf({ source, inputKind, input }) {
    if (source !== 'ffmpeg') return source === 'mqtt' ? 'mqtt' : 'messages';
    if (OPENED.includes(inputKind)) return inputKind;
    const opened = String(input || '');
    if (SOUND_CARD.test(opened)) return 'microphone';
    if (/^https?:/i.test(opened)) return 'radio';
    return ADDRESS.test(opened) && !/^file:/i.test(opened) ? 'camera' : 'file';
  }

  /**
   * True, or a sentence that says what is to stand in the field.
   * @param {EditorNode} node
   * @param {unknown} value
   * @returns {true | string}
   */
  function validInput(node, value) {
    if (node.source !== 'ffmpeg' || DeeptoneEditor.isReplaced(value)) return true;
    const opened = String(value || '').trim();
    const sentence = (/** @type {string} */ key) => node._('deeptone-stream.validation.' + key);
    if (opened === '') return sentence('input.' + kindOf(node));
    if (node.inputKind === 'microphone' && !SOUND_CARD.test(opened)) return sentence('notMicrophone');
    const needsAddress = node.inputKind === 'camera' || node.inputKind === 'radio';
    return !needsAddress || ADDRESS.test(opened) || sentence('notAddress.' + node.inputKind);
  }

  const field = (/** @type {string} */ name) => $('#node-input-' + name);

  /**
   * @param {EditorNode} node
   */
  function prepare(node) {
    const kind = $('#deeptone-source');
    const publish = field('publish');
    kind.val(kindOf(node));
    $('#deeptone-devices').on('change', function () {
      const chosen = String($(this).val());
      if (chosen !== '') field('input').val(chosen).trigger('change');
    });
    const show = () => {
      const chosen = String(kind.val());
      for (const name of KINDS) $('.deeptone-form .deeptone-source-' + name).toggle(name === chosen);
      // A row of several kinds is shown with each of them.
      $('.deeptone-form .deeptone-opened').toggle(OPENED.includes(chosen));
      $('.deeptone-form .deeptone-address').toggle(chosen === 'camera' || chosen === 'radio');
      $('.deeptone-form .deeptone-publish').toggle(publish.is(':checked'));
      $('.deeptone-form .deeptone-mqtt').toggle(chosen === 'mqtt' || publish.is(':checked'));
      field('source').val(OPENED.includes(chosen) ? 'ffmpeg' : chosen);
      field('inputKind').val(OPENED.includes(chosen) ? chosen : '');
      describeInput(node, chosen);
      if (chosen === 'microphone') listMicrophones(node);
    };
    kind.on('change', show);
    publish.on('change', show);
    show();
    preparePurpose(node);
  }

  /**
   * Says what is opened in the words of its kind.
   * @param {EditorNode} node
   * @param {string} kind
   */
  function describeInput(node, kind) {
    if (!OPENED.includes(kind)) return;
    const say = (/** @type {string} */ part) => node._('deeptone-stream.input.' + kind + '.' + part);
    const row = $('.deeptone-row[data-field="input"]');
    row.find('label span').removeAttr('data-i18n').text(say('label')); // Else it is translated back.
    row.find('.deeptone-hint').text(say('hint'));
    field('input').attr('placeholder', say('placeholder'));
  }

  /**
   * Fills the list of microphones of the machine that Node-RED runs on, once.
   * @param {EditorNode} node
   */
  function listMicrophones(node) {
    const list = $('#deeptone-devices');
    if (list.data('asked')) return;
    list.data('asked', true);
    const say = (/** @type {string} */ key) => node._('deeptone-stream.devices.' + key);
    const hint = list.closest('.deeptone-row').find('.deeptone-hint');
    list.empty().append($('<option value="">').text(say('asking')));
    $.getJSON(MICROPHONES)
      .done((/** @type {{ input: string, name: string }[]} */ found) => {
        list.empty().append($('<option value="">').text(say(found.length > 0 ? 'choose' : 'none')));
        for (const { input, name } of found) $('<option>').val(input).text(name).appendTo(list);
        hint.text(say(found.length > 0 ? 'hint' : 'noneHint'));
        list.prop('disabled', found.length === 0);
        const saved = String(field('input').val());
        if (found.some(({ input }) => input === saved)) list.val(saved);
      })
      .fail((response) => {
        list
          .empty()
          .append($('<option value="">').text(DeeptoneEditor.problem(response)))
          .prop('disabled', true);
      });
  }

  /**
   * A choice of what the node is for sets what goes with it; what was set by hand is a choice of its own.
   * @param {EditorNode} node
   */
  function preparePurpose(node) {
    const purpose = $('#deeptone-purpose');
    const isAsSet = (/** @type {Readonly<Record<string, string | boolean>>} */ settings) =>
      Object.entries(settings).every(([name, value]) =>
        typeof value === 'boolean'
          ? field(name).is(':checked') === value
          : Number(field(name).val() || 0) === Number(value || 0),
      );
    const look = () => {
      const found = Object.entries(PURPOSES).find(([, settings]) => isAsSet(settings));
      purpose.val(found ? found[0] : 'own');
      const hint = purpose.closest('.deeptone-row').find('.deeptone-hint');
      hint.text(node._('deeptone-stream.purposeHint.' + String(purpose.val())));
    };
    purpose.on('change', () => {
      const settings = PURPOSES[String(purpose.val())] || {};
      for (const [name, value] of Object.entries(settings)) {
        if (typeof value === 'boolean') field(name).prop('checked', value).trigger('change');
        else field(name).val(value).trigger('change');
      }
      look();
    });
    $('.deeptone-form').on('change', '[id^="node-input-"]', look);
    look();
  }

  window.DeeptoneSource = { prepare, validInput };
})();
