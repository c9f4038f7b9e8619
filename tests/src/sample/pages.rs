//! Newsletters and receipts as HTML: table layouts, inline styles, remote pictures that must stay unloaded, inline ones.

use super::files::seascape;
use super::letter::{File, Letter};

/// A newsletter in the style of mailing programs.
pub fn newsletter(letter: &mut Letter, title: &str, house: &str, colour: &str, hour: usize) {
    let paragraphs: String = letter.text.split("\n\n").fold(String::new(), |out, p| {
        out + "<p style=\"margin:0 0 16px;font:16px/26px Georgia,serif;color:#24343a\">" + &escaped(p) + "</p>\n"
    });
    let domain = letter.from.address.split('@').nth(1).unwrap_or("test.example");
    letter.html = Some(format!(
        "<!doctype html><html><head><meta charset=\"utf-8\"><title>{title}</title></head>
<body style=\"margin:0;background:#eef2f1\"><span style=\"display:none\">{preheader}</span>
<table role=\"presentation\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" style=\"background:#eef2f1\"><tr><td align=\"center\" style=\"padding:24px 12px\">
<table role=\"presentation\" width=\"600\" cellpadding=\"0\" cellspacing=\"0\" style=\"max-width:600px;background:#ffffff;border-radius:6px\">
<tr><td style=\"padding:22px 32px;background:{colour};color:#ffffff;font:600 14px/20px Helvetica,Arial,sans-serif;letter-spacing:1px\">{house}</td></tr>
<tr><td><img src=\"cid:header\" width=\"600\" alt=\"The sea, a bird low over it\" style=\"display:block;width:100%\"></td></tr>
<tr><td style=\"padding:28px 32px 8px\"><h1 style=\"margin:0 0 14px;font:600 27px/34px Georgia,serif;color:#14262c\">{title}</h1>
{paragraphs}<p style=\"margin:8px 0 28px\"><a href=\"https://{domain}/issues/latest\" style=\"background:{colour};color:#ffffff;padding:12px 20px;border-radius:4px;font:600 15px/20px Helvetica,Arial,sans-serif;text-decoration:none\">Read it all</a></p></td></tr>
<tr><td style=\"padding:16px 32px;border-top:1px solid #dde5e3;font:12px/18px Helvetica,Arial,sans-serif;color:#5d6f74\">You get this letter because you asked for it. <a href=\"https://{domain}/unsubscribe\" style=\"color:#5d6f74\">Unsubscribe</a>
<img src=\"https://track.{domain}/open.gif\" width=\"1\" height=\"1\" alt=\"\"></td></tr></table></td></tr></table></body></html>",
        title = escaped(title),
        house = escaped(house),
        preheader = escaped(letter.text.split('.').next().unwrap_or_default()),
    ));
    letter.files.push(File {
        name: "header.png".into(),
        media_type: "image/png",
        data: seascape(300, 110, hour),
        content_id: Some("header"),
    });
    letter.fields.push(("List-Id", format!("{} <letters.{domain}>", letter.from.name)));
    letter.fields.push(("List-Unsubscribe", format!("<https://{domain}/unsubscribe>, <mailto:leave@{domain}>")));
    letter.fields.push(("List-Unsubscribe-Post", "List-Unsubscribe=One-Click".into()));
    letter.fields.push(("Precedence", "bulk".into()));
}

/// A receipt with a table.
pub fn receipt(letter: &mut Letter, rows: &[(&str, u32)]) {
    let lines: String = rows.iter().fold(String::new(), |out, (what, price)| {
        out + &format!("<tr><td style=\"padding:8px 0;border-bottom:1px solid #e3e8ea\">{}</td><td align=\"right\" style=\"border-bottom:1px solid #e3e8ea\">{price},00 kr</td></tr>", escaped(what))
    });
    let sum: u32 = rows.iter().map(|r| r.1).sum();
    let intro = escaped(letter.text.split("\n\n").next().unwrap_or_default());
    letter.html = Some(format!(
        "<html><body style=\"font:15px/23px Arial,sans-serif;color:#1d2b30\"><p>{intro}</p>
<table width=\"420\" cellspacing=\"0\" style=\"border-collapse:collapse\">{lines}<tr><td style=\"padding:10px 0;font-weight:bold\">Sum, VAT included</td><td align=\"right\" style=\"font-weight:bold\">{sum},00 kr</td></tr></table>
<p style=\"color:#5b6b72;font-size:13px\">Keep this letter as your receipt.</p></body></html>"
    ));
}

/// What a rich-text editor of today makes of a letter.
pub fn rich(letter: &mut Letter) {
    let body = letter.text.split("\n\n").fold(String::new(), |out, p| {
        let is_quote = p.starts_with("> ");
        let (open, close) = if is_quote { ("<blockquote>", "</blockquote>") } else { ("<p>", "</p>") };
        out + open + &escaped(p.trim_start_matches("> ")).replace('\n', "<br>") + close + "\n"
    });
    letter.html = Some(format!("<html><head></head><body>{body}</body></html>"));
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
