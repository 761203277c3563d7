/* The live chat's button. Touches nothing of the page it is on, loads the chat only when it is wanted, and whatever
   goes wrong in here stays in here. */
(function (settings) {
  "use strict";
  try {
    start();
  } catch (error) {
    if (window.console) console.warn("The live chat could not start:", error);
  }

  function start() {
    var script = document.currentScript;
    var options = (script && script.dataset) || {};
    var base = script && script.src ? new URL(".", script.src) : new URL(settings.base);
    var name = "contactcenter-chat-" + settings.id;
    if (window[name]) return window[name]();
    if (!allowedHere()) return;

    var language = options.lang || document.documentElement.lang || navigator.language || "en";
    var words = settings.words[language.slice(0, 2).toLowerCase()] || settings.words.en;
    var small = window.matchMedia("(max-width: 480px)");
    var host, button, badge, panel, frame, failure, ready, timer;
    var opened = false;
    var takesFocus = false;
    var unread = 0;
    var returns = 0;

    window[name] = attach; // the page has run the script once more: its button is put back, never made twice
    if (document.body) build();
    else document.addEventListener("DOMContentLoaded", build);

    function allowedHere() {
      var here = location.hostname;
      return !settings.domains.length || location.origin === base.origin || settings.domains.some(function (domain) {
        var name = domain.replace(/^https?:\/\//, "").replace(/:\d+$/, "");
        return name.slice(0, 2) === "*." ? here.endsWith(name.slice(1)) : here === name;
      });
    }

    function build() {
      host = document.createElement("div");
      host.style.cssText = "all:initial!important;color-scheme:light dark!important;position:fixed!important;z-index:2147483000!important";
      var root = host.attachShadow({ mode: "open" });
      addStyle(root);
      panel = make("div", "panel");
      panel.hidden = true;
      button = make("button", "button");
      button.type = "button";
      button.append(icon("talk", "M21 12a8.5 8.5 0 0 1-12.6 7.5L3 21l1.6-5A8.5 8.5 0 1 1 21 12Z"), icon("down", "m6 9 6 6 6-6"));
      badge = make("span", "badge");
      badge.hidden = true;
      badge.setAttribute("aria-hidden", "true");
      button.append(badge);
      root.append(panel, button);
      button.addEventListener("click", function () { if (opened) close(true); else open(true); });
      button.addEventListener("pointerenter", load, { once: true });
      root.addEventListener("keydown", function (event) { if (event.key === "Escape" && opened) close(true); });
      window.addEventListener("message", hear);
      window.addEventListener("blur", tellPage); // the focus went into the frame: what he writes is about this page
      window.addEventListener("popstate", tellPage);
      window.addEventListener("hashchange", tellPage);
      if (window.navigation) window.navigation.addEventListener("currententrychange", tellPage);
      label();
      attach();
      // Scripts that put a new body, or a whole new document, in place at each click take what stood in the old one away.
      var watch = new MutationObserver(function () { if (!host.isConnected && ++returns < 100) { attach(); tellPage(); } });
      watch.observe(document, { childList: true });
      watch.observe(document.documentElement, { childList: true });
      // Across pages: open stays open (but a full screen would hide the page he went to); a conversation is listened to.
      if (recall(sessionStore) === "open" && !small.matches) open(false);
      else if (recall(localStore)) whenIdle(load);
    }

    /** Beside the body: pages replace that, and a frame that is moved loads anew. */
    function attach() {
      if (host && !host.isConnected) document.documentElement.append(host);
    }

    function load() {
      if (frame) return;
      ready = false;
      frame = make("iframe", "frame");
      frame.title = words.frame;
      frame.referrerPolicy = "no-referrer";
      var address = new URL("frame/", base);
      address.searchParams.set("lang", language);
      if (options.theme) address.searchParams.set("theme", options.theme);
      frame.src = address.href;
      panel.append(frame);
      clearTimeout(timer);
      timer = setTimeout(function () { if (!ready) fail(); }, 20000);
    }

    function fail() {
      frame.remove();
      frame = null;
      failure = make("div", "failure");
      failure.setAttribute("role", "alert");
      var again = make("button", "again");
      again.type = "button";
      again.textContent = words.again;
      again.addEventListener("click", function () { failure.remove(); load(); });
      failure.append(words.failed, again);
      panel.append(failure);
    }

    function open(focus) {
      opened = true;
      takesFocus = focus;
      if (failure) failure.remove();
      load();
      panel.hidden = false;
      remember(sessionStore, "open");
      label();
      tellState();
    }

    function close(focus) {
      opened = false;
      panel.hidden = true;
      remember(sessionStore, "closed");
      label();
      tellState();
      if (focus) button.focus();
    }

    function tell(message) {
      if (frame && ready) frame.contentWindow.postMessage(message, base.origin);
    }

    function tellState() {
      tellPage();
      if (opened && takesFocus && frame && ready) frame.focus();
      tell({ type: opened ? "open" : "close", focus: opened && takesFocus });
      if (ready) takesFocus = false;
    }

    function tellPage() {
      tell({ type: "page", url: location.href });
    }

    function hear(event) {
      if (!frame || event.source !== frame.contentWindow || event.origin !== base.origin) return;
      var message = event.data || {};
      if (message.type === "ready") {
        ready = true;
        if (message.forgets) tell({ type: "kept", token: recall(localStore, "-token") });
        tellState();
      } else if (message.type === "close") close(true);
      else if (message.type === "known") remember(localStore, "1");
      else if (message.type === "keep" && typeof message.token === "string") remember(localStore, message.token, "-token");
      else if (message.type === "unread" && typeof message.count === "number") {
        unread = message.count;
        label();
      }
    }

    function label() {
      var text = opened ? words.close : words.open;
      if (unread && !opened) text += ". " + words.unread.replace("{count}", unread);
      button.setAttribute("aria-label", text);
      button.title = opened ? words.close : words.open;
      button.setAttribute("aria-expanded", String(opened));
      host.dataset.open = String(opened);
      badge.hidden = opened || !unread;
      badge.textContent = unread > 99 ? "99+" : String(unread);
    }

    function addStyle(root) {
      var css =
        "*{box-sizing:border-box}[hidden]{display:none!important}" +
        ".button,.panel{position:fixed;" + settings.position + ":20px}" +
        ".button{bottom:20px;width:56px;height:56px;border:0;border-radius:50%;padding:0;cursor:pointer;background:" + settings.colour +
        ";color:" + settings.onColour + ";box-shadow:0 4px 16px rgb(0 0 0/.28);transition:transform .12s}" +
        ".button:hover{transform:scale(1.05)}" +
        ".button:focus-visible,.again:focus-visible{outline:3px solid " + settings.colour + ";outline-offset:3px;box-shadow:0 0 0 3px #fff,0 4px 16px rgb(0 0 0/.28)}" +
        "svg{width:28px;height:28px;fill:none;stroke:currentColor;stroke-width:2;stroke-linecap:round;stroke-linejoin:round;vertical-align:middle}" +
        ".down,:host([data-open=true]) .talk{display:none}:host([data-open=true]) .down{display:inline}" +
        ".badge{position:absolute;top:-4px;right:-4px;min-width:22px;height:22px;padding:0 6px;border-radius:11px;background:#b3261e;color:#fff;font:600 12px/22px system-ui,sans-serif;text-align:center}" +
        ".panel{bottom:88px;width:380px;max-width:calc(100vw - 40px);height:min(640px,100vh - 108px);border-radius:12px;overflow:hidden;background:Canvas;box-shadow:0 8px 40px rgb(0 0 0/.3)}" +
        ".frame{display:block;width:100%;height:100%;border:0}" +
        ".failure{height:100%;display:grid;gap:16px;place-content:center;justify-items:center;padding:24px;text-align:center;font:16px/1.5 system-ui,sans-serif;color:CanvasText}" +
        ".again{font:inherit;padding:8px 16px;cursor:pointer}" +
        "@media(max-width:480px){.panel{inset:0;width:100%;max-width:none;height:100%;height:100dvh;border-radius:0}:host([data-open=true]) .button{display:none}}" +
        "@media(prefers-reduced-motion:reduce){.button{transition:none}}@media print{.button,.panel{display:none}}";
      try { // not blocked by a page that forbids inline styles
        var sheet = new CSSStyleSheet();
        sheet.replaceSync(css);
        root.adoptedStyleSheets = [sheet];
      } catch (error) {
        var style = document.createElement("style");
        style.textContent = css;
        root.append(style);
      }
    }

    function make(tag, kind) {
      var element = document.createElement(tag);
      element.className = kind;
      return element;
    }

    function icon(kind, line) {
      var drawing = document.createElementNS("http://www.w3.org/2000/svg", "svg");
      var path = document.createElementNS("http://www.w3.org/2000/svg", "path");
      path.setAttribute("d", line);
      drawing.setAttribute("class", kind);
      drawing.setAttribute("viewBox", "0 0 24 24");
      drawing.setAttribute("aria-hidden", "true");
      drawing.append(path);
      return drawing;
    }

    function whenIdle(act) {
      var later = function () { (window.requestIdleCallback || setTimeout)(act); };
      if (document.readyState === "complete") later();
      else window.addEventListener("load", later);
    }

    // Storage may be forbidden: then nothing is remembered.
    function sessionStore() { return window.sessionStorage; }
    function localStore() { return window.localStorage; }
    function recall(store, part) { try { return store().getItem(name + (part || "")); } catch (error) { return null; } }
    function remember(store, value, part) { try { store().setItem(name + (part || ""), value); } catch (error) { /* forbidden */ } }
  }
})({{ settings|safe }});
