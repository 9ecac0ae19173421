/** How text is set off on a terminal. */
export interface Style {
  readonly strong: (text: string) => string;
  readonly dim: (text: string) => string;
}

const PLAIN: Style = { strong: (text) => text, dim: (text) => text };
const COLOURED: Style = {
  strong: (text) => `\u001b[1m${text}\u001b[22m`,
  dim: (text) => `\u001b[2m${text}\u001b[22m`,
};

/** Set off only where that is seen: on a terminal that knows how, and whose user has not said no (NO_COLOR, TERM=dumb). */
export function styleOf(stream: { readonly isTTY?: boolean }, environment = process.env): Style {
  const isWanted = !environment['NO_COLOR'] && environment['TERM'] !== 'dumb';
  return stream.isTTY === true && isWanted ? COLOURED : PLAIN;
}
