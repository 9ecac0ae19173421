/**
 * Browsers by the pages that they show. Dashboard names a browser by its connection, and a connection that is lost and made again, as on a
 * phone that looked elsewhere for a moment, has another name: what was for the page before is still for it.
 */

/** Pages that are remembered; the oldest are forgotten. */
const MOST = 2_000;
const LONGEST = 100;
/** Both ways; names are random, so that no two runtimes share any. */
const socketOfPage = new Map<string, string>();
const pageOfSocket = new Map<string, string>();

/** A page says which connection it has now. @returns what the page is called here */
export function meet(page: unknown, socket: unknown): string | undefined {
  const connection = nameIn(socket);
  const own = nameIn(page);
  if (own === undefined) return connection && pageOf(connection);
  if (connection !== undefined) {
    remember(socketOfPage, own, connection);
    remember(pageOfSocket, connection, own);
  }
  return own;
}

/** The page that a connection belonged to; the connection itself where none is known. */
export function pageOf(socket: string): string {
  return pageOfSocket.get(socket) ?? socket;
}

/** The connection that a page has now. */
export function socketOf(page: string): string {
  return socketOfPage.get(page) ?? page;
}

function nameIn(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' && value.length <= LONGEST ? value : undefined;
}

function remember(names: Map<string, string>, name: string, other: string): void {
  names.delete(name);
  names.set(name, other);
  const [oldest] = names.keys();
  if (names.size > MOST && oldest !== undefined) names.delete(oldest);
}
