/* The open dialog: fetched whole when it is chosen, afterwards only what changed since its revision. */

import { setServerNow, tick } from "../ui/clocks.js";
import { freshNow } from "../ui/live_status.js";
import { Composer } from "./composer.js";
import { startMails } from "./mail.js";
import { Onlookers } from "./onlookers.js";
import { get, parse, post } from "./requests.js";
import { mergeItems, placeDays } from "./timeline.js";
import { say } from "./words.js";

const NEAR_END = 120; // px: who reads the end keeps seeing the end
const TYPING_SHOWN_MS = 6000;
const TYPING_TOLD_EVERY_MS = 5000;

export class Talk {
  constructor(desk, { outbox, onGone, onSeen }) {
    this.desk = desk;
    this.outbox = outbox;
    this.box = desk.querySelector("[data-talk]");
    this.clientBox = desk.querySelector("[data-client]");
    this.handlers = { onGone, onSeen };
    this.composer = null;
    this.onlookers = new Onlookers({ employee: desk.dataset.employee });
    if (this.element) this.begin();
    this.box.addEventListener("click", (event) => this.onClick(event));
    startMails(this.box, { onShown: (item) => this.readFromStart(item) });
    document.addEventListener("visibilitychange", () => this.markSeen());
  }

  get element() {
    return this.box.querySelector(".talk");
  }

  /** The id of the open dialog, as a string; null when none is. */
  get dialog() {
    return this.element?.dataset.dialog ?? null;
  }

  /* ---- opening ---- */

  async open(url) {
    this.opening?.abort();
    this.opening = new AbortController();
    const slow = setTimeout(() => this.box.setAttribute("aria-busy", "true"), 250);
    try {
      const answer = await get(`${url}pane/`, { signal: this.opening.signal });
      if (answer.kind === "done") this.put(answer.html);
      return answer;
    } catch (error) {
      if (error.name === "AbortError") return { kind: "overtaken" };
      throw error;
    } finally {
      clearTimeout(slow);
      this.box.removeAttribute("aria-busy");
    }
  }

  /** html: of a whole dialog (templates/workspace/_pane.html). */
  put(html) {
    this.opening?.abort();
    const pane = parse(html).querySelector("[data-pane]");
    setServerNow(pane.dataset.now);
    this.box.replaceChildren(...pane.querySelector('[data-pane-part="talk"]').childNodes);
    this.clientBox.replaceChildren(...pane.querySelector('[data-pane-part="client"]').childNodes);
    this.begin();
    freshNow();
  }

  begin() {
    const talk = this.element;
    placeDays(talk.querySelector("[data-items]"));
    this.looked = 0;
    this.composer = new Composer(talk, {
      employee: this.desk.dataset.employee,
      outbox: this.outbox,
      looked: () => this.looked,
      onLook: () => this.update().then(() => this.toEnd()),
      onSent: (html) => talk.isConnected && this.apply(html),
      onRefused: () => this.update(),
      onTyping: () => this.tellTyping(),
      onWriting: () => this.onlookers.wrote(),
    });
    const scroll = talk.querySelector("[data-scroll]");
    this.atEnd = true;
    scroll.addEventListener("scroll", () => {
      this.atEnd = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < NEAR_END;
      if (this.atEnd && !talk.querySelector("[data-down]").hidden) {
        talk.querySelector("[data-down]").hidden = true;
        this.watchEyes();
      }
    });
    new ResizeObserver(() => this.atEnd && this.toEnd()).observe(talk.querySelector("[data-items]"));
    new ResizeObserver(([entry]) => talk.style.setProperty("--composer-height", `${entry.target.offsetHeight}px`)).observe(this.composer.form);
    this.composer.takeUp();
    this.looked = this.composer.newest(); // who opens a dialog sees what is there
    this.toEnd();
    tick(this.desk);
    this.markSeen();
    this.onlookers.follow(talk);
  }

  close(placeholder) {
    this.opening?.abort();
    this.composer = null;
    this.onlookers.follow(null);
    this.box.replaceChildren(placeholder);
    this.clientBox.replaceChildren();
  }

  /* ---- keeping up ---- */

