/* Canned replies (A10): “/” at the start of the text or after a space opens a list above the composer; typing searches in it,
   arrows choose, Enter or Tab inserts, Escape closes. The list is fetched once a dialog and searched here; only a list too
   long to be sent whole is searched by the server. The focus never leaves the text field: the list follows it as its
   active descendant. */

import { fold } from "../ui/fold.js";
import { get, parse } from "./requests.js";
import { problem } from "./words.js";

const FRESH_MS = 60_000; // after so long it is fetched again in the background when it opens
const SLOW_MS = 250;
const PAUSE_MS = 150; // between key strokes that ask the server
const LONGEST_QUERY = 50;

let changes = 0; // messages saved as replies here: every dialog's list is out of date

const begins = (word, words) => words.some((one) => one.startsWith(word));
const stands = (word, { text, words }) => begins(word, words) || (word.length >= 3 && text.includes(word));

function tierOf(wanted, words, entry) {
  if (entry.shortcut === wanted) return 0;
  if (entry.shortcut.startsWith(wanted)) return 1;
  if (words.every((word) => begins(word, entry.head.words))) return 2;
  if (words.every((word) => stands(word, entry.head))) return 3;
  return words.every((word) => stands(word, entry.whole)) ? 4 : null;
}

/** As openlines/policies/reply_search.py: rank(). */
export function rank(query, entries) {
  const wanted = fold(query).trim();
  if (!wanted) return entries;
  const words = wanted.split(/\s+/);
  return entries
    .map((entry) => [tierOf(wanted, words, entry), entry])
    .filter(([tier]) => tier !== null)
    .sort(([tierA, a], [tierB, b]) => tierA - tierB || b.uses - a.uses || a.place - b.place)
    .map(([, entry]) => entry);
}

const wordsOf = (text) => ({ text, words: text.match(/[\p{L}\p{N}_]+/gu) ?? [] });

function entryOf(option, place) {
  const { shortcut, title, section, uses } = option.dataset;
  const head = fold(`${shortcut} ${title} ${section}`);
  const whole = `${head} ${fold(option.querySelector("[data-canned-text]").textContent)}`;
  return { option, place, head: wordsOf(head), whole: wordsOf(whole), group: option.parentElement, shortcut: fold(shortcut), uses: Number(uses) };
}

export class CannedReplies {
  /** onInsert({ reply, files }): the text is in the field; files: [{ name, size, canned }] that go with it. */
  constructor(form, { onInsert }) {
    this.form = form;
    this.text = form.elements.text;
    this.box = form.querySelector("[data-canned]");
    this.button = form.querySelector("[data-canned-button]");
    this.said = form.querySelector("[data-canned-said]");
    this.onInsert = onInsert;
    this.entries = [];
    this.shown = [];
    this.fetchedAt = -Infinity;
    this.listen();
  }

  get isOpen() {
    return !this.box.hidden;
  }

  listen() {
    this.text.addEventListener("input", (event) => this.onInput(event));
    // before the composer's own keys, and before Escape leaves the field (shortcuts.js)
    for (const field of [this.text, this.box]) field.addEventListener("keydown", (event) => this.onKey(event), true);
    this.text.addEventListener("click", () => this.isOpen && this.follow());
    for (const field of [this.text, this.box]) {
      field.addEventListener("focusout", ({ relatedTarget }) => {
        if (relatedTarget !== this.text && !this.box.contains(relatedTarget)) this.close();
      });
    }
    this.button.addEventListener("pointerdown", (event) => event.preventDefault()); // the text keeps the focus
    this.button.addEventListener("click", () => this.onButton());
    this.box.addEventListener("pointerdown", (event) => {
      if (!event.target.closest("a")) event.preventDefault();
    });
    this.box.addEventListener("click", (event) => {
      const option = event.target.closest("[role=option]");
      if (option) this.insert(option);
    });
    this.box.addEventListener("pointermove", (event) => {
      const option = event.target.closest("[role=option]");
      if (option && option !== this.active) this.point(option, { scroll: false });
    });
  }

  /* ---- opening, and what is searched for ---- */

