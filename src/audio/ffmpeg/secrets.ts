/** Keeps what is secret out of what is told. */

/** Parts of addresses that say who asks, by their names: cameras take user and password in the query, stations a token. */
const SECRET_NAMES =
  /user|usr|login|pass|pwd|secret|token|auth|(?:^|[_-]|api)key$|^sig(?:nature)?$|credential|session/iu;
const MASK = '***';
/** Shorter ones stand in any word. */
const SHORTEST = 3;

/** Text without the user names, passwords and other secrets of the addresses in it. */
export function withoutPassword(text: string): string {
  return (
    text
      .replace(/\/\/[^/\s]*@/gu, `//${MASK}@`)
      // A password with a slash in it, which belongs into an address as %2F.
      .replace(/\/\/[^/@\s]*:(?!\d+(?:[/?#]|$))[^@\s]*@/gu, `//${MASK}@`)
      .replace(/([?&;])([\w.~%-]{1,100})=([^&;\s"'<>]{1,2000})/gu, (whole, before: string, name: string) =>
        SECRET_NAMES.test(name) ? `${before}${name}=${MASK}` : whole,
      )
  );
}

/** Whether an address says who asks. */
export function hasSecret(address: string): boolean {
  return withoutPassword(address) !== address;
}

/** Takes texts out of others, however they are written: as they are, as in an address, or in base64. */
export class Redaction {
  readonly #secrets: readonly string[];

  constructor(secrets: readonly string[] = []) {
    const written = secrets.flatMap((secret) => [
      secret,
      encodeURIComponent(secret),
      Buffer.from(secret).toString('base64'),
    ]);
    this.#secrets = [...new Set(written)]
      .filter((secret) => secret.length >= SHORTEST)
      .sort((a, b) => b.length - a.length);
  }

  of(text: string): string {
    const redacted = this.#secrets.reduce((rest, secret) => rest.replaceAll(secret, MASK), text);
    return withoutPassword(redacted);
  }
}

/** User and password of an address, apart and as they are sent; empty where there are none. */
export function secretsOf(address: string): readonly string[] {
  if (!URL.canParse(address)) return [];
  const { username, password, searchParams } = new URL(address);
  const [user, word] = [decoded(username), decoded(password)];
  const named = [...searchParams].filter(([name]) => SECRET_NAMES.test(name)).map(([, value]) => value);
  return [password, word, ...(user === '' ? [] : [`${user}:${word}`]), ...named].filter((one) => one !== '');
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
