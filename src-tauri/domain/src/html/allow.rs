//! What may stand in a shown message: elements, attributes, CSS properties. One table for the sanitiser and its verifier.

/// Elements. Nothing that scripts, loads, embeds, asks for input or switches the parser's mode.
pub(super) const ELEMENTS: &[&str] = &[
    "a",
    "abbr",
    "acronym",
    "address",
    "article",
    "aside",
    "b",
    "bdi",
    "bdo",
    "big",
    "blockquote",
    "br",
    "caption",
    "center",
    "cite",
    "code",
    "col",
    "colgroup",
    "dd",
    "del",
    "details",
    "dfn",
    "div",
    "dl",
    "dt",
    "em",
    "figcaption",
    "figure",
    "font",
    "footer",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hgroup",
    "hr",
    "i",
    "img",
    "ins",
    "kbd",
    "li",
    "main",
    "mark",
    "nav",
    "ol",
    "p",
    "pre",
    "q",
    "rp",
    "rt",
    "ruby",
    "s",
    "samp",
    "section",
    "small",
    "span",
    "strike",
    "strong",
    "sub",
    "summary",
    "sup",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "time",
    "tr",
    "tt",
    "u",
    "ul",
    "var",
    "wbr",
];

/// Elements that have no end tag.
pub(super) const VOID: &[&str] = &["br", "col", "hr", "img", "wbr"];

/// Elements whose content goes with them.
pub(super) const GONE_WITH_CONTENT: &[&str] = &[
    "applet",
    "audio",
    "canvas",
    "datalist",
    "frameset",
    "iframe",
    "math",
    "noembed",
    "noframes",
    "noscript",
    "object",
    "optgroup",
    "option",
    "plaintext",
    "script",
    "select",
    "style",
    "svg",
    "template",
    "textarea",
    "title",
    "video",
    "xmp",
];

/// Attributes of any element.
pub(super) const GENERIC: &[&str] = &["align", "bgcolor", "dir", "height", "lang", "role", "style", "title", "valign", "width"];

/// Attributes of one element beside the generic ones.
pub(super) fn attributes(element: &str) -> &'static [&'static str] {
    match element {
        "a" => &["href"],
        "img" => &["alt", "border", "hspace", "src", "vspace"],
        "table" => &["background", "border", "bordercolor", "cellpadding", "cellspacing", "frame", "rules", "summary"],
        "td" | "th" => &["background", "bordercolor", "colspan", "nowrap", "rowspan", "scope"],
        "tr" | "tbody" | "thead" | "tfoot" => &["background", "bordercolor"],
        "col" | "colgroup" => &["span"],
        "font" => &["color", "face", "size"],
        "hr" => &["color", "noshade", "size"],
        "br" => &["clear"],
        "ol" => &["reversed", "start", "type"],
        "ul" => &["type"],
        "li" => &["type", "value"],
        "blockquote" => &["type"],
        "details" => &["open"],
        "pre" => &["wrap"],
        _ => &[],
    }
}

/// Whether a CSS property may be set. Nothing that places things over others, animates, filters or makes content.
pub(super) fn property(name: &str) -> bool {
    const EXACT: &[&str] = &[
        "color",
        "direction",
        "display",
        "float",
        "clear",
        "height",
        "width",
        "min-height",
        "min-width",
        "max-height",
        "max-width",
        "letter-spacing",
        "line-height",
        "opacity",
        "table-layout",
        "caption-side",
        "empty-cells",
        "unicode-bidi",
        "vertical-align",
        "visibility",
        "white-space",
        "word-break",
        "word-spacing",
        "word-wrap",
        "overflow",
        "overflow-x",
        "overflow-y",
        "overflow-wrap",
        "hyphens",
        "box-sizing",
        "box-shadow",
        "flex",
        "flex-basis",
        "flex-direction",
        "flex-flow",
        "flex-grow",
        "flex-shrink",
        "flex-wrap",
        "order",
        "gap",
        "row-gap",
        "column-gap",
        "column-count",
        "column-width",
        "columns",
        "align-content",
        "align-items",
        "align-self",
        "justify-content",
        "justify-items",
        "justify-self",
        "object-fit",
        "object-position",
        "aspect-ratio",
        "tab-size",
        "quotes",
        "orphans",
        "widows",
        "page-break-after",
        "page-break-before",
        "page-break-inside",
        "margin",
        "padding",
        "border",
        "outline",
        "background",
        "font",
        "list-style",
        "text-decoration",
        "writing-mode",
    ];
    const FAMILIES: &[&str] = &["margin-", "padding-", "border-", "outline-", "background-", "font-", "list-style-", "text-"];
    let plain = name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
    // A picture as a frame would be a load under another name.
    let pictures = name.starts_with("border-image") || name == "background-blend-mode" || name.starts_with("font-palette");
    plain && !pictures && (EXACT.contains(&name) || FAMILIES.iter().any(|f| name.starts_with(f)))
}

/// CSS functions that only compute.
pub(super) const FUNCTIONS: &[&str] = &[
    "rgb",
    "rgba",
    "hsl",
    "hsla",
    "hwb",
    "lab",
    "lch",
    "oklab",
    "oklch",
    "calc",
    "min",
    "max",
    "clamp",
    "linear-gradient",
    "radial-gradient",
    "conic-gradient",
    "repeating-linear-gradient",
    "repeating-radial-gradient",
];

/// Media types of pictures that may be shown in place. SVG is a document, not a picture.
pub(super) fn picture(media_type: &str) -> bool {
    matches!(
        media_type,
        "image/png"
            | "image/x-png"
            | "image/apng"
            | "image/jpeg"
            | "image/jpg"
            | "image/pjpeg"
            | "image/gif"
            | "image/webp"
            | "image/bmp"
            | "image/x-ms-bmp"
    )
}

/// Whether a `data:` URL holds a picture that may be shown: raster, base64, nothing behind it.
pub(super) fn data_picture(url: &str) -> bool {
    let Some((head, data)) = url.split_once(',') else { return false };
    let head = head.to_ascii_lowercase();
    let Some(media_type) = head.strip_prefix("data:").and_then(|h| h.strip_suffix(";base64")) else { return false };
    picture(media_type) && data.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'='))
}
