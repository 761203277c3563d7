/* Writing: a draft per dialog that survives a reload, files by button, drag and paste, and one UUID per composed
   message, so that a double click or a retried request gives one message. What is sent goes through the outbox (outbox.js),
   which keeps it until the server has it; what is refused comes back into the field.
   Where somebody wrote since the text was begun, the server asks first (StaleQuestion). */

import { CannedReplies } from "./canned.js";
import { Editing } from "./editing.js";
import { StaleQuestion } from "./stale_question.js";
import { pendingItem, placeDays } from "./timeline.js";
import { problem, say } from "./words.js";

const FILE_LIMIT = 20 * 1024 * 1024; // bytes, as openlines/services/files.py

export const newUuid = () => crypto.randomUUID?.() ?? "10000000-1000-4000-8000-100000000000".replace(/[018]/g, (c) =>
  (+c ^ (crypto.getRandomValues(new Uint8Array(1))[0] & (15 >> (+c / 4)))).toString(16));

/** A text that was written elsewhere becomes the draft of a dialog, after what stands there already. */
export function keepDraft({ employee, dialog, text }) {
  try {
    const key = `draft:${employee}:${dialog}`;
    const before = JSON.parse(localStorage.getItem(key) ?? "null");
    const whole = before?.text && before.text !== text ? `${before.text}\n${text}` : text;
    localStorage.setItem(key, JSON.stringify({ ...before, mode: before?.mode ?? "reply", text: whole }));
  } catch {
    /* no storage: whoever opens the dialog has the text */
  }
}

export class Composer {
  /** talk: the .talk element; looked(): the newest message that was in sight; onSent(html): the server's update;
      onRefused(): somebody was quicker, look again; onLook(): show what came. */
  constructor(talk, { employee, outbox, looked, onSent, onRefused, onTyping, onWriting, onLook }) {
    this.talk = talk;
    this.form = talk.querySelector("[data-composer]");
    this.text = this.form.elements.text;
    this.key = `draft:${employee}:${talk.dataset.draft}`;
    this.handlers = { onSent, onRefused, onTyping, onWriting, onLook };
    this.outbox = outbox;
    this.looked = looked;
    this.begun = null; // the newest message (its data-seq) when the text was begun
    this.files = []; // a File, or { name, size, canned }: a canned reply's, which the server has
    this.replies = []; // the canned replies that the text is made of
    this.uuid = newUuid();
    this.wantedMode = "reply";
    this.question = new StaleQuestion(this);
    this.editing = new Editing(this);
    this.restore();
    this.listen();
    this.canned = new CannedReplies(this.form, { onInsert: (inserted) => this.takeCanned(inserted) });
  }

