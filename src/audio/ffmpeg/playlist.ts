/** Reads the playlists that radio stations and players write: M3U, PLS, XSPF and ASX. */

/** What a playlist names, in its order; `isUri`: addresses are written as in a browser, with `%20` for a space. */
export interface PlaylistEntries {
  readonly kind: 'M3U' | 'PLS' | 'XSPF' | 'ASX';
  readonly entries: readonly string[];
  readonly isUri: boolean;
}

/** A line that is an address. */
const ADDRESS = /^[a-z][a-z0-9+.-]+:\/\/\S/iu;
/** What stands in the segment lists of HLS, which ffmpeg follows itself. */
const HLS = /^#EXT-X-/mu;

/**
 * The entries of a playlist; undefined where the text is none, or one of HLS.
 *
 * @param isNamed whether its name or type says that it is an M3U, so that lines need not be addresses
 */
export function playlistEntries(bytes: Uint8Array, isNamed: boolean): PlaylistEntries | undefined {
  const text = textOf(bytes);
  if (text === undefined) return undefined;
  const head = text.trimStart().slice(0, 2_000);
  if (/^\[(?:playlist|reference)\]/iu.test(head)) return pls(text);
  if (head.startsWith('<') && /<playlist\b/iu.test(head)) {
    return { kind: 'XSPF', entries: found(text, /<location>([^<]{1,4000})<\/location>/giu), isUri: true };
  }
  if (/^<asx\b/iu.test(head)) {
    const links = /<(?:ref|entryref)\s[^>]{0,500}?\bhref\s{0,9}=\s{0,9}["']([^"'<>]{1,4000})["']/giu;
    return { kind: 'ASX', entries: found(text, links), isUri: true };
  }
  if (head.startsWith('<')) return undefined; // A page, whatever its name.
  return m3u(text, head.startsWith('#EXTM3U') || isNamed);
}

/** Whether bytes hold what no text has. */
export function isBinary(bytes: Uint8Array): boolean {
  return bytes.some((byte) => byte < 9 || (byte > 13 && byte < 32 && byte !== 27));
}

function textOf(bytes: Uint8Array): string | undefined {
  if (isBinary(bytes)) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return Buffer.from(bytes).toString('latin1'); // Old playlists of names with accents.
  }
}

function linesOf(text: string): string[] {
  return text
    .split(/[\r\n]+/u)
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

function m3u(text: string, isCertain: boolean): PlaylistEntries | undefined {
  if (HLS.test(text)) return undefined;
  const entries = linesOf(text).filter((line) => !line.startsWith('#'));
  const isOne = isCertain || (entries.length > 0 && entries.every((line) => ADDRESS.test(line)));
  return isOne ? { kind: 'M3U', entries, isUri: false } : undefined;
}

/** `File1=...` in the order of the numbers; `Ref1=...` in the old form of ASX. */
function pls(text: string): PlaylistEntries {
  const entries = linesOf(text).flatMap((line) => {
    const [, number, entry] = /^(?:file|ref)(\d{1,6})\s*=\s*(\S.*)$/iu.exec(line) ?? [];
    return entry === undefined ? [] : [{ number: Number(number), entry }];
  });
  entries.sort((a, b) => a.number - b.number);
  return { kind: 'PLS', entries: entries.map(({ entry }) => entry), isUri: false };
}

function found(xml: string, pattern: RegExp): readonly string[] {
  const texts = [...xml.matchAll(pattern)].map(([, text = '']) => unescaped(text).trim());
  return texts.filter((text) => text !== '');
}

const NAMED: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** XML's own way of writing `&` and other characters. */
function unescaped(text: string): string {
  return text.replace(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|(\w{2,4}));/giu, (whole, decimal, hex, name) => {
    if (typeof name === 'string') return NAMED[name.toLowerCase()] ?? whole;
    const code = typeof hex === 'string' ? Number.parseInt(hex, 16) : Number(decimal);
    return code > 0 && code <= 0x10_ffff ? String.fromCodePoint(code) : whole;
  });
}
