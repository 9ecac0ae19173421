// What the page that teaches sounds asks Node-RED: as whoever is signed in to the editor, in the editor's language.
(function () {
  'use strict';

  const WORDS = 'nodes/@deeptone/node-red/deeptone-engine/messages?lng=';
  /** The editor stands where `resources/` does. */
  const root = location.pathname.replace(/resources\/@deeptone\/node-red\/[^/]*$/u, '');

  /** The editor keeps what it got for signing in under a name that ends with its path. */
  function token() {
    try {
      const saved = localStorage.getItem('auth-tokens' + root.slice(0, -1).replace(/\//gu, '-'));
      return (JSON.parse(saved || '{}') || {}).access_token || '';
    } catch {
      return '';
    }
  }

  function language() {
    try {
      return localStorage.getItem('editor-language') || navigator.language || 'en-US';
    } catch {
      return 'en-US';
    }
  }

  /**
   * @param {string} path from the editor's address
   * @param {RequestInit} [how]
   * @returns {Promise<Response>} rejects with what the server says is wrong
   */
  async function ask(path, how = {}) {
    const headers = new Headers(how.headers);
    const known = token();
    if (known) headers.set('Authorization', 'Bearer ' + known);
    const response = await fetch(root + path, { ...how, headers });
    if (response.ok) return response;
    const { message = '' } = await response.json().catch(() => ({}));
    throw Object.assign(new Error(message || response.statusText), { status: response.status });
  }

  /**
   * @param {string} path
   * @param {object} body
   */
  function post(path, body) {
    return ask(path, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });
  }

  /** The texts of the editor's language, by key; English ones where it has none. */
  async function words() {
    const asked = language();
    document.documentElement.lang = asked;
    /** @type {(lng: string) => Promise<Record<string, unknown>>} */
    const load = async (lng) =>
      (await (await ask(WORDS + encodeURIComponent(lng))).json())['deeptone-engine'] || {};
    const [own, english] = await Promise.all([load(asked), load('en-US')]);
    /** @type {(texts: any, key: string) => unknown} */
    const find = (texts, key) => key.split('.').reduce((inner, name) => (inner || {})[name], texts.teach);
    /** @type {(key: string, values?: Record<string, string | number>) => string} */
    return (key, values = {}) =>
      String(find(own, key) ?? find(english, key) ?? key).replace(/__(\w+)__/gu, (_, name) =>
        String(values[name] ?? ''),
      );
  }

  window.DeeptoneTeachServer = { ask, post, words };
})();
