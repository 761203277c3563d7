/* Where the visitor writes: text, files by choice, paste and drop, a draft that survives a reload. */

const TYPING_MS = 1_000; // at most so often is told what he is typing
const MAX_HEIGHT = 140;

/** onSend({text, files}), onTyping(text) */
export class Composer {
  #files = [];
  #typed = "";
  #typingTimer = 0;

  constructor({ form, config, store, onSend, onTyping }) {
    Object.assign(this, { form, config, store, onSend, onTyping });
    const find = (name) => form.querySelector(`[data-${name}]`);
    this.text = find("text");
    this.problem = find("problem");
    this.list = find("chosen");
    this.picker = find("files");
    form.addEventListener("submit", (event) => { event.preventDefault(); this.#submit(); });
    this.text.addEventListener("keydown", (event) => this.#onKey(event));
    this.text.addEventListener("input", () => this.#onInput());
    this.text.addEventListener("paste", (event) => this.#take(event.clipboardData?.files, event));
    find("attach").addEventListener("click", () => this.picker.click());
    this.picker.addEventListener("change", () => { this.#take(this.picker.files); this.picker.value = ""; });
    document.addEventListener("dragover", (event) => event.dataTransfer?.types.includes("Files") && event.preventDefault());
    document.addEventListener("drop", (event) => this.#take(event.dataTransfer?.files, event));
    this.text.value ||= store.get("draft") ?? ""; // what was typed before this script came stays
    this.#fit();
  }

  get isEmpty() {
    return !this.text.value.trim() && !this.#files.length;
  }

  focus() {
    this.text.focus();
  }

  #submit() {
    if (this.isEmpty) return this.focus();
    const { textLimit, words } = this.config;
    const text = this.text.value.trim();
    if ([...text].length > textLimit) return this.#complain(words.tooLong.replace("{limit}", textLimit));
    const files = this.#files;
    this.#files = [];
    this.text.value = "";
    this.store.remove("draft");
    this.#complain("");
    this.#showFiles();
    this.#fit();
    clearTimeout(this.#typingTimer);
    this.#typingTimer = 0;
    this.#typed = "";
    this.onSend({ text, files });
    this.focus();
  }

  #onKey(event) {
    // Fingers have a button for sending, and need Enter for a new line. While a word is composed, Enter belongs to it.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || matchMedia("(pointer: coarse)").matches) return;
    event.preventDefault();
    this.#submit();
  }

  #onInput() {
    this.#fit();
    this.#complain("");
    this.store.set("draft", this.text.value);
    this.#typingTimer ||= setTimeout(() => {
      this.#typingTimer = 0;
      const text = this.text.value.trim() ? this.text.value : "";
      if (text !== this.#typed) this.onTyping((this.#typed = text));
    }, TYPING_MS);
  }

  #fit() {
    this.text.style.height = "auto";
    this.text.style.height = `${Math.min(this.text.scrollHeight + 2, MAX_HEIGHT)}px`;
  }

  #complain(words) {
    this.problem.textContent = words;
    this.problem.hidden = !words;
  }

  #take(files, event) {
    if (!files?.length) return;
    event?.preventDefault();
    const { filesLimit, fileBytes, words } = this.config;
    let complaint = "";
    for (const file of files) {
      if (this.#files.length >= filesLimit) complaint = words.tooManyFiles.replace("{limit}", filesLimit);
      else if (!file.size) complaint = words.fileEmpty.replace("{name}", file.name);
      else if (file.size > fileBytes)
        complaint = words.fileTooLarge.replace("{name}", file.name).replace("{limit}", Math.floor(fileBytes / 1048576));
      else this.#files.push(file);
    }
    this.#complain(complaint);
    this.#showFiles();
    this.focus();
  }

  #showFiles() {
    this.list.hidden = !this.#files.length;
    this.list.replaceChildren(
      ...this.#files.map((file) => {
        const item = document.createElement("li");
        const name = document.createElement("span");
        name.textContent = file.name;
        const remove = document.createElement("button");
        remove.type = "button";
        remove.textContent = "×";
        remove.setAttribute("aria-label", this.config.words.removeFile.replace("{name}", file.name));
        remove.addEventListener("click", () => {
          this.#files = this.#files.filter((other) => other !== file);
          this.#showFiles();
          this.focus();
        });
        item.append(name, remove);
        return item;
      }),
    );
  }
}
