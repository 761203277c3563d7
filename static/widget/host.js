/* The page around the frame. It is a stranger's: what it says is checked for shape and origin, and it only ever opens,
   closes, or names its own address. What we tell it is no secret. */

export function openHost({ isEmbedded, onOpen, onClose, onPage }) {
  if (!isEmbedded || window.parent === window) {
    onPage(location.href);
    queueMicrotask(() => onOpen({ focus: false }));
    return { tell() {} };
  }
  addEventListener("message", ({ source, origin, data }) => {
    if (source !== window.parent || typeof data !== "object" || data === null) return;
    if (data.type === "open") onOpen({ focus: data.focus === true });
    else if (data.type === "close") onClose();
    else if (data.type === "page" && isAddressOf(origin, data.url)) onPage(data.url);
  });
  return { tell: (message) => window.parent.postMessage(message, "*") };
}

function isAddressOf(origin, url) {
  try {
    return typeof url === "string" && new URL(url).origin === origin;
  } catch {
    return false;
  }
}
