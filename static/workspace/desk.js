/* The desk: which dialog is open, the list beside it, what one does with dialogs, and keeping all of it current. */

import { openLive } from "../openlines/live.js";
import { startPresence } from "../staff/presence.js";
import { setServerNow, tick } from "../ui/clocks.js";
import { freshNow, showStatus } from "../ui/live_status.js";
import { toast } from "../ui/toasts.js";
import { beep, notify, startAlerts } from "./alerts.js";
import { keepDraft } from "./composer.js";
import { mergeBox, remember } from "./keyed.js";
import { get, parse, post } from "./requests.js";
import { startShortcuts } from "./shortcuts.js";
import { startDialogs } from "./start.js";
import { startTemplates } from "./templates.js";
import { Talk } from "./talk.js";
import { closeWindow, confirmed, showProblem, showWindow } from "./windows.js";
import { problem, say } from "./words.js";

const desk = document.querySelector("[data-desk]");
const list = desk.querySelector("[data-list]");
const search = desk.querySelector("[data-search] input");
const LIST_PAUSE_MS = 150; // signals come in bursts
const LIST_EVERY_MS = 1000; // and on a busy line without end

setServerNow(desk.dataset.now);
remember(list);

/* ---- the open dialog ---- */

const talk = new Talk(desk, {
  onGone: (answer) => {
    if (talk.composer.text.value) return talk.freeze(talk.composer.lastRefusal || problem(answer));
    if (answer.words) toast(answer.words, { tone: "amber" });
    leave();
  },
  onSeen: () => refreshSoon(),
});

function show(view) {
  desk.dataset.view = view;
}

async function open(url, { push = true, focus = false } = {}) {
  const answer = await talk.open(url);
  if (answer.kind === "overtaken") return;
  if (answer.kind !== "done") {
    toast(problem(answer), { tone: "red" });
    return;
  }
  show("talk");
  if (push) history.pushState({}, "", url + location.search);
  nameWindow();
  markCurrent();
  if (focus) talk.composer?.text.focus();
}

function leave({ push = true } = {}) {
  talk.close(document.querySelector("[data-no-talk]").content.cloneNode(true));
  show("list");
  if (push) history.pushState({}, "", desk.dataset.homeUrl + location.search);
  nameWindow();
  markCurrent();
}

window.addEventListener("popstate", () => {
  const id = location.pathname.match(/(\d+)\/$/)?.[1];
  if (id) open(location.pathname, { push: false });
  else leave({ push: false });
  if (tabOf(location.search) !== tabShown()) refresh();
});

