/* The live chat. What is shown comes from the server ("everything since cursor"); a signal of the event stream only says
   "look again", so that a lost one loses nothing, and every 20 s a look is the net when there is no stream. */

import { Gate, Rating } from "./answers.js";
import { openApi, Problem } from "./api.js";
import { Composer } from "./composer.js";
import { openHost } from "./host.js";
import { Outbox } from "./outbox.js";
import { newUuid, openStore } from "./storage.js";
import { Talk } from "./talk.js";

const POLL_MS = 20_000;
const TYPING_SHOWN_MS = 6_000;
const FRESH_TICKET_MS = 60_000; // younger ones are used again
const START_AGAIN_MS = { first: 1_000, longest: 30_000 };

const config = JSON.parse(document.getElementById("config").textContent);
const part = (name) => document.querySelector(`[data-${name}]`);
const { words } = config;

let page = "";
let isOpen = false;
let started = false;
let cursor = "";
let dialog = null;
let ticket = null; // {value, at}
let live = null;
let isLive = false;
let lookAgain = false;
let looking = false;
let anew = 0; // the finished dialog after which the visitor wants to write again
let orders = 0;
let reporting = 0;
const reported = new Map(); // dialog → {delivered, read}: seq up to which we have told

const store = openStore(config.id);
const host = openHost({ isEmbedded: config.embedded, onOpen, onClose, onPage: (url) => (page = url) });
part("close")?.addEventListener("click", () => host.tell({ type: "close" }));
document.addEventListener("keydown", (event) => event.key === "Escape" && !event.isComposing && host.tell({ type: "close" }));

const api = openApi({ base: config.base, language: config.language, store, recall, onToken: (token) => store.isLasting || host.keep(token) });
let talk, composer, outbox, gate, rating;
if (!config.off) build();
host.tell({ type: "ready", forgets: !store.isLasting });

function build() {
  talk = new Talk({
    scroller: part("talk"), log: part("log"), config,
    onRetry: (uuid) => outbox.retry(uuid), onDrop: (uuid) => outbox.drop(uuid),
  });
  outbox = new Outbox({
    store,
    send: (entry) => api.send({ ...entry, page }),
    onChange: (entry) => show([unsent(entry)], { mine: true }),
    onSent,
    onDrop: (entry) => { talk.drop(entry.uuid); showState(); },
    onProblem,
  });
  composer = new Composer({
    form: part("composer"), config, store: openStore(config.id, "sessionStorage"),
    onSend: ({ text, files }) => outbox.add({ uuid: newUuid(), text, files, at: Date.now(), state: "waiting" }),
    onTyping: (text) => ticket && api.typing(text).catch(() => {}),
  });
  gate = new Gate({
    box: part("consent"), words, answer: (values) => api.consent({ ...values, page }),
    onChange: ({ given, problem }) => {
      if (problem?.status === 409) start(); // the text was changed meanwhile: ask with the new one
      else if (problem) return onProblem(problem);
      showState();
      if (given) composer.focus();
    },
  });
  rating = new Rating({
    box: part("rating"), opener: part("open-rating"), words, answer: (values) => api.rate(values),
    onChange: () => talk.follows && talk.toEnd(),
    onProblem: (problem) => { onProblem(problem); if (problem.message) notice(problem.message); },
  });
  part("earlier").addEventListener("click", showEarlier);
  part("below").addEventListener("click", () => { talk.toEnd(); composer.focus(); });
  part("talk").addEventListener("scroll", () => talk.isAtEnd && (part("below").hidden = true), { passive: true });
  part("anew").addEventListener("click", () => { anew = dialog?.number ?? 0; showState(); composer.focus(); });
  document.addEventListener("visibilitychange", () => { if (!document.hidden && started) look(); report(); });
  setInterval(() => ticket && !isLive && !document.hidden && look(), POLL_MS);
  // Another window of this visitor sent the first message: the conversation is known now.
  addEventListener("storage", ({ key }) => key?.endsWith(`${config.id}:known`) && !ticket && start());
  start();
}

