// Elements in one line each.

/** Pixels at the top of a page that Dashboard's bar lies over. */
const BAR = 64;

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, unknown>} [attributes] `on…` are listeners, what is undefined or false is left out
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    if (typeof value === 'function')
      element.addEventListener(name.slice(2), /** @type {EventListener} */ (value));
    else element.setAttribute(name, value === true ? '' : String(value));
  }
  element.append(...children);
  return element;
}

/**
 * A text with values in it: `{percent}`.
 * @param {string | undefined} text
 * @param {Record<string, string | number>} [values]
 */
export function filled(text = '', values = {}) {
  return text.replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole));
}

/**
 * Minutes and seconds, hours where there are any: `1:02.5`.
 * @param {number} ms
 * @param {number} [digits] of a second
 */
export function clock(ms, digits = 0) {
  const unit = 10 ** digits;
  const all = Math.floor((Math.max(0, ms) * unit) / 1000) / unit;
  const [hours, minutes] = [Math.floor(all / 3600), Math.floor(all / 60) % 60];
  const seconds = (all % 60).toFixed(digits).padStart(digits > 0 ? digits + 3 : 2, '0');
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, '0')}:${seconds}` : `${minutes}:${seconds}`;
}

/**
 * Scrolls so that something is to be seen, unless it is all or begins on the upper half of the window, below Dashboard's bar.
 * @param {Element} element
 */
export function bringIntoView(element) {
  const { top, bottom } = element.getBoundingClientRect();
  const isSeen = top >= BAR && (top <= window.innerHeight / 2 || bottom <= window.innerHeight);
  if (!isSeen) element.scrollIntoView({ block: 'start' });
}

/**
 * Gives a text to the viewer as a file.
 * @param {Blob} blob
 * @param {string} name
 */
export function download(blob, name) {
  const href = URL.createObjectURL(blob);
  el('a', { href, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(href), 10_000);
}
