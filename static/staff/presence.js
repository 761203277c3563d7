/* The desk's sign of life (Q4): every 30 s while the page is awake, and at once when it wakes.

   The server counts the moment it hears it, so nothing is ever kept and sent later: a request that finds no way
   within ten seconds is given up. A page that sleeps is silent, and after 90 s its owner is offline; nothing is said
   when a tab closes, because another may be open. */

const EVERY_MS = 30_000;
const LOOK_MS = 5_000; // how soon after waking it is noticed
const SLEPT_MS = LOOK_MS + 10_000; // background tabs are woken once a minute: then each time counts as waking
const GIVE_UP_MS = 10_000;

/** Calls `say({ signal })`, which posts and returns whether the server answered. `onAnswered(wasAway)` follows a yes. */
export function startPresence({ say, onAnswered = () => {} }) {
  let saidAt = -Infinity;
  let answeredAt = -Infinity;
  let lookedAt = Date.now();
  let saying = false;

  async function tell() {
    if (saying) return;
    saying = true;
    saidAt = Date.now();
    try {
      if (await say({ signal: AbortSignal.timeout(GIVE_UP_MS) })) {
        const wasAway = Date.now() - answeredAt > 90_000;
        answeredAt = Date.now();
        onAnswered(wasAway);
      }
    } catch {
      /* given up: the next one comes soon */
    } finally {
      saying = false;
    }
  }

  function look() {
    const now = Date.now();
    const slept = Math.abs(now - lookedAt) > SLEPT_MS; // also where somebody set the clock
    lookedAt = now;
    if (slept || now - saidAt >= EVERY_MS || now < saidAt) tell();
  }

  function wake() {
    if (!document.hidden && Date.now() - saidAt > 1_000) tell();
  }

  tell();
  setInterval(look, LOOK_MS);
  document.addEventListener("visibilitychange", wake);
  document.addEventListener("resume", tell);
  window.addEventListener("pageshow", (event) => event.persisted && tell());
  window.addEventListener("online", tell);
  window.addEventListener("focus", wake);
}