  onInput(event) {
    this.isChosen = false;
    if (this.isOpen) return this.follow();
    const at = this.text.selectionStart;
    const typed = event.data === "/" && !event.isComposing && this.text.value[at - 1] === "/";
    if (typed && (at === 1 || /\s/.test(this.text.value[at - 2]))) this.open(at - 1, 1);
  }

  onButton() {
    if (this.isOpen) return this.close();
    this.text.focus();
    this.open(this.text.selectionStart, 0);
  }

  /** from: where the search begins in the text; stroke: 1 where a “/” stands there, 0 where the button was pressed. */
  open(from, stroke) {
    this.from = from;
    this.stroke = stroke;
    this.isChosen = false;
    this.box.hidden = false;
    this.button.setAttribute("aria-expanded", "true");
    this.text.setAttribute("aria-controls", "canned-list");
    this.find();
  }

  close() {
    if (!this.isOpen) return;
    this.box.hidden = true;
    this.button.setAttribute("aria-expanded", "false");
    this.text.removeAttribute("aria-controls");
    this.point(null);
    this.said.textContent = "";
  }

  /** The text or the caret has changed: what is searched for, or the end of it. */
  follow() {
    const caret = this.text.selectionEnd;
    const begins = this.stroke === 0 || this.text.value[this.from] === "/";
    const query = this.text.value.slice(this.from + this.stroke, caret);
    const ended = /^\s|\n/.test(query) || query.length > LONGEST_QUERY;
    if (!begins || caret < this.from + this.stroke || ended) return this.close();
    this.find();
  }

  get query() {
    return this.text.value.slice(this.from + this.stroke, this.text.selectionEnd);
  }

  find() {
    const isKnown = this.fetchedAt > -Infinity && this.knows === changes;
    if (!isKnown) return this.fetch();
    if (!this.isWhole && this.query !== this.askedFor) return this.fetchSoon();
    this.show();
    if (performance.now() - this.fetchedAt > FRESH_MS) this.fetch(); // what is known serves until the answer is here
  }

  fetchSoon() {
    clearTimeout(this.pause);
    this.pause = setTimeout(() => this.isOpen && this.fetch(), PAUSE_MS);
  }

  /** One question at a time; what is typed meanwhile is looked for in its answer. */
  fetch() {
    this.asking ??= this.ask().finally(() => {
      this.asking = null;
    });
    return this.asking;
  }

  async ask() {
    const query = this.isWhole === false ? this.query : "";
    const knew = changes;
    const slow = setTimeout(() => {
      if (!this.entries.length) this.message(this.box.dataset.wordsLooking);
    }, SLOW_MS);
    const answer = await get(`${this.box.dataset.url}?${new URLSearchParams({ q: query })}`);
    clearTimeout(slow);
    if (answer.kind !== "done") {
      if (!this.entries.length) this.message(problem(answer));
      return;
    }
    this.fetchedAt = performance.now();
    this.knows = knew;
    this.askedFor = query;
    const pointed = this.active?.id;
    this.take(parse(answer.html));
    if (!this.isOpen) return;
    this.show();
    if (!this.isWhole && this.query !== query) return this.fetchSoon();
    if (this.isChosen && this.active) return this.insert(this.active);
    this.isChosen = false;
    const again = pointed && this.shown.find((option) => option.id === pointed);
    if (again) this.point(again);
  }

  message(words) {
    const line = document.createElement("p");
    line.className = "canned__empty";
    line.textContent = words;
    this.box.replaceChildren(line);
    this.shown = [];
  }

  take(answer) {
    this.box.replaceChildren(...answer.childNodes);
    this.list = this.box.querySelector("[data-canned-list]");
    this.isWhole = this.list ? this.list.dataset.whole === "1" : true;
    this.groups = [...(this.list?.children ?? [])];
    this.entries = [...(this.list?.querySelectorAll("[role=option]") ?? [])].map(entryOf);
  }

  /* ---- the list ---- */

