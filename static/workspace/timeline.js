/* The conversation's list: messages and events in order, each known by its key; a line where the day changes. */

import { timeZone } from "../ui/clocks.js";

const language = document.documentElement.lang || undefined;
const relative = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
const thisYear = new Intl.DateTimeFormat(language, { weekday: "long", day: "numeric", month: "long", timeZone });
const anyYear = new Intl.DateTimeFormat(language, { weekday: "long", day: "numeric", month: "long", year: "numeric", timeZone });
/* 2026-11-22: a day in the zone, as a text that compares and counts */
const dayKey = new Intl.DateTimeFormat("sv-SE", { timeZone });

/** Puts items in: a known key (or a composer's UUID) is replaced, others go to their place. Returns the new ones. */
export function mergeItems(list, incoming) {
  const added = [];
  for (const item of [...incoming]) {
    const uuid = item.dataset.uuid;
    const known =
      list.querySelector(`:scope > [data-key="${CSS.escape(item.dataset.key)}"]`) ??
      (uuid ? list.querySelector(`:scope > [data-uuid="${CSS.escape(uuid)}"]`) : null);
    if (known) known.remove();
    else added.push(item);
    insert(list, item);
  }
  placeDays(list);
  return added;
}

function insert(list, item) {
  let after = list.lastElementChild;
  while (after && (!after.dataset.order || after.dataset.order > item.dataset.order)) after = after.previousElementSibling;
  if (after) after.after(item);
  else list.prepend(item);
}

export function placeDays(list) {
  list.querySelectorAll(":scope > .item--day").forEach((line) => line.remove());
  let last = null;
  for (const item of [...list.children]) {
    const day = new Date(item.dataset.at);
    if (Number.isNaN(day.valueOf())) continue;
    const key = dayKey.format(day);
    if (key !== last) item.before(dayLine(day));
    last = key;
  }
}

function dayLine(day) {
  const line = document.createElement("li");
  line.className = "item item--day";
  const words = document.createElement("span");
  words.className = "day";
  words.textContent = dayWords(day);
  line.append(words);
  return line;
}

function dayWords(day) {
  const today = new Date();
  const away = Math.round((Date.parse(dayKey.format(today)) - Date.parse(dayKey.format(day))) / 86_400_000);
  if (away === 0 || away === 1) return relative.format(-away, "day");
  return (dayKey.format(day).slice(0, 4) === dayKey.format(today).slice(0, 4) ? thisYear : anyYear).format(day);
}

/** What stands in the conversation until the server has answered. */
export function pendingItem({ uuid, text, files, isNote, author, words }) {
  const item = document.createElement("li");
  item.className = `item item--pending item--${isNote ? "note" : "ours"}`;
  item.dataset.key = `u${uuid}`;
  item.dataset.uuid = uuid;
  item.dataset.order = "~";
  item.dataset.at = new Date().toISOString();
  const bubble = document.createElement("div");
  bubble.className = "bubble";
  for (const [name, content] of [["bubble__text", text], ["bubble__text soft", files.map((file) => file.name).join(", ")]]) {
    if (!content) continue;
    const line = document.createElement("p");
    line.className = name;
    line.textContent = content;
    bubble.append(line);
  }
  const meta = document.createElement("p");
  meta.className = "bubble__meta";
  meta.textContent = `${author} · ${words}`;
  bubble.append(meta);
  item.append(bubble);
  return item;
}
