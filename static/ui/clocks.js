/* Times that run: <time data-since="ISO"> counts up, <time data-until="ISO"> counts down, <time data-clock="ISO"> is a local time of day.
   One timer for the page; it writes only what changed. The server's clock counts: data-now on <html> or <body> corrects a wrong local one. */

const language = document.documentElement.lang || undefined;
const unit = (name) => new Intl.NumberFormat(language, { style: "unit", unit: name, unitDisplay: "narrow" });
const units = { second: unit("second"), minute: unit("minute"), hour: unit("hour"), day: unit("day") };
/** The zone of the person's profile, in which the server writes its times too; else the computer's. */
export const timeZone = document.documentElement.dataset.zone || undefined;
const timeOfDay = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone });
const withSeconds = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23", timeZone });

let skew = 0;

/** Tells how far this computer's clock is from the server's (ISO string of the server's now). */
export function setServerNow(iso) {
  const server = Date.parse(iso);
  if (!Number.isNaN(server)) skew = server - Date.now();
}

export function serverNow() {
  return Date.now() + skew;
}

/** 8 s · 4 m 05 s · 2 h 10 m · 3 d: as much as a person needs to see. */
export function duration(milliseconds) {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  if (seconds < 60) return units.second.format(seconds);
  const minutes = Math.floor(seconds / 60);
  if (minutes < 10) return `${units.minute.format(minutes)} ${units.second.format(seconds % 60)}`;
  if (minutes < 60) return units.minute.format(minutes);
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${units.hour.format(hours)} ${units.minute.format(minutes % 60)}`;
  return units.day.format(Math.floor(hours / 24));
}

export function clockTime(date, { seconds = false } = {}) {
  return (seconds ? withSeconds : timeOfDay).format(date);
}

export function tick(root = document) {
  const now = serverNow();
  for (const node of root.querySelectorAll("[data-since]")) write(node, duration(now - Date.parse(node.dataset.since)));
  for (const node of root.querySelectorAll("[data-until]")) {
    const left = Date.parse(node.dataset.until) - now;
    write(node, duration(left + 999));
    if (left <= 0 && !("over" in node.dataset)) {
      node.dataset.over = "";
      node.dispatchEvent(new CustomEvent("time-over", { bubbles: true }));
    }
  }
  for (const node of root.querySelectorAll("[data-clock]")) write(node, clockTime(new Date(node.dataset.clock)));
}

function write(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

let timer = null;

export function startClocks() {
  if (timer) return;
  tick();
  timer = setInterval(() => document.hidden || tick(), 1000);
  document.addEventListener("visibilitychange", () => document.hidden || tick());
}