/** Where the browser gives this frame no storage, the page around it knows who the visitor is. */
async function recall() {
  if (store.isLasting || store.get("token")) return;
  const token = await host.recall();
  if (token) store.set("token", token);
}

// -- the server -------------------------------------------------------------------------------------------------

async function start(attempt = 0) {
  try {
    const answer = await api.session();
    notice(config.closed ? words.closed : "");
    talk.clear();
    gate.set(answer.consent);
    take(answer);
    part("earlier").hidden = !answer.earlier;
    if (!started) outbox.restore(words);
    started = true;
    talk.toEnd();
    part("log").setAttribute("aria-live", "polite");
    if (answer.ticket) listen(answer.ticket);
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    if (problem.status === 410) return switchedOff(problem);
    notice(problem.message || words.offline);
    const wait = Math.min(START_AGAIN_MS.first * 2 ** attempt, START_AGAIN_MS.longest);
    setTimeout(() => start(attempt + 1), Math.max(wait, problem.wait));
  }
}

/** Ask what is new; asked while at it, once more afterwards. */
async function look() {
  lookAgain = true;
  if (looking) return;
  looking = true;
  try {
    while (lookAgain) {
      lookAgain = false;
      const answer = await api.news(cursor || "0.0");
      if (answer.reset) { talk.clear(); part("earlier").hidden = !answer.earlier; }
      take(answer);
      notice(""); // the server is reached again
    }
  } catch (problem) {
    onProblem(problem);
  } finally {
    looking = false;
  }
}

function take({ messages, cursor: newCursor, dialog: newDialog }) {
  cursor = newCursor || cursor;
  dialog = newDialog ?? dialog;
  if (messages.some(({ author }) => author !== "client")) hideTyping();
  messages.forEach(({ id }) => outbox.confirm(id));
  show(messages);
  if (dialog) talk.readUpTo(dialog.number, dialog.read_up_to);
  showState();
  report();
}

function onSent(entry, { message, rev, ticket: newTicket }) {
  notice("");
  const [known, knownRev] = cursor.split(".").map(Number);
  if (message.dialog === known && rev === knownRev + 1) cursor = `${known}.${rev}`; // nothing came between: no need to look
  show([message], { mine: true });
  if (!cursor) look();
  if (live) return;
  store.set("known", "1");
  listen(newTicket);
}

async function onProblem(problem) {
  if (!(problem instanceof Problem)) throw problem;
  if (problem.code === "consent") start(); // it has to be asked for anew
  else if (problem.status === 401) await api.session().then(() => outbox.run(), () => {}); // a new visitor: his token was lost
  else if (problem.status === 410) switchedOff(problem);
  else if (problem.status === 0 || problem.status >= 500) notice(words.offline);
}

function switchedOff(problem) {
  notice(problem.message || words.off);
  part("composer").hidden = true;
}

async function showEarlier() {
  const button = part("earlier");
  const first = talk.messages.find((message) => !message.unsent);
  if (!first) return;
  button.disabled = true;
  try {
    const scroller = part("talk");
    const below = scroller.scrollHeight - scroller.scrollTop;
    const answer = await api.earlier(`${first.dialog}.${first.seq}`);
    part("log").setAttribute("aria-live", "off"); // old messages are no news
    talk.put(answer.messages);
    scroller.scrollTop = scroller.scrollHeight - below;
    button.hidden = !answer.earlier;
    if (button.hidden) scroller.focus();
    setTimeout(() => part("log").setAttribute("aria-live", "polite"), 500);
  } catch (problem) {
    onProblem(problem);
  } finally {
    button.disabled = false;
  }
}

// -- live -------------------------------------------------------------------------------------------------------

async function listen(value) {
  ticket = { value, at: Date.now() };
  host.tell({ type: "known" });
  if (live) return;
  live = true; // while the module loads
  const { openLive } = await import("../openlines/live.js");
  live = openLive({
    scope: `chat-${config.id}-${store.get("token")?.split(":")[0]}`,
    getTicket: async () => (Date.now() - ticket.at < FRESH_TICKET_MS ? ticket.value : api.ticket()),
    onSignal,
    onResync: look,
    onStatus: ({ state }) => {
      isLive = state === "live";
      if (isLive) { notice(""); outbox.run(); } else if (state === "offline" && !navigator.onLine) notice(words.offline);
    },
  });
}

