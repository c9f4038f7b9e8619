//! Desktop notifications. What they say comes from mail, so it is cut short, stripped of control characters, and escaped where
//! the desktop would read markup.

use godwit_domain::plain_words;

/// The longest title or text, in characters.
const MAX_CHARS: usize = 120;

/// What a notification says, made safe to show.
#[derive(Debug, PartialEq, Eq)]
pub struct Note {
    title: String,
    text: String,
}

impl Note {
    /// Cleans both lines.
    pub fn new(title: &str, text: &str) -> Self {
        let clean = |s: &str| plain_words(s).chars().take(MAX_CHARS).collect();
        Self { title: clean(title), text: clean(text) }
    }
}

/// Shows a notification; `clicked` runs when the person chooses it. A desktop without notifications is logged, no more.
#[cfg(all(unix, not(target_os = "macos")))]
pub fn show(note: Note, clicked: impl FnOnce() + Send + 'static) {
    use std::sync::atomic::{AtomicUsize, Ordering};
    /// Notifications whose click is waited for, each on a thread of its own. What comes beyond is shown, and its click lost.
    const MAX_WAITING: usize = 8;
    static WAITING: AtomicUsize = AtomicUsize::new(0);

    std::thread::spawn(move || {
        let mut notification = notify_rust::Notification::new();
        notification
            .appname("Godwit")
            .icon("godwit")
            .summary(&note.title)
            .body(&escape(&note.text))
            .action("default", "Open")
            .hint(notify_rust::Hint::Category("email.arrived".to_owned()))
            .hint(notify_rust::Hint::DesktopEntry("Godwit".to_owned()));
        match notification.show() {
            Ok(shown) if WAITING.fetch_add(1, Ordering::SeqCst) < MAX_WAITING => {
                shown.wait_for_action(|action| {
                    if action == "default" {
                        clicked();
                    }
                });
                WAITING.fetch_sub(1, Ordering::SeqCst);
            }
            Ok(_) => {
                WAITING.fetch_sub(1, Ordering::SeqCst);
            }
            Err(error) => tracing::info!(%error, "no notification could be shown"),
        }
    });
}

/// Shows a notification. These systems raise the program by themselves when it is clicked.
#[cfg(not(all(unix, not(target_os = "macos"))))]
pub fn show(note: Note, _clicked: impl FnOnce() + Send + 'static) {
    std::thread::spawn(move || {
        let shown = notify_rust::Notification::new().appname("Godwit").summary(&note.title).body(&note.text).show();
        if let Err(error) = shown {
            tracing::info!(%error, "no notification could be shown");
        }
    });
}

/// Desktops may read the body as markup (Desktop Notifications Specification, section "Markup").
#[cfg(any(test, all(unix, not(target_os = "macos"))))]
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_can_write_neither_markup_nor_lines_into_a_notification() {
        let note = Note::new("Marit\r\nSolheim\u{202e}", &"x".repeat(500));
        assert_eq!(note.title, "Marit Solheim");
        assert_eq!(note.text.chars().count(), MAX_CHARS);
        assert_eq!(escape("<a href=x>&"), "&lt;a href=x&gt;&amp;");
    }
}
