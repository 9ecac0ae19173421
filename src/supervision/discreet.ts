/** What answers over HTTP must not say: where files are on this machine. The log says it all. */
import { basename, win32 } from 'node:path';

/** An absolute path in quotes, which may hold spaces. */
const QUOTED = /(["'`])((?:[A-Za-z]:)?[/\\][^"'`\n]*)\1/gu;
/** One without: it ends at white space or a closing mark. */
const BARE =
  /(?<![\w./\\:<…-])(?:file:\/\/)?(?:[A-Za-z]:)?[/\\](?:[^\s"'`/\\,;()[\]]+[/\\])*[^\s"'`/\\,;()[\]]*/gu;

/** A sentence with the last name of each absolute path in the place of the path. */
export function withoutPaths(text: string): string {
  return text
    .replace(QUOTED, (_whole, quote: string, path: string) => quote + lastName(path) + quote)
    .replace(BARE, (path) => (path.length < 2 ? path : lastName(path)));
}

function lastName(path: string): string {
  const end = /[.:]+$/u.exec(path)?.[0] ?? '';
  const bare = path.slice(0, path.length - end.length);
  return `…/${basename(win32.basename(bare))}${end}`;
}