function onSignal({ kind, dialog: number, rev }) {
  const [known, knownRev] = cursor.split(".").map(Number);
  if (kind === "typing") showTyping();
  else if (kind !== "messages" || number !== known || rev > knownRev) look();
}

let typingTimer = 0;

function showTyping() {
  const name = dialog?.operator?.name;
  part("typing").textContent = name ? words.typing.replace("{name}", name) : words.someoneTypes;
  if (talk.follows) talk.toEnd();
  clearTimeout(typingTimer);
  typingTimer = setTimeout(hideTyping, TYPING_SHOWN_MS);
}

function hideTyping() {
  clearTimeout(typingTimer);
  part("typing").textContent = "";
}

// -- marks ------------------------------------------------------------------------------------------------------

/** Tell which of our messages have come, and which are before his eyes; several changes at a time. */
function report() {
  clearTimeout(reporting);
  reporting = setTimeout(() => {
    const read = isOpen && !document.hidden;
    const theirs = talk.messages.filter(({ author, unsent: waits }) => author !== "client" && !waits);
    const newest = new Map();
    for (const message of theirs) if (!message.read) newest.set(message.dialog, Math.max(newest.get(message.dialog) ?? 0, message.seq));
    for (const [number, seq] of newest) {
      const told = reported.get(number) ?? { delivered: 0, read: 0 };
      if (seq <= (read ? told.read : told.delivered)) continue;
      reported.set(number, read ? { delivered: seq, read: seq } : { ...told, delivered: seq });
      api.seen(number, seq, read).catch(() => reported.delete(number));
    }
    const unread = read ? 0 : theirs.filter((message) => !message.read && message.seq > (reported.get(message.dialog)?.read ?? 0)).length;
    host.tell({ type: "unread", count: unread });
    document.title = unread ? `(${unread}) ${config.title}` : config.title;
  }, 150);
}

// -- what is shown ----------------------------------------------------------------------------------------------

function unsent(entry) {
  const { uuid, text, files, at, state, hasFailed, problem } = entry;
  entry.order ??= ++orders;
  return {
    id: uuid, unsent: true, author: "client", text, at: new Date(at).toISOString(), state, hasFailed, problem,
    order: entry.order, files: files.map(({ name }) => ({ name, url: "" })),
  };
}

function show(messages, { mine = false } = {}) {
  const follow = mine || talk.follows;
  const isNews = messages.some(({ id, author }) => author !== "client" && !talk.messages.some((known) => known.id === id));
  talk.put(messages);
  if (follow) talk.toEnd();
  else if (isNews) part("below").hidden = false;
  part("hint").hidden = !talk.isEmpty;
  showState();
}

function showState() {
  const operator = dialog?.operator;
  part("operator").textContent = [operator?.name, operator?.position].filter(Boolean).join(" · ");
  part("operator").hidden = !operator?.name;
  const photo = part("photo");
  photo.hidden = !operator?.photo;
  if (operator?.photo && photo.getAttribute("src") !== operator.photo) photo.src = operator.photo;
  const isOver = dialog?.state === "finished" && anew !== dialog.number && composer.isEmpty && outbox.isEmpty;
  const hadFocus = part("composer").contains(document.activeElement);
  rating.set(dialog);
  part("over").hidden = !isOver || gate.isShut;
  part("composer").hidden = isOver || gate.isShut;
  if (isOver && hadFocus) part("anew").focus();
}

function notice(text) {
  part("notice").textContent = text;
  part("notice").hidden = !text;
}

function onOpen({ focus }) {
  isOpen = true;
  if (!talk) return;
  talk.toEnd();
  if (focus) (gate.isShut ? gate : part("composer").hidden ? part("anew") : composer).focus();
  report();
}

function onClose() {
  isOpen = false;
  if (talk) report();
}
