/** What the demo can be opened at. */
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 200;
/** What Node-RED and its flows may take to start on a small machine. */
const PATIENCE_MS = 120_000;

/** What answers. */
export interface Addresses {
  readonly editor?: string;
  readonly dashboard?: string;
}

/**
 * Waits until the editor answers and, where the flow has a page, the page does; in vain no longer than two minutes.
 *
 * @param isRunning whether there is anything to wait for
 * @returns what answered last
 */
export async function addressesOf(
  origin: string,
  flow: string,
  isRunning: () => boolean,
): Promise<Addresses> {
  const path = pageIn(await readFile(flow, 'utf8').catch(() => '[]'));
  const [editor, dashboard] = [`${origin}/`, path === undefined ? undefined : `${origin}${path}`];
  const late = AbortSignal.timeout(PATIENCE_MS);
  let found: Addresses = {};
  while (isRunning()) {
    const [hasEditor, hasPage] = await Promise.all([
      isUp(editor, late),
      dashboard !== undefined && isUp(dashboard, late),
    ]);
    if (late.aborted) return found;
    found = { ...(hasEditor ? { editor } : {}), ...(hasPage ? { dashboard } : {}) };
    if (hasEditor && (hasPage || dashboard === undefined)) return found;
    await sleep(POLL_MS);
  }
  return {};
}

/** The path of the first page of Dashboard in a flow, which may have been changed. */
function pageIn(flow: string): string | undefined {
  try {
    const nodes = JSON.parse(flow) as readonly Partial<Record<'id' | 'type' | 'path' | 'ui', string>>[];
    for (const page of nodes.filter(({ type }) => type === 'ui-page')) {
      const base = nodes.find(({ id, type }) => type === 'ui-base' && id === page.ui);
      if (base?.path !== undefined && page.path !== undefined) return base.path + page.path;
    }
  } catch {
    // Node-RED says itself what is wrong with it.
  }
  return undefined;
}

async function isUp(url: string, signal: AbortSignal): Promise<boolean> {
  try {
    const { ok, status, body } = await fetch(url, { signal });
    await body?.cancel();
    // A login that somebody has set is an answer, too.
    return ok || status === 401 || status === 403;
  } catch {
    return false;
  }
}