  listen() {
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.send();
    });
    this.text.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
        event.preventDefault();
        this.send();
      }
    });
    this.text.addEventListener("input", () => {
      this.keep();
      if (!this.text.value) return;
      if (this.mode === "reply" && !this.editing.isOn) this.handlers.onTyping();
      else this.handlers.onWriting();
    });
    this.form.addEventListener("click", (event) => {
      const mode = event.target.closest("[data-mode-button]");
      if (mode) this.setMode(mode.dataset.modeButton, { focus: true });
      if (event.target.closest("[data-quote-remove]")) this.quote(null);
      const remove = event.target.closest("[data-file]");
      if (remove) this.setFiles(this.files.filter((file, index) => index !== Number(remove.dataset.file)));
    });
    const input = this.form.querySelector("[data-file-input]");
    input.addEventListener("change", () => {
      this.addFiles(input.files);
      input.value = "";
    });
    this.text.addEventListener("paste", (event) => {
      if (event.clipboardData?.files.length) {
        event.preventDefault();
        this.addFiles(event.clipboardData.files);
      }
    });
    const drop = this.form.querySelector("[data-drop]");
    const carriesFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
    this.talk.addEventListener("dragover", (event) => {
      if (!carriesFiles(event)) return;
      event.preventDefault();
      drop.hidden = false;
    });
    this.talk.addEventListener("dragleave", (event) => {
      if (!this.talk.contains(event.relatedTarget)) drop.hidden = true;
    });
    this.talk.addEventListener("drop", (event) => {
      if (!carriesFiles(event)) return;
      event.preventDefault();
      drop.hidden = true;
      this.addFiles(event.dataTransfer.files);
    });
  }

  /* ---- draft ---- */

  keep() {
    if (this.editing.isOn) return this.editing.keep();
    this.form.querySelector("[data-draft-mark]").hidden = !this.text.value;
    if (!this.text.value && !this.files.length) {
      this.replies = [];
      this.begun = null;
    } else this.begun ??= this.newest();
    const { mode, retry, replies, begun } = this;
    this.store(this.text.value ? { text: this.text.value, mode, retry, replies, begun } : null);
  }

  /** The newest message on the screen, by its place in the dialog. */
  newest() {
    return Math.max(0, ...[...this.talk.querySelectorAll("[data-items] > [data-seq]")].map((item) => Number(item.dataset.seq)));
  }

  /** What the server compares: whether somebody wrote since. */
  known() {
    return { begun: this.begun ?? this.newest(), looked: Math.max(this.looked(), this.begun ?? 0) };
  }

  /** retry: what was sent without an answer; it may have arrived, so the same text goes under the same UUID again. */
  store(draft) {
    try {
      if (draft) localStorage.setItem(this.key, JSON.stringify(draft));
      else localStorage.removeItem(this.key);
    } catch {
      /* no storage: the draft lives in the field */
    }
  }

  restore() {
    let draft = null;
    try {
      draft = JSON.parse(localStorage.getItem(this.key) ?? "null");
    } catch {
      /* unreadable: none */
    }
    if (draft?.text) {
      this.text.value = draft.text;
      this.form.querySelector("[data-draft-mark]").hidden = false;
    }
    this.wantedMode = draft?.mode ?? "reply";
    this.retry = draft?.retry ?? null;
    this.replies = draft?.replies ?? [];
    this.begun = draft?.begun ?? null;
    this.obeyGate();
    this.settle();
    if (draft?.editing) this.editing.restore(draft.editing);
  }

  /** The request whose answer was lost had arrived after all, and its message is here: its text is done with. */
  settle() {
    for (const { uuid } of this.outbox.of(this.talk.dataset.dialog)) if (this.hasArrived(uuid)) this.outbox.confirm(uuid);
    if (this.editing.isOn) return;
    const { uuid, text } = this.retry ?? {};
    if (!uuid || !this.hasArrived(uuid)) return;
    if (this.text.value.trim() === text) {
      this.text.value = "";
      this.setFiles([]);
      this.notice("");
    }
    this.retry = null;
    this.keep();
  }

  hasArrived(uuid) {
    return Boolean(this.talk.querySelector(`[data-uuid="${CSS.escape(uuid)}"]:not(.item--pending)`));
  }

  /* ---- reply or note ---- */

  get mode() {
    return this.form.dataset.mode;
  }

  setMode(mode, { focus = false } = {}) {
    const gate = this.talk.querySelector("[data-gate]");
    if (mode === "reply" && gate?.dataset.canReply !== "1") mode = "note";
    this.wantedMode = mode;
    this.paintMode(mode);
    this.keep();
    if (focus) this.text.focus();
  }

  paintMode(mode) {
    this.form.dataset.mode = mode;
    for (const button of this.form.querySelectorAll("[data-mode-button]")) {
      button.setAttribute("aria-pressed", String(button.dataset.modeButton === mode));
    }
    const words = mode === "note" ? "wordsNote" : "wordsReply";
    this.text.placeholder = this.text.dataset[words];
    const send = this.form.querySelector("[data-send-words]");
    send.textContent = send.dataset[this.editing.isOn ? "wordsEdit" : words];
  }

  /** The state of the dialog decides what may be written; the text stays whatever happens. */
  obeyGate() {
    const gate = this.talk.querySelector("[data-gate]")?.dataset ?? {};
    const canReply = gate.canReply === "1";
    const canNote = gate.canNote === "1";
    this.form.hidden = !canReply && !canNote && !this.text.value;
    this.form.querySelector('[data-mode-button="reply"]').disabled = !canReply || this.editing.isOn;
    this.form.querySelector('[data-mode-button="note"]').disabled = !canNote || this.editing.isOn;
    this.form.querySelector("[data-send]").disabled = !canReply && !canNote;
    if (canReply || canNote) this.paintMode(!canNote ? "reply" : canReply ? this.wantedMode : "note");
  }

  /* ---- quote and files ---- */

  quote(item) {
    if (item) this.editing.leave();
    const box = this.form.querySelector("[data-quote]");
    this.form.elements.reply_to.value = item ? item.dataset.key.slice(1) : "";
    box.hidden = !item;
    box.querySelector("[data-quote-words]").textContent = item?.querySelector(".bubble__text")?.textContent ?? "";
    if (item) this.text.focus();
  }

  /** A canned reply is in the text; its files go along, and its use is counted when the message is sent. */
  takeCanned({ reply, files }) {
    const known = new Set(this.files.map((file) => file.canned));
    this.addFiles(files.filter((file) => !known.has(file.canned)));
    if (!this.replies.includes(reply)) this.replies.push(reply);
    this.keep();
  }

  addFiles(list) {
    if (list.length && this.editing.isOn) return this.notice(say("noFilesInEdit"));
    this.setFiles([...this.files, ...list]);
    if (this.files.length) this.begun ??= this.newest();
  }

  setFiles(files) {
    if (files.some((file) => file.size > FILE_LIMIT)) return this.notice(say("tooBig"));
    this.files = files;
    const box = this.form.querySelector("[data-files]");
    box.hidden = files.length === 0;
    box.replaceChildren(
      ...files.map((file, index) => {
        const chip = document.createElement("li");
        chip.className = "chip";
        const name = document.createElement("span");
        name.className = "clip";
        name.textContent = file.name;
        const remove = document.createElement("button");
        remove.type = "button";
        remove.className = "chip__remove";
        remove.dataset.file = index;
        remove.setAttribute("aria-label", say("removeFile", file.name));
        remove.textContent = "×";
        chip.append(name, remove);
        return chip;
      }),
    );
  }

  notice(words) {
    const box = this.form.querySelector("[data-composer-notice]");
    box.textContent = words ?? "";
    box.hidden = !words;
  }

  /* ---- sending ---- */

  /** sure: the newest message of which the person was told and still wants to send. */
  send({ sure = 0 } = {}) {
    if (this.editing.isOn) return this.editing.save({ sure });
    const text = this.text.value.trim();
    const { files, replies } = this;
    if (!text && files.length === 0) {
      if (!this.justSent) this.notice(say("empty"));
      return;
    }
    this.question.close();
    const isNote = this.mode === "note";
    const known = this.known();
    const uuid = this.retry?.text === text && this.retry.isNote === isNote ? this.retry.uuid : this.uuid;
    const entry = {
      uuid,
      dialog: this.talk.dataset.dialog,
      url: this.form.action,
      rev: this.talk.dataset.rev,
      text,
      isNote,
      replyTo: this.form.elements.reply_to.value,
      replies,
      files,
      begun: Math.max(known.begun, sure),
      looked: Math.max(known.looked, sure),
    };
    this.uuid = newUuid();
    this.retry = null;
    this.begun = null;
    this.notice("");
    this.text.value = "";
    this.setFiles([]);
    this.replies = [];
    this.quote(null);
    this.justSent = true; // the second click of a double click finds an empty field and says nothing
    setTimeout(() => (this.justSent = false), 800);
    this.keep();
    return this.outbox.add(entry);
  }

  /** What an earlier page, or an earlier look at this dialog, left in the outbox. */
  takeUp() {
    this.settle();
    const entries = this.outbox.of(this.talk.dataset.dialog);
    const refused = entries.filter(({ state }) => state === "refused");
    if (refused.length) this.takeBack(refused, refused[0].refusal);
    else entries.forEach((entry) => this.showEntry(entry));
  }

  /** entry: of the outbox, in its new state; answer: the server's, when it was sent. */
  showEntry(entry, answer) {
    const item = this.talk.querySelector(`.item--pending[data-uuid="${CSS.escape(entry.uuid)}"]`);
    if (entry.state === "done") {
      if (answer) this.handlers.onSent(answer.html);
      if (item?.isConnected) item.remove();
      if (entry.isLoggedOut) this.notice("");
      return;
    }
    const waits = entry.state === "waiting" && entry.hasFailed;
    const fresh = pendingItem({ ...entry, author: say("you"), words: say(waits ? "waits" : "sending") });
    if (waits) fresh.querySelector(".bubble__meta").append(this.takeBackButton(entry));
    if (entry.isLoggedOut) this.notice(say("gone"));
    const list = this.talk.querySelector("[data-items]");
    if (item) return item.replaceWith(fresh);
    list.append(fresh);
    placeDays(list);
    fresh.scrollIntoView({ block: "end" });
  }

  takeBackButton(entry) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "btn btn--small";
    button.textContent = say("takeBack");
    button.addEventListener("click", () => {
      if (!this.outbox.drop(entry.uuid)) return;
      this.talk.querySelector(`.item--pending[data-uuid="${CSS.escape(entry.uuid)}"]`)?.remove();
      this.giveBack(entry);
      this.text.focus();
    });
    return button;
  }

  /** The server asks, or refuses: what was sent, and what was to follow it, is in the field again. */
  takeBack(entries, answer) {
    for (const { uuid } of entries) {
      this.outbox.drop(uuid);
      this.talk.querySelector(`.item--pending[data-uuid="${CSS.escape(uuid)}"]`)?.remove();
    }
    [...entries].reverse().forEach((entry) => this.giveBack(entry));
    if (entries.length > 1) this.retry = null; // another text than the one that has the UUID
    if (answer.code === "stale") this.question.ask(answer);
    else this.notice(answer.kind === "files-lost" ? say("filesLost") : problem(answer, { lost: "notSent" }));
    this.settle();
    this.lastRefusal = answer.words ?? "";
    if (answer.kind === "refused" || answer.kind === "not-yours") this.handlers.onRefused();
  }

  giveBack(attempt) {
    if (this.editing.isOn) return this.editing.giveBack(attempt);
    this.text.value = this.text.value ? `${attempt.text}\n${this.text.value}` : attempt.text;
    this.setFiles([...attempt.files, ...this.files]);
    this.replies = [...new Set([...attempt.replies, ...this.replies])];
    this.retry = { uuid: attempt.uuid, text: attempt.text, isNote: attempt.isNote };
    this.begun = Math.min(attempt.begun, this.begun ?? attempt.begun);
    this.keep();
  }
}
