import { expect, test } from "vitest";
import { mentionsAttachment } from "../../state/drafts.svelte";
import { textToHtml } from "../../words/html";
import { clean, htmlToText } from "./clean";

test.each([
  ['<p onclick="x()">a</p>', "<p>a</p>"],
  ["<script>alert(1)</script>b", "b"],
  ['<img src="https://t.example/x.png" onerror="x()">c', "c"],
  ['<svg><a href="https://x.example">d</a></svg>', ""],
  ["<style>*{}</style>e", "e"],
  ['<p style="position:fixed" class="app">f</p>', "<p>f</p>"],
  ['<iframe srcdoc="x"></iframe>g', "g"],
])("%s becomes %s", (html, cleaned) => expect(clean(html)).toBe(cleaned));

test("links go to the web and to addresses only", () => {
  expect(clean('<a href="https://a.example">a</a>')).toContain('href="https://a.example"');
  for (const bad of ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "tauri://localhost"])
    expect(clean(`<a href="${bad}">a</a>`)).not.toContain("href");
});

test("text and HTML go both ways", () => {
  expect(textToHtml("a\nb\n\n<c>")).toBe("<p>a<br>b</p><p>&lt;c&gt;</p>");
  expect(htmlToText("<p>a<br>b</p><ul><li>one</li><li>two</li></ul><blockquote><p>said</p></blockquote>")).toBe(
    "a\nb\n\n- one\n- two\n> said",
  );
});

test("a mentioned attachment is noticed in several languages", () => {
  for (const text of ["I attach the plan.", "see attachment", "Im Anhang die Pläne", "ci-joint le devis"])
    expect(mentionsAttachment(text, "")).toBe(true);
  expect(mentionsAttachment("See you", "Re: attachment")).toBe(false);
});
