/* The list that does not move under the hand. While somebody is about to act in it (stillness.js) each row keeps its place:
   what is gone stays grey, what is new comes below; the true order comes when they have left. Rows are known by
   their keys; a row that did not change is left alone, so that focus and scroll stay. */

import { Stillness } from "./stillness.js";
import { say } from "./words.js";

const GONE_STAYS_MS = 3000;
const GUARD_MS = 400; // nobody has read a row that came under the pointer less long ago
const SECTIONS = ["offers", "rows"];
const MOST_TOLD = 250; // rows of which the server is told that they are here: an address has its limits

export class StandingList {
  /** box: the list; strip: the button that tells of new rows; onGuard(): a click or key was held back. */
  constructor(box, strip, { onGuard }) {
    this.box = box;
    this.strip = strip;
    this.onGuard = onGuard;
    this.places = Object.fromEntries([...SECTIONS, "later"].map((name) => [name, box.querySelector(`[data-keyed="${name}"]`)]));
    this.order = Object.fromEntries(SECTIONS.map((name) => [name, this.keysIn(this.places[name])]));
    this.newKeys = new Set(); // that stand below the place that is theirs
    this.goneAt = new WeakMap(); // row → when it left the list
    this.shiftedAt = new WeakMap(); // row → when it came to its place, under the pointer or for a finger
    this.firstOffer = { key: this.keysIn(this.places.offers)[0], since: -Infinity };
    this.stillness = new Stillness(box.closest("[data-list-frame]"), { onEnd: () => this.settle() });
    box.addEventListener("click", (event) => this.guard(event), { capture: true });
    box.addEventListener("submit", (event) => this.guard(event), { capture: true });
    strip.addEventListener("click", () => this.settle({ toTop: true }));
  }

  rows() {
    return [...this.box.querySelectorAll("[data-keyed] > [data-key]")];
  }

  row(key) {
    return this.box.querySelector(`[data-keyed] > [data-key="${CSS.escape(key)}"]`);
  }

  keysIn(place) {
    return [...place.children].map((row) => row.dataset.key);
  }

  /** What the server need not draw again. */
  had() {
    const shown = this.rows().filter((row) => !isGone(row));
    return shown.slice(0, MOST_TOLD).map((row) => `${row.dataset.key}.${row.dataset.version}`).join(",");
  }

  /** The offers that can be taken up, as they stand. */
  offers() {
    return this.rows().filter((row) => row.dataset.offer && !isGone(row));
  }

  /* ---- a newer list ---- */

  /** fresh: the parsed answer. afresh: the person asked for another list, so nothing has to stay. Returns false when it does
      not fit what is here, and the whole has to be asked for. */
  show(fresh, { afresh = false } = {}) {
    const known = new Map(this.rows().map((row) => [row.dataset.key, row]));
    const coming = SECTIONS.map((name) => [name, [...fresh.querySelectorAll(`[data-keyed="${name}"] > [data-key]`)]]);
    const all = coming.flatMap(([, rows]) => rows);
    if (all.some((row) => "same" in row.dataset && !known.has(row.dataset.key))) return false;
    const seen = this.underPointer();
    this.leftByOwnAct = new Set();
    const still = !afresh && this.stillness.isHeld;
    const hadRows = this.places.rows.childElementCount > 0;
    for (const [name, rows] of coming) {
      this.order[name] = rows.map((row) => row.dataset.key);
      for (const row of rows) {
        const old = known.get(row.dataset.key);
        if (!old) (name === "offers" && hadRows ? this.places.later : this.places[name]).append(row);
        if (!old && still) this.newKeys.add(row.dataset.key);
        if (old && !("same" in row.dataset)) renew(old, row);
      }
    }
    const here = new Set(all.map((row) => row.dataset.key));
    for (const [key, row] of known) {
      if (here.has(key)) this.goneAt.delete(row);
      else if (afresh) row.remove();
      else this.markGone(row, fresh.querySelector(`[data-gone-key="${CSS.escape(key)}"]`), { still });
    }
    for (const name of ["facts", "nav", "foot"]) this.patch(name, fresh);
    if (still) this.tellNew();
    else this.arrange();
    this.noteShifts(seen);
    return true;
  }

  /** What left by the person's own act needs no words, only a gap while the others must not move. */
  markGone(row, reason, { still }) {
    if (this.goneAt.has(row)) return;
    if (reason && "own" in reason.dataset) {
      this.leftByOwnAct.add(row.dataset.key);
      return leave(row, { gap: still });
    }
    this.goneAt.set(row, performance.now());
    row.dataset.gone = "";
    disarm(row, reason?.textContent ?? "");
    setTimeout(() => this.stillness.isHeld || this.settle(), GONE_STAYS_MS + 20);
  }

  patch(name, fresh) {
    const place = this.box.querySelector(`[data-list-part="${name}"]`);
    const html = fresh.querySelector(`[data-list-part="${name}"]`)?.innerHTML ?? "";
    if (place.asRendered === html) return;
    const tab = place.contains(document.activeElement) ? (document.activeElement.dataset.tab ?? "") : null;
    place.innerHTML = place.asRendered = html;
    if (tab !== null) place.querySelector(tab ? `[data-tab="${tab}"]` : "[data-only]")?.focus({ preventScroll: true });
  }

  /* ---- order ---- */

  /** The true order, now that nobody is about to act here. */
  settle({ toTop = false } = {}) {
    const seen = this.underPointer();
    this.leftByOwnAct = new Set();
    this.arrange();
    this.noteShifts(seen);
    if (!toTop) return;
    this.box.scrollTop = 0;
    this.row(this.order.offers[0] ?? this.order.rows[0] ?? "")?.querySelector("a")?.focus();
  }

