/* A mail as its sender formatted it, in a frame in which nothing can run. The text is what one sees first; the frame is
   made when it is asked for, is as high as its content, and shows pictures from elsewhere only when told so. */

const SANDBOX = "allow-same-origin allow-popups allow-popups-to-escape-sandbox"; // no scripts: the same origin gives a mail nothing
const TALLEST = 20_000; // px

/** Answers the buttons at mails within root; onShown(item): a formatted mail has got its height. */
export function startMails(root, { onShown } = {}) {
  root.addEventListener("click", (event) => {
    const target = event.target instanceof Element ? event.target : null;
    const show = target?.closest("[data-mail-show]");
    if (show) toggle(show, onShown);
    const pictures = target?.closest("[data-mail-pictures]");
    if (pictures) {
      const bubble = pictures.closest(".bubble");
      load(bubble, `${bubble.querySelector("[data-mail-show]").dataset.mailShow}?pictures=1`);
      bubble.querySelector("[data-mail-show]").focus(); // the button goes with its line
    }
  });
}

function toggle(button, onShown) {
  const bubble = button.closest(".bubble");
  const isFormatted = !bubble.classList.contains("bubble--formatted");
  bubble.classList.toggle("bubble--formatted", isFormatted);
  bubble.querySelector("[data-mail-frame]").hidden = !isFormatted;
  for (const plain of bubble.querySelectorAll("[data-mail-plain]")) plain.hidden = isFormatted;
  const words = button.querySelector("[data-mail-words]");
  words.textContent = isFormatted ? words.dataset.wordsPlain : words.dataset.wordsFormatted;
  if (isFormatted && !bubble.querySelector("iframe")) load(bubble, button.dataset.mailShow, onShown);
  else listOnce(bubble);
}

function load(bubble, address, onShown) {
  const box = bubble.querySelector("[data-mail-frame]");
  const button = bubble.querySelector("[data-mail-show]");
  box.querySelector("iframe, .bubble__failure")?.remove();
  box.querySelector("[data-mail-blocked]").hidden = true;
  box.setAttribute("aria-busy", "true");
  const frame = document.createElement("iframe");
  frame.className = "mail__frame";
  frame.title = button.dataset.title;
  frame.setAttribute("sandbox", SANDBOX);
  frame.referrerPolicy = "no-referrer";
  frame.src = address;
  frame.addEventListener("load", () => {
    box.removeAttribute("aria-busy");
    const page = frame.contentDocument;
    if (!page?.body || !("mail" in page.body.dataset)) return failed(box, frame, button.dataset.failed);
    box.querySelector("[data-mail-blocked]").hidden = !("blocked" in page.body.dataset);
    listOnce(bubble);
    let isShown = false;
    new ResizeObserver(() => {
      fit(frame, page);
      if (!isShown) onShown?.(bubble.closest(".item"));
      isShown = true;
    }).observe(page.querySelector("main"));
  });
  box.append(frame);
}

function failed(box, frame, words) {
  const line = document.createElement("p");
  line.className = "bubble__failure";
  line.setAttribute("role", "alert");
  line.textContent = words;
  frame.replaceWith(line);
}

function fit(frame, page) {
  const view = page.documentElement;
  const scrollbar = frame.clientHeight - view.clientHeight; // of a mail that is wider than the frame
  const height = Math.min(Math.ceil(page.querySelector("main").getBoundingClientRect().height) + Math.max(scrollbar, 0), TALLEST);
  if (Math.abs(height - frame.clientHeight) > 1) frame.style.height = `${height}px`;
}

/** A picture that stands in the formatted mail is not listed below it again. */
function listOnce(bubble) {
  const isFormatted = bubble.classList.contains("bubble--formatted");
  const pictures = bubble.querySelector("iframe")?.contentDocument?.images ?? [];
  const shown = new Set(isFormatted ? [...pictures].map((picture) => picture.src) : []);
  for (const file of bubble.querySelectorAll("a.file")) file.hidden = shown.has(file.href);
}
