/* Changing a message of one's own in the composer. What was being written is set aside and comes back; both survive a reload. */

import { post } from "./requests.js";
import { problem, say } from "./words.js";

export class Editing {
  constructor(composer) {
    this.composer = composer;
    this.bar = composer.form.querySelector("[data-editing]");
    this.aside = null; // { text, files, replies, mode, retry }: what was being written
    this.bar.querySelector("[data-editing-leave]").addEventListener("click", () => this.leave());
    composer.text.addEventListener("keydown", (event) => this.onKey(event));
  }

  get isOn() {
    return this.aside !== null;
  }

  onKey(event) {
    if (event.isComposing || event.defaultPrevented) return;
    const isPlain = !(event.ctrlKey || event.metaKey || event.altKey || event.shiftKey);
    if (event.key === "Escape" && this.isOn) {
      this.leave();
      event.preventDefault();
      event.stopPropagation(); // the field keeps the focus (shortcuts.js)
    } else if (event.key === "ArrowUp" && isPlain && !this.composer.text.value && !this.composer.files.length) {
      const last = [...this.composer.talk.querySelectorAll("[data-items] [data-edits]")].filter((button) => this.may(button)).at(-1);
      if (!last || this.isOn) return;
      event.preventDefault();
      this.begin(last);
    }
  }

  /** Notes are their author's; a message only where he may write to the client now. */
  may(button) {
    const gate = this.composer.talk.querySelector("[data-gate]");
    return !button.matches(".bubble__own--reply") || gate?.dataset.canReply === "1";
  }

  /** button: the message's; text, begun: where an edit that a reload interrupted had come to. */
  begin(button, { text = button.dataset.text, begun = null } = {}) {
    this.leave({ focus: false });
    const { composer } = this;
    const { text: field, files, replies, wantedMode: mode, retry, begun: asideBegun } = composer;
    composer.quote(null);
    composer.question.close();
    this.aside = { text: field.value, files, replies, mode, retry, begun: asideBegun };
    this.begun = begun ?? composer.newest();
    this.message = button.dataset.edits;
    this.before = button.dataset.text;
    composer.setFiles([]);
    composer.retry = null;
    composer.wantedMode = button.closest(".item--note") ? "note" : "reply";
    field.value = text;
    composer.notice("");
    this.paint();
    field.focus();
    field.setSelectionRange(text.length, text.length);
    this.keep();
  }

  leave({ focus = true } = {}) {
    if (!this.isOn) return;
    const { composer } = this;
    const { text, files, replies, mode, retry, begun } = this.aside;
    this.aside = null;
    composer.text.value = text;
    composer.setFiles(files);
    Object.assign(composer, { replies, retry, wantedMode: mode, begun });
    composer.notice("");
    composer.question.close();
    this.paint();
    composer.keep();
    composer.settle();
    if (focus) composer.text.focus();
  }

  paint() {
    this.bar.hidden = !this.isOn;
    this.composer.form.classList.toggle("composer--editing", this.isOn);
    this.composer.obeyGate();
  }

  keep() {
    const { text, mode, retry, replies, begun } = this.aside;
    this.composer.form.querySelector("[data-draft-mark]").hidden = true;
    const editing = { message: this.message, text: this.composer.text.value, begun: this.begun };
    this.composer.store({ text, mode, retry, replies, begun, editing });
  }

  /** An edit that a reload interrupted goes on, where its message can still be changed. */
  restore({ message, text, begun }) {
    const button = this.composer.talk.querySelector(`[data-edits="${CSS.escape(message)}"]`);
    if (button && this.may(button)) this.begin(button, { text, begun });
  }

  /** The person has looked at what came up to this message. */
  looked(seq) {
    if (this.isOn) this.begun = Math.max(this.begun, seq);
  }

  /** A message sent before the edit began did not arrive: its text goes back to what was being written. */
  giveBack({ text, files, replies, uuid, isNote, begun }) {
    const { aside } = this;
    aside.text = aside.text ? `${text}\n${aside.text}` : text;
    aside.files = [...files, ...aside.files];
    aside.replies = [...new Set([...replies, ...aside.replies])];
    aside.retry = { uuid, text, isNote };
    aside.begun = Math.min(begun, aside.begun ?? begun);
    this.keep();
  }

  async save({ sure = 0 } = {}) {
    const { composer, message } = this;
    const text = composer.text.value.trim();
    if (!text) return composer.notice(say("emptyEdit"));
    if (text === this.before.trim()) return this.leave();
    if (this.isSaving) return;
    const form = new FormData();
    form.set("message", message);
    form.set("text", text);
    form.set("since", composer.talk.dataset.rev);
    form.set("begun", Math.max(this.begun, sure));
    form.set("looked", Math.max(composer.looked(), this.begun, sure));
    composer.question.close();
    this.isSaving = true;
    const button = composer.form.querySelector("[data-send]");
    button.setAttribute("aria-busy", "true");
    const answer = await post(this.bar.dataset.url, form);
    button.removeAttribute("aria-busy");
    this.isSaving = false;
    if (answer.kind === "done") {
      if (this.message === message) this.leave();
      composer.handlers.onSent(answer.html);
      return;
    }
    if (answer.code === "stale") composer.question.ask(answer);
    else composer.notice(problem(answer));
    if (answer.kind === "refused" || answer.kind === "not-yours") composer.handlers.onRefused();
  }
}
