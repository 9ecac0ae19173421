/** What the widgets have in common: they join their page, answer it, and say under the node what is missing. */
import type { Node, NodeAPI, NodeMessage } from '../shared/node-red';
import { PACKAGE } from '../shared/node-red';
import { joinDashboard, type Joined, type Tell, type WidgetConfig } from './dashboard';
import { LEAST_DASHBOARD } from './dashboard-version';
import { pageTexts, wordsFor, type PageTexts } from './page-texts';
import { pagePath, servePages, type PageHost } from './pages';

export interface Widget {
  /** What a message of the flow does. */
  readonly onMessage: (message: NodeMessage, tell: Tell) => void;
  /** What something that a browser sent does. */
  readonly onBrowser?: (value: unknown, client: string) => void;
  readonly host: PageHost;
  readonly close?: () => Promise<void>;
}

/** What every page is told beside its own state. */
export interface Shown {
  readonly texts: PageTexts;
  readonly words: PageTexts;
}

/** The sentences and words that a page needs to show what has these labels. */
export function shown(RED: NodeAPI, labels: Iterable<readonly [string, string]>): Shown {
  return { texts: pageTexts(RED), words: wordsFor(RED, labels) };
}

/** Makes a node a widget. */
export function beWidget(RED: NodeAPI, node: Node, config: WidgetConfig, widget: Widget): void {
  // Dashboard takes the id out of what it is given.
  const props = Object.assign(config, { deeptonePath: pagePath(RED, node.id) });
  let tell: Tell = () => undefined;
  const joined = joinDashboard(RED, node, props, {
    onMessage: (message) => {
      widget.onMessage(message, (news, client) => {
        tell(news, client);
      });
    },
    ...(widget.onBrowser ? { onBrowser: widget.onBrowser } : {}),
  });
  const forget = servePages(RED, node.id, widget.host);
  if ('tell' in joined) {
    ({ tell } = joined);
    node.status({});
  } else {
    sayMissing(RED, node, joined);
    // What is sent to a page that is not there is no error of the flow.
    node.on('input', (_message, _send, done) => {
      done();
    });
  }
  node.on('close', (_removed: boolean, done: () => void) => {
    forget();
    (widget.close?.() ?? Promise.resolve()).then(done, done);
  });
}

/** Under the node; and in words where the Dashboard that is there is not one that it can use, which a look at the page does not tell. */
function sayMissing(RED: NodeAPI, node: Node, { missing, version }: Exclude<Joined, { tell: Tell }>): void {
  const say = (key: string): string =>
    RED._(`${PACKAGE}/ui-deeptone-timeline:${key}`, { version, least: LEAST_DASHBOARD });
  node.status({ fill: 'yellow', shape: 'ring', text: say(`missing.${missing}`) });
  if (missing === 'oldDashboard' || missing === 'otherDashboard') node.warn(say(`advice.${missing}`));
}
