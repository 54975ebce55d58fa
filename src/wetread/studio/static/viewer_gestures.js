/**
 * What hands do on a picture: drags, wheel, pinch and keys, turned into changes of the window and of the place.
 *
 * As on a reading workstation: left or right button drags the window, middle button (or Shift) moves, the wheel zooms.
 * On touch two fingers zoom and move; what one finger does is chosen by the tool, so that a page can still be scrolled.
 */

/** One notch of a wheel, one press of a key. */
const NOTCH = 1.2;

/**
 * Listens on a stage.
 * @param {HTMLElement} stage
 * @param {object} does begin(), windowBy(right, down), end(undo), panBy(right, down), zoomBy(factor, x, y), probe(x, y),
 *     tool() -> "window" or "move"
 */
export function listenToHands(stage, does) {
  const fingers = new Map();
  let mode = null;

  stage.addEventListener("pointerdown", (event) => {
    if (fingers.size === 2) return;
    fingers.set(event.pointerId, { x: event.clientX, y: event.clientY, fromX: event.clientX, fromY: event.clientY });
    stage.setPointerCapture(event.pointerId);
    if (mode === "window") does.end(true); // what the first of two fingers did was no window
    mode = fingers.size === 2 ? "pinch" : modeOf(event, does.tool());
    if (mode === "window") does.begin();
  });

  stage.addEventListener("pointermove", (event) => {
    const finger = fingers.get(event.pointerId);
    if (!finger) {
      does.probe(event.clientX, event.clientY);
      return;
    }
    const before = mode === "pinch" ? span(fingers) : null;
    const [right, down] = [event.clientX - finger.x, event.clientY - finger.y];
    Object.assign(finger, { x: event.clientX, y: event.clientY });
    if (mode === "window") does.windowBy(finger.x - finger.fromX, finger.y - finger.fromY);
    if (mode === "pan") does.panBy(right, down);
    if (mode === "pinch") {
      const after = span(fingers);
      does.panBy(after.x - before.x, after.y - before.y);
      does.zoomBy(after.length / Math.max(before.length, 1), after.x, after.y);
    }
  });

  const lift = (event) => {
    if (!fingers.delete(event.pointerId)) return;
    if (mode === "window") does.end();
    mode = mode === "pinch" && fingers.size ? "pan" : null;
  };
  stage.addEventListener("pointerup", lift);
  stage.addEventListener("pointercancel", lift);
  stage.addEventListener("pointerleave", () => does.probe(null, null));
  stage.addEventListener("contextmenu", (event) => event.preventDefault());
  stage.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      // A pinch on a touchpad arrives as a wheel with Ctrl and small steps.
      const factor = event.ctrlKey ? Math.exp(-event.deltaY / 100) : NOTCH ** -Math.sign(event.deltaY);
      does.zoomBy(factor, event.clientX, event.clientY);
    },
    { passive: false },
  );
}

function modeOf(event, tool) {
  if (event.button === 2) return "window";
  return event.button === 1 || event.shiftKey || tool === "move" ? "pan" : "window";
}

/** Middle and distance of two fingers. */
function span(fingers) {
  const [one, other] = fingers.values();
  return { x: (one.x + other.x) / 2, y: (one.y + other.y) / 2, length: Math.hypot(one.x - other.x, one.y - other.y) };
}

/** The keys of the viewer, for the list under `?` and for what screen readers are told. */
export const KEYS =
  "Arrows change the window, Shift and arrows move, plus and minus zoom, 0 resets, i inverts, p next preset.";

/**
 * What a key does on the stage; true where it did something.
 * @param {KeyboardEvent} event
 * @param {object} does nudge(wider, higher), panBy(right, down), zoomBy(factor), reset(), invert(), nextPreset()
 */
export function pressKey(event, does) {
  if (event.ctrlKey || event.metaKey || event.altKey) return false;
  const arrow = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
  if (arrow && event.shiftKey) does.panBy(-40 * arrow[0], -40 * arrow[1]);
  else if (arrow) does.nudge(arrow[0], arrow[1]);
  else if (event.key === "+" || event.key === "=") does.zoomBy(NOTCH);
  else if (event.key === "-") does.zoomBy(1 / NOTCH);
  else if (event.key === "0") does.reset();
  else if (event.key === "i") does.invert();
  else if (event.key === "p") does.nextPreset();
  else return false;
  event.preventDefault();
  return true;
}
