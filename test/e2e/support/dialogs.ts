/** The edit dialogs as a person meets them. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { ROOT } from './package';

/** Screenshots of every state, to be looked at; git ignores the folder. */
export const SCREENSHOTS = join(ROOT, '.cache/screenshots');

/** Opens the dialog of a node that is on the canvas. */
export async function openDialog(page: Page, id: string): Promise<void> {
  await page.evaluate(`RED.editor.edit(RED.nodes.node(${JSON.stringify(id)}))`);
  await page.waitForSelector('.deeptone-form .deeptone-model');
}

export async function closeDialog(page: Page, button: 'ok' | 'cancel' = 'cancel'): Promise<void> {
  await page.locator(`#node-dialog-${button}`).click();
  await page.waitForSelector('.deeptone-form', { state: 'detached' });
}

/** The page as it looks now, under a name that says what is to be seen. */
export async function shoot(page: Page, name: string): Promise<void> {
  mkdirSync(SCREENSHOTS, { recursive: true });
  await page.screenshot({ path: join(SCREENSHOTS, `${name}.png`), animations: 'disabled' });
}

/** Rows that are to be seen before a fold is opened. */
export async function visibleRows(page: Page): Promise<number> {
  return page
    .locator('.deeptone-form .form-row')
    .evaluateAll((rows) => rows.filter((row) => row.checkVisibility()).length);
}

/** The sentence under a field; '' where nothing is wrong with it. */
export async function problem(page: Page, field: string): Promise<string> {
  return page.locator(`.deeptone-row[data-field="${field}"] .deeptone-error`).innerText();
}

/** A script that gives the labels whose words are wider than they may be, or lie on the field behind them. */
export function cutOff(form: string): string {
  return `$('${form} label:visible').filter(function () {
    const own = this.getBoundingClientRect();
    const field = $(this).nextAll('input:visible, select:visible').first()[0]?.getBoundingClientRect();
    const isOnField = field && own.top < field.bottom && own.bottom > field.top && own.right > field.left + 1 && own.left < field.left;
    return this.scrollWidth > this.clientWidth + 1 || isOnField;
  }).map(function () { return $(this).text().trim(); }).get()`;
}
