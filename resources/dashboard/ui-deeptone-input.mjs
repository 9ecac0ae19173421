// Takes sound from who looks at the page.
import { InputView } from './input-view.mjs';
import { defineWidget } from './widget.mjs';

defineWidget('ui-deeptone-input', (place) => new InputView(place));