  /** Asks for what changed; several calls at once become one more request after the running one. */
  async update() {
    if (!this.element) return;
    if (this.updating) {
      this.again = true;
      return;
    }
    this.updating = true;
    try {
      do {
        this.again = false;
        const talk = this.element;
        if (!talk || talk === this.frozen) return;
        const answer = await get(`${talk.dataset.updateUrl}?since=${talk.dataset.rev}`);
        if (talk !== this.element) continue;
        if (answer.kind === "done") this.apply(answer.html);
        else if (answer.kind === "not-yours") this.handlers.onGone(answer);
      } while (this.again);
    } finally {
      this.updating = false;
    }
  }

  apply(html) {
    const talk = this.element;
    const update = parse(html).querySelector("[data-update]");
    if (!talk || !update) return;
    if (Number(update.dataset.rev) < Number(talk.dataset.rev)) return; // an older answer came late
    setServerNow(update.dataset.now);
    const list = talk.querySelector("[data-items]");
    const added = mergeItems(list, this.withinSight(list, update.querySelector("[data-update-items]").children));
    talk.dataset.rev = update.dataset.rev;
    this.swap(talk.querySelector('[data-part="head"]'), update.querySelector('[data-update-part="head"]'));
    this.swap(talk.querySelector('[data-part="gate"]'), update.querySelector('[data-update-part="gate"]'));
    this.swap(this.clientBox, update.querySelector('[data-update-part="client"]'));
    this.composer.obeyGate();
    this.composer.settle();
    tick(this.desk);
    if (added.some((item) => item.matches(".item--client"))) this.hideTyping();
    if (this.atEnd) this.toEnd();
    else if (added.length) talk.querySelector("[data-down]").hidden = false;
    if (added.length) this.markSeen();
    freshNow();
  }

  /** A mark that changes on a message of the pages not fetched yet must not bring it here, out of its place. */
  withinSight(list, items) {
    const first = list.querySelector(":scope > [data-order]")?.dataset.order ?? "";
    const hasEarlier = Boolean(this.element.querySelector("[data-earlier]"));
    return hasEarlier ? [...items].filter((item) => item.dataset.order >= first) : [...items];
  }

  /** The dialog is somebody else's now: nothing more can be sent, but what was written stays to be copied. */
  freeze(words) {
    const talk = this.element;
    talk.querySelectorAll(".talk__acts > :not(.talk__to-client)").forEach((node) => node.remove());
    const gate = talk.querySelector("[data-gate]");
    gate.dataset.canReply = gate.dataset.canNote = "0";
    gate.replaceChildren();
    this.composer.obeyGate();
    this.composer.notice(words);
    this.onlookers.follow(null);
    talk.querySelector("[data-onlookers]").textContent = "";
    this.frozen = talk;
  }

  /** Replaces a part unless it is the same; opened details and the focus stay. */
  swap(place, fresh) {
    const html = fresh.innerHTML;
    if (place.asRendered === html) return;
    const opened = new Map([...place.querySelectorAll("details[data-remembers]")].map((node) => [node.dataset.remembers, node.open]));
    const focused = place.contains(document.activeElement) ? document.activeElement.getAttribute("aria-label") : null;
    const top = place.scrollTop;
    place.innerHTML = html;
    place.asRendered = html;
    for (const node of place.querySelectorAll("details[data-remembers]")) node.open = opened.get(node.dataset.remembers) ?? node.open;
    place.scrollTop = top;
    if (focused) place.querySelector(`[aria-label="${CSS.escape(focused)}"]`)?.focus();
  }

  toEnd() {
    const scroll = this.element?.querySelector("[data-scroll]");
    if (scroll) scroll.scrollTop = scroll.scrollHeight;
  }

  /** A mail that has become long: one reads from its beginning, though the end of the conversation was in sight. */
  readFromStart(item) {
    this.atEnd = false;
    item.scrollIntoView({ block: "start" });
  }

  /* ---- reading, typing ---- */

  markSeen() {
    const talk = this.element;
    if (!talk || talk === this.frozen || document.hidden) return;
    this.watchEyes();
    clearTimeout(this.seenTimer);
    this.seenTimer = setTimeout(async () => {
      await post(talk.dataset.updateUrl.replace(/update\/$/, "seen/"), this.seenUpTo(talk));
      this.handlers.onSeen();
    }, 300);
  }

