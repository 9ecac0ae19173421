// What is in a sound: phases per model and channel, loudness, and the sound itself.
import { TimelineView } from './timeline-view.mjs';
import { defineWidget } from './widget.mjs';

defineWidget('ui-deeptone-timeline', (place) => new TimelineView(place));
