/* The left column: which list is shown, asking for it again when something has changed, and telling what is new in it. */

import { tick } from "../ui/clocks.js";
import { freshNow } from "../ui/live_status.js";
import { toast } from "../ui/toasts.js";
import { beep, notify } from "./alerts.js";
import { get, parse } from "./requests.js";
import { StandingList, disarm } from "./standing_list.js";
import { say } from "./words.js";

const PAUSE_MS = 150; // signals come in bursts
const EVERY_MS = 1000; // and on a busy line without end

const valueIn = (query, name) => new URLSearchParams(query).get(name) ?? "";

export class DialogList {
  /** current(): the open dialog's id or null; onOpen(url); onChanged(): what is seen has changed; onGone(): logged out. */
  constructor(desk, { current, onOpen, onChanged, onGone }) {
    Object.assign(this, { desk, current, onOpen, onChanged, onGone });
    this.box = desk.querySelector("[data-list]");
    this.search = desk.querySelector("[data-search] input");
    this.standing = new StandingList(this.box, desk.querySelector("[data-list-new]"), { onGuard: (words) => toast(words) });
    this.unread = this.unreadShown();
    this.refreshedAt = 0;
    let typed = null;
    this.search.addEventListener("input", () => {
      clearTimeout(typed);
      typed = setTimeout(() => this.refresh({ afresh: true }), 250);
    });
    this.search.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.refresh({ afresh: true });
    });
    this.box.addEventListener("click", (event) => this.onClick(event));
    /* an offer that ran out: the server decides, we only look again */
    this.box.addEventListener("time-over", ({ target }) => {
      const row = target.closest(".offer");
      if (row) disarm(row, say("offerOver"));
    });
  }

  /** Offers and unread messages, for the window's name. */
  get waiting() {
    return this.standing.offers().length + this.unread;
  }

  unreadShown() {
    return Number(this.box.querySelector("[data-unread]")?.dataset.unread ?? 0);
  }

  markCurrent(id = this.current()) {
    for (const link of this.box.querySelectorAll("a[data-opens]")) {
      if (link.dataset.opens === id) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
  }

  /* ---- keeping up ---- */

  refreshSoon() {
    const wait = Math.max(PAUSE_MS, this.refreshedAt + EVERY_MS - Date.now());
    this.pause ??= setTimeout(() => {
      this.pause = null;
      this.refresh();
    }, wait);
  }

  /** afresh: another list was asked for, and its answer must not be taken for a change of this one. */
  async refresh({ afresh = false, whole = false } = {}) {
    this.afresh ||= afresh; // also when a newer request takes over
    this.asking?.abort();
    const mine = (this.asking = new AbortController());
    this.refreshedAt = Date.now();
    const query = new URLSearchParams({
      tab: valueIn(location.search, "tab"),
      q: this.search.value.trim(),
      only: valueIn(location.search, "only"),
    });
    if (this.current()) query.set("dialog", this.current());
    if (!whole) query.set("had", this.standing.had());
    let answer;
    try {
      answer = await get(`${this.desk.dataset.listUrl}?${query}`, { signal: mine.signal });
    } catch {
      return; // a newer request took over
    } finally {
      if (this.asking === mine) {
        this.asking = null;
        this.box.removeAttribute("aria-busy");
      }
    }
    if (answer.kind === "gone") this.onGone();
    if (answer.kind === "done") this.show(answer.html);
  }

  show(html) {
    const before = new Set(this.standing.offers().map((row) => row.dataset.offerId));
    const { afresh } = this;
    if (!this.standing.show(parse(html), { afresh })) return this.refresh({ afresh, whole: true });
    this.afresh = false;
    this.markCurrent();
    tick(this.box);
    freshNow();
    this.announce(before);
    this.onChanged();
  }

  announce(before) {
    for (const row of this.standing.offers()) {
      if (before.has(row.dataset.offerId)) continue;
      row.classList.add("offer--new");
      beep("offer");
      notify({
        title: say("offerTitle"),
        body: `${row.dataset.clientName}: ${row.dataset.words}`,
        tag: `offer-${row.dataset.offer}`,
        onClick: () => this.onOpen(row.querySelector("a").href),
      });
    }
    const unread = this.unreadShown();
    if (unread > this.unread && document.hidden) beep("message");
    this.unread = unread;
  }

  /* ---- which list ---- */

  onClick(event) {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    const tab = event.target.closest("a[data-tab]");
    if (!tab && !event.target.closest("a[data-only]")) return;
    event.preventDefault();
    if (tab) this.chooseTab(tab.dataset.tab);
    else this.chooseUnanswered();
  }

  chooseTab(key) {
    return this.choose("tab", key);
  }

  /** The unanswered alone, or all again. */
  chooseUnanswered() {
    return this.choose("only", valueIn(location.search, "only") ? "" : "unanswered");
  }

  choose(name, value) {
    const query = new URLSearchParams(location.search);
    if (value) query.set(name, value);
    else query.delete(name);
    history.replaceState({}, "", `${location.pathname}?${query}`);
    this.box.scrollTop = 0;
    this.box.setAttribute("aria-busy", "true");
    return this.refresh({ afresh: true });
  }

  /** The address was changed by going back or forth. */
  followAddress() {
    const shown = this.box.querySelector("[data-tab][aria-current]")?.dataset.tab ?? "";
    if (valueIn(location.search, "tab") !== shown) this.refresh({ afresh: true });
  }

  /** To the next dialog of the list, or the one before; false when there is none. */
  step(by) {
    const links = [...this.box.querySelectorAll("li:not([data-gone]) > a[data-opens]")];
    const at = links.findIndex((link) => link.dataset.opens === this.current());
    const next = links[at < 0 ? 0 : Math.min(Math.max(at + by, 0), links.length - 1)];
    if (!next) return false;
    next.focus();
    next.click();
  }

  /** By key: what the first offer of the list has; false when there is none. */
  submitFirst(selector) {
    const form = this.standing.firstOfferForm(selector);
    if (form === null) return false;
    if (form) form.requestSubmit();
    else toast(say("listMoved"));
  }
}
