// What is heard now, how loud it is, the last minutes, and what happened.
import { LiveView } from './live-view.mjs';
import { defineWidget } from './widget.mjs';

defineWidget('ui-deeptone-live', (place) => new LiveView(place));