  arrange() {
    this.newKeys.clear();
    for (const gap of this.box.querySelectorAll(".list__gap")) gap.remove();
    const rows = new Map(this.rows().map((row) => [row.dataset.key, row]));
    for (const name of SECTIONS) {
      const place = this.places[name];
      const sequence = this.order[name].map((key) => rows.get(key)).filter(Boolean);
      for (const row of [...place.children].filter(isGone)) {
        if (!this.staysGrey(row)) row.remove();
        else sequence.splice(sequence.indexOf(row.previousElementSibling) + 1, 0, row);
      }
      put(place, sequence);
    }
    for (const row of [...this.places.later.children]) {
      if (!isGone(row)) continue;
      if (this.staysGrey(row)) this.places.offers.append(row);
      else row.remove();
    }
    this.tellNew();
  }

  staysGrey(row) {
    return performance.now() - this.goneAt.get(row) < GONE_STAYS_MS;
  }

  tellNew() {
    const count = [...this.newKeys].filter((key) => this.row(key) && !isGone(this.row(key))).length;
    const words = count ? say("newBelow", count) : "";
    this.strip.hidden = !count;
    if (this.strip.textContent !== words) this.strip.textContent = words;
  }

  /* ---- what came under the pointer this moment ---- */

  underPointer() {
    const { at, touchUntil } = this.stillness;
    const tops = touchUntil ? new Map(this.rows().map((row) => [row, row.getBoundingClientRect().top])) : null;
    return { row: at && rowAt(at), tops };
  }

  noteShifts({ row: before, tops }) {
    const now = performance.now();
    const after = this.stillness.at && rowAt(this.stillness.at);
    if (after && after !== before && this.box.contains(after)) this.shiftedAt.set(after, now);
    if (tops) for (const row of this.rows()) if (tops.get(row) !== row.getBoundingClientRect().top) this.shiftedAt.set(row, now);
    const first = this.rows().find((row) => row.dataset.offer);
    const key = first?.dataset.key;
    if (key === this.firstOffer.key) return;
    const replaced = this.firstOffer.key && !this.leftByOwnAct.has(this.firstOffer.key);
    this.firstOffer = { key, since: replaced ? now : -Infinity };
  }

  /** What is gone does nothing any more, and what has come under the pointer a moment ago does nothing yet. */
  guard(event) {
    const row = event.target.closest("[data-keyed] > [data-key]");
    const button = event.type === "submit" ? event.target.querySelector("button") : event.target.closest("button");
    const isOver = button?.ariaDisabled === "true";
    const byPointer = event.type === "click" && event.detail > 0;
    const isTooNew = byPointer && performance.now() - (this.shiftedAt.get(row) ?? -Infinity) < GUARD_MS;
    if (!isOver && !isTooNew) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    this.onGuard(isOver ? (row.querySelector(".offer__left")?.textContent ?? "") : say("listMoved"));
  }

  /** The form of the first offer, for a key; null when there is none, false when nobody can have seen it yet. */
  firstOfferForm(selector) {
    const first = this.rows().find((row) => row.dataset.offer);
    if (first && isGone(first) && performance.now() - this.goneAt.get(first) < GUARD_MS) return false;
    if (performance.now() - this.firstOffer.since < GUARD_MS) return false;
    return this.offers().map((row) => row.querySelector(selector)).find((form) => form && !isDisarmed(form)) ?? null;
  }
}

const isGone = (row) => "gone" in row.dataset;
const isDisarmed = (form) => form.querySelector("button")?.ariaDisabled === "true";

function rowAt({ x, y }) {
  return document.elementFromPoint(x, y)?.closest("[data-keyed] > [data-key]") ?? null;
}

/** Moves only what is not in its place. */
function put(place, sequence) {
  let at = place.firstElementChild;
  for (const row of sequence) {
    if (row === at) at = at.nextElementSibling;
    else place.insertBefore(row, at);
  }
}

/** The focus goes on to a neighbour. */
function leave(row, { gap }) {
  if (row.contains(document.activeElement)) (row.nextElementSibling ?? row.previousElementSibling)?.querySelector("a")?.focus({ preventScroll: true });
  if (!gap) return row.remove();
  const space = document.createElement("li");
  space.className = "list__gap";
  space.ariaHidden = "true";
  space.style.height = `${row.getBoundingClientRect().height}px`;
  row.replaceWith(space);
}

/** The row stays the same element, and so does each part that did not change. */
function renew(old, row) {
  for (const { name } of [...old.attributes]) if (!row.hasAttribute(name)) old.removeAttribute(name);
  for (const { name, value } of row.attributes) old.setAttribute(name, value);
  const [link, acts] = [row.querySelector("a.row"), row.querySelector(".offer__acts")];
  old.querySelector("a.row").innerHTML = link.innerHTML;
  const before = old.querySelector(".offer__acts");
  if (!acts || !before) return;
  const focused = before.contains(document.activeElement) ? document.activeElement.form?.getAttribute("action") : null;
  before.replaceWith(acts);
  if (focused) acts.querySelector(`form[action="${focused}"] button`)?.focus({ preventScroll: true });
}

/** The buttons keep the focus (a reader hears why they do nothing), the words say what has become of it. */
export function disarm(row, words) {
  for (const button of row.querySelectorAll("button")) button.ariaDisabled = "true";
  const place = row.querySelector(".row__gone");
  const left = row.querySelector(".offer__left");
  if (left) left.textContent = words;
  else if (place) place.textContent = words;
}
