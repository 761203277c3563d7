/* The desk: which dialog is open, the list beside it, what one does with dialogs, and keeping all of it current. */

import { openLive } from "../openlines/live.js";
import { lookAtNotices, noticesMayBeRead, startNotices } from "../staff/notices.js";
import { startPresence } from "../staff/presence.js";
import { setServerNow } from "../ui/clocks.js";
import { freshNow, showStatus } from "../ui/live_status.js";
import { toast } from "../ui/toasts.js";
import { beep, notify, startAlerts } from "./alerts.js";
import { keepDraft } from "./composer.js";
import { Connection } from "./connection.js";
import { showBack, showLost, showWaiting } from "./connection_bar.js";
import { DialogList } from "./dialog_list.js";
import { get, post, watchRequests } from "./requests.js";
import { Outbox } from "./outbox.js";
import { startShortcuts } from "./shortcuts.js";
import { startDialogs } from "./start.js";
import { startTemplates } from "./templates.js";
import { Talk } from "./talk.js";
import { closeWindow, confirmed, confirmedInSpite, setAside, showProblem, showWindow, takeUp } from "./windows.js";
import { problem, say } from "./words.js";

const desk = document.querySelector("[data-desk]");

setServerNow(desk.dataset.now);

/* ---- the open dialog ---- */

const outbox = new Outbox({
  employee: desk.dataset.employee,
  canSend: () => !connection.isLost,
  onChange(entry, answer) {
    showWaiting(outbox.count);
    if (entry.dialog === talk.dialog) talk.composer?.showEntry(entry, answer);
  },
  onRefused(entries, answer) {
    const [{ dialog }] = entries;
    if (dialog === talk.dialog) talk.composer?.takeBack(entries, answer);
    else toast(`${say("waitingRefused", dialog)} ${answer.words ?? ""}`, { tone: "amber" });
  },
});

const talk = new Talk(desk, {
  outbox,
  onGone: (answer) => {
    const words = talk.composer.lastRefusal || problem(answer);
    if (talk.composer.text.value) return talk.freeze(`${words} ${say("draftStays")}`);
    showMovedOn(words, { url: location.pathname, push: false });
  },
  onSeen: () => dialogs.refreshSoon(),
});

let opening = null; // the address of the dialog that is being fetched

const idOf = (url) => url.match(/(\d+)\/$/)?.[1];

function show(view) {
  desk.dataset.view = view;
}

/** html: the dialog, where it came with another answer. */
async function open(url, { push = true, focus = false, html = "" } = {}) {
  if (connection.isLost && !html) return toast(say("notOpened"), { tone: "amber" });
  opening = html ? null : url;
  dialogs.markCurrent(idOf(url)); // at once: the conversation may take its time
  if (html) talk.put(html);
  const answer = html ? { kind: "done" } : await talk.open(url);
  if (opening === url) opening = null;
  if (answer.kind === "overtaken") return;
  if (answer.kind === "not-yours") return showMovedOn(answer.words, { url, push });
  if (answer.kind !== "done") {
    dialogs.markCurrent();
    toast(problem(answer, { lost: "notOpened" }), { tone: answer.kind === "lost" ? "amber" : "red" });
    return;
  }
  show("talk");
  if (push) history.pushState({}, "", url + location.search);
  nameWindow();
  dialogs.markCurrent();
  noticesMayBeRead();
  if (focus) talk.composer?.text.focus();
}

/** The dialog is not (any more) for who follows its link: in its place stands where it is now. */
function showMovedOn(words, { url, push }) {
  const moved = document.querySelector("[data-moved]").content.cloneNode(true);
  moved.querySelector("[data-moved-title]").textContent = say("movedOn", idOf(url) ?? "");
  moved.querySelector("[data-moved-words]").textContent = words ?? "";
  talk.close(moved);
  show("talk");
  if (push) history.pushState({}, "", url + location.search);
  nameWindow();
  dialogs.markCurrent();
  dialogs.refreshSoon();
  talk.box.querySelector("[data-moved-title]").focus();
}

function leave({ push = true } = {}) {
  talk.close(document.querySelector("[data-no-talk]").content.cloneNode(true));
  show("list");
  if (push) history.pushState({}, "", desk.dataset.homeUrl + location.search);
  nameWindow();
  dialogs.markCurrent();
}

window.addEventListener("popstate", () => {
  if (idOf(location.pathname)) open(location.pathname, { push: false });
  else leave({ push: false });
  dialogs.followAddress();
});

const dialogs = new DialogList(desk, {
  current: () => talk.dialog,
  onOpen: (url) => open(url),
  onChanged: nameWindow,
  onGone: loggedOut,
});

