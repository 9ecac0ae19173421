// The Test button of an engine: what an answer takes, and what is heard in an example. Loaded by the dialog of the engine; the first one wins.
(function () {
  'use strict';
  if (window.DeeptoneTrial) return;

  const ICONS = { ok: 'fa-check', warning: 'fa-exclamation-triangle', problem: 'fa-times' };

  /**
   * Puts the button behind an element.
   * @param {JQuery} before
   * @param {unknown} engineId
   * @param {(key: string, values?: Record<string, string | number>) => string} text
   */
  function offer(before, engineId, text) {
    const findings = $('<ul class="deeptone-findings" aria-live="polite">');
    const button = $('<button type="button" class="red-ui-button deeptone-test">').text(text('button'));
    button.on('click', function () {
      button.prop('disabled', true);
      findings.empty().append($('<li>').text(text('running')));
      DeeptoneEditor.start(engineId, 'test')
        .done(function (trial) {
          show(findings, trial, text);
        })
        .fail(function (response) {
          const isForbidden = response.status === 401 || response.status === 403;
          const sentence = isForbidden ? text('forbidden') : DeeptoneEditor.problem(response);
          findings.empty().append(line('problem', sentence));
        })
        .always(function () {
          button.prop('disabled', false);
        });
    });
    $('<div class="form-row deeptone-trial">').append(button, findings).insertAfter(before);
  }

  /**
   * @param {JQuery} place
   * @param {DeeptoneTrialAnswer} trial
   * @param {(key: string, values?: Record<string, string | number>) => string} text
   */
  function show(place, trial, text) {
    place.empty();
    for (const { subject, state, values } of trial.findings) {
      if (subject === 'sound' && state === 'ok') {
        place.append(line('ok', text('sound', { heard: trial.heard || text('nothing') })));
      } else {
        place.append(line(state, sentence(subject, state, values, text)));
      }
    }
    if (!trial.deployed) place.append(line('warning', text('notDeployed')));
  }

  /**
   * @param {string} subject
   * @param {string} state
   * @param {Record<string, string | number>} values
   * @param {(key: string, values?: Record<string, string | number>) => string} text
   */
  function sentence(subject, state, values, text) {
    if (state === 'problem') return text('problem', { subject: text('subject.' + subject), ...values });
    if (subject === 'ffmpeg' && values.version === '') return text('noFfmpeg');
    if (subject === 'models' && values.broken !== '') return text('brokenModels', values);
    if (subject === 'speed' && Number(values.streams) < 1) return text('tooSlow', values);
    return text(subject, values).trim();
  }

  /**
   * @param {'ok' | 'warning' | 'problem'} state
   * @param {string} words
   */
  function line(state, words) {
    const icon = $('<i class="fa" aria-hidden="true">').addClass(ICONS[state]);
    return $('<li>')
      .addClass('deeptone-is-' + state)
      .append(icon, $('<span>').text(words));
  }

  window.DeeptoneTrial = { offer };
})();
