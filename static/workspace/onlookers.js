/* Who else has the open dialog open, and who is writing in it. This page says every few seconds that it is here; the others
   are known until their time is over, so that who loses the connection goes by themselves. */

import { post } from "./requests.js";
import { say } from "./words.js";

const EVERY_MS = 6_000; // services/onlookers.py: who is silent for 15 s has gone
const WRITES_EVERY_MS = 5_000;

export class Onlookers {
  constructor({ employee }) {
    this.employee = Number(employee);
    this.people = new Map(); // id → { name, looksUntil, writesUntil }
    setInterval(() => this.beat(), EVERY_MS);
    setInterval(() => this.people.size && this.paint(), 1_000);
    window.addEventListener("pagehide", () => this.leave());
    window.addEventListener("pageshow", (event) => event.persisted && this.beat());
    document.addEventListener("visibilitychange", () => this.beat());
  }

  /** talk: the .talk element that is shown now; null: none. */
  follow(talk) {
    if (this.talk === talk) return;
    this.leave();
    this.talk = talk;
    this.people.clear();
    this.beat();
  }

  get url() {
    return this.talk?.dataset.updateUrl.replace(/update\/$/, "here/");
  }

  async beat({ writing = false } = {}) {
    const talk = this.talk;
    if (!talk?.isConnected || document.hidden) return;
    const form = new FormData();
    if (writing) form.set("writing", "1");
    const answer = await post(this.url, form);
    if (talk === this.talk && answer.kind === "done") this.hear(answer.data.people);
  }

  /** Something is being written that the client is not told of: a note, or a change of a message. */
  wrote() {
    if (Date.now() - (this.toldWriting ?? 0) < WRITES_EVERY_MS) return;
    this.toldWriting = Date.now();
    this.beat({ writing: true });
  }

  leave() {
    if (!this.talk) return;
    const form = new FormData();
    form.set("leaves", "1");
    post(this.url, form, { keepalive: true });
  }

  /** people: of the server's answer or of a signal, everybody in the dialog. */
  hear(people) {
    const now = Date.now();
    this.people = new Map(
      people
        .filter((one) => one.id !== this.employee)
        .map((one) => [one.id, { name: one.name, looksUntil: now + one.looking * 1000, writesUntil: now + one.writing * 1000 }]),
    );
    this.paint();
  }

  paint() {
    const now = Date.now();
    for (const [id, one] of this.people) if (one.looksUntil <= now && one.writesUntil <= now) this.people.delete(id);
    const people = [...this.people.values()];
    const writers = people.filter((one) => one.writesUntil > now).map((one) => one.name);
    const lookers = people.filter((one) => one.writesUntil <= now).map((one) => one.name);
    const words = [sentence(writers, "writesToo", "writeToo"), sentence(lookers, "looksToo", "lookToo")].filter(Boolean).join(" · ");
    const box = this.talk?.querySelector("[data-onlookers]");
    if (box && box.textContent !== words) box.textContent = words; // read out only where it changes
  }
}

function sentence(names, one, many) {
  return names.length ? say(names.length === 1 ? one : many, names.join(", ")) : "";
}
