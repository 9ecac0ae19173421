/** How a widget of this package joins a page of Dashboard 2, and what is said where it cannot. */
import type { Node, NodeAPI, NodeDef, NodeMessage } from '../shared/node-red';
import { PACKAGE } from '../shared/node-red';
import { socketOf } from './clients';
import { dashboardVersion, isTooOld } from './dashboard-version';

/** What every widget's dialog saves. */
export interface WidgetConfig extends NodeDef {
  /** Id of a group of Dashboard 2. */
  readonly group?: string;
}

/** What a widget does with what comes in. */
export interface WidgetEvents {
  /** A message of the flow. */
  readonly onMessage?: (message: NodeMessage) => void;
  /** Something that a browser sent; nothing of it is taken for granted. */
  readonly onBrowser?: (value: unknown, client: string) => void;
}

/** A widget that is on a page, or why it is on none: the key of a text, and the version of Dashboard that the text speaks of. */
export type Joined = { readonly tell: Tell } | { readonly missing: Missing; readonly version: string };
/** Sends something to the pages that show the widget: to one browser, or to all. */
export type Tell = (news: object, client: string | undefined) => void;

/** Where the script of a widget lies in `resources`, and what it is called in there. */
interface Contribution {
  readonly package: string;
  readonly name: string;
  readonly src: string;
  readonly component: string;
}

/** The part of Dashboard's nodes that is used; of an older or a newer one any of it may be missing. */
interface Base {
  readonly uiShared?: { readonly contribs?: Record<string, Contribution> };
  readonly emit?: (event: string, message: object) => void;
  readonly ui?: { readonly widgets?: ReadonlyMap<string, { src?: unknown }> };
}
interface Group {
  readonly type: string;
  getBase?: () => Base | undefined;
  register?: (node: Node, config: object, hooks: object) => void;
}

/** Why a widget is on no page: keys of texts. */
export type Missing = 'noGroup' | 'noDashboard' | 'oldDashboard' | 'otherDashboard';

/**
 * Puts a widget on its page.
 *
 * Dashboard reads "node-red-dashboard-2" in the package.json of a folder of `nodesDir`, of the user directory, and of packages whose
 * name has `node-red-dashboard-2-` in it. Ours, installed from the palette, has another name; then it is entered in Dashboard's list
 * here, as Dashboard itself would.
 *
 * @param config becomes the `props` of the widget's component; Dashboard takes some of it away
 * @param version of the Dashboard that is loaded; undefined where none is
 */
export function joinDashboard(
  RED: NodeAPI,
  node: Node,
  config: WidgetConfig,
  events: WidgetEvents,
  version: string | undefined = dashboardVersion(),
): Joined {
  const cannot = (missing: Missing): Joined => ({ missing, version: version ?? '' });
  const { group: groupId = '', type } = config;
  const group = groupId === '' ? null : (RED.nodes.getNode(groupId) as unknown as Group | null);
  if (version !== undefined && isTooOld(version)) return cannot('oldDashboard');
  if (!group) return cannot(version === undefined ? 'noDashboard' : 'noGroup');
  try {
    const base = group.getBase?.();
    const contribs = base?.uiShared?.contribs;
    if (!base?.emit || !contribs || !group.register) return cannot('otherDashboard');
    contribs[type] ??= {
      package: PACKAGE,
      name: type,
      src: `dashboard/${type}.mjs`,
      component: 'Widget',
    };
    group.register(node, config, hooksOf(events));
    if (base.ui?.widgets?.get(node.id)?.src === undefined) return cannot('otherDashboard');
    return {
      tell: (news, client) => {
        tellPages(group, node.id, news, client);
      },
    };
  } catch {
    // What another Dashboard throws says nothing to people; that it is another does.
    return cannot('otherDashboard');
  }
}

/** What Dashboard calls. It sends every message to all pages, whole: it is given what it does by itself with a message, and no more. */
function hooksOf({ onMessage, onBrowser }: WidgetEvents): object {
  return {
    beforeSend: (message: NodeMessage & Record<string, unknown>): object => {
      onMessage?.(message);
      const { _msgid, enabled, visible, class: className, ui_update: update } = message;
      const own = Object.entries({ _msgid, enabled, visible, class: className, ui_update: update });
      return Object.fromEntries(own.filter(([, value]) => value !== undefined));
    },
    // Nothing is stored by Dashboard, and nothing goes out.
    onInput: (): void => undefined,
    onChange: (_message: object, value: unknown, connection?: { readonly id?: unknown }): void => {
      // Without its name a browser would be told what is for all.
      if (typeof connection?.id === 'string') onBrowser?.(value, connection.id);
    },
  };
}

/** Without a node Dashboard looks at the browser that a message names, whatever its settings say of the type of the node. */
function tellPages(group: Group, id: string, news: object, client: string | undefined): void {
  const address = client === undefined ? {} : { _client: { socketId: socketOf(client) } };
  group.getBase?.()?.emit?.(`deeptone:${id}`, { ...news, ...address });
}
