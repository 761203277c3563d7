/* An offer makes itself heard and seen: a short sound (can be muted) and, if allowed, a desktop notification. */

import { toast } from "../ui/toasts.js";
import { say } from "./words.js";

const store = {
  get: (key) => { try { return localStorage.getItem(key); } catch { return null; } },
  set: (key, value) => { try { localStorage.setItem(key, value); } catch { /* lasts as long as the page */ } },
};

let muted = store.get("desk:muted") === "1";
let wanted = store.get("desk:alerts") === "1";
let audio = null;

export function startAlerts() {
  const sound = document.querySelector("[data-sound]");
  const alerts = document.querySelector("[data-alerts]");
  sound.addEventListener("click", () => {
    muted = !muted;
    store.set("desk:muted", muted ? "1" : "0");
    mark(sound, !muted);
    if (!muted) beep("offer");
  });
  alerts.addEventListener("click", async () => {
    if (wanted) wanted = false;
    else if ("Notification" in window && (await Notification.requestPermission()) === "granted") wanted = true;
    else toast(say("alertsDenied"), { tone: "amber" });
    store.set("desk:alerts", wanted ? "1" : "0");
    mark(alerts, allowed());
  });
  mark(sound, !muted);
  mark(alerts, allowed());
  // browsers let a page sound only after a first touch or key
  document.addEventListener("pointerdown", wake, { once: true });
  document.addEventListener("keydown", wake, { once: true });
}

function allowed() {
  return wanted && "Notification" in window && Notification.permission === "granted";
}

function mark(button, on) {
  button.setAttribute("aria-pressed", String(on));
  button.querySelector("[data-when-on]").hidden = !on;
  button.querySelector("[data-when-off]").hidden = on;
}

function wake() {
  audio ??= "AudioContext" in window ? new AudioContext() : null;
  audio?.resume();
}

/** "offer": two rising notes; "message": one soft one. */
export function beep(kind) {
  if (muted || !audio || audio.state !== "running") return;
  const notes = kind === "offer" ? [[660, 0], [880, 0.16]] : [[520, 0]];
  for (const [pitch, at] of notes) {
    const tone = audio.createOscillator();
    const volume = audio.createGain();
    const start = audio.currentTime + at;
    tone.frequency.value = pitch;
    volume.gain.setValueAtTime(0.0001, start);
    volume.gain.exponentialRampToValueAtTime(kind === "offer" ? 0.18 : 0.07, start + 0.02);
    volume.gain.exponentialRampToValueAtTime(0.0001, start + 0.22);
    tone.connect(volume).connect(audio.destination);
    tone.start(start);
    tone.stop(start + 0.25);
  }
}

/** One notification a dialog: a later one replaces it. */
export function notify({ title, body, tag, onClick }) {
  if (!allowed() || !document.hidden) return;
  const note = new Notification(title, { body, tag, icon: document.querySelector("link[rel=icon]")?.href });
  note.addEventListener("click", () => {
    window.focus();
    note.close();
    onClick();
  });
}
