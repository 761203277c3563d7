/* The page around the frame. It is a stranger's: what it says is checked for shape and origin, and it only ever opens,
   closes, or names its own address. What we tell it is no secret, but for one thing: where the browser gives an embedded
   page no storage, the page around it keeps the visitor's token, which was made in this very frame. */

const ANSWER_MS = 2_000; // a page that has an older loader in its cache does not answer

export function openHost({ isEmbedded, onOpen, onClose, onPage }) {
  if (!isEmbedded || window.parent === window) {
    onPage(location.href);
    queueMicrotask(() => onOpen({ focus: false }));
    return { tell() {}, recall: async () => null, keep() {} };
  }
  let around = null; // the page's origin, once it has spoken
  let toKeep = null;
  let answered;
  const kept = new Promise((resolve) => (answered = resolve));
  addEventListener("message", ({ source, origin, data }) => {
    if (source !== window.parent || typeof data !== "object" || data === null) return;
    around = origin;
    if (toKeep) keep(toKeep);
    if (data.type === "kept") answered(typeof data.token === "string" ? data.token : null);
    if (data.type === "open") onOpen({ focus: data.focus === true });
    else if (data.type === "close") onClose();
    else if (data.type === "page" && isAddressOf(origin, data.url)) onPage(data.url);
  });
  const tell = (message, to = "*") => window.parent.postMessage(message, to);

  function keep(token) {
    toKeep = around ? null : token;
    if (around && around !== "null") tell({ type: "keep", token }, around);
  }

  /** The token that the page has kept for a frame without storage, or null. */
  function recall() {
    setTimeout(answered, ANSWER_MS, null);
    return kept;
  }

  return { tell, recall, keep };
}

function isAddressOf(origin, url) {
  try {
    return typeof url === "string" && new URL(url).origin === origin;
  } catch {
    return false;
  }
}
