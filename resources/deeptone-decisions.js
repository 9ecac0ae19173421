// How the answers of each chosen model are decided: which are possible, from which probability on, and what stands for a period (decision 31).
// Loaded by each dialog; the first one wins.
(function () {
  'use strict';
  if (window.DeeptoneDecisions) return;

  /** A share of a period that is offered at first, in percent. */
  const SHARE_PERCENT = 20;

  /** @param {unknown} value @returns {Record<string, DeeptoneDecision>} */
  function copied(value) {
    return value && typeof value === 'object' && !Array.isArray(value)
      ? JSON.parse(JSON.stringify(value))
      : {};
  }

  /**
   * Percents as a person writes them.
   * @param {string} written
   * @returns {number} in [0, 1]; NaN where it is no share
   */
  function share(written) {
    const percent = DeeptoneNumbers.read(written.replace(/%\s*$/, ''));
    return percent >= 0 && percent <= 100 ? percent / 100 : NaN;
  }

  /** @param {number} value */
  function percents(value) {
    return String(Math.round(value * 1_000) / 10);
  }

  /**
   * The decisions about the models that are ticked, to change.
   * @param {DeeptoneDecisionsParts} parts
   * @returns {DeeptoneDecisionsForm}
   */
  function form({ place, value, changed }) {
    const decisions = copied(value);
    // As text it is an environment variable, or JSON that somebody wrote by hand: it stays as it is.
    const written = typeof value === 'string' ? value : '';
    /** @type {Map<string, string>} by place, what is wrong there */
    const problems = new Map();

    /**
     * @param {string} name
     * @param {(decision: DeeptoneDecision) => void} change
     */
    function decide(name, change) {
      const decision = decisions[name] || {};
      change(decision);
      if (Object.keys(decision).length > 0) decisions[name] = decision;
      else delete decisions[name];
      changed();
    }

    /** @param {readonly DeeptoneOfferedModel[]} models */
    function show(models) {
      place.empty();
      problems.clear();
      if (written) {
        place.append(writtenRow());
        return;
      }
      if (models.length === 0)
        place.append($('<div class="deeptone-note">').text(DeeptoneEditor.text('decisions.none')));
      for (const model of models) place.append(group(model));
    }

    function writtenRow() {
      const id = 'deeptone-decisions-written';
      return $('<div class="deeptone-decision-period">').append(
        $('<label>').attr('for', id).text(DeeptoneEditor.text('decisions.written')),
        $('<input type="text" readonly>').attr('id', id).val(written),
      );
    }

    /** @param {DeeptoneOfferedModel} model */
    function group(model) {
      const title = DeeptoneEditor.textOr('model.' + model.name + '.title', model.title);
      const content = $('<fieldset class="deeptone-decision">').append($('<legend>').text(title));
      const classes = model.classes || [];
      const { classes: possible } = decisions[model.name] || {};
      complain(model.name, possible && possible.length === 0 ? 'decisions.nonePossible' : '');
      if (classes.length > 0) content.append(table(model, classes));
      return content.append(period(model.name));
    }

    /**
     * @param {DeeptoneOfferedModel} model
     * @param {readonly string[]} classes
     */
    function table(model, classes) {
      const heads = ['possible', 'threshold'].map((name) =>
        $('<th>').text(DeeptoneEditor.text('decisions.' + name)),
      );
      const body = $('<tbody>');
      for (const one of classes) body.append(row(model, classes, one));
      return $('<table>').append($('<thead>').append($('<tr>').append(...heads)), body);
    }

    /**
     * @param {DeeptoneOfferedModel} model
     * @param {readonly string[]} classes
     * @param {string} one
     */
    function row({ name }, classes, one) {
      const id = 'deeptone-decision-' + name + '-' + one;
      const title = DeeptoneModels.className(name, one);
      const { classes: possible = classes, thresholds = {} } = decisions[name] || {};
      const box = $('<input type="checkbox">')
        .attr('id', id)
        .prop('checked', possible.includes(one))
        .on('change', () => allow(name, classes, one, box.is(':checked')));
      const level = thresholds[one];
      const field = $('<input type="text" inputmode="decimal" class="deeptone-short">')
        .attr({ id: id + '-from', 'aria-label': title + ': ' + DeeptoneEditor.text('decisions.threshold') })
        .val(level === undefined ? '' : percents(level))
        .on('input change', () => limit(name, one, field));
      return $('<tr>').append(
        $('<td>').append(box, $('<label>').attr('for', id).text(title)),
        $('<td>').append(field, '<span class="deeptone-unit">%</span>'),
      );
    }

    /**
     * @param {string} name
     * @param {readonly string[]} classes
     * @param {string} one
     * @param {boolean} isAllowed
     */
    function allow(name, classes, one, isAllowed) {
      decide(name, (decision) => {
        const before = decision.classes || classes;
        const now = classes.filter((other) => (other === one ? isAllowed : before.includes(other)));
        if (now.length === classes.length) delete decision.classes;
        else decision.classes = now;
        complain(name, now.length === 0 ? 'decisions.nonePossible' : '');
      });
    }

    /**
     * @param {string} name
     * @param {string} one
     * @param {JQuery} field
     */
    function limit(name, one, field) {
      const text = String(field.val() || '').trim();
      const level = share(text);
      judge(name + '.' + one, field, text !== '' && Number.isNaN(level));
      decide(name, (decision) => {
        const thresholds = { ...decision.thresholds };
        delete thresholds[one];
        if (!Number.isNaN(level)) thresholds[one] = level;
        if (Object.keys(thresholds).length > 0) decision.thresholds = thresholds;
        else delete decision.thresholds;
      });
    }

    /** @param {string} name */
    function period(name) {
      const rule = (decisions[name] || {}).period;
      const id = 'deeptone-decision-' + name + '-period';
      const choice = $('<select>').attr('id', id);
      for (const kind of ['majority', 'any', 'share'])
        choice.append(
          $('<option>')
            .val(kind)
            .text(DeeptoneEditor.text('decisions.period.' + kind)),
        );
      choice.val(typeof rule === 'number' ? 'share' : rule || 'majority');
      const field = $('<input type="text" inputmode="decimal" class="deeptone-short">')
        .attr({ id: id + '-share', 'aria-label': DeeptoneEditor.text('decisions.period.share') })
        .val(typeof rule === 'number' ? percents(rule) : String(SHARE_PERCENT));
      const of = $('<span class="deeptone-decision-share">').append(
        field,
        '<span class="deeptone-unit">%</span>',
      );
      const take = () => stand(name, String(choice.val()), field, of);
      choice.on('change', take);
      field.on('input change', take);
      of.toggle(choice.val() === 'share');
      const label = $('<label>').attr('for', id).text(DeeptoneEditor.text('decisions.period.label'));
      return $('<div class="deeptone-decision-period">').append(label, choice, of);
    }

    /**
     * @param {string} name
     * @param {string} kind
     * @param {JQuery} field
     * @param {JQuery} of
     */
    function stand(name, kind, field, of) {
      const part = share(String(field.val() || ''));
      of.toggle(kind === 'share');
      judge(name + '.period', field, kind === 'share' && !(part > 0));
      decide(name, (decision) => {
        if (kind === 'majority') delete decision.period;
        else if (kind === 'any') decision.period = 'any';
        else if (part > 0) decision.period = part;
      });
    }

    /**
     * @param {string} where
     * @param {JQuery} field
     * @param {boolean} isWrong
     */
    function judge(where, field, isWrong) {
      field.toggleClass('input-error', isWrong).attr('aria-invalid', String(isWrong));
      complain(where, isWrong ? 'decisions.percent' : '');
    }

    /**
     * @param {string} where
     * @param {string} key of the sentence that says what is wrong; '' where nothing is
     */
    function complain(where, key) {
      if (key) problems.set(where, DeeptoneEditor.text(key));
      else problems.delete(where);
    }

    return {
      show,
      // A flow that never decided anything stays as it was.
      value: () => written || (Object.keys(decisions).length > 0 || value ? decisions : undefined),
      problem: () => problems.values().next().value || '',
    };
  }

  /**
   * Whether decisions that were saved, or imported, can be meant.
   * @param {unknown} value
   * @returns {true | string}
   */
  function valid(value) {
    const none = Object.entries(copied(value)).find(([, { classes }]) => classes && classes.length === 0);
    return !none || DeeptoneEditor.text('decisions.nonePossible');
  }

  window.DeeptoneDecisions = { form, valid };
})();
