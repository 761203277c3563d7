/* The bar across the desk while the server does not answer, and what else on the page must not claim the contrary then. */

import { clockTime } from "../ui/clocks.js";
import { say } from "./words.js";

const STAYS_MS = 8000; // that all is well again

const bar = document.querySelector("p[data-connection]");
let timer = null;
let since = null;

export function showLost(moment, waiting) {
  since = moment;
  clearTimeout(timer);
  document.body.dataset.connection = "lost";
  ownStateIsUnknown(true);
  write("lost", waiting);
}

/** As long as the bar is there it says how many replies wait. */
export function showWaiting(waiting) {
  if (since) write("lost", waiting);
}

/** Back again, and what is seen was fetched anew. */
export function showBack() {
  since = null;
  delete document.body.dataset.connection;
  ownStateIsUnknown(false);
  write("back", 0);
  timer = setTimeout(() => (bar.hidden = true), STAYS_MS);
}

/** Who is not connected is not online for the queue much longer, whatever was true before. */
function ownStateIsUnknown(isUnknown) {
  const words = document.querySelector(".own-state__unknown");
  if (words) words.hidden = !isUnknown;
  if (!isUnknown) document.body.dispatchEvent(new Event("own-state"));
}

function write(state, waiting) {
  const words = state === "back" ? say("connectionBack", clockTime(new Date(), { seconds: true })) : say("connectionLost", clockTime(since, { seconds: true }));
  bar.dataset.connection = state;
  bar.hidden = false;
  const place = bar.querySelector("[data-connection-words]");
  if (place.textContent !== words) place.textContent = words;
  const count = bar.querySelector("[data-connection-waiting]");
  count.textContent = waiting ? say("repliesWait", waiting) : "";
}
