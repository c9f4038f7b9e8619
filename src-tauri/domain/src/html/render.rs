//! What the reading pane gets of a message: safe HTML, or its text as HTML where there is none or it can't be made safe.

use super::{allow, clean, escaped, from_text, verdict, verify};
use crate::{Parsed, RemoteKind, Rendered};

/// How to render.
#[derive(Clone, Debug, Default)]
pub struct RenderOptions {
    /// Whether pictures from the network are pointed at the engine. Trackers, styles, fonts and frames stay out in any case.
    pub allow_remote: bool,
    /// What URLs of this message begin with, as `mail://localhost/<token>/`; parts are below `part/`, remote pictures below `remote/`.
    pub base: String,
}

/// Renders a parsed message. In the answer `inline` of an attachment says whether it is in fact shown in place.
pub fn render(parsed: &Parsed, options: &RenderOptions) -> Rendered {
    let mut rendered = Rendered {
        html: String::new(),
        text: parsed.text.clone(),
        remote: Vec::new(),
        links: Vec::new(),
        attachments: parsed.attachments.clone(),
        verdict: verdict(parsed),
        problems: parsed.problems.clone(),
    };
    let mut shown = Vec::new();
    match parsed.html.as_deref().map(|html| safe(html, parsed, options)) {
        Some(Ok(made)) => {
            (rendered.html, rendered.links, rendered.remote, shown) = (made.html, made.links, made.remote, made.shown);
        }
        Some(Err(problem)) => {
            rendered.problems.push(problem.into());
            rendered.html = from_text(&parsed.text, &mut rendered.links);
        }
        None => rendered.html = from_text(&parsed.text, &mut rendered.links),
    }
    for attachment in &mut rendered.attachments {
        let picture = allow::picture(&attachment.media_type);
        if attachment.inline && picture && !shown.contains(&attachment.part) {
            let (part, name) = (attachment.part, escaped(&attachment.name));
            rendered.html.push_str(&format!(
                "<div data-kind=\"inline\"><img src=\"{}part/{part}\" alt=\"{name}\"></div>",
                escaped(&options.base)
            ));
            shown.push(part);
        }
        attachment.inline = shown.contains(&attachment.part);
    }
    rendered
}

impl Rendered {
    /// Remote pictures that were left out and that leave could bring in.
    pub fn blocked_images(&self) -> usize {
        self.remote.iter().filter(|r| r.blocked && r.kind == RemoteKind::Image).count()
    }
}

fn safe(html: &str, parsed: &Parsed, options: &RenderOptions) -> Result<super::rewrite::Rewritten, &'static str> {
    let made = clean::for_frame(html, options.allow_remote, &options.base, &parsed.attachments)
        .map_err(|_| "The HTML of this message is too tangled to be shown; its text is shown instead.")?;
    verify(&made.html, &options.base)
        .map_err(|_| "The HTML of this message could not be made safe; its text is shown instead.")?;
    Ok(made)
}

#[cfg(test)]
#[path = "render_tests.rs"]
mod tests;
