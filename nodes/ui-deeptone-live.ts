/** A widget of Dashboard 2 that shows what is heard now, how loud it is, the last minutes, and what happened. */
import { beWidget, clientOf, LiveBoard, shown, watchMissingDashboard, type WidgetConfig } from './board';
import { numberIn } from './shared/fields';
import type { Node, NodeAPI } from './shared/node-red';

interface LiveConfig extends WidgetConfig {
  readonly minutes?: string | number;
}

const MOST_MINUTES = 60;
const MINUTE_MS = 60_000;

function register(RED: NodeAPI): void {
  watchMissingDashboard(RED);
  function Live(this: Node, config: LiveConfig): void {
    RED.nodes.createNode(this, config);
    const minutes = Math.min(MOST_MINUTES, Math.max(1, minutesOf(config)));
    const board = new LiveBoard(minutes * MINUTE_MS);
    beWidget(RED, this, config, {
      onMessage: (message, tell) => {
        const item = board.take(message);
        if (item) tell({ item, ...wordsOf(RED, [item]) }, clientOf(message));
      },
      host: {
        state: (client) => {
          const items = board.of(client);
          return { items, minutes, now: Date.now(), ...wordsOf(RED, items) };
        },
      },
    });
  }
  RED.nodes.registerType('ui-deeptone-live', Live);
}

/** What is no number is not worth a page that stays away. */
function minutesOf({ minutes }: LiveConfig): number {
  try {
    return numberIn('minutes', minutes) ?? 5;
  } catch {
    return 5;
  }
}

type Item = Pick<ReturnType<LiveBoard['of']>[number], 'model' | 'label' | 'labels'>;

function wordsOf(RED: NodeAPI, items: readonly Item[]): ReturnType<typeof shown> {
  const labels = new Map<string, [string, string]>();
  const add = (model: string, label: string): void => {
    labels.set(`${model}/${label}`, [model, label]);
  };
  for (const { model, label, labels: now = {} } of items) {
    if (model !== undefined && label !== undefined) add(model, label);
    for (const [name, heard] of Object.entries(now)) add(name, heard);
  }
  return shown(RED, labels.values());
}

export = register;