const plainTitle = document.title.split(" · ").at(-1);

function nameWindow() {
  const name = talk.element?.querySelector(".talk__who h2")?.textContent;
  document.title = `${dialogs.waiting ? `(${dialogs.waiting}) ` : ""}${name ? `${name} · ` : ""}${plainTitle}`;
}

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
  const link = target.closest("a[data-opens]");
  if (link) {
    event.preventDefault();
    return open(link.pathname);
  }
  const opener = target.closest("[data-window-url]");
  if (opener) {
    event.preventDefault(); // it may be a link, for where there is no script
    windowOpened = { url: opener.dataset.windowUrl, known: talk.glance() };
    if (takeUp(opener.dataset.windowUrl)) return;
    opener.setAttribute("aria-busy", "true"); // some windows wait for a provider
    const answer = await get(opener.dataset.windowUrl);
    opener.removeAttribute("aria-busy");
    if (answer.kind === "done") showWindow(answer.html);
    else toast(problem(answer, { lost: "notOpened" }), { tone: answer.kind === "lost" ? "amber" : "red" });
  }
});

document.addEventListener("submit", async (event) => {
  const form = event.target.closest("form[data-act]");
  if (!form) return;
  event.preventDefault();
  if (form.dataset.confirm && !(await confirmed(form.dataset.confirm, form.dataset.confirmButton))) return;
  if (FINISHES.has(form.dataset.act) && !(await finishesInSpite())) return;
  await act(form);
});

const FINISHES = new Set(["finish", "finish-solved", "finish-unsolved", "spam"]);
let windowOpened = null; // { url, known }: what stood in the conversation when a window was opened over it

/** sure: the person was asked what the server wants to have asked first (code "ask"); told: the newest message of which
    the person was told and still wants to go on (code "stale"). */
async function act(form, { sure = false, told = 0 } = {}) {
  if (form.dataset.running) return;
  if (connection.isLost) return showProblem(say("noConnection")) || toast(say("noConnection"), { tone: "amber" });
  form.dataset.running = "1";
  const button = form.querySelector("button:not([type=button])");
  button?.setAttribute("aria-busy", "true");
  const values = new FormData(form);
  if (sure) values.set("sure", "1");
  if (FINISHES.has(form.dataset.act)) values.set("undo", "1");
  if (form.dataset.act === "accept") values.set("with", "pane");
  const known = form.closest("[data-window]") ? windowOpened?.known : talk.glance();
  if (known !== undefined && form.dataset.act) {
    values.set("begun", Math.max(known, told));
    values.set("looked", Math.max(known, told));
  }
  const id = form.action.match(/(\d+)\/[a-z-]+\/$/)?.[1];
  if (form.dataset.act === "accept") dialogs.markCurrent(id); // at once: it opens with the answer
  const answer = await post(form.action, values);
  delete form.dataset.running;
  button?.removeAttribute("aria-busy");
  if (answer.code === "ask" && !sure) {
    if (await confirmed(answer.words, form.dataset.askButton)) await act(form, { sure: true });
    return;
  }
  if (answer.code === "stale") {
    talk.update();
    const isWindow = Boolean(form.closest("[data-window]"));
    const goesOn = await confirmedInSpite(answer.words, { button: say("allTheSame"), look: say("lookFirst") });
    if (goesOn) return act(form, { sure, told: answer.seq });
    if (isWindow) setAside(windowOpened.url);
    return;
  }
  if (answer.kind === "done") {
    closeWindow();
    if (answer.words) toast(answer.words, { tone: "green" });
    const url = desk.dataset.dialogUrl.replace("/0/", `/${id}/`);
    if (form.dataset.act === "accept" && id !== talk.dialog) await open(url, { focus: true, html: answer.html });
    else if (form.dataset.act === "accept") await talk.update().then(() => talk.composer?.text.focus());
    else if (id === talk.dialog && form.action.endsWith("/skip/") && !talk.composer?.text.value) leave();
    else if (id === talk.dialog) await talk.update();
    if (FINISHES.has(form.dataset.act) || form.dataset.act === "undo-finish") talk.afterFinish();
  } else {
    dialogs.markCurrent();
    if (!showProblem(problem(answer))) toast(problem(answer), { tone: answer.kind === "refused" ? "amber" : "red" });
    if (id === talk.dialog) talk.update();
  }
  dialogs.refreshSoon();
}

/** Who is seen typing has more to say. */
async function finishesInSpite() {
  const words = talk.typingWords();
  return !words || confirmed(say("finishInSpite", words), say("allTheSame"));
}

