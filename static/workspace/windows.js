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

/** "Tomasz wrote 1 s ago": in the window that is open, whose fields stay, or in one of its own. Promises true to go on. */
export function confirmedInSpite(words, { button, look }) {
  if (!showProblem(words)) return confirmed(words, button);
  const notice = box.querySelector(".dialog__body [role=alert]");
  notice.className = "notice tone-amber composer__stale";
  return new Promise((resolve) => {
    const acts = document.createElement("p");
    acts.className = "composer__stale-acts";
    const add = (label, answer) => {
      const one = document.createElement("button");
      one.type = "button";
      one.className = "btn btn--small";
      one.textContent = label;
      one.addEventListener("click", () => {
        notice.remove();
        if (!answer) box.close();
        resolve(answer);
      });
      acts.append(one);
      return one;
    };
    const first = add(look, false);
    add(button, true).classList.add("btn--primary");
    notice.append(acts);
    box.addEventListener("close", () => resolve(false), { once: true });
    first.focus();
  });
}

let aside = null;

/** A window left to look at the conversation keeps what was typed into it. */
export function setAside(url) {
  aside = { url, nodes: [...box.childNodes] };
}

/** Shows the window that was set aside under this address; false where there is none. */
export function takeUp(url) {
  if (aside?.url !== url) return false;
  box.replaceChildren(...aside.nodes);
  aside = null;
  box.showModal();
  return true;
}
