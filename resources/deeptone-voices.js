// Voices that have names, in the dialog of an engine: who is known, and learning a voice from a recording. Loaded by that dialog; the first one wins.
(function () {
  'use strict';
  if (window.DeeptoneVoices) return;

  /** What one signature is made of. */
  const LONGEST_S = 10;
  const WORKLET = 'resources/@deeptone/node-red/deeptone-recorder-worklet.js';

  /**
   * Shows the voices. What is done here holds at once, whether the dialog is confirmed or not.
   * @param {JQuery} place
   * @param {unknown} engineId
   * @param {(key: string, values?: Record<string, string | number>) => string} text
   * @returns {{ close(): void }}
   */
  function offer(place, engineId, text) {
    const address = 'deeptone-engine/' + encodeURIComponent(String(engineId || '-')) + '/voices';
    /** @type {DeeptoneRecording | undefined} */
    let recording;
    const list = $('<ul class="deeptone-voices-list">').attr('aria-label', text('title'));
    const name = $('<input type="text" id="deeptone-voice-name" maxlength="40">').attr(
      'placeholder',
      text('placeholder'),
    );
    const record = button('record', () => void (recording ? stop() : begin()));
    const files = $('<input type="file" id="deeptone-voice-file" accept="audio/*,video/*">').hide();
    const pick = button('pick', () => files.trigger('click'));
    const meter = $('<meter min="0" max="1" value="0">').attr('aria-label', text('level')).hide();
    const told = $('<div class="deeptone-note" role="status">');
    const label = $('<label for="deeptone-voice-name">').text(text('name'));
    place
      .empty()
      .append(
        ...[$('<div class="deeptone-note">').text(text('note')), list],
        $('<div class="deeptone-voices-new">').append(label, name, record, pick, files),
        ...[$('<div class="deeptone-note">').text(text('say')), meter, told],
      );
    files.on('change', () => {
      const [file] = /** @type {HTMLInputElement} */ (files[0]).files || [];
      if (file) learn(file);
      files.val('');
    });
    name.on('keydown', (event) => {
      // Enter would confirm the whole dialog.
      if (event.key === 'Enter') event.preventDefault();
    });

    /**
     * @param {string} key
     * @param {() => void} act
     */
    function button(key, act) {
      return $('<button type="button" class="red-ui-button">')
        .attr('id', 'deeptone-voice-' + key)
        .text(text(key))
        .on('click', act);
    }

    /**
     * @param {string} sentence
     * @param {boolean} [isProblem]
     */
    function say(sentence, isProblem = false) {
      told.text(sentence).toggleClass('deeptone-problem', isProblem);
    }

    async function begin() {
      if (!named()) return;
      const hindrance = DeeptoneRecorder.hindrance();
      if (hindrance) {
        say(text('microphone.' + hindrance), true);
        return;
      }
      try {
        recording = await DeeptoneRecorder.record(WORKLET, (level, seconds) => {
          meter.val(level);
          record.text(text('stop', { seconds: Math.ceil(LONGEST_S - seconds) }));
          if (seconds >= LONGEST_S) void stop();
        });
        say(text('speak'));
        meter.show();
      } catch (error) {
        say(text('microphone.' + DeeptoneRecorder.reason(error)), true);
      }
    }

    async function stop() {
      const running = recording;
      if (!running) return;
      end();
      learn(await running.stop());
    }

    function end() {
      recording = undefined;
      meter.hide();
      record.text(text('record'));
    }

    function named() {
      const isNamed = String(name.val()).trim() !== '';
      if (!isNamed) say(text('nameFirst'), true);
      if (!isNamed) name.trigger('focus');
      return isNamed;
    }

    /** @param {Blob} sound */
    function learn(sound) {
      if (!named()) return;
      const person = String(name.val()).trim();
      say(text('learning'));
      $.ajax({
        ...{ url: address + '/' + encodeURIComponent(person), method: 'POST', data: sound },
        ...{ processData: false, contentType: 'application/octet-stream' },
      })
        .done((voices) => {
          show(voices);
          name.val('');
          say(text('learned', { name: person }));
        })
        .fail((response) => say(DeeptoneEditor.problem(response), true));
    }

    /** @param {{ name: string, isUsable: boolean }[]} voices */
    function show(voices) {
      list.empty();
      if (voices.length === 0) list.append($('<li>').text(text('none')));
      for (const voice of voices) list.append(line(voice));
    }

    /** @param {{ name: string, isUsable: boolean }} voice */
    function line({ name: person, isUsable }) {
      const remove = $('<button type="button" class="red-ui-button red-ui-button-small">')
        .attr('aria-label', text('remove', { name: person }))
        .attr('title', text('remove', { name: person }))
        .append('<i class="fa fa-trash">')
        .on('click', () => {
          $.ajax({ url: address + '/' + encodeURIComponent(person), method: 'DELETE' })
            .done(show)
            .fail((response) => say(DeeptoneEditor.problem(response), true));
        });
      const words = isUsable ? person : person + ' – ' + text('otherModels');
      return $('<li>').append($('<span>').text(words), remove);
    }

    $.ajax({ url: address, method: 'GET' })
      .done(show)
      .fail((response) => say(DeeptoneEditor.problem(response), true));
    return {
      close() {
        const running = recording;
        end();
        if (running) void running.stop();
      },
    };
  }

  window.DeeptoneVoices = { offer };
})();
