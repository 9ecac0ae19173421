// The stretch of time that is to be seen, and how fingers, wheel and mouse change it.

/** Milliseconds: nothing shorter is looked at. */
const SHORTEST = 500;

export class Span {
  from = 0;
  to = 1;
  duration = 1;
  onChange = () => {};

  /** @param {number} duration milliseconds */
  reset(duration) {
    this.duration = Math.max(1, duration);
    this.#set(0, this.duration);
  }

  get length() {
    return this.to - this.from;
  }

  /** @param {number} times above 1: closer @param {number} [around] */
  zoom(times, around = (this.from + this.to) / 2) {
    const length = Math.min(this.duration, Math.max(Math.min(SHORTEST, this.duration), this.length / times));
    const share = (around - this.from) / this.length;
    this.#set(around - share * length, around - share * length + length);
  }

  /** @param {number} share of what is to be seen */
  move(share) {
    this.#set(this.from + share * this.length, this.to + share * this.length);
  }

  /** Moves so that a time is to be seen. @param {number} time */
  reveal(time) {
    if (time >= this.from && time < this.to) return;
    this.#set(time - this.length / 4, time + (this.length * 3) / 4);
  }

  /** Where a time is, 0 to 1. @param {number} time */
  share(time) {
    return (time - this.from) / this.length;
  }

  /** @param {number} from @param {number} to */
  #set(from, to) {
    const length = to - from;
    this.from = Math.min(Math.max(0, from), Math.max(0, this.duration - length));
    this.to = Math.min(this.duration, this.from + length);
    this.onChange();
  }
}

/**
 * The time under a pointer.
 * @param {Element} element
 * @param {{clientX: number}} event
 * @param {Span} span
 */
export function timeUnder(element, { clientX }, span) {
  const { left, width } = element.getBoundingClientRect();
  return span.from + Math.min(1, Math.max(0, (clientX - left) / Math.max(1, width))) * span.length;
}

/**
 * Pinch and Ctrl with the wheel zoom; one finger and a wheel that go sideways move.
 * @param {HTMLElement} element
 * @param {Span} span
 */
export function onGestures(element, span) {
  element.addEventListener(
    'wheel',
    (event) => {
      const isSideways = Math.abs(event.deltaX) > Math.abs(event.deltaY);
      if (!event.ctrlKey && !isSideways) return;
      event.preventDefault();
      const bar = element.querySelector('.deeptone-bar') ?? element;
      if (event.ctrlKey) span.zoom(1.002 ** -event.deltaY, timeUnder(bar, event, span));
      else span.move(event.deltaX / Math.max(1, bar.clientWidth));
    },
    { passive: false },
  );
  onFingers(element, span);
}

/**
 * What one finger drags goes with it, two change the size; up and down the page itself moves (`touch-action`).
 *
 * Touches belong to what was under the finger at first, also when it is drawn anew and no longer there: that is what is listened to.
 * An event comes once for each of them, so that hearing it twice must change nothing.
 * @param {HTMLElement} element
 * @param {Span} span
 */
function onFingers(element, span) {
  let apart = 0;
  let last = NaN;
  const begin = (/** @type {TouchEvent} */ { touches: [one, other] }) => {
    apart = one && other ? distance(one, other) : 0;
    last = one && !other ? one.clientX : NaN;
  };
  const move = (/** @type {TouchEvent} */ event) => {
    const [one, other] = event.touches;
    const bar = element.querySelector('.deeptone-bar') ?? element;
    if (one && other) {
      event.preventDefault();
      const now = distance(one, other);
      const middle = { clientX: (one.clientX + other.clientX) / 2 };
      if (apart > 0) span.zoom(now / apart, timeUnder(bar, middle, span));
      apart = now;
    } else if (one) {
      if (!Number.isNaN(last)) span.move((last - one.clientX) / Math.max(1, bar.clientWidth));
      last = one.clientX;
    }
  };
  element.addEventListener(
    'touchstart',
    (event) => {
      begin(event);
      for (const { target } of event.changedTouches) {
        target.addEventListener('touchmove', /** @type {EventListener} */ (move), { passive: false });
        for (const type of ['touchend', 'touchcancel'])
          target.addEventListener(type, /** @type {EventListener} */ (begin));
      }
    },
    { passive: true },
  );
}

/** @param {Touch} one @param {Touch} other */
function distance(one, other) {
  return Math.max(1, Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY));
}