  show() {
    if (!this.list) {
      const none = this.box.querySelector("[data-canned-none]");
      if (this.query) this.close(); // whoever writes on has read it
      else this.said.textContent = none?.textContent.trim() ?? "";
      return;
    }
    const found = this.isWhole ? rank(this.query, this.entries) : this.entries;
    if (!found.length && /\s/.test(this.query)) return this.close(); // it is a text, not a search
    const bySection = !this.query.trim();
    for (const entry of this.entries) entry.option.remove();
    for (const group of this.groups) group.hidden = !bySection;
    for (const entry of found) (bySection ? entry.group : this.list).append(entry.option);
    this.list.classList.toggle("canned__list--found", !bySection);
    this.list.hidden = !found.length;
    this.box.querySelector("[data-canned-nothing]").hidden = found.length > 0;
    this.shown = found.map((entry) => entry.option);
    this.point(this.shown[0] ?? null);
    this.list.scrollTop = 0;
    const { wordsNone, wordsFound } = this.box.dataset;
    this.said.textContent = found.length ? wordsFound.replace("%s", found.length) : wordsNone;
  }

  point(option, { scroll = true } = {}) {
    this.active?.setAttribute("aria-selected", "false");
    this.active = option;
    const preview = this.box.querySelector("[data-canned-preview]");
    if (!option) {
      this.text.removeAttribute("aria-activedescendant");
      preview?.replaceChildren();
      return;
    }
    option.setAttribute("aria-selected", "true");
    this.text.setAttribute("aria-activedescendant", option.id);
    preview.replaceChildren(this.previewText(option), ...this.filesOf(option).map((file) => this.previewFile(file)));
    if (scroll) option.scrollIntoView({ block: "nearest" });
  }

  previewText(option) {
    const words = document.createElement("p");
    words.className = "canned__text";
    words.textContent = option.querySelector("[data-canned-text]").textContent;
    return words;
  }

  previewFile(file) {
    const chip = document.createElement("span");
    chip.className = "chip";
    const name = document.createElement("span");
    name.className = "clip";
    name.textContent = file.shown;
    chip.append(name);
    return chip;
  }

  filesOf(option) {
    return [...option.querySelectorAll("[data-canned-file]")].map(({ dataset }) => ({
      name: dataset.name,
      size: Number(dataset.size),
      shown: dataset.shown,
      canned: dataset.cannedFile,
    }));
  }

  /* ---- keys ---- */

  onKey(event) {
    if (!this.isOpen || event.isComposing) return;
    const taken = this.keys[event.key]?.(event);
    if (!taken) return;
    event.preventDefault();
    event.stopImmediatePropagation();
  }

  keys = {
    ArrowDown: () => this.step(1),
    ArrowUp: () => this.step(-1),
    Enter: () => this.choose(),
    Tab: (event) => !event.shiftKey && this.choose(),
    Escape: () => {
      this.text.focus(); // it may be in the list, which can be scrolled by keys
      this.close();
      return true;
    },
  };

  /** Who knows the shortcut is quicker than the answer: what was meant is inserted when it is here. */
  choose() {
    const isCurrent = this.isWhole || this.query === this.askedFor;
    if (this.active && isCurrent) return this.insert(this.active);
    this.isChosen = Boolean(this.asking) || !isCurrent;
    return this.isChosen;
  }

  step(by) {
    if (!this.shown.length) return false;
    const at = this.shown.indexOf(this.active);
    this.point(this.shown[(at + by + this.shown.length) % this.shown.length]);
    return true;
  }

  insert(option) {
    const words = option.querySelector("[data-canned-text]").textContent;
    const { title, reply } = option.dataset;
    const files = this.filesOf(option);
    const [from, to] = [this.from, this.text.selectionEnd];
    this.close();
    this.text.focus();
    this.text.setSelectionRange(from, to);
    // as if it were typed, so that the browser can undo it; the event "input" follows either way
    const isTyped = words ? document.execCommand("insertText", false, words) : from === to || document.execCommand("delete");
    if (!isTyped) {
      this.text.setRangeText(words, from, to, "end");
      this.text.dispatchEvent(new Event("input", { bubbles: true }));
    }
    this.text.scrollTop = this.text.scrollHeight;
    this.onInsert({ reply, files });
    this.said.textContent = this.box.dataset.wordsInserted.replace("%s", title);
    return true;
  }
}

document.addEventListener("submit", (event) => {
  if (event.target.matches("[data-canned-save]")) changes += 1;
});
