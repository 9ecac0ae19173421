// The rooms of docs/architecture.md as rules: who stands on a floor knows the floors below and not those above, and
// knows a room by its index alone. Tests of a room may look into it.

/** From the ground up; rooms on one floor do not know each other. Names without a folder are files of `src`. */
const FLOORS = [
  ['sentence'],
  ['errors', 'clock', 'version', 'reaper', 'npm', 'thrown'],
  ['audio', 'inference', 'license'],
  ['insight'],
  ['pipeline'],
  ['streams', 'heads', 'supervision'],
  ['mqtt'],
  ['serve'],
  ['cli'],
];
/** What the package exports: nothing of `src` builds on it. */
const ENTRIES = ['index', 'engine', 'live'];
/** Floors of single files, which have no index. */
const FILES = 2;
const ROOMS = FLOORS.slice(FILES).flat();

/** The rooms of Node-RED's side, in the same order; they stand on all of `src` but the command line. */
const NODE_FLOORS = [['shared'], ['watch'], ['engine'], ['answers', 'teach', 'board'], ['stream']];
/** Those that have an index. */
const NODE_ROOMS = NODE_FLOORS.slice(1).flat();

const CLIMB = '^(?:\\.\\.?/)+';

/** Names of rooms as they stand in an import, with what is behind them. */
function named(names, rest) {
  return `(?:${names.join('|')})${rest}`;
}

function past(prefix, names) {
  return {
    regex: `${CLIMB}${prefix}${named(names, '/.+')}`,
    message: 'A room is known by its index: export it there, and import the room.',
  };
}

function upward(prefix, names) {
  return {
    regex: `${CLIMB}${prefix}${named(names, '(?:/|$)')}`,
    message: 'This room is on the same floor or above: calls go down, values come up (docs/architecture.md).',
  };
}

function rule(files, patterns) {
  return { files, rules: { 'no-restricted-imports': ['error', { patterns }] } };
}

function others(names, own) {
  return names.filter((name) => name !== own);
}

/** For each room of `src`: what is not below it. */
const srcRules = FLOORS.flatMap((floor, level) =>
  floor.map((room) =>
    rule(
      [level < FILES ? `src/${room}.ts` : `src/${room}/**/*.ts`],
      [
        past('', others(ROOMS, room)),
        upward('', [...others(FLOORS.slice(level).flat(), room), ...ENTRIES]),
        { regex: '^(?:\\.\\./)+nodes(?:/|$)', message: 'src knows nothing of Node-RED.' },
      ],
    ),
  ),
);

const nodeRules = NODE_FLOORS.flatMap((floor, level) =>
  floor.map((room) =>
    rule(
      [`nodes/${room}/**/*.ts`],
      [
        past('src/', ROOMS),
        upward('src/', ['cli']),
        past('', others(NODE_ROOMS, room)),
        upward('', others(NODE_FLOORS.slice(level).flat(), room)),
      ],
    ),
  ),
);

export default [
  rule(['src/*.ts'], [past('', ROOMS)]),
  ...srcRules,
  rule(['nodes/*.ts'], [past('src/', ROOMS), upward('src/', ['cli']), past('', NODE_ROOMS)]),
  ...nodeRules,
  rule(['test/**/*.ts', 'bench/**/*.ts'], [past('src/', ROOMS)]),
  ...ROOMS.map((room) => rule([`test/${room}/**/*.ts`], [past('src/', others(ROOMS, room))])),
];
