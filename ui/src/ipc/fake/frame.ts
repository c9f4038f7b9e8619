// The document that the fake backend puts into the message frame. The true one is made by the engine; this one has the same looks and the same bridge.
import type { Shade } from "../backend";

const bridges = import.meta.glob<string>("../../../frame/bridge.js", { query: "?raw", import: "default", eager: true });
const bridge =
  Object.values(bridges)[0] ??
  `
const tell = () => parent.postMessage({ godwit: 1, kind: "height", height: Math.ceil(document.documentElement.getBoundingClientRect().height) }, "*");
new ResizeObserver(tell).observe(document.documentElement); addEventListener("load", tell); tell();
addEventListener("keydown", (e) => parent.postMessage({ godwit: 1, kind: "key", key: e.key, ctrl: e.ctrlKey, meta: e.metaKey, alt: e.altKey, shift: e.shiftKey }, "*"));`;

export function frameDocument(html: string, shade: Shade): string {
  const [ink, soft, link] = shade === "dark" ? ["#E7EDEF", "#95A2A8", "#77D0D4"] : ["#141F23", "#55646B", "#0A5D65"];
  return `<!doctype html><html lang="en"><head><title>Message</title><meta charset="utf-8"><style>html{color-scheme:${shade}}body{margin:0;font:15px/24px system-ui,-apple-system,"Segoe UI",Inter,"Noto Sans",sans-serif;color:${ink};background:transparent;overflow-wrap:anywhere}p{margin:0 0 12px}h1{font-size:22px;line-height:28px;margin:0 0 12px}a{color:${link}}ul{margin:0 0 12px;padding-inline-start:22px}img{max-width:100%}.sig{color:${soft};font-size:13px;line-height:20px}</style></head><body>${html}<script>${bridge}</script></body></html>`;
}