function markCurrent() {
  for (const link of list.querySelectorAll("a[data-opens]")) {
    if (link.dataset.opens === talk.dialog) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
}

/* ---- the list ---- */

const tabOf = (query) => new URLSearchParams(query).get("tab") ?? "";
const onlyOf = (query) => new URLSearchParams(query).get("only") ?? "";
const tabShown = () => list.querySelector("[data-tab][aria-current]")?.dataset.tab ?? "";
const offersShown = () => new Map([...list.querySelectorAll("[data-offer]")].map((node) => [node.dataset.offerId, node]));
let unreadBefore = Number(list.querySelector("[data-unread]")?.dataset.unread ?? 0);
let pause = null;
let asking = null;

let refreshedAt = 0;

function refreshSoon() {
  const wait = Math.max(LIST_PAUSE_MS, refreshedAt + LIST_EVERY_MS - Date.now());
  pause ??= setTimeout(() => {
    pause = null;
    refresh();
  }, wait);
}

async function refresh({ tab = tabOf(location.search) } = {}) {
  asking?.abort();
  const mine = (asking = new AbortController());
  refreshedAt = Date.now();
  const query = new URLSearchParams({ tab, q: search.value.trim(), only: onlyOf(location.search) });
  if (talk.dialog) query.set("dialog", talk.dialog);
  let answer;
  try {
    answer = await get(`${desk.dataset.listUrl}?${query}`, { signal: mine.signal });
  } catch {
    return; // a newer request took over
  } finally {
    if (asking === mine) asking = null;
    list.removeAttribute("aria-busy");
  }
  if (answer.kind !== "done") {
    if (answer.kind === "gone") loggedOut();
    return;
  }
  const before = offersShown();
  const fresh = parse(answer.html);
  mergeBox(list, fresh);
  markCurrent();
  tick(list);
  freshNow();
  announce(before);
  nameWindow();
}

function announce(before) {
  for (const [id, node] of offersShown()) {
    if (before.has(id)) continue;
    node.classList.add("offer--new");
    beep("offer");
    notify({
      title: say("offerTitle"),
      body: `${node.dataset.clientName}: ${node.dataset.words}`,
      tag: `offer-${node.dataset.offer}`,
      onClick: () => open(node.querySelector("a").href),
    });
  }
  const unread = Number(list.querySelector("[data-unread]")?.dataset.unread ?? 0);
  if (unread > unreadBefore && document.hidden) beep("message");
  unreadBefore = unread;
}

const plainTitle = document.title.split(" · ").at(-1);

function nameWindow() {
  const waiting = offersShown().size + unreadBefore;
  const name = talk.element?.querySelector(".talk__who h2")?.textContent;
  document.title = `${waiting ? `(${waiting}) ` : ""}${name ? `${name} · ` : ""}${plainTitle}`;
}

function chooseTab(key) {
  return choose("tab", key);
}

/** The unanswered alone, or all again. */
function chooseUnanswered() {
  return choose("only", onlyOf(location.search) ? "" : "unanswered");
}

function choose(name, value) {
  const query = new URLSearchParams(location.search);
  if (value) query.set(name, value);
  else query.delete(name);
  history.replaceState({}, "", `${location.pathname}?${query}`);
  list.scrollTop = 0;
  list.setAttribute("aria-busy", "true");
  return refresh();
}

let typed = null;
search.addEventListener("input", () => {
  clearTimeout(typed);
  typed = setTimeout(refresh, 250);
});
search.form.addEventListener("submit", (event) => {
  event.preventDefault();
  refresh();
});

/* ---- clicks and forms ---- */

document.addEventListener("click", async (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  const target = event.target;
  const goes = target.closest("[data-goes]");
  if (goes) {
    event.preventDefault();
    if (goes.dataset.goes === "list") leave();
    else show(goes.dataset.goes);
    return;
  }
  const tab = target.closest("a[data-tab]");
  if (tab) {
    event.preventDefault();
    return chooseTab(tab.dataset.tab);
  }
  if (target.closest("a[data-only]")) {
    event.preventDefault();
    return chooseUnanswered();
  }
  const link = target.closest("a[data-opens]");
  if (link) {
    event.preventDefault();
    return open(link.pathname);
  }
  const opener = target.closest("[data-window-url]");
  if (opener) {
    event.preventDefault(); // it may be a link, for where there is no script
    opener.setAttribute("aria-busy", "true"); // some windows wait for a provider
    const answer = await get(opener.dataset.windowUrl);
    opener.removeAttribute("aria-busy");
    if (answer.kind === "done") showWindow(answer.html);
    else toast(problem(answer), { tone: "red" });
  }
});

document.addEventListener("submit", async (event) => {
  const form = event.target.closest("form[data-act]");
  if (!form) return;
  event.preventDefault();
  if (form.dataset.confirm && !(await confirmed(form.dataset.confirm, form.dataset.confirmButton))) return;
  await act(form);
});

/** sure: the person was asked what the server wants to have asked first (code "ask"). */
async function act(form, { sure = false } = {}) {
  if (form.dataset.running) return;
  form.dataset.running = "1";
  const button = form.querySelector("button:not([type=button])");
  button?.setAttribute("aria-busy", "true");
  const values = new FormData(form);
  if (sure) values.set("sure", "1");
  const answer = await post(form.action, values);
  delete form.dataset.running;
  button?.removeAttribute("aria-busy");
  if (answer.code === "ask" && !sure) {
    if (await confirmed(answer.words, form.dataset.askButton)) await act(form, { sure: true });
    return;
  }
  const id = form.action.match(/(\d+)\/[a-z-]+\/$/)?.[1];
  if (answer.kind === "done") {
    closeWindow();
    if (answer.words) toast(answer.words, { tone: "green" });
    if (form.dataset.act === "accept" && id !== talk.dialog) await open(desk.dataset.dialogUrl.replace("/0/", `/${id}/`), { focus: true });
    else if (form.dataset.act === "accept") await talk.update().then(() => talk.composer?.text.focus());
    else if (id === talk.dialog) talk.update();
  } else {
    if (!showProblem(problem(answer))) toast(problem(answer), { tone: answer.kind === "refused" ? "amber" : "red" });
    if (id === talk.dialog) talk.update();
  }
  refreshSoon();
}

/** A dialog that was started here, or that was there already: then what was written becomes its draft. */
async function started({ url, words, draft }) {
  const id = url.match(/(\d+)\/$/)[1];
  if (draft) keepDraft({ employee: desk.dataset.employee, dialog: id, text: draft });
  if (words) toast(words, { tone: "amber" });
  await open(url, { focus: true });
  const field = talk.composer?.text;
  if (draft && field && !field.value) field.value = draft; // a browser that stores nothing
  refreshSoon();
}

/* an offer that ran out: the server decides, we only look again */
desk.addEventListener("time-over", (event) => {
  const left = event.target.closest(".offer__left");
  if (left) left.textContent = say("offerOver");
  refreshSoon();
  talk.update();
});

/* ---- keys ---- */

const within = (selector) => desk.querySelector(selector);
/** Sends the first of these forms that is there; false when none is. */
const submit = (...selectors) => {
  const form = selectors.map(within).find(Boolean);
  if (!form) return false;
  form.requestSubmit();
};

/** Presses the button; false when it is not there. */
const press = (selector) => {
  const button = within(selector);
  if (!button) return false;
  button.click();
};

/** Of the newest message that has such a button. */
const pressLast = (selector) => {
  const button = [...desk.querySelectorAll(selector)].at(-1);
  if (!button) return false;
  button.click();
};

function step(by) {
  const links = [...list.querySelectorAll("a[data-opens]")];
  const at = links.findIndex((link) => link.dataset.opens === talk.dialog);
  const next = links[at < 0 ? 0 : Math.min(Math.max(at + by, 0), links.length - 1)];
  if (!next) return false;
  next.focus();
  next.click();
}

startShortcuts({
  a: () => submit('[data-gate] form[data-act="accept"]', '.offer form[data-act="accept"]'),
  s: () => submit('[data-gate] form[action$="/skip/"]', '.offer form[action$="/skip/"]'),
  j: () => step(1),
  k: () => step(-1),
  1: () => chooseTab("mine"),
  2: () => chooseTab("offered"),
  3: () => chooseTab("waiting"),
  4: () => chooseTab("all"),
  r: () => talk.composer?.setMode("reply", { focus: true }),
  n: () => talk.composer?.setMode("note", { focus: true }),
  5: () => chooseTab("aside"),
  u: () => chooseUnanswered(),
  c: () => press('.list-tools [data-key="c"]'),
  m: () => (within('[data-gate][data-can-template="1"]') ? press('.composer [data-key="m"]') : false),
  t: () => press('.talk [data-key="t"]'),
  f: () => (within('.talk [data-key="f"]') ? press('.talk [data-key="f"]') : submit('.talk form[data-act="finish"]')),
  g: () => submit('.talk form[data-act="finish-unsolved"]'),
  p: () => submit('.talk form[data-act="pin"]'),
  z: () => submit('.talk form[data-act="snooze"]'),
  l: () => press('.talk [data-key="l"]'),
  e: () => press('.talk [data-key="e"]'),
  h: () => pressLast(".talk [data-mail-show]"),
  "/": () => search.focus(),
  "?": () => document.getElementById("shortcuts").showModal(),
});

/* ---- live ---- */

function onSignal(signal) {
  const isOpen = String(signal.dialog ?? "") === talk.dialog;
  if (signal.kind === "typing") {
    if (isOpen) talk.showTyping(signal.text);
    return;
  }
  if (signal.kind === "connection") {
    talk.update(); // whether messages wait, which is no change of the dialog
    return;
  }
  if (isOpen && Number(signal.rev ?? Infinity) > Number(talk.element.dataset.rev)) talk.update();
  refreshSoon();
}

function catchUp() {
  refresh();
  talk.update();
}

let toldLoggedOut = false;

function loggedOut() {
  if (!toldLoggedOut) toast(say("gone"), { tone: "red" });
  toldLoggedOut = true;
}

async function sayPresent({ signal }) {
  const answer = await post(desk.dataset.presenceUrl, undefined, { signal });
  if (answer.kind === "gone") loggedOut();
  return answer.kind === "done";
}

/** The server has answered and the stream is alive: what is seen is current, though nothing had to be fetched. */
function onPresence(wasAway) {
  freshNow();
  if (wasAway) document.body.dispatchEvent(new Event("own-state")); // the word at the top is "online" again
}

startAlerts();
startTemplates();
startDialogs({ onStarted: started });
nameWindow();
markCurrent();
openLive({ ticketUrl: desk.dataset.ticketUrl, onSignal, onResync: catchUp, onStatus: showStatus, scope: `desk-${desk.dataset.employee}` });
startPresence({ say: sayPresent, onAnswered: onPresence });
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) catchUp();
});
