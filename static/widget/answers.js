/* What the client answers without writing: consent before the conversation, a rating in it or after it. */

/** The request for consent stands in the place of the composer until it is answered with yes; a no can be changed. */
export class Gate {
  #terms = null;

  constructor({ box, words, answer, onChange }) {
    Object.assign(this, { box, words, answer, onChange });
    this.text = box.querySelector("[data-consent-text]");
    this.link = box.querySelector("[data-consent-link]");
    this.said = box.querySelector("[data-consent-said]");
    box.querySelector("[data-agree]").addEventListener("click", () => this.#say(true));
    box.querySelector("[data-refuse]").addEventListener("click", () => this.#say(false));
  }

  get isShut() {
    return Boolean(this.#terms && !this.#terms.given);
  }

  set(terms) {
    this.#terms = terms ?? null;
    this.#show();
  }

  focus() {
    this.box.querySelector("[data-agree]").focus();
  }

  #show() {
    const terms = this.#terms;
    this.box.hidden = !this.isShut;
    if (!terms) return;
    this.text.textContent = terms.text;
    this.link.hidden = !terms.url;
    if (terms.url) this.link.href = terms.url;
    this.said.textContent = terms.refused ? this.words.refused : "";
    this.said.hidden = !terms.refused;
    this.box.querySelector("[data-refuse]").hidden = terms.refused;
  }

  async #say(given) {
    try {
      const { consent } = await this.answer({ version: this.#terms.version, given });
      this.set(consent);
      this.onChange({ given });
    } catch (problem) {
      this.onChange({ problem });
    }
  }
}

/** Good or bad and, after bad, what went wrong; changeable for as long as it may be rated. It stands below the messages:
    where a message of the line asks for it, that is the question. */
export class Rating {
  #dialog = null;
  #open = false;
  #explained = false;

  constructor({ box, opener, words, answer, onProblem, onChange }) {
    Object.assign(this, { box, opener, words, answer, onProblem, onChange });
    this.buttons = [...box.querySelectorAll("[data-rate]")];
    this.said = box.querySelector("[data-rated]");
    this.question = box.querySelector("[data-rating-question]");
    this.reason = box.querySelector("[data-reason]");
    for (const button of this.buttons) button.addEventListener("click", () => this.#rate(Number(button.dataset.rate)));
    this.reason.addEventListener("submit", (event) => { event.preventDefault(); this.#explain(); });
    opener.addEventListener("click", () => { this.#open = !this.#open; this.#show(); if (this.#open) this.buttons[0].focus(); });
  }

  /** Shown by itself when the conversation is over or a rating is asked for; before that behind the button above. */
  set(dialog) {
    if (dialog?.number !== this.#dialog?.number) {
      this.#open = false;
      this.#explained = false;
      this.reason.elements.reason.value = "";
    }
    this.#dialog = dialog;
    this.#show();
  }

  #show() {
    const rating = this.#dialog?.rating;
    const asked = rating?.may && (this.#dialog.state === "finished" || rating.asked);
    this.opener.hidden = !rating?.may || asked;
    this.opener.setAttribute("aria-expanded", String(this.#open));
    this.box.hidden = !(asked || (rating?.may && this.#open));
    for (const button of this.buttons) button.setAttribute("aria-pressed", String(rating?.value === Number(button.dataset.rate)));
    this.question.hidden = Boolean(asked && rating.asked);
    this.reason.hidden = rating?.value !== 0 || this.#explained;
    const words = rating?.value == null ? "" : this.#explained ? this.words.explained : this.words.rated;
    if (this.said.textContent !== words) this.said.textContent = words;
    this.onChange();
  }

  async #rate(value, comment = "") {
    try {
      const { rating } = await this.answer({ dialog: this.#dialog.number, value, comment });
      this.#dialog = { ...this.#dialog, rating };
      this.#explained = Boolean(comment);
      this.#show();
      return true;
    } catch (problem) {
      this.onProblem(problem);
      return false;
    }
  }

  async #explain() {
    const field = this.reason.elements.reason;
    const comment = field.value.trim();
    if (!comment) return field.focus();
    const hadFocus = this.reason.contains(document.activeElement);
    if ((await this.#rate(0, comment)) && hadFocus) this.buttons[1].focus();
  }
}
