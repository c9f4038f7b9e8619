//! The one window: made here, never by a page; it shows the app and nothing else, downloads nothing and opens no other window.

use crate::shell::Shell;
use std::path::Path;
use tauri::webview::{Color, NewWindowResponse, PermissionResponse};
use tauri::{AppHandle, Manager, Theme, Url, WebviewUrl, WebviewWindow, WebviewWindowBuilder};

/// Its label: the only one that a capability names.
pub const MAIN: &str = "main";

/// The ground of the window in light and dark (`--chrome` of the design tokens), so that nothing flashes before the first paint.
const LIGHT: Color = Color(0xEC, 0xEF, 0xF0, 0xFF);
const DARK: Color = Color(0x0E, 0x13, 0x15, 0xFF);

/// The origin of the app's own page.
pub fn app_origin() -> &'static str {
    if tauri::is_dev() {
        "http://localhost:1420"
    } else if cfg!(any(windows, target_os = "android")) {
        "http://tauri.localhost"
    } else {
        "tauri://localhost"
    }
}

/// Whether this is the app's own page.
pub fn is_app(url: &Url) -> bool {
    url.as_str().strip_prefix(app_origin()).is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?', '#']))
}

/// Where the web view may go: the app's page, and, where the web view asks for frames too, a message's page. That page is
/// answered only while the app is the top-level document (see `schemes`).
fn may_navigate(url: &Url) -> bool {
    is_app(url) || (cfg!(unix) && url.scheme() == crate::schemes::MAIL && url.host_str() == Some("localhost"))
}

/// Makes the window. It is shown once its ground has the right colour.
pub fn make(app: &AppHandle, profile: &Path) -> tauri::Result<WebviewWindow> {
    let builder = WebviewWindowBuilder::new(app, MAIN, WebviewUrl::App("index.html".into()))
        .title("Godwit")
        .inner_size(1280.0, 800.0)
        .min_inner_size(480.0, 400.0)
        .visible(false)
        .background_color(LIGHT)
        .devtools(cfg!(debug_assertions))
        // Files are dropped into the page as bytes; their paths never reach it.
        .disable_drag_drop_handler()
        .on_navigation(may_navigate)
        .on_new_window(|_, _| NewWindowResponse::Deny)
        .on_download(|_, _| false)
        .on_permission_request(|_, _| PermissionResponse::Deny)
        .on_page_load(|window, load| {
            let here = is_app(load.url());
            window.state::<Shell>().set_at_home(here);
            // At the start, so that nothing shows; at the end too, since a load that is under way can swallow the way back.
            if !here {
                go_home(&window);
            }
        });
    let window = crate::os::keep_offline(crate::os::keep_web_data(builder, profile)).build()?;
    let ground = if matches!(window.theme(), Ok(Theme::Dark)) { DARK } else { LIGHT };
    window.set_background_color(Some(ground))?;
    crate::os::revive(&window, app_origin());
    window.show()?;
    Ok(window)
}

/// WebKitGTK asks `may_navigate` for frames and for the window alike, with nothing to tell them apart. So a message's page that was
/// forced to be the window's own document is found here, when it starts to load: it gets no command answered and goes at once.
fn go_home(window: &WebviewWindow) {
    tracing::warn!("a page that is not Godwit's was kept out of the window");
    let gone = Url::parse(app_origin()).map_err(|e| tauri::Error::Anyhow(e.into())).and_then(|home| window.navigate(home));
    if let Err(error) = gone {
        tracing::error!(%error, "the window can't go back to its own page");
    }
}

/// Brings the window to the front.
pub fn raise(app: &AppHandle) {
    let Some(window) = app.get_webview_window(MAIN) else { return };
    for done in [window.unminimize(), window.show(), window.set_focus()] {
        if let Err(error) = done {
            tracing::warn!(%error, "the window can't be raised");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_apps_own_page_is_the_app() {
        let check = |url: &str, app: bool| assert_eq!(is_app(&Url::parse(url).unwrap()), app, "{url}");
        let origin = app_origin();
        check(origin, true);
        check(&format!("{origin}/index.html?x#y"), true);
        check(&format!("{origin}.evil.example/"), false);
        check("https://evil.example/", false);
        check("mail://localhost/token/body", false);
        check("attach://localhost/", false);
        check("about:blank", false);
        check("file:///etc/passwd", false);
        check("data:text/html,x", false);
    }

    #[test]
    fn the_web_view_goes_nowhere_else() {
        let check = |url: &str, may: bool| assert_eq!(may_navigate(&Url::parse(url).unwrap()), may, "{url}");
        check("mail://localhost/token/body", cfg!(unix));
        check("mail://elsewhere/token/body", false);
        check("attach://localhost/draft/1", false);
        check("ipc://localhost/", false);
        check("javascript:alert(1)", false);
    }
}