/** A dialog that was started here, or that was there already: then what was written becomes its draft. */
async function started({ url, words, draft }) {
  const id = idOf(url);
  if (draft) keepDraft({ employee: desk.dataset.employee, dialog: id, text: draft });
  if (words) toast(words, { tone: "amber" });
  await open(url, { focus: true });
  const field = talk.composer?.text;
  if (draft && field && !field.value) field.value = draft; // a browser that stores nothing
  dialogs.refreshSoon();
}

/* time that ran out (an offer's, what was put aside): the server decides, we only look again */
desk.addEventListener("time-over", () => {
  dialogs.refreshSoon();
  talk.update();
});

/* ---- keys ---- */

const within = (selector) => desk.querySelector(selector);
/** Sends the form; false when it is not there. */
const submit = (selector) => {
  const form = within(selector);
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

startShortcuts({
  a: () => submit('[data-gate] form[data-act="accept"]') !== false || dialogs.submitFirst('form[data-act="accept"]'),
  s: () => submit('[data-gate] form[action$="/skip/"]') !== false || dialogs.submitFirst('form[action$="/skip/"]'),
  j: () => dialogs.step(1),
  k: () => dialogs.step(-1),
  1: () => dialogs.chooseTab("mine"),
  2: () => dialogs.chooseTab("offered"),
  3: () => dialogs.chooseTab("waiting"),
  4: () => dialogs.chooseTab("all"),
  r: () => talk.composer?.setMode("reply", { focus: true }),
  n: () => talk.composer?.setMode("note", { focus: true }),
  5: () => dialogs.chooseTab("aside"),
  u: () => dialogs.chooseUnanswered(),
  c: () => press('.list-tools [data-key="c"]'),
  m: () => (within('[data-gate][data-can-template="1"]') ? press('.composer [data-key="m"]') : false),
  t: () => press('.talk [data-key="t"]'),
  f: () => (within('.talk [data-key="f"]') ? press('.talk [data-key="f"]') : submit('.talk form[data-act="finish"]')),
  g: () => submit('.talk form[data-act="finish-unsolved"]'),
  "ctrl+z": () => submit('.talk form[data-act="undo-finish"]'),
  p: () => submit('.talk form[data-act="pin"]'),
  z: () => submit('.talk form[data-act="snooze"]'),
  l: () => press('.talk [data-key="l"]'),
  e: () => press('.talk [data-key="e"]'),
  h: () => pressLast(".talk [data-mail-show]"),
  "/": () => dialogs.search.focus(),
  "?": () => document.getElementById("shortcuts").showModal(),
});

/* ---- live ---- */

const connection = new Connection({
  ask: ({ signal }) => get(desk.dataset.ticketUrl, { signal }),
  onLost(since) {
    outbox.giveUp();
    showLost(since, outbox.count);
    if (!opening) return;
    opening = null;
    talk.opening.abort();
    dialogs.markCurrent();
    toast(say("notOpened"), { tone: "amber" });
  },
  async onBack() {
    await catchUp();
    if (connection.isLost) return;
    showBack();
    outbox.run();
  },
});
watchRequests(connection);

function onSignal(signal) {
  const isOpen = String(signal.dialog ?? "") === talk.dialog;
  if (signal.kind === "typing") {
    if (isOpen) talk.showTyping(signal.text);
    return;
  }
  if (signal.kind === "onlookers") {
    if (isOpen) talk.onlookers.hear(signal.people);
    return;
  }
  if (signal.kind === "finish_called_off") toast(say("finishCalledOff", signal.number), { tone: "amber" });
  if (signal.kind === "notice") return lookAtNotices();
  if (signal.kind === "connection") {
    talk.update(); // whether messages wait, which is no change of the dialog
    return;
  }
  if (isOpen && Number(signal.rev ?? Infinity) > Number(talk.element.dataset.rev)) talk.update();
  dialogs.refreshSoon();
}

function catchUp() {
  talk.onlookers.beat();
  return Promise.all([dialogs.refresh(), talk.update()]);
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
startNotices(({ id, words, url }) => {
  beep("offer");
  toast(words, { tone: "amber" });
  notify({ title: words, body: "", tag: `notice-${id}`, onClick: () => location.assign(url) });
});
startTemplates();
startDialogs({ onStarted: started });
nameWindow();
dialogs.markCurrent();
openLive({ ticketUrl: desk.dataset.ticketUrl, onSignal, onResync: catchUp, onStatus: showStatus, onBeat: () => connection.heard(), scope: `desk-${desk.dataset.employee}` });
startPresence({ say: sayPresent, onAnswered: onPresence });
outbox.run();
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) catchUp();
});