  /** What stands in sight counts as looked at: the server asks about what came after it (stale_view.py). */
  watchEyes() {
    if (this.atEnd && !document.hidden) this.looked = this.composer.newest();
  }

  /** The newest message that whoever finishes the dialog can know; undefined where no dialog is open. */
  glance() {
    return this.element ? this.looked : undefined;
  }

  /** The newest message on this screen: one that came meanwhile has not been before anybody's eyes. */
  seenUpTo(talk) {
    const ids = [...talk.querySelectorAll('[data-items] > [data-key^="m"]')].map((item) => Number(item.dataset.key.slice(1)));
    const body = new FormData();
    if (ids.length) body.set("last", Math.max(...ids));
    return body;
  }

  tellTyping() {
    const now = Date.now();
    if (now - (this.toldTyping ?? 0) < TYPING_TOLD_EVERY_MS) return;
    this.toldTyping = now;
    post(this.element.dataset.updateUrl.replace(/update\/$/, "typing/"));
  }

  showTyping(text) {
    const line = this.element?.querySelector("[data-typing]");
    if (!line) return;
    const name = this.element.querySelector(".talk__who h2").textContent;
    line.querySelector("[data-typing-words]").textContent = say("typing", name) + (text && text !== "…" ? `: ${text}` : "");
    line.hidden = false;
    clearTimeout(this.typingTimer);
    this.typingTimer = setTimeout(() => this.hideTyping(), TYPING_SHOWN_MS);
    if (this.atEnd) this.toEnd();
  }

  /** Who is seen typing, in words; empty where nobody is. */
  typingWords() {
    const line = this.element?.querySelector("[data-typing]");
    return !line || line.hidden ? "" : line.querySelector("[data-typing-words]").textContent;
  }

  /** The button that was pressed has gone: the keyboard goes on from what stands in its place. */
  afterFinish() {
    if (document.activeElement !== document.body) return;
    this.element?.querySelector('[data-finishing] button, [data-part="head"] .split button, [data-part="head"] form button')?.focus();
  }

  hideTyping() {
    const line = this.element?.querySelector("[data-typing]");
    if (line) line.hidden = true;
  }

  /* ---- clicks ---- */

  onClick(event) {
    const target = event.target;
    if (target.closest("[data-down]")) this.toEnd();
    if (target.closest("[data-earlier]")) this.earlier(target.closest("[data-earlier]"));
    const quotes = target.closest("[data-quotes]");
    if (quotes) this.composer.quote(quotes.closest(".item"));
    const edits = target.closest("[data-edits]");
    if (edits) this.composer.editing.begin(edits);
    const link = target.closest(".bubble__text a");
    if (link) {
      link.target = "_blank";
      link.rel = "noopener noreferrer nofollow";
    }
    const quoted = target.closest("a.quote");
    if (quoted) {
      event.preventDefault();
      const item = this.element.querySelector(`[data-key="${CSS.escape(quoted.hash.slice(1))}"]`);
      item?.scrollIntoView({ block: "center" });
      item?.classList.add("item--pointed");
      setTimeout(() => item?.classList.remove("item--pointed"), 1500);
    }
  }

  async earlier(button) {
    const talk = this.element;
    const list = talk.querySelector("[data-items]");
    const first = list.querySelector("[data-order]");
    button.setAttribute("aria-busy", "true");
    const answer = await get(`${talk.dataset.earlierUrl}?before=${encodeURIComponent(first?.dataset.order ?? "")}`);
    button.removeAttribute("aria-busy");
    if (answer.kind !== "done") return;
    const earlier = parse(answer.html).querySelector("[data-earlier-items]");
    const scroll = talk.querySelector("[data-scroll]");
    const fromEnd = scroll.scrollHeight - scroll.scrollTop;
    this.atEnd = false;
    mergeItems(list, earlier.children);
    tick(list);
    scroll.scrollTop = scroll.scrollHeight - fromEnd;
    if (earlier.dataset.more !== "1") button.parentElement.remove();
  }
}
