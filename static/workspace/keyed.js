/* Puts newly rendered rows in place of the old ones and leaves alone what did not change, so that focus and scroll stay. */

const asRendered = new WeakMap(); // node → the server's HTML, before clocks wrote into it

export function remember(root) {
  for (const node of root.querySelectorAll("[data-keyed] > [data-key]")) asRendered.set(node, node.outerHTML);
}

/** Makes `box` show what `fresh` (a detached element) has: lists marked data-keyed row by row, the rest at once. */
export function mergeBox(box, fresh) {
  const focus = focusPath(box);
  const kept = new Map();
  for (const node of box.querySelectorAll("[data-keyed] > [data-key]")) kept.set(node.dataset.key, node);
  for (const node of fresh.querySelectorAll("[data-keyed] > [data-key]")) {
    const html = node.outerHTML;
    const old = kept.get(node.dataset.key);
    if (old && asRendered.get(old) === html) node.replaceWith(old);
    else asRendered.set(node, html);
  }
  const top = box.scrollTop;
  box.replaceChildren(...fresh.childNodes);
  box.scrollTop = top;
  if (focus) box.querySelector(focus)?.focus({ preventScroll: true });
}

function focusPath(box) {
  const active = document.activeElement;
  if (!active || !box.contains(active)) return null;
  const row = active.closest("[data-key]");
  if (active.dataset.tab) return `[data-tab="${active.dataset.tab}"]`;
  if (!row) return null;
  const own = `[data-key="${CSS.escape(row.dataset.key)}"]`;
  const act = active.closest("form")?.getAttribute("action");
  return act ? `${own} form[action="${act}"] button` : `${own} a`;
}
