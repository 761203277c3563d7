/* "Tomasz wrote 1 s ago: …": what the server asks first where somebody wrote since the text was begun. The text is in the
   field again; "Send all the same" counts for what was told here, and a message that comes after it asks anew. */

export class StaleQuestion {
  constructor(composer) {
    this.composer = composer;
    this.box = composer.form.querySelector("[data-stale]");
    this.box.querySelector("[data-stale-send]").addEventListener("click", () => this.sendAllTheSame());
    this.box.querySelector("[data-stale-look]").addEventListener("click", () => this.look());
    this.box.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.preventDefault();
      event.stopPropagation();
      this.look();
    });
  }

  /** answer: of requests.js, with words and the newest message's seq. */
  ask(answer) {
    const isWriting = this.composer.form.contains(document.activeElement) || document.activeElement === document.body;
    this.seq = answer.seq ?? 0;
    this.composer.notice("");
    this.box.hidden = false;
    this.box.querySelector("[data-stale-words]").textContent = answer.words;
    this.composer.handlers.onLook();
    if (isWriting) this.box.querySelector("[data-stale-look]").focus();
  }

  close() {
    this.box.hidden = true;
    this.box.querySelector("[data-stale-words]").textContent = "";
  }

  sendAllTheSame() {
    this.close();
    this.composer.text.focus();
    this.composer.send({ sure: this.seq });
  }

  /** What came has been looked at: the text goes on from here. */
  look() {
    this.close();
    this.composer.begun = Math.max(this.composer.begun ?? 0, this.seq);
    this.composer.editing.looked(this.seq);
    this.composer.keep();
    this.composer.handlers.onLook();
    this.composer.text.focus();
  }
}
