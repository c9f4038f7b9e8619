// The document that the fake backend puts into the message frame: the true bridge and the true ground, without the engine around them.
import type { Shade } from "../backend";
import bridge from "../../../frame/bridge.js?raw";
import ground from "../../../frame/frame.css?raw";

export function frameDocument(html: string, shade: Shade): string {
  const body = html.replaceAll('class="sig"', 'data-kind="signature"').replaceAll('href="#', 'href="#" data-link="');
  return `<!doctype html><html lang="en" data-theme="${shade}" data-colours="ours"><head><title>Message</title><meta charset="utf-8"><style>${ground}ul{margin:0 0 12px;padding-inline-start:22px}h1{font-size:22px;line-height:28px;margin:0 0 12px}</style></head><body><div id="message">${body}</div><script>${bridge}</script></body></html>`;
}
