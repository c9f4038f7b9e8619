// What may enter the editable area, which lives in the app's own origin: the second line behind the engine's sanitiser.
// No pictures, styles, classes or handlers; links only to the web and to addresses.
import DOMPurify from "dompurify";

const TAGS =
  "a b blockquote br code del div em h1 h2 h3 h4 hr i li ol p pre s span strong sub sup table tbody td th thead tr u ul".split(
    " ",
  );
const HREF = /^(https?:|mailto:)/i;

const purify = DOMPurify();
purify.addHook("afterSanitizeAttributes", (node) => {
  if (node.tagName === "A") {
    if (!HREF.test(node.getAttribute("href") ?? "")) node.removeAttribute("href");
    node.setAttribute("rel", "noreferrer noopener");
  }
});

/** HTML that can stand in the composer. At most 2 MB are looked at. */
export function clean(html: string): string {
  return purify.sanitize(html.slice(0, 2_000_000), {
    ALLOWED_TAGS: TAGS,
    ALLOWED_ATTR: ["href", "dir", "lang", "colspan", "rowspan", "start"],
    ALLOW_DATA_ATTR: false,
    ALLOW_ARIA_ATTR: false,
    FORBID_CONTENTS: [
      "script",
      "style",
      "title",
      "head",
      "template",
      "noscript",
      "svg",
      "math",
      "iframe",
      "object",
      "textarea",
      "select",
    ],
  });
}

/** The words of the composer's HTML, one line per block. */
export function htmlToText(html: string): string {
  const holder = new DOMParser().parseFromString(clean(html), "text/html").body;
  return textOf(holder)
    .replaceAll(/\n{3,}/g, "\n\n")
    .trim();
}

const BLOCKS = new Set(["P", "DIV", "LI", "BLOCKQUOTE", "PRE", "H1", "H2", "H3", "H4", "TR", "UL", "OL", "TABLE"]);

function textOf(node: Node, depth = 0): string {
  if (node.nodeType === Node.TEXT_NODE) return (node.textContent ?? "").replaceAll("\u00a0", " ");
  if (!(node instanceof Element) || depth > 200) return "";
  if (node.tagName === "BR") return "\n";
  const inside = [...node.childNodes].map((one) => textOf(one, depth + 1)).join("");
  if (node.tagName === "LI") return `- ${inside.trim()}\n`;
  if (node.tagName === "BLOCKQUOTE")
    return `${inside
      .trim()
      .split("\n")
      .map((line) => `> ${line}`)
      .join("\n")}\n`;
  if (node.tagName === "P") return `${inside}\n\n`;
  return BLOCKS.has(node.tagName) ? `${inside.replace(/\n$/, "")}\n` : inside;
}
