/* The one window of the desk: a question to confirm, or a form that the server sends. */

const box = document.querySelector("[data-window]");

export function confirmed(words, button) {
  const template = document.querySelector("[data-confirm-template]");
  box.replaceChildren(template.content.cloneNode(true));
  box.querySelector("[data-confirm-words]").textContent = words;
  const yes = box.querySelector("[data-confirmed]");
  yes.textContent = button;
  return new Promise((resolve) => {
    let answer = false;
    yes.addEventListener("click", () => {
      answer = true;
      box.close();
    });
    box.addEventListener("close", () => resolve(answer), { once: true });
    box.showModal();
    yes.focus();
  });
}

export function showWindow(html) {
  box.innerHTML = html;
  if (box.open) box.querySelector("[autofocus]")?.focus(); // the browser does so only where it opens
  else box.showModal();
}

export function closeWindow() {
  if (box.open) box.close();
}

export function showProblem(words) {
  const body = box.querySelector(".dialog__body");
  if (!box.open || !body) return false;
  body.querySelector("[role=alert]")?.remove();
  const notice = document.createElement("div");
  notice.className = "notice tone-red";
  notice.setAttribute("role", "alert");
  notice.textContent = words;
  body.prepend(notice);
  return true;
}
