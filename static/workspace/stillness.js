/* Whether somebody is about to act in a box: the pointer rests in it, a finger has just touched it, or the keyboard's
   focus is there. What they see must not move then. */

const TOUCH_MS = 3000; // after a finger left: there is no hovering that would tell that it comes back
const LEAVE_MS = 600; // who only crosses the edge comes back

export class Stillness {
  /** onEnd(): nobody is there any more. */
  constructor(box, { onEnd }) {
    this.box = box;
    this.onEnd = onEnd;
    this.pointer = box.matches(":hover");
    this.touchUntil = 0;
    this.focusIsLeft = false; // a click left it there; it says nothing once the pointer is gone
    this.at = null; // where the pointer is, in the window
    const isMouse = (event) => event.pointerType !== "touch";
    document.addEventListener("pointermove", (event) => { if (isMouse(event)) this.at = { x: event.clientX, y: event.clientY }; }, { passive: true });
    for (const name of ["pointerenter", "pointermove"]) box.addEventListener(name, (event) => { if (isMouse(event)) this.pointer = true; }, { passive: true });
    box.addEventListener("pointerleave", (event) => isMouse(event) && this.leave());
    box.addEventListener("pointerdown", (event) => this.press(isMouse(event)));
    for (const name of ["pointerup", "pointercancel"]) box.addEventListener(name, (event) => isMouse(event) || this.lift());
    box.addEventListener("scroll", () => this.touchUntil && this.lift(), { passive: true, capture: true });
    box.addEventListener("keydown", () => (this.focusIsLeft = false));
    box.addEventListener("focusin", () => this.pressing || (this.focusIsLeft = false));
    box.addEventListener("focusout", () => this.lookLater());
    document.addEventListener("keydown", ({ target }) => {
      if (target.matches?.("textarea, input") && !box.contains(target)) this.leave(); // who writes elsewhere has let go of the mouse
    });
    document.addEventListener("visibilitychange", () => document.hidden && this.leave());
  }

  get isHeld() {
    const focused = this.box.contains(document.activeElement) && !this.focusIsLeft;
    return !document.hidden && (this.pointer || focused || Date.now() < this.touchUntil);
  }

  press(byMouse) {
    this.focusIsLeft = this.pressing = true;
    setTimeout(() => (this.pressing = false)); // the focus follows at once
    if (!byMouse) this.touchUntil = Infinity;
  }

  lift() {
    this.touchUntil = Date.now() + TOUCH_MS;
    this.lookLater(TOUCH_MS);
  }

  leave() {
    this.pointer = false;
    this.lookLater();
  }

  lookLater(after = LEAVE_MS) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.isHeld || this.onEnd(), after + 1);
  }
}
