// What the widgets of Dashboard 2 have in common. Dashboard loads a widget's script as a module and brings Vue; a widget is a view
// that draws into one element.

/**
 * @typedef {object} Place what a view knows of where it is
 * @property {string} id of the node
 * @property {HTMLElement} root to draw into
 * @property {(path: string, query?: Record<string, string>) => string} address of something that the node answers
 * @property {(value: unknown) => void} send hands something to the node, for this browser
 *
 * @typedef {object} View
 * @property {(news: any) => void} take something new, as the node tells it
 * @property {() => void} load the state from the start: at first, and after a connection was lost
 * @property {() => void} close
 */

/**
 * The component of a widget, put where Dashboard looks for it.
 * @param {string} type
 * @param {(place: Place) => View} makeView
 */
export function defineWidget(type, makeView) {
  addStyle();
  const { h } = window.Vue;
  const component = {
    name: type,
    inject: ['$socket'],
    props: { id: { type: String, required: true }, props: { type: Object, default: () => ({}) } },
    /** @this {VueWidget} */
    mounted() {
      this.view = makeView(placeOf(this));
      this.take = (/** @type {any} */ news) => this.view?.take(news);
      this.load = () => this.view?.load();
      this.$socket.on('deeptone:' + this.id, this.take);
      this.$socket.on('connect', this.load);
      this.load();
    },
    /** @this {VueWidget} */
    unmounted() {
      this.$socket.off('deeptone:' + this.id, this.take);
      this.$socket.off('connect', this.load);
      this.view?.close();
    },
    render: () => h('div', { class: 'deeptone-widget' }),
  };
  const library = /** @type {Record<string, any>} */ (/** @type {unknown} */ (window));
  library[type] = Object.assign(library[type] ?? {}, { Widget: component });
}

/**
 * @param {VueWidget} component
 * @returns {Place}
 */
function placeOf({ id, props, $socket, $el }) {
  return {
    id,
    root: $el,
    address: (path, query = {}) => {
      const all = { ...query, page: pageName(), ...($socket.id ? { client: $socket.id } : {}) };
      return `${props.deeptonePath}/${path}?${new URLSearchParams(all)}`;
    },
    send: (value) => $socket.emit('widget-change', id, value),
  };
}

let named = '';

/** What this page calls itself: connections come and go, and what is for the page stays for it. */
function pageName() {
  if (named) return named;
  const kept = 'deeptone-page';
  try {
    named = sessionStorage.getItem(kept) ?? '';
  } catch {
    // A browser that keeps nothing.
  }
  named ||= Array.from(crypto.getRandomValues(new Uint32Array(4)), (part) => part.toString(36)).join('-');
  try {
    sessionStorage.setItem(kept, named);
  } catch {
    // As above.
  }
  return named;
}

function addStyle() {
  const href = new URL('./widgets.css', import.meta.url).href;
  if (document.querySelector(`link[href="${href}"]`)) return;
  document.head.append(Object.assign(document.createElement('link'), { rel: 'stylesheet', href }));
}

/**
 * Asks for something that the node answers; undefined where it does not.
 * @param {string} address
 */
export async function ask(address) {
  try {
    const response = await fetch(address);
    return response.ok ? await response.json() : undefined;
  } catch {
    return undefined; // The connection comes back, and then all is asked anew.
  }
}
