/* Replies that the server does not have yet: kept in the browser over a reload, sent in order, tried again under the same
   UUID, by which the server knows a message it has already. What it asks or refuses goes back to who wrote it. */

import { post } from "./requests.js";

const WAIT_MS = { first: 1000, longest: 15_000 };

export class Outbox {
  #entries = [];
  #busy = false;
  #failures = 0;
  #timer = 0;

  /** canSend(): false while there is no connection; onChange(entry, answer): it waits, is being sent, or was sent
      (state "done"); onRefused(entries, answer): the first is refused, and those after it would come out of their order. */
  constructor({ employee, canSend, onChange, onRefused }) {
    Object.assign(this, { canSend, onChange, onRefused });
    this.prefix = `outbox:${employee}:`;
    this.#restore();
  }

  /** How many wait for the connection. */
  get count() {
    return this.#entries.filter(({ state }) => state === "waiting").length;
  }

  /** Entries of a dialog, oldest first. */
  of(dialog) {
    return this.#entries.filter((entry) => entry.dialog === dialog);
  }

  /** entry: { uuid, dialog, url, text, isNote, replyTo, replies, begun, looked, rev, files } */
  add(entry) {
    Object.assign(entry, { at: Date.now(), state: "waiting", hasFailed: !this.canSend() });
    this.#entries.push(entry);
    this.#keep(entry);
    this.onChange(entry);
    return this.run();
  }

  /** Takes it out; false where it is being sent at this moment. */
  drop(uuid) {
    const entry = this.#find(uuid);
    if (!entry || entry.state === "sending") return false;
    this.#forget(entry);
    return true;
  }

  /** The server has it, whatever became of the answer. */
  confirm(uuid) {
    const entry = this.#find(uuid);
    if (entry) this.#done(entry);
  }

  /** No answer is to be waited for any longer: what is on its way waits again. */
  giveUp() {
    this.sending?.abort();
  }

  async run() {
    if (this.#busy) return;
    this.#busy = true;
    clearTimeout(this.#timer);
    let entry;
    while (this.canSend() && (entry = this.#entries.find((one) => one.state === "waiting" && this.of(one.dialog)[0] === one))) {
      const answer = await this.#try(entry);
      if (!this.#find(entry.uuid)) continue; // it had arrived all the same
      if (answer.kind === "done") this.#done(entry, answer);
      else if (["lost", "gone"].includes(answer.kind)) {
        this.#waitAgain(entry, { isLoggedOut: answer.kind === "gone" });
        break;
      } else this.#refuse(entry, answer);
    }
    this.#busy = false;
  }

  async #try(entry) {
    entry.state = "sending";
    this.onChange(entry);
    this.sending = new AbortController();
    try {
      return await post(entry.url, formOf(entry), { signal: this.sending.signal });
    } catch {
      return { kind: "lost" };
    }
  }

  #done(entry, answer) {
    this.#failures = 0;
    this.#forget(entry);
    entry.state = "done";
    this.onChange(entry, answer);
  }

  #waitAgain(entry, { isLoggedOut }) {
    Object.assign(entry, { state: "waiting", hasFailed: true, isLoggedOut });
    this.onChange(entry);
    const wait = Math.min(WAIT_MS.first * 2 ** this.#failures++, WAIT_MS.longest);
    this.#timer = setTimeout(() => this.run(), wait);
  }

  /** Those that nobody can be asked about now stay here until their dialog is opened. */
  #refuse(entry, answer) {
    this.#failures = 0;
    const together = this.of(entry.dialog);
    const refusal = { words: answer.words ?? "", code: answer.code, seq: answer.seq, kind: answer.kind };
    for (const one of together) this.#keep(Object.assign(one, { state: "refused", refusal }));
    this.onRefused(together, answer);
  }

  #restore() {
    try {
      for (const key of Object.keys(localStorage).filter((one) => one.startsWith(this.prefix))) {
        const entry = JSON.parse(localStorage.getItem(key));
        if (entry.hadFiles) entry.refusal ??= { kind: "files-lost" };
        this.#entries.push({ ...entry, files: entry.canned ?? [], state: entry.refusal ? "refused" : "waiting" });
      }
    } catch {
      /* no storage, or not ours: nothing is left from before */
    }
    this.#entries.sort((a, b) => a.at - b.at);
  }

  #find(uuid) {
    return this.#entries.find((entry) => entry.uuid === uuid);
  }

  /** A file of the computer cannot be kept; a canned reply's is the server's. */
  #keep({ files, state, ...entry }) {
    const canned = files.filter((file) => file.canned);
    try {
      localStorage.setItem(this.prefix + entry.uuid, JSON.stringify({ ...entry, canned, hadFiles: files.length > canned.length }));
    } catch {
      /* no storage: it lives as long as the page */
    }
  }

  #forget(entry) {
    this.#entries.splice(this.#entries.indexOf(entry), 1);
    try {
      localStorage.removeItem(this.prefix + entry.uuid);
    } catch {
      /* as above */
    }
  }
}

function formOf({ uuid, text, isNote, replyTo, rev, begun, looked, replies, files }) {
  const form = new FormData();
  const fields = { text, uuid, is_note: isNote ? "1" : "", reply_to: replyTo, since: rev, begun, looked };
  Object.entries(fields).forEach(([name, value]) => form.set(name, value));
  replies.forEach((reply) => form.append("canned", reply));
  files.forEach((file) => (file.canned ? form.append("canned_files", file.canned) : form.append("files", file, file.name)));
  return form;
}
