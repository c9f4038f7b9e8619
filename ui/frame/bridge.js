// The one script of a message frame. It tells the window how high the message is, which link is under the pointer or was pressed
// (by number, never by address), and which keys fell in here; it finds text when asked. It obeys the window only and loads nothing.
"use strict";
(() => {
  const root = document.getElementById("message") ?? document.body;
  const say = (kind, more) => parent.postMessage({ godwit: 1, kind, ...more }, "*");

  let told = -1;
  let due = false;
  // A page made for a wider window is drawn smaller, down to half; what is wider still can be scrolled.
  let fitted = 0;
  const shrink = () => {
    const room = document.body.clientWidth;
    if (room === fitted || room === 0) return;
    root.style.zoom = "1";
    const edge = root.scrollWidth > root.clientWidth ? Number.parseFloat(getComputedStyle(root).paddingRight) : 0;
    root.style.zoom = String(Math.min(1, Math.max(0.5, room / (root.scrollWidth + edge))));
    if (document.readyState === "complete") fitted = room;
  };
  const measure = () => {
    due = false;
    shrink();
    const bar = Math.max(0, innerHeight - document.documentElement.clientHeight);
    const height = Math.ceil(document.body.getBoundingClientRect().height) + bar;
    if (height !== told) say("height", { height: (told = height) });
  };
  const soon = () => {
    if (due) return;
    due = true;
    requestAnimationFrame(measure);
  };
  new ResizeObserver(soon).observe(root);

  // A picture that had to become narrower than it asked for keeps its proportions.
  const fit = (image) => {
    const asked = Number.parseInt(image.getAttribute("width") ?? "", 10);
    if (image.naturalWidth > 2 && image.clientWidth + 1 < asked) image.style.setProperty("height", "auto", "important");
  };
  for (const event of ["resize", "load"]) addEventListener(event, () => (document.querySelectorAll("img[src]").forEach(fit), soon()));

  const linkOf = (event) => {
    const link = event.target instanceof Element ? event.target.closest("a[data-link]") : null;
    return link ? Number(link.dataset.link) : -1;
  };
  let under = -1;
  const hover = (index) => {
    if (index !== under) say("hover", { index: (under = index) });
  };
  addEventListener("mouseover", (event) => hover(linkOf(event)));
  document.documentElement.addEventListener("mouseleave", () => hover(-1));
  addEventListener("focusin", (event) => hover(linkOf(event)));
  addEventListener("focusout", () => hover(-1));
  addEventListener("click", (event) => {
    const index = linkOf(event);
    if (index >= 0) event.preventDefault();
    if (index >= 0 && event.isTrusted && getSelection().isCollapsed) say("link", { index });
  });

  const editable = (target) => target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
  const ours = new Set(["Tab", "Shift", "Control", "Alt", "Meta", "AltGraph", "CapsLock", "Dead", "Process", "Unidentified"]);
  addEventListener("keydown", (event) => {
    if (!event.isTrusted || event.isComposing || editable(event.target) || ours.has(event.key)) return;
    const index = linkOf(event);
    if (event.key === "Enter" && index >= 0) {
      event.preventDefault();
      return say("link", { index });
    }
    const command = event.ctrlKey || event.metaKey;
    // Copying and selecting are the frame's own; all else is a key of the window.
    if (command && /^(c|a|insert|arrow.*|home|end)$/i.test(event.key)) return;
    if (command || /^(F\d+|\/|'|Backspace)$/.test(event.key)) event.preventDefault();
    say("key", { key: event.key, ctrl: event.ctrlKey, meta: event.metaKey, alt: event.altKey, shift: event.shiftKey });
  });

  const find = (wanted) => {
    const text = String(wanted ?? "").slice(0, 200).toLowerCase();
    const ranges = [];
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); text && node && ranges.length < 1000; node = walker.nextNode()) {
      const words = node.data.toLowerCase();
      if (words.length !== node.data.length) continue;
      for (let at = words.indexOf(text); at >= 0 && ranges.length < 1000; at = words.indexOf(text, at + text.length)) {
        const range = new Range();
        range.setStart(node, at);
        range.setEnd(node, at + text.length);
        ranges.push(range);
      }
    }
    if (globalThis.CSS?.highlights) CSS.highlights.set("found", new Highlight(...ranges));
    say("found", { count: ranges.length, top: ranges.length ? Math.round(ranges[0].getBoundingClientRect().top) : -1 });
  };

  addEventListener("message", (event) => {
    if (event.source !== parent || event.data?.godwit !== 1) return;
    if (event.data.kind === "find") find(event.data.text);
    else if (event.data.kind === "selection") say("selection", { text: String(getSelection()).slice(0, 100000) });
    else if (event.data.kind === "theme") document.documentElement.dataset.theme = event.data.theme === "dark" ? "dark" : "light";
  });
  measure();
})();
