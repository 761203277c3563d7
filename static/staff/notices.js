/* The bell at the top. An open desk makes a new notice heard and seen, also one that came while no desk was open. */

const KEY = "notices:told";
let told = 0;
try { told = Number(localStorage.getItem(KEY)) || 0; } catch { /* then each page tells it once */ }

/** Tells of the newest unread notice, once a browser: tell({ id, words, url }). */
export function startNotices(tell) {
  const look = () => {
    const bell = document.querySelector("[data-notices]");
    const id = Number(bell?.dataset.newest ?? 0);
    if (id <= told) return;
    told = id;
    try { localStorage.setItem(KEY, String(id)); } catch { /* as above */ }
    tell({ id, words: bell.dataset.words, url: bell.dataset.url });
  };
  document.body.addEventListener("htmx:afterSwap", ({ detail }) => {
    if (detail.target.querySelector("[data-notices]")) look();
  });
  look();
}

/** Something may have been written, or read. */
export function lookAtNotices() {
  document.body.dispatchEvent(new Event("notices"));
}

/** Reading a dialog reads what was told about it. */
export function noticesMayBeRead() {
  if (document.querySelector("[data-notices-count]")) lookAtNotices();
}
