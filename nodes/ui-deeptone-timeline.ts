/** A widget of Dashboard 2 that shows what is in a sound: phases, loudness, and the sound itself. */
import { beWidget, clientOf, shown, Takes, watchMissingDashboard, type WidgetConfig } from './board';
import type { Node, NodeAPI } from './shared/node-red';

interface TimelineConfig extends WidgetConfig {
  /** Whoever sees the page may hear the sound. */
  readonly hear?: boolean;
}

function register(RED: NodeAPI): void {
  watchMissingDashboard(RED);
  function Timeline(this: Node, config: TimelineConfig): void {
    RED.nodes.createNode(this, config);
    const takes = new Takes();
    const { hear = true } = config;
    beWidget(RED, this, config, {
      onMessage: (message, tell) => {
        // Pages ask for what is new: they need not be told it twice, and each is told only what is for it.
        if (takes.take(message)) tell({}, clientOf(message));
      },
      host: {
        state: (client) => {
          const all = takes.of(client);
          const labels = all.flatMap(({ channels }) =>
            Object.values(channels).flatMap(({ phases }) =>
              Object.entries(phases).flatMap(([model, list]) => {
                const names = [...new Set(list.map(([, , label]) => label))];
                return names.map((label): [string, string] => [model, label]);
              }),
            ),
          );
          const told = all.map(({ id, title, duration, commonSpeakers, progress, channels, filename }) => {
            const canHear = hear && filename !== undefined;
            return { id, title, duration, commonSpeakers, progress, channels, canHear };
          });
          return { takes: told, ...shown(RED, labels) };
        },
        sound: (id, client) => (hear ? takes.of(client).find((take) => take.id === id)?.filename : undefined),
      },
    });
  }
  RED.nodes.registerType('ui-deeptone-timeline', Timeline);
}

export = register;
