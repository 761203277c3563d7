/* Short notices at the edge. Errors and warnings stay until closed; the rest leave after a while unless looked at. */

const STAYS_MS = 8000;

/** Shows a notice. tone: "green" | "amber" | "red" | "" ; amber and red stay until they are closed. */
export function toast(text, { tone = "" } = {}) {
  const box = document.querySelector("[data-toasts]");
  const template = document.querySelector("[data-toast-template]");
  if (!box || !template) return null;
  const node = template.content.firstElementChild.cloneNode(true);
  node.querySelector(".toast__text").textContent = text;
  if (tone) node.classList.add(`tone-${tone}`);
  if (tone === "red" || tone === "amber") node.dataset.stays = "";
  box.append(node);
  leaveLater(node);
  return node;
}

export function closeToast(node) {
  node?.remove();
}

function leaveLater(node) {
  if ("stays" in node.dataset) return;
  setTimeout(() => {
    if (node.matches(":hover, :focus-within")) leaveLater(node);
    else node.remove();
  }, STAYS_MS);
}

export function startToasts() {
  document.querySelectorAll("[data-toast]").forEach(leaveLater);
}
