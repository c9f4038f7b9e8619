//! The web view's own process can die while ours lives: its page is loaded again in a new one. What was being written is kept,
//! since drafts are saved as they are typed.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::time::{Duration, Instant};
use tauri::WebviewWindow;
use webkit2gtk::WebViewExt;

/// A page that dies more often than this ends what it is loaded into each time: it stays away.
const MOST: usize = 3;
const WITHIN: Duration = Duration::from_secs(60);

/// Listens for the end of the web process.
pub fn watch(window: &WebviewWindow, home: &'static str) {
    let heard = window.with_webview(move |view| {
        let deaths = RefCell::new(Deaths::default());
        view.inner().connect_web_process_terminated(move |view, reason| {
            let again = deaths.borrow_mut().may_return(Instant::now());
            tracing::error!(?reason, again, "the web view's process ended");
            if again {
                view.load_uri(home);
            }
        });
    });
    if let Err(error) = heard {
        tracing::warn!(%error, "nobody will hear when the web view's process ends");
    }
}

/// When the process died lately.
#[derive(Default)]
struct Deaths(VecDeque<Instant>);

impl Deaths {
    /// Counts one more; whether the page is loaded again.
    fn may_return(&mut self, now: Instant) -> bool {
        while self.0.front().is_some_and(|then| now.duration_since(*then) > WITHIN) {
            self.0.pop_front();
        }
        self.0.push_back(now);
        self.0.truncate(MOST + 1);
        self.0.len() <= MOST
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_that_keeps_dying_is_left_until_it_was_quiet() {
        let mut deaths = Deaths::default();
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let outcome: Vec<bool> = [0, 1, 2, 3, 4].map(|s| deaths.may_return(at(s))).into();
        assert_eq!(outcome, [true, true, true, false, false]);
        assert!(deaths.may_return(at(70)), "a minute later it may try again");
    }
}
