/* The conversation as it is shown. Texts come from people: they only ever become text, never markup. */

const TOGETHER_MS = 5 * 60_000; // messages of one author within this stand under one name
const NEAR_END = 80; // pixels

/** handlers: onRetry(uuid), onDrop(uuid) */
export class Talk {
  #entries = []; // {id, key: [dialog, seq], message, element, shown}
  #readUpTo = { dialog: 0, seq: 0 };
  #follows = true; // the reader is at the end and wants to stay there, also when a picture comes in or the field grows

  constructor({ scroller, log, config, onRetry, onDrop }) {
    Object.assign(this, { scroller, log, config, onRetry, onDrop });
    this.time = new Intl.DateTimeFormat(config.language, { hour: "2-digit", minute: "2-digit" });
    this.day = new Intl.DateTimeFormat(config.language, { weekday: "long", day: "numeric", month: "long" });
    scroller.addEventListener("scroll", () => (this.#follows = this.isAtEnd), { passive: true });
    const stay = new ResizeObserver(() => this.#follows && this.toEnd());
    stay.observe(scroller);
    stay.observe(log);
    this.moment = new Intl.DateTimeFormat(config.language, { dateStyle: "full", timeStyle: "short" });
  }

  get messages() {
    return this.#entries.map(({ message }) => message);
  }

  get isEmpty() {
    return !this.#entries.length;
  }

  get isAtEnd() {
    const { scrollHeight, scrollTop, clientHeight } = this.scroller;
    return scrollHeight - scrollTop - clientHeight < NEAR_END;
  }

  get follows() {
    return this.#follows;
  }

  toEnd() {
    this.#follows = true;
    this.scroller.scrollTop = this.scroller.scrollHeight;
  }

  /** Forget all but what waits to be sent. */
  clear() {
    this.#entries = this.#entries.filter(({ message }) => message.unsent);
    this.log.replaceChildren(...this.#entries.map((entry) => entry.element));
  }

  /** Show these, new or changed; what we wrote and is not sent yet stands last. */
  put(messages) {
    for (const message of messages) this.#put(message);
    this.#arrange();
  }

  drop(id) {
    const place = this.#entries.findIndex((entry) => entry.id === id);
    if (place < 0) return;
    this.#entries[place].element.remove();
    this.#entries.splice(place, 1);
    this.#arrange();
  }

  readUpTo(dialog, seq) {
    this.#readUpTo = { dialog, seq };
    for (const entry of this.#entries) this.#showMark(entry);
  }

  #put(message) {
    const key = message.unsent ? [Infinity, message.order] : [message.dialog, message.seq];
    const before = this.#entries.findIndex(({ id }) => id === message.id);
    const entry = before >= 0 ? this.#entries.splice(before, 1)[0] : { id: message.id, element: element("div", "entry") };
    let place = this.#entries.length;
    while (place && isAfter(this.#entries[place - 1].key, key)) place -= 1;
    this.#entries.splice(place, 0, entry);
    // Moved only when it must: what is put into the log again is read out again.
    const next = this.#entries[place + 1]?.element ?? null;
    if (entry.element.parentNode !== this.log || entry.element.nextElementSibling !== next) this.log.insertBefore(entry.element, next);
    Object.assign(entry, { key, message });
    this.#show(entry);
  }

  #show(entry) {
    const { message } = entry;
    const shown = JSON.stringify([message.text, message.files.map(({ url }) => url), message.deleted, message.edited, message.problem, message.state === "refused" || message.hasFailed]);
    if (entry.shown !== shown) {
      entry.shown = shown;
      entry.divider = element("p", "divider");
      entry.bubble = this.#bubble(message);
      entry.element.replaceChildren(entry.divider, entry.bubble);
    }
    this.#showMark(entry);
  }

  #bubble(message) {
    const { words, title } = this.config;
    const own = message.author === "client";
    const bubble = element("div", `message message--${message.author}`);
    const name = own ? words.you : message.person?.name || title;
    const author = element("p", own ? "message__author visually-hidden" : "message__author");
    if (message.person?.photo) author.append(picture(message.person.photo, "", "message__photo"));
    author.append(name);
    bubble.append(author);
    if (message.reply_to) {
      const quoted = element("blockquote", "message__quote");
      quoted.dir = "auto";
      quoted.textContent = message.reply_to.text;
      bubble.append(quoted);
    }
    if (message.deleted) bubble.append(withText("p", "message__gone", words.deleted));
    else if (message.text) {
      const text = element("p", "message__text");
      text.dir = "auto";
      text.append(...linked(message.text));
      bubble.append(text);
    }
    for (const file of message.files) bubble.append(this.#file(file));
    const meta = element("p", "message__meta");
    const time = withText("time", "", this.time.format(new Date(message.at)));
    time.dateTime = message.at;
    time.title = this.moment.format(new Date(message.at));
    if (message.edited) meta.append(`${words.edited} · `);
    meta.append(time);
    if (own) meta.append(element("span", "message__mark"));
    bubble.append(meta);
    if (message.unsent && (message.state === "refused" || message.hasFailed)) bubble.append(this.#trouble(message));
    return bubble;
  }

  #file(file) {
    const { words } = this.config;
    if (!file.url) return withText("p", "file", `${file.name || words.fileOnItsWay} …`);
    const link = element("a", "file");
    link.href = file.url;
    link.target = "_blank";
    link.rel = "noopener";
    if (file.kind === "image") {
      link.className = "file file--image";
      link.append(picture(file.url, words.picture.replace("{name}", file.name), ""));
      return link;
    }
    if (file.kind === "audio" || file.kind === "voice") {
      const player = element("audio", "file file--audio");
      player.src = file.url;
      player.controls = true;
      player.preload = "metadata";
      player.setAttribute("aria-label", file.name);
      return player;
    }
    link.setAttribute("aria-label", words.download.replace("{name}", file.name));
    link.append(withText("span", "file__name", file.name), withText("span", "file__size", size(file.size, this.config.language)));
    return link;
  }

  #trouble(message) {
    const { words } = this.config;
    const trouble = element("p", "message__trouble");
    trouble.setAttribute("role", "alert");
    trouble.append(`${words.notSent} ${message.problem || ""} `);
    const add = (text, act) => {
      const button = withText("button", "link-button", text);
      button.type = "button";
      button.addEventListener("click", act);
      trouble.append(button, " ");
    };
    if (message.state !== "refused") add(words.retry, () => this.onRetry(message.id));
    else add(words.remove, () => this.onDrop(message.id));
    return trouble;
  }

  #showMark({ message, bubble }) {
    const mark = bubble?.querySelector(".message__mark");
    if (!mark) return;
    const { words } = this.config;
    const { dialog, seq } = this.#readUpTo;
    const isRead = message.dialog < dialog || (message.dialog === dialog && message.seq <= seq);
    const state = message.unsent ? (message.state === "refused" || message.hasFailed ? "" : "sending") : isRead ? "read" : "delivered";
    if (mark.dataset.state === state) return;
    mark.dataset.state = state;
    mark.title = words[state] ?? "";
    mark.replaceChildren(...(state ? [withText("span", "visually-hidden", words[state])] : []));
  }

  /** Day lines, lines between conversations, and who stands under whose name. */
  #arrange() {
    const { words } = this.config;
    let earlier = null;
    for (const { message, divider, bubble } of this.#entries) {
      const parts = [];
      if (earlier && !message.unsent && earlier.dialog !== message.dialog) parts.push(words.newConversation);
      if (!earlier || dayOf(earlier.at) !== dayOf(message.at)) parts.push(this.#dayName(message.at));
      const text = parts.join(" · ");
      if (divider.textContent !== text) divider.textContent = text;
      divider.hidden = !text;
      const follows = earlier && !text && sameAuthor(earlier, message) && new Date(message.at) - new Date(earlier.at) < TOGETHER_MS;
      bubble.classList.toggle("message--follows", Boolean(follows));
      earlier = message;
    }
  }

  #dayName(at) {
    const { words } = this.config;
    const today = dayOf(Date.now());
    if (dayOf(at) === today) return words.today;
    const yesterday = new Date();
    yesterday.setDate(yesterday.getDate() - 1);
    return dayOf(at) === dayOf(yesterday) ? words.yesterday : this.day.format(new Date(at));
  }
}

function isAfter([dialogA, seqA], [dialogB, seqB]) {
  return dialogA > dialogB || (dialogA === dialogB && seqA > seqB);
}

function sameAuthor(a, b) {
  return a.author === b.author && (a.person?.name ?? "") === (b.person?.name ?? "");
}

function dayOf(at) {
  return new Date(at).toDateString();
}

function element(tag, kind) {
  const made = document.createElement(tag);
  if (kind) made.className = kind;
  return made;
}

function withText(tag, kind, text) {
  const made = element(tag, kind);
  made.textContent = text;
  return made;
}

function picture(src, alt, kind) {
  const image = element("img", kind);
  Object.assign(image, { src, alt, loading: "lazy", decoding: "async" });
  return image;
}

function size(bytes, language) {
  if (!bytes) return "";
  const [value, unit] = bytes < 1_000_000 ? [Math.max(1, bytes / 1000), "kilobyte"] : [bytes / 1_000_000, "megabyte"];
  return new Intl.NumberFormat(language, { style: "unit", unit, maximumFractionDigits: unit === "kilobyte" ? 0 : 1 }).format(value);
}

/** The text with its web addresses as links. */
function linked(text) {
  const parts = [];
  let done = 0;
  for (const found of text.matchAll(/https?:\/\/[^\s<>"']+/gi)) {
    let address = found[0].replace(/[.,;:!?…]+$/, "");
    if (address.endsWith(")") && !address.includes("(")) address = address.slice(0, -1);
    if (!URL.canParse?.(address) && !canParse(address)) continue;
    parts.push(text.slice(done, found.index));
    const link = withText("a", "", address);
    link.href = address;
    link.target = "_blank";
    link.rel = "noopener noreferrer nofollow";
    parts.push(link);
    done = found.index + address.length;
  }
  parts.push(text.slice(done));
  return parts;
}

function canParse(address) {
  try {
    return Boolean(new URL(address));
  } catch {
    return false;
  }
}
