/* Live updates: one event stream per browser, shared by its tabs.
 *
 *   const live = openLive({ ticketUrl, onSignal, onResync, onStatus, scope: `desk-${employeeId}` });
 *
 * ticketUrl   answers {"ticket": "…"} to a GET; or getTicket, a function that promises the ticket
 * onSignal    ({topic, kind, …}): something changed
 * onResync    (): signals may have been missed, ask for everything since the revision you know. Also called once at
 *             the start: what happened between the making of the page and the opening of the stream would be missed
 * onBeat      (): the stream has said something, whatever it was
 * onStatus    ({state, since}): "connecting" (the first time), "live", "reconnecting", "offline" (for long, or surely)
 * scope       names what the tabs share; must name the person too, or after a change of login a tab hears a stranger
 * live.close()
 */

const WAIT_MS = { first: 500, longest: 15_000 };
const SILENCE_MS = 15_000; // the server says something every 3 s; after more than this the line is dead, or we slept
const LEADER_SILENCE_MS = 100_000; // timers of a hidden tab may run once a minute only
const OFFLINE_AFTER_MS = 20_000;

export function openLive({ ticketUrl, getTicket, onSignal, onResync, onStatus, onBeat, scope = "live" }) {
  const askTicket = getTicket ?? (() => fetchTicket(ticketUrl));
  const name = `live:${scope}`;
  const canShare = Boolean(navigator.locks && window.BroadcastChannel); // locks exist on https and localhost only
  let run = null; // what close() and a page put aside must undo

  function start() {
    if (run) return;
    const stopping = new AbortController();
    const channel = canShare ? new BroadcastChannel(name) : null;
    let status = null;
    let leading = false;
    let caughtUp = false;
    let heardAt = Date.now();

    function take({ signal, resync, state, since }) {
      heardAt = Date.now();
      if (!state || state === "live") onBeat?.();
      if (signal) onSignal?.(signal);
      if (resync || (state === "live" && !caughtUp)) {
        caughtUp = true;
        onResync?.();
      }
      if (state && state !== status?.state) {
        status = { state, since };
        onStatus?.(status);
      }
    }

    function tell(news) {
      channel?.postMessage(news); // reaches the other tabs, never this one
      take(news);
    }

    const lead = (endSignal) =>
      new Promise((resolve) => {
        leading = true;
        const end = holdStream(askTicket, tell);
        endSignal.addEventListener("abort", () => { leading = false; end(); resolve(); }, { once: true });
      });

    async function takeTurns() {
      let steal = false;
      while (!stopping.signal.aborted) {
        // A tab that was put to sleep keeps its lock: who hears nothing from the leader for long takes it away.
        const round = new AbortController();
        const endRound = () => round.abort();
        stopping.signal.addEventListener("abort", endRound, { once: true });
        const watch = setInterval(() => {
          if (!leading && !document.hidden && Date.now() - heardAt > LEADER_SILENCE_MS) { steal = true; endRound(); }
        }, 10_000);
        try {
          // A request cannot both steal and be aborted, so the one that steals goes without a signal.
          await navigator.locks.request(name, steal ? { steal } : { signal: round.signal }, () => lead(round.signal));
          steal = false;
        } catch (error) {
          if (error.name !== "AbortError") return void lead(stopping.signal); // sandboxed: no locks after all
          steal = steal && !leading;
          endRound(); // also when our own lock was stolen
        } finally {
          clearInterval(watch);
          heardAt = Date.now();
        }
      }
    }

    take({ state: "connecting", since: new Date() });
    if (channel) {
      channel.onmessage = ({ data }) => {
        if (!data.question) take(data);
        else if (leading && status) channel.postMessage({ ...status });
      };
      channel.postMessage({ question: true });
      takeTurns();
    } else lead(stopping.signal);
    run = { end() { stopping.abort(); channel?.close(); } };
  }

  function stop() {
    run?.end();
    run = null;
  }

  // A page in the back-forward cache must hold neither lock nor stream.
  const onPageShow = (event) => event.persisted && start();
  window.addEventListener("pagehide", stop);
  window.addEventListener("pageshow", onPageShow);
  start();
  return {
    close() {
      window.removeEventListener("pagehide", stop);
      window.removeEventListener("pageshow", onPageShow);
      stop();
    },
  };
}

/** Keep an EventSource open until the returned function is called. */
function holdStream(askTicket, tell) {
  let source = null;
  let attempt = 0;
  let turn = 0; // goes up with each attempt; whatever comes in from an earlier one is stale
  let timer = 0;
  let heardAt = Date.now();
  let lostAt = null;

  async function connect() {
    const mine = ++turn;
    clearTimeout(timer);
    source?.close();
    heardAt = Date.now();
    let ticket;
    try {
      ticket = await askTicket();
    } catch {
      if (mine === turn) retry();
      return;
    }
    if (mine !== turn) return;
    source = new EventSource(`/live/?ticket=${encodeURIComponent(ticket)}`);
    const on = (event, act) =>
      source.addEventListener(event, ({ data }) => {
        if (mine !== turn) return;
        heardAt = Date.now();
        act(data ? JSON.parse(data) : {});
      });
    on("hello", () => {
      lostAt = null;
      setTimeout(() => mine === turn && (attempt = 0), 10_000); // a stream that ends at once is no success
      tell({ resync: true });
      tell({ state: "live", since: new Date() });
    });
    on("signal", (signal) => tell({ signal }));
    on("resync", () => tell({ resync: true }));
    on("beat", () => tell({})); // so that the other tabs know there is a leader
    on("bye", ({ reason }) => retry({ quietly: reason !== "stopping" })); // a new ticket is no trouble
    // EventSource would come back by itself, but with the old ticket.
    source.onerror = () => mine === turn && retry();
  }

  function retry({ quietly = false } = {}) {
    turn += 1;
    source?.close();
    if (!quietly) {
      lostAt ??= new Date();
      const long = Date.now() - lostAt > OFFLINE_AFTER_MS;
      tell({ state: long || !navigator.onLine ? "offline" : "reconnecting", since: lostAt });
    }
    const wait = Math.min(WAIT_MS.first * 2 ** attempt++, WAIT_MS.longest);
    clearTimeout(timer);
    timer = setTimeout(connect, wait * (0.5 + Math.random() / 2)); // else all browsers come back in the same moment
  }

  const watch = setInterval(() => Date.now() - heardAt > SILENCE_MS && retry(), 5_000);
  const onLine = () => { attempt = 0; connect(); };
  const offLine = () => retry();
  window.addEventListener("online", onLine);
  window.addEventListener("offline", offLine);
  connect();
  return () => {
    turn += 1;
    clearInterval(watch);
    clearTimeout(timer);
    window.removeEventListener("online", onLine);
    window.removeEventListener("offline", offLine);
    source?.close();
  };
}

async function fetchTicket(url) {
  const answer = await fetch(url, { credentials: "same-origin", cache: "no-store", signal: AbortSignal.timeout(15_000) });
  if (!answer.ok) throw new Error(`no ticket: ${answer.status}`);
  return (await answer.json()).ticket;
}
