/** What an accessibility checker finds wrong with a page, by the rules of WCAG 2.1 AA. */
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';

const AXE = createRequire(__filename).resolve('axe-core/axe.min.js');

/** @param part selector of what is looked at */
export async function accessibilityFaults(page: Page, part: string): Promise<readonly string[]> {
  if (!(await page.evaluate('Boolean(window.axe)'))) await page.addScriptTag({ path: AXE });
  return page.evaluate<readonly string[]>(
    `axe.run(${JSON.stringify(part)}, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa'] }).then(({ violations }) =>
      violations.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => id + html + failureSummary.slice(0, 400))))`,
  );
}
