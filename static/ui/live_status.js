/* Says in words whether the page is current. Feed it from live.js: openLive({ onStatus: showStatus, … }) and freshNow() after each fetch. */

import { clockTime } from "./clocks.js";

const box = () => document.querySelector("[data-live-status]");

/** What live.js says of itself: state is "connecting", "live", "reconnecting" or "offline". */
export function showStatus({ state: status }) {
  const node = box();
  if (!node) return;
  const before = node.dataset.status;
  node.hidden = false;
  node.dataset.status = status;
  if (status === "live") {
    freshNow();
    if (before === "reconnecting" || before === "offline") say(node); // the words change at every signal; ears hear only a change of the connection
    return;
  }
  const words = { connecting: node.dataset.wordsStart, reconnecting: node.dataset.wordsLost, offline: node.dataset.wordsOff };
  paint(node, words[status] ?? node.dataset.wordsLost, status === "offline" ? "dot--bad" : "dot--warn");
  if (status !== before && status !== "connecting") say(node);
}

/** What is seen was just fetched. Says nothing while the connection is lost. */
export function freshNow() {
  const node = box();
  if (!node || node.hidden || node.dataset.status !== "live") return;
  paint(node, node.dataset.wordsFresh.replace("%s", clockTime(new Date(), { seconds: true })), "dot--ok");
}

function paint(node, words, dot) {
  node.querySelector("[data-live-dot]").className = `dot ${dot}`;
  const place = node.querySelector("[data-live-words]");
  if (place.textContent !== words) place.textContent = words;
}

function say(node) {
  node.querySelector("[data-live-said]").textContent = node.querySelector("[data-live-words]").textContent;
}
