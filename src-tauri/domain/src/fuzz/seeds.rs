//! What the targets begin with: small cases of our own, and the corpus where it is there.

use godwit_mutate::{archive, line_cases};

fn own(cases: &[&str]) -> Vec<Vec<u8>> {
    cases.iter().map(|c| c.as_bytes().to_vec()).collect()
}

/// Signs and names that fields are made of.
pub(super) const HEADER_WORDS: &[&str] = &[
    "\r\n",
    "\n",
    "\r\n ",
    "Content-Type: ",
    "multipart/mixed; boundary=",
    "message/rfc822",
    "text/html",
    "charset=",
    "--x",
    "--x--",
    "Content-Transfer-Encoding: base64",
    "quoted-printable",
    "=?utf-8?B?",
    "?=",
    "filename*0*=",
    "iso-2022-jp",
    ";",
    "<",
    ">",
    "\"",
    "(",
    "=\r\n",
    "begin 644 a",
    "Subject: ",
    "\u{202e}",
];
/// Signs of addresses.
pub(super) const ADDRESS_WORDS: &[&str] = &[
    "<",
    ">",
    "(",
    ")",
    "\"",
    "\\",
    ",",
    ";",
    ":",
    "@",
    "@[",
    "]",
    "=?utf-8?B?",
    "=?a?q?",
    "?=",
    " ",
    "@x.example",
    "%0d%0a",
    "&body=",
];
/// Pieces of pages.
pub(super) const HTML_WORDS: &[&str] = &[
    "<p>",
    "</p>",
    "<table><tr><td>",
    "<a href=\"",
    "<img src=",
    "javascript:",
    "data:text/html,",
    "<svg>",
    "<math>",
    "<style>",
    "<!--",
    "-->",
    "<![CDATA[",
    "onerror=",
    "style=\"",
    "url(",
    "https://x.example/",
    "cid:",
    "&lt;",
    "&#x",
    "<b><i>",
    "</b>",
    "<noscript>",
    "<template>",
    "<title>",
    "http://a)!",
    "www.",
    "> ",
    "-- \n",
    "\0",
];
/// Pieces of styles.
pub(super) const STYLE_WORDS: &[&str] = &[
    "color:",
    "background:",
    "url(",
    ")",
    ";",
    "/*",
    "*/",
    "\\",
    "expression(",
    "calc(",
    "@import",
    "!important",
    "\"",
    "'",
    "https://x.example/",
    "position:fixed",
    "width:1px",
    "display:none",
];

pub(super) fn headers() -> Vec<Vec<u8>> {
    own(&[
        "",
        "Subject: =?utf-8?B?w6k=?= and =?iso-8859-1?Q?=E9?=\r\nFrom: Jo <jo@x.example>\r\nDate: Tue, 3 Mar 2026 10:00:00 +0100\r\n\r\n",
        "From: \"A, B\" <a@x.example>, (c) d@x.example;\r\nTo: Friends: a@b.example, c@d.example;\r\n",
        "References: <a@x> <b@x>\r\n <c@x>\r\nMessage-ID: <d@x>\r\nIn-Reply-To: <c@x>\r\n",
        "Content-Type: multipart/mixed; boundary=\"x\"\r\nList-Id: A <a.x.example>\r\n",
        "Subject: \u{e9}\u{202e}\r\n\tfolded\r\nFrom \r\n: x\r\n",
    ])
    .into_iter()
    .chain(mime())
    .collect()
}

pub(super) fn addresses() -> Vec<Vec<u8>> {
    let mut all = own(&[
        "jo@x.example",
        "Jo <jo@x.example>, \"B, C\" <b@x.example>",
        "me@[IPv6:::1], (a (b) c) d@x.example (e)",
        "Friends: a@x.example, b@x.example;",
        "=?utf-8?B?w6k=?= <a@x.example>",
        "\"a\\\"b\"@x.example",
        "<<a@b>",
        "\\\"\\\"\\\"",
    ]);
    all.extend(line_cases("e-charset-address/jsmime-header-vectors.json", "input"));
    all
}

