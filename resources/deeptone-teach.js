// The page that teaches sounds: examples of one and of what it is not, learning, and an honest word about how well it went.
(function () {
  'use strict';

  const { ask, post, words } = window.DeeptoneTeachServer;
  const KINDS = /** @type {const} */ (['that', 'other']);
  /** As many as the first hint asks for. */
  const WANTED = 10;
  const FEWEST = 4;
  const LONGEST_RECORDING_S = 15;
  const POLL_MS = 1_000;
  const SOUNDS = 'resources/@deeptone/node-red/sounds/';
  const page = /** @type {HTMLElement} */ (document.getElementById('teach'));

  /** @type {(key: string, values?: Record<string, string | number>) => string} */
  let text = (key) => key;
  /** @type {DeeptoneTaught[]} */
  let sounds = [];
  /** @type {DeeptoneLearning} */
  let learning = { state: 'none' };
  /** Names of the sounds that come with the package. @type {readonly string[]} */
  let bundled = [];
  let chosen = new URLSearchParams(location.search).get('sound') || '';
  /** @type {{ kind: string, stop(): void } | undefined} */
  let recording;
  const player = new Audio();

  /**
   * @param {string} name
   * @param {Record<string, unknown>} [properties]
   * @param {...(Node | string)} content
   * @returns {HTMLElement}
   */
  function make(name, properties = {}, ...content) {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(properties)) {
      if (key.startsWith('on')) element.addEventListener(key.slice(2), /** @type {EventListener} */ (value));
      else if (value === true) element.setAttribute(key, '');
      else if (value !== false && value !== undefined) element.setAttribute(key, String(value));
    }
    element.append(...content);
    return element;
  }

  /**
   * Does what takes a while, and says what went wrong beside it.
   * @param {string} place id of what says it
   * @param {() => Promise<unknown>} what
   */
  async function attempt(place, what) {
    say(place, '');
    try {
      await what();
    } catch (error) {
      say(place, error instanceof Error ? error.message : String(error));
    }
  }

  /**
   * @param {string} place
   * @param {string} sentence
   */
  function say(place, sentence) {
    const alert = document.getElementById(place);
    if (alert) alert.textContent = sentence;
  }

  const current = () => sounds.find(({ id }) => id === chosen);

  /** @param {DeeptoneTaught} sound */
  function keep(sound) {
    sounds = [...sounds.filter(({ id }) => id !== sound.id), sound].sort((a, b) =>
      a.title < b.title ? -1 : 1,
    );
    show();
  }

  function show() {
    // What somebody is at keeps the focus.
    const focused = document.activeElement ? document.activeElement.id : '';
    page.replaceChildren(heading(), choice(), ...(current() ? [examples(), learn()] : []));
    page.setAttribute('aria-busy', 'false');
    if (focused) document.getElementById(focused)?.focus();
  }

  function heading() {
    return make('header', {}, make('h1', {}, text('title')), make('p', { class: 'quiet' }, text('intro')));
  }

  function choice() {
    const options = [make('option', { value: '' }, text('new')), ...sounds.map(option)];
    const select = make('select', { id: 'sound', 'aria-label': text('which'), onchange: choose }, ...options);
    const name = make('input', {
      id: 'name',
      type: 'text',
      maxlength: 40,
      placeholder: text('placeholder'),
      'aria-label': text('name'),
    });
    const begin = make('button', { id: 'begin', class: 'main', onclick: start }, text('begin'));
    const forget = make('button', { id: 'forget', onclick: forgetSound }, text('forget'));
    name.addEventListener('keydown', (event) => event.key === 'Enter' && start());
    return make(
      ...card('1', text('which')),
      make('div', { class: 'row' }, select, ...(current() ? [forget] : [name, begin])),
      alertOf('problem-sound'),
    );
  }

  /** @param {DeeptoneTaught} sound */
  function option(sound) {
    return make('option', { value: sound.id, selected: sound.id === chosen }, sound.title);
  }

  /**
   * @param {string} id
   * @param {string} title
   * @returns {[string, Record<string, unknown>, HTMLElement]}
   */
  function card(id, title) {
    return [
      'section',
      { class: 'card', 'aria-labelledby': 'card-' + id },
      make('h2', { id: 'card-' + id }, title),
    ];
  }

  /** @param {string} id */
  function alertOf(id) {
    return make('p', { id, class: 'wrong', role: 'alert' });
  }

  function choose() {
    chosen = /** @type {HTMLSelectElement} */ (document.getElementById('sound')).value;
    show();
  }

  function start() {
    const { value } = /** @type {HTMLInputElement} */ (document.getElementById('name'));
    return attempt('problem-sound', async () => {
      const sound = await (await post('deeptone/teach', { title: value })).json();
      chosen = sound.id;
      keep(sound);
      document.getElementById('record-that')?.focus();
    });
  }

  function forgetSound() {
    const sound = current();
    if (!sound || !confirm(text('forgetSure', { title: sound.title }))) return undefined;
    return attempt('problem-sound', async () => {
      await ask('deeptone/teach/' + sound.id, { method: 'DELETE' });
      sounds = sounds.filter(({ id }) => id !== sound.id);
      chosen = '';
      show();
    });
  }

  function examples() {
    return make('div', { class: 'columns' }, ...KINDS.map(column));
  }

  /** @param {'that' | 'other'} kind */
  function column(kind) {
    const sound = /** @type {DeeptoneTaught} */ (current());
    const own = sound.examples[kind];
    const title = kind === 'that' ? sound.title : text('notThat');
    const files = make('input', {
      id: 'files-' + kind,
      type: 'file',
      accept: 'audio/*,video/*',
      multiple: true,
      hidden: true,
      onchange: picked,
    });
    const pick = make('button', { id: 'pick-' + kind, onclick: () => files.click() }, text('pick'));
    const hint = make('p', { class: 'quiet' }, text('hint.' + kind, { title: sound.title }));
    const count = make(
      'p',
      { id: 'count-' + kind, role: 'status' },
      text(own.length < WANTED ? 'count' : 'enough', { count: own.length, wanted: WANTED }),
    );
    const section = make(
      ...card(kind, title),
      ...[hint, make('div', { class: 'row' }, recordButton(kind), pick, files)],
      ...(kind === 'other' ? bundledSounds([...sound.examples.that, ...own]) : []),
      ...[meterOf(kind), alertOf('problem-' + kind), count],
      make(
        'ul',
        { class: 'examples', 'aria-label': title },
        ...own.map((example, at) => line(sound, kind, example, at)),
      ),
    );
    droppable(section, kind);
    return section;

    /** @param {Event} event */
    function picked(event) {
      const input = /** @type {HTMLInputElement} */ (event.target);
      void add(kind, [...(input.files || [])]);
    }
  }

  /**
   * Other sounds for who has none at hand, as long as they are not all there: as what it is not, or as the sound itself.
   * @param {readonly DeeptoneTaughtExample[]} own of both kinds
   */
  function bundledSounds(own) {
    const missing = bundled.filter((name) => !own.some((example) => example.name === name));
    if (missing.length === 0) return [];
    const names = missing.map((name) => name.replace(/\.wav$/, '').replaceAll('-', ' ')).join(', ');
    const addThem = () =>
      attempt('problem-other', async () => {
        const load = async (/** @type {string} */ name) =>
          new File([await (await ask(SOUNDS + encodeURIComponent(name))).blob()], name);
        await add('other', await Promise.all(missing.map(load)));
      });
    return [
      make('p', { class: 'quiet' }, text('bundled', { names })),
      make('div', { class: 'row' }, make('button', { id: 'bundled', onclick: addThem }, text('addBundled'))),
    ];
  }

  /** @param {string} kind */
  function meterOf(kind) {
    return make('meter', {
      id: 'level-' + kind,
      min: 0,
      max: 1,
      value: 0,
      'aria-label': text('level'),
      hidden: recording?.kind !== kind,
    });
  }

  /**
   * @param {HTMLElement} section
   * @param {'that' | 'other'} kind
   */
  function droppable(section, kind) {
    section.addEventListener('dragover', (event) => {
      event.preventDefault();
      section.classList.add('drop');
    });
    section.addEventListener('dragleave', () => section.classList.remove('drop'));
    section.addEventListener('drop', (event) => {
      event.preventDefault();
      section.classList.remove('drop');
      void add(kind, [...(event.dataTransfer?.files || [])]);
    });
  }

  /**
   * @param {DeeptoneTaught} sound
   * @param {string} kind
   * @param {DeeptoneTaughtExample} example
   * @param {number} at
   */
  function line({ id, learned }, kind, example, at) {
    const path = 'deeptone/teach/' + id + '/' + kind + '/' + example.id;
    const isMistaken = learned !== undefined && learned.mistaken.includes(example.id);
    const values = {
      number: at + 1,
      name: example.name ?? '',
      seconds: (example.milliseconds / 1_000).toFixed(1),
      level: Math.round(example.level),
    };
    const what =
      text(example.name ? 'named' : 'example', values) + (isMistaken ? ' – ' + text('mistaken.' + kind) : '');
    const hear = make(
      'button',
      {
        id: 'hear-' + example.id,
        'aria-label': text('hear') + ' ' + values.number,
        onclick: () => play(kind, path),
      },
      '▶',
    );
    const remove = make(
      'button',
      { 'aria-label': text('remove') + ' ' + values.number, onclick: () => takeAway(kind, path) },
      '✕',
    );
    return make('li', { class: isMistaken ? 'mistaken' : undefined }, hear, make('span', {}, what), remove);
  }

  /**
   * @param {string} kind
   * @param {string} path
   */
  function play(kind, path) {
    return attempt('problem-' + kind, async () => {
      const old = player.src;
      player.src = URL.createObjectURL(await (await ask(path)).blob());
      if (old) URL.revokeObjectURL(old);
      await player.play();
    });
  }

  /**
   * @param {string} kind
   * @param {string} path
   */
  function takeAway(kind, path) {
    return attempt('problem-' + kind, async () => keep(await (await ask(path, { method: 'DELETE' })).json()));
  }

  /**
   * Adds recordings one after the other; each that is refused says why, with its name, and the rest go on.
   * @param {'that' | 'other'} kind
   * @param {(File | Blob)[]} files
   */
  async function add(kind, files) {
    const { id = '' } = current() || {};
    const refused = [];
    for (const [at, file] of files.entries()) {
      if (files.length > 1) say('count-' + kind, text('adding', { number: at + 1, count: files.length }));
      try {
        const headers = { 'Content-Type': 'application/octet-stream' };
        const query = file instanceof File ? '?name=' + encodeURIComponent(file.name) : '';
        const path = 'deeptone/teach/' + id + '/' + kind + query;
        keep(await (await ask(path, { method: 'POST', headers, body: file })).json());
      } catch (error) {
        const name = file instanceof File ? file.name + ': ' : '';
        refused.push(name + (error instanceof Error ? error.message : String(error)));
      }
    }
    show();
    say('problem-' + kind, refused.join('\n'));
  }

  /** @param {'that' | 'other'} kind */
  function recordButton(kind) {
    const isOn = recording?.kind === kind;
    return make(
      'button',
      {
        ...{ id: 'record-' + kind, class: isOn ? 'recording' : 'main' },
        ...{
          disabled: recording !== undefined && !isOn,
          onclick: () => (isOn ? recording?.stop() : record(kind)),
        },
      },
      text(isOn ? 'stop' : 'record'),
    );
  }

  /** @param {'that' | 'other'} kind */
  async function record(kind) {
    const hindrance = DeeptoneRecorder.hindrance();
    if (hindrance) return say('problem-' + kind, text('microphone.' + hindrance));
    try {
      const running = await DeeptoneRecorder.record('deeptone-recorder-worklet.js', heard);
      const stop = async () => {
        if (recording?.stop !== stop) return;
        recording = undefined;
        await add(kind, [await running.stop()]);
      };
      recording = { kind, stop };
      show();
    } catch (error) {
      say('problem-' + kind, text('microphone.' + DeeptoneRecorder.reason(error)));
    }
    return undefined;

    /**
     * @param {number} level
     * @param {number} seconds
     */
    function heard(level, seconds) {
      const meter = /** @type {HTMLMeterElement | null} */ (document.getElementById('level-' + kind));
      if (meter) meter.value = level;
      if (seconds >= LONGEST_RECORDING_S) recording?.stop();
    }
  }

  function learn() {
    const sound = /** @type {DeeptoneTaught} */ (current());
    const missing = KINDS.some((kind) => sound.examples[kind].length < FEWEST);
    const isBusy = learning.state === 'running';
    const button = make(
      'button',
      { id: 'learn', class: 'main', disabled: missing || isBusy, onclick: begin },
      text('learn'),
    );
    const isOwn = learning.id === sound.id;
    const wrong = isOwn && learning.state === 'failed' ? learning.message || '' : '';
    return make(
      ...card('learn', text('learning')),
      make('p', { class: 'quiet' }, text(missing ? 'tooFew' : 'ready', { fewest: FEWEST, wanted: WANTED })),
      make(
        'div',
        { class: 'row' },
        button,
        make('span', { id: 'learning', role: 'status' }, isBusy ? busy() : ''),
      ),
      make('p', { id: 'problem-learn', class: 'wrong', role: 'alert' }, wrong),
      ...(sound.learned ? outcome(sound, sound.learned) : []),
    );
  }

  function busy() {
    return text('running', { seconds: learning.seconds || 0 });
  }

  function begin() {
    return attempt('problem-learn', async () => {
      learning = await (await post('deeptone/teach/' + chosen + '/learn', {})).json();
      show();
      void watch();
    });
  }

  async function watch() {
    while (learning.state === 'running') {
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      const was = learning.state;
      await load().catch(() => undefined);
      if (learning.state === was) say('learning', busy());
      else show();
    }
  }

  /**
   * How well it went, in words: what a person may expect, not what looks good.
   * @param {DeeptoneTaught} sound
   * @param {DeeptoneLearned} learned
   */
  function outcome(sound, learned) {
    const present = KINDS.flatMap((kind) => sound.examples[kind].map(({ id }) => id));
    const isOld =
      present.length !== learned.examples.length || present.some((id) => !learned.examples.includes(id));
    const { that, other } = learned.standard;
    const values = {
      title: sound.title,
      right: that.right,
      of: that.of,
      wrong: other.of - other.right,
      others: other.of,
    };
    const command =
      'npx deeptone train-head USERDIR/deeptone/taught/' +
      sound.id +
      '/sounds --name ' +
      sound.id +
      ' --out USERDIR/deeptone/models/standard --replace';
    return [
      ...(isOld ? [make('p', { class: 'wrong' }, text('changed'))] : []),
      make('p', { id: 'found' }, text('found', values)),
      make('p', { id: 'expect', class: 'quiet' }, text('expect', expected(that, other))),
      ...(learned.open.that.right + learned.open.other.right < that.right + other.right
        ? [
            make(
              'p',
              { class: 'quiet' },
              text('atWork', {
                right: learned.open.that.right,
                of: learned.open.that.of,
                wrong: learned.open.other.of - learned.open.other.right,
                others: learned.open.other.of,
              }),
            ),
          ]
        : []),
      make('p', {}, text('use', { name: sound.title })),
      make(
        'div',
        { class: 'row' },
        make('button', { id: 'restart', onclick: restart }, text('restart')),
        make('span', { id: 'restarted', role: 'status' }),
      ),
      make('details', {}, make('summary', {}, text('command')), make('code', {}, command)),
    ];
  }

  /**
   * Of ten, by Wilson's interval of 95 %: few recordings say little.
   * @param {{right: number, of: number}} that
   * @param {{right: number, of: number}} other
   */
  function expected(that, other) {
    const [least, most] = interval(that.right, that.of);
    const [, wrong] = interval(other.of - other.right, other.of);
    return { least: Math.floor(10 * least), most: Math.ceil(10 * most), wrong: Math.ceil(10 * wrong) };
  }

  /**
   * @param {number} count
   * @param {number} of
   * @returns {[number, number]}
   */
  function interval(count, of) {
    if (of === 0) return [0, 1];
    const z = 1.96;
    const share = count / of;
    const middle = (share + (z * z) / (2 * of)) / (1 + (z * z) / of);
    const half = (z / (1 + (z * z) / of)) * Math.sqrt((share * (1 - share)) / of + (z * z) / (4 * of * of));
    return [Math.max(0, middle - half), Math.min(1, middle + half)];
  }

  function restart() {
    return attempt('problem-learn', async () => {
      // As the editor does it: nothing is sent, so nothing can change.
      await ask('flows', { method: 'POST', headers: { 'Node-RED-Deployment-Type': 'reload' } });
      say('restarted', text('restarted'));
    });
  }

  async function load() {
    const answer = await (await ask('deeptone/teach')).json();
    ({ sounds, learning, bundled } = answer);
  }

  async function open() {
    try {
      text = await words();
      document.title = text('title') + ' – DeepTone';
      await load();
      if (!current()) chosen = '';
      show();
      void watch();
    } catch (error) {
      const status = error instanceof Error && 'status' in error ? error.status : 0;
      const sentence =
        status === 401 || status === 403
          ? 'Sign in to the editor of Node-RED first, in this browser, and then open this page again.'
          : 'Node-RED does not answer: ' + (error instanceof Error ? error.message : String(error));
      page.replaceChildren(
        make('h1', {}, 'DeepTone'),
        make('p', { class: 'wrong', role: 'alert' }, sentence),
      );
    }
  }

  void open();
})();
