/* Whether the server answers. The stream says something every 3 s; when neither it nor any request has been heard for a while,
   or a request gets no answer, one question more is asked, and after five seconds the connection counts as lost: also
   where the server hangs and every socket stays open. Time that the page slept does not count. */

const LOOK_MS = 500;
const ASK_MS = 3500; // of silence, until the question
const LOST_MS = 5000;
const ASK_AGAIN_MS = 2000;
const GIVE_UP_MS = 5000;
const SLEPT_MS = 3000;

export class Connection {
  /** ask({ signal }): a small question to the server; onLost(since), onBack(): the moments in which it changes. */
  constructor({ ask, onLost, onBack }) {
    Object.assign(this, { ask, onLost, onBack });
    this.lostSince = null; // a Date
    this.pending = new Map(); // request → when it began
    this.heardAt = this.answeredAt = this.lookedAt = Date.now();
    this.failingSince = null;
    setInterval(() => this.look(), LOOK_MS);
    window.addEventListener("offline", () => this.lose(Date.now()));
    window.addEventListener("online", () => this.question());
    document.addEventListener("visibilitychange", () => document.hidden || this.look());
  }

  get isLost() {
    return this.lostSince !== null;
  }

  /** The stream has said something. It may still speak while requests get no answer, so it ends no loss by itself. */
  heard() {
    this.heardAt = Date.now();
    if (this.isLost) this.question();
  }

  /* what requests.js tells */

  began(request) {
    this.pending.set(request, Date.now());
  }

  ended(request, kind) {
    const began = this.pending.get(request) ?? 0;
    this.pending.delete(request);
    if (kind === "aborted") return;
    if (kind === "lost") {
      this.failingSince ??= Date.now();
      return;
    }
    if (began < this.failingSince) return; // an answer that was on its way says nothing of what failed since
    this.answeredAt = this.heardAt = Date.now();
    this.failingSince = null;
    if (!this.isLost) return;
    this.lostSince = null;
    this.onBack();
  }

  /** Since when something is wrong; now, where nothing is. */
  troubleSince(now) {
    const waiting = [...this.pending.values()].filter((began) => began > this.answeredAt);
    return Math.min(now, this.heardAt, this.failingSince ?? now, ...waiting);
  }

  look() {
    const now = Date.now();
    const slept = Math.abs(now - this.lookedAt) > SLEPT_MS;
    this.lookedAt = now;
    if (document.hidden) return;
    if (slept) {
      this.heardAt = now;
      if (this.failingSince) this.failingSince = now;
      for (const request of this.pending.keys()) this.pending.set(request, now);
      return void this.question();
    }
    const since = this.troubleSince(now);
    if (this.isLost || now - since >= ASK_MS) this.question();
    if (!this.isLost && now - since >= LOST_MS) this.lose(since);
  }

  lose(since) {
    if (this.isLost) return;
    this.lostSince = new Date(since);
    this.onLost(this.lostSince);
    this.question();
  }

  async question() {
    if (this.asking || Date.now() - (this.askedAt ?? 0) < (this.isLost ? ASK_AGAIN_MS : 1000)) return;
    this.asking = true;
    this.askedAt = Date.now();
    try {
      await this.ask({ signal: AbortSignal.timeout(GIVE_UP_MS) });
    } catch {
      this.failingSince ??= this.askedAt; // given up
    } finally {
      this.asking = false;
    }
  }
}