pub(super) fn encoded_words() -> Vec<Vec<u8>> {
    let mut all = own(&[
        "=?utf-8?B?w6k=?= =?utf-8?B?w6k=?=",
        "a =?iso-2022-jp?B?GyRCJDMbKEI=?= b",
        "=?utf-8*en?q?a_b=20?=",
        "=?a?q?=?a?q? =?x?x?x?=",
        "=?gb18030?B?1tDOxA==?=",
    ]);
    all.extend(line_cases("e-charset-address/jsmime-header-vectors.json", "input"));
    all
}

pub(super) fn mime() -> Vec<Vec<u8>> {
    let mut all = own(&[
        "Subject: hi\r\n\r\nwords\r\n",
        "Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: text/html\r\n\r\n<p>hi</p>\r\n--x\r\nContent-Type: \
         application/pdf; name=a.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\nQUJD\r\n--x--\r\n",
        "Content-Type: message/rfc822\n\nContent-Type: multipart/digest; boundary=y\n\n--y\n\nSubject: in\n\nhi\n--y--\n",
        "Content-Type: text/plain; charset=iso-2022-jp; format=flowed; delsp=yes\n\n\u{1b}$B$3\u{1b}(B \nx\n",
        "Content-Type: text/plain\n\nbegin 644 a.txt\n#86)C\n`\nend\n",
        "Content-Disposition: attachment; filename*0*=utf-8''a%2e; filename*1=exe\n\nx",
        "Content-Type: multipart/related; boundary=z\n\n--z\nContent-Type: text/html\n\n<img src=cid:a>\n--z\nContent-ID: <a>\n\
         Content-Type: image/png\n\nx\n--z--",
    ]);
    for name in ["mime4j-mimetools", "mimekit", "ruby-mail", "stalwart-mail-parser", "rspamd", "cpython-email"] {
        all.extend(archive(&format!("a-mail/{name}.tar.zst"), 12, 12 << 10));
    }
    all
}

pub(super) fn html() -> Vec<Vec<u8>> {
    let mut all = own(&[
        "<p>Hi <b>you</b> <a href=\"https://x.example/?a&amp;b\">l</a></p>",
        "<table><tr><td style=\"background:url(https://x.example/a.png)\"><img src=cid:a alt='x'></table>",
        "<style>p{background:url(//x)}</style><body bgcolor=red dir=rtl><p align=left>x",
        "<svg><foreignObject><p><style><a title=\"</style><img src=x onerror=alert(1)>\">",
        "<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 onerror=alert(1)&gt;\">",
        "<a href=\"java\u{1}script:x\">a</a><img src=\"data:image/svg+xml;base64,AAAA\"><base href=//x>",
        "<!--[if mso]><p>x</p><![endif]--><div style='font-size:0'>hidden</div>",
    ]);
    for (name, member) in [
        ("owasp-xss-filter-evasion", "html"),
        ("dompurify-expect", "payload"),
        ("ammonia-cases", "html"),
        ("roundcube-washtml", "html"),
    ] {
        all.extend(line_cases(&format!("b-html/{name}.json"), member));
    }
    all
}

pub(super) fn plain_text() -> Vec<Vec<u8>> {
    own(&[
        "Hi,\nsee https://a.example/x?y&z. Or jo@b.example!\n> one\n>> two\n-- \nJo\n",
        "http://a.example/(b)!)!)! www.b.example, <mailto:x@y.example>",
        "",
        "> > > >>>>>>> deep\n\n\n",
    ])
}

pub(super) fn style() -> Vec<Vec<u8>> {
    own(&[
        "color:red;width:calc(1px + 2%);background:url('https://x.example/a.png') no-repeat",
        "font-family:\"A;B\",serif;/* x */margin:0 auto!important",
        "width:expression(alert(1));position:fixed;color:\\72 ed",
    ])
}

pub(super) fn mailto() -> Vec<Vec<u8>> {
    own(&["jo@x.example?subject=a%20b&body=c%0d%0ad&cc=e@x.example", "a@b,c@d?to=e@f&bcc=g@h", "?subject=%E9"])
}

pub(super) fn uid_sets() -> Vec<Vec<u8>> {
    own(&["1:4,7,9:12", "5:3", "4294967295", "1,2,3,2:9", "*"])
}
