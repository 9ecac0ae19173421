// The table of models in the edit dialogs: what each listens for, what it answers, how soon. Loaded by each dialog; the first one wins.
(function () {
  'use strict';
  if (window.DeeptoneModels) return;

  const CARDS = 'https://github.com/deeptone/node-red/blob/main/models/';
  const MAY_I = 'https://github.com/deeptone/node-red/blob/main/docs/what-may-i-do.md';
  /** Milliseconds that nobody notices. */
  const AT_ONCE_MS = 250;
  /** Models whose answers are those of another. */
  /** @type {Readonly<Record<string, string>>} */
  const ALIKE = { 'speech-rt': 'speech' };

  /**
   * A list of the models that the chosen engine offers, to tick.
   * @param {DeeptoneModelListParts} parts
   * @returns {DeeptoneModelList}
   */
  function list({ place, engine, selected, variables, changed }) {
    /** @type {Set<string>} */
    const ticked = new Set(Array.isArray(selected) ? selected : []);
    let variable = typeof selected === 'string' ? selected : '';
    let asked = 0;
    /** @type {readonly DeeptoneOfferedModel[]} */
    let known = [];
    /** @type {readonly string[]} */
    let missing = [];

    /** @param {DeeptoneOfferedModel[]} offered */
    function show(offered) {
      place.empty();
      known = offered;
      const names = offered.map((model) => model.name);
      missing = Array.from(ticked).filter((name) => !names.includes(name));
      const table = $('<table>').append(head());
      const body = $('<tbody>').appendTo(table);
      for (const model of offered) body.append(row(model, true));
      for (const name of missing) body.append(row({ name, title: name, description: '' }, false));
      place.append(table);
      if (variables || variable) place.append(variableRow());
      place.append(license(offered));
      changed();
    }

    function head() {
      const cells = ['answers', 'delay'].map((name) => $('<th>').text(DeeptoneEditor.text('models.' + name)));
      return $('<thead>').append($('<tr>').append($('<th colspan="2">'), ...cells));
    }

    /**
     * @param {DeeptoneOfferedModel} model
     * @param {boolean} isOffered
     */
    function row(model, isOffered) {
      const id = 'deeptone-model-' + model.name;
      const box = $('<input type="checkbox">')
        .attr('id', id)
        .val(model.name)
        .prop('checked', ticked.has(model.name))
        .on('change', function () {
          if ($(this).is(':checked')) ticked.add(model.name);
          else ticked.delete(model.name);
          changed();
        });
      const title = $('<label>')
        .attr('for', id)
        .append(
          $('<span class="deeptone-model-title">').text(
            DeeptoneEditor.textOr('model.' + model.name + '.title', model.title),
          ),
        );
      return $('<tr class="deeptone-model">')
        .toggleClass('deeptone-model-missing', !isOffered)
        .append(
          $('<td>').append(box),
          $('<td>').append(title, isOffered ? card(model) : ''),
          $('<td class="deeptone-model-facts">')
            .text(isOffered ? answers(model) : DeeptoneEditor.text('models.notOffered'))
            .attr('title', DeeptoneEditor.textOr('model.' + model.name + '.description', model.description)),
          $('<td class="deeptone-model-facts">').text(delay(model)),
        );
    }

    function variableRow() {
      const field = $('<input type="text" id="deeptone-models-variable">')
        .attr('placeholder', '${MODELS}')
        .val(variable)
        .on('input change', function () {
          variable = String($(this).val()).trim();
          changed();
        });
      const label = $('<label for="deeptone-models-variable">').text(DeeptoneEditor.text('models.variable'));
      return $('<div class="deeptone-models-variable">').append(label, field);
    }

    function load() {
      const turn = ++asked;
      if (place.children().length === 0)
        place.append($('<div class="deeptone-note">').text(DeeptoneEditor.text('models.loading')));
      DeeptoneEditor.ask(engine.val(), 'models')
        .done((offered) => {
          if (turn === asked) show(offered);
        })
        .fail((response) => {
          if (turn !== asked) return;
          show([]);
          place.prepend(
            $('<div class="deeptone-note deeptone-problem">').text(DeeptoneEditor.problem(response)),
          );
        });
    }

    /** A sound that was taught on another page is there when who taught it comes back; what is there already stays as it is. */
    function loadAgain() {
      if (!document.contains(place[0] ?? null)) {
        window.removeEventListener('focus', loadAgain);
        return;
      }
      const turn = asked;
      DeeptoneEditor.ask(engine.val(), 'models').done((offered) => {
        const isNew = JSON.stringify(offered) !== JSON.stringify(known);
        if (turn === asked && isNew) show(offered);
      });
    }

    engine.on('change', load);
    window.addEventListener('focus', loadAgain);
    load();
    return {
      chosen: () => known.filter(({ name }) => ticked.has(name)),
      selected: () => (ticked.size === 0 && variable ? variable : Array.from(ticked)),
      problem() {
        const isChosen = ticked.size > 0 || variable !== '';
        if (!isChosen) return DeeptoneEditor.text('validation.models');
        const gone = missing.filter((name) => ticked.has(name));
        return gone.length > 0
          ? DeeptoneEditor.text('validation.modelsGone', { names: gone.join(', ') })
          : '';
      },
    };
  }

  /**
   * A link to what is known of a model that ships with the package.
   * @param {DeeptoneOfferedModel} model
   */
  function card({ name, trainingData }) {
    if (trainingData === 'user')
      return $('<span class="deeptone-model-facts">').text(DeeptoneEditor.text('models.user'));
    return $('<a target="_blank" rel="noopener" class="deeptone-card">')
      .attr({
        href: CARDS + encodeURIComponent(name) + '.md',
        title: DeeptoneEditor.text('models.card'),
        'aria-label': DeeptoneEditor.text('models.card'),
      })
      .append('<i class="fa fa-info-circle">');
  }

  /** @param {DeeptoneOfferedModel} model */
  function answers({ name, classes = [], description }) {
    if (classes.length === 0)
      return name === 'speaker-map' ? DeeptoneEditor.text('models.speakers') : description;
    return classes.map((one) => className(name, one)).join(', ');
  }

  /**
   * A class in the words of the editor's language.
   * @param {string} model
   * @param {string} one
   */
  function className(model, one) {
    const number = /^speaker_(\d+)$/.exec(one)?.[1];
    if (number !== undefined) return DeeptoneEditor.text('class.speaker', { number });
    const any = DeeptoneEditor.textOr('class.any.' + one, one.replace(/_/g, ' '));
    return DeeptoneEditor.textOr('class.' + (ALIKE[model] || model) + '.' + one, any);
  }

  /** @param {DeeptoneOfferedModel} model */
  function delay({ receptiveFieldMs = 0, pooling }) {
    const heardMs = pooling ? pooling.seconds * 1000 : receptiveFieldMs;
    if (!heardMs) return '';
    if (heardMs <= AT_ONCE_MS) return DeeptoneEditor.text('models.atOnce');
    return DeeptoneEditor.text('models.seconds', {
      seconds: Math.max(0.5, Math.round(heardMs / 500) / 2),
    });
  }

  /**
   * What one may do with them, once.
   * @param {DeeptoneOfferedModel[]} offered
   */
  function license(offered) {
    const shipped = offered.filter(({ trainingData }) => trainingData !== 'user');
    if (shipped.length === 0) return '';
    const isFree = shipped.every(({ trainingData }) => trainingData === 'open');
    return $('<div class="deeptone-note deeptone-license-note">').append(
      document.createTextNode(DeeptoneEditor.text(isFree ? 'models.forWork' : 'models.forHome') + ' '),
      $('<a target="_blank" rel="noopener">').attr('href', MAY_I).text(DeeptoneEditor.text('models.mayI')),
    );
  }

  window.DeeptoneModels = { list, className };
})();
