//! The two schemes beside IPC: `mail` serves message bodies and images to the sandboxed frame, `attach` takes files of the
//! composer. Both answer only while the app's own page is the top-level document, and never as one themselves.

use crate::shell::Shell;
use crate::window;
use godwit_domain::{DraftId, Error, ErrorKind, Result};
use tauri::http::{Method, Request, Response, Uri, header};
use tauri::{Manager, Runtime, UriSchemeContext, UriSchemeResponder};

/// The scheme of message bodies.
pub const MAIL: &str = "mail";
/// The scheme that takes attachments.
pub const ATTACH: &str = "attach";

/// The longest path with its query that is looked at.
const MAX_PATH: usize = 2048;
/// The largest attachment taken from the window: 50 MiB.
const MAX_UPLOAD: usize = 50 * 1024 * 1024;

/// How a scheme's origin is written on this system.
pub fn origin(scheme: &str) -> String {
    if cfg!(any(windows, target_os = "android")) { format!("http://{scheme}.localhost") } else { format!("{scheme}://localhost") }
}

type Answer = Response<Vec<u8>>;

/// Answers `mail:` requests, off the interface's thread.
pub fn mail<R: Runtime>(context: UriSchemeContext<'_, R>, request: Request<Vec<u8>>, responder: UriSchemeResponder) {
    let path = path_of(request.uri());
    if request.method() != Method::GET || !is_asked_by_the_app(&context) || path.len() > MAX_PATH {
        return responder.respond(refusal(403));
    }
    let app = context.app_handle().clone();
    tauri::async_runtime::spawn_blocking(move || {
        let Some(engine) = app.state::<Shell>().engine_now() else { return responder.respond(refusal(503)) };
        let frame = engine.frame(&path);
        let built = frame.headers.iter().fold(Response::builder().status(frame.status), |b, (name, value)| b.header(name, value));
        responder.respond(built.body(frame.body).unwrap_or_else(|_| refusal(500)));
    });
}

/// Takes `POST attach://localhost/draft/<id>?name=…&type=…`; answers the draft as JSON, or the error.
pub fn attach<R: Runtime>(context: UriSchemeContext<'_, R>, request: Request<Vec<u8>>, responder: UriSchemeResponder) {
    let from_the_app =
        request.headers().get(header::ORIGIN).and_then(|o| o.to_str().ok()).is_some_and(|o| o == window::app_origin());
    if !from_the_app || !is_asked_by_the_app(&context) {
        return responder.respond(refusal(403));
    }
    if request.method() == Method::OPTIONS {
        return responder.respond(allow_the_app(Response::builder().status(204), Vec::new()));
    }
    let app = context.app_handle().clone();
    tauri::async_runtime::spawn(async move {
        let outcome = match app.state::<Shell>().engine().await {
            Ok(engine) => match upload(request) {
                Ok((draft, name, kind, bytes)) => engine.attach_bytes(draft, &name, &kind, bytes).await,
                Err(error) => Err(error),
            },
            Err(error) => Err(error),
        };
        let (status, body) = match &outcome {
            Ok(draft) => (200, serde_json::to_vec(draft)),
            Err(error) => (422, serde_json::to_vec(error)),
        };
        let builder = Response::builder().status(status).header(header::CONTENT_TYPE, "application/json");
        responder.respond(body.map_or_else(|_| refusal(500), |body| allow_the_app(builder, body)));
    });
}

/// Draft, file name, media type and bytes of an upload.
fn upload(request: Request<Vec<u8>>) -> Result<(DraftId, String, String, Vec<u8>)> {
    if request.method() != Method::POST {
        return Err(Error::new(ErrorKind::Refused, "Attachments are handed over by POST."));
    }
    let path = path_of(request.uri());
    let wrong = || Error::bug("The window attached a file in a way that the shell does not know.");
    let (path, query) = path.split_once('?').ok_or_else(wrong)?;
    let draft = path.strip_prefix("/draft/").and_then(|id| id.parse().ok()).map(DraftId).ok_or_else(wrong)?;
    let asked = |key: &str| url::form_urlencoded::parse(query.as_bytes()).find(|(k, _)| k == key).map(|(_, v)| v.into_owned());
    let name = asked("name").filter(|n| !n.is_empty() && n.len() <= MAX_PATH).ok_or_else(wrong)?;
    let kind = asked("type").and_then(|kind| media_type(&kind)).unwrap_or_else(|| "application/octet-stream".to_owned());
    let bytes = request.into_body();
    if bytes.len() > MAX_UPLOAD {
        return Err(Error::invalid("This file is larger than 50 MB.").mend("Share it by a link instead."));
    }
    Ok((draft, name, kind, bytes))
}

/// A media type without parameters, in lower case (RFC 6838 section 4.2); `None` where it has not that form.
fn media_type(text: &str) -> Option<String> {
    let (kind, subtype) = text.split(';').next()?.trim().split_once('/')?;
    let ok = |name: &str| {
        (1..=127).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&b))
    };
    (ok(kind) && ok(subtype)).then(|| format!("{kind}/{subtype}").to_ascii_lowercase())
}

/// Whether the window's top-level document is the app. A frame's own page, forced to be top-level, gets nothing.
fn is_asked_by_the_app<R: Runtime>(context: &UriSchemeContext<'_, R>) -> bool {
    let app = context.app_handle();
    context.webview_label() == window::MAIN
        && app.state::<Shell>().check_at_home().is_ok()
        && app.get_webview_window(window::MAIN).and_then(|w| w.url().ok()).is_some_and(|url| window::is_app(&url))
}

fn path_of(uri: &Uri) -> String {
    uri.path_and_query().map_or("/", |p| p.as_str()).to_owned()
}

fn allow_the_app(builder: tauri::http::response::Builder, body: Vec<u8>) -> Answer {
    builder
        .header(header::ACCESS_CONTROL_ALLOW_ORIGIN, window::app_origin())
        .header(header::ACCESS_CONTROL_ALLOW_METHODS, "POST")
        .header(header::ACCESS_CONTROL_ALLOW_HEADERS, "content-type")
        .header(header::CACHE_CONTROL, "no-store")
        .header(header::X_CONTENT_TYPE_OPTIONS, "nosniff")
        .header(header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox")
        .body(body)
        .unwrap_or_else(|_| refusal(500))
}

fn refusal(status: u16) -> Answer {
    let mut answer = Response::new(Vec::new());
    *answer.status_mut() = tauri::http::StatusCode::from_u16(status).unwrap_or_default();
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static("text/plain"));
    headers.insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-store"));
    headers.insert(header::CONTENT_SECURITY_POLICY, header::HeaderValue::from_static("default-src 'none'; sandbox"));
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    fn post(uri: &str, bytes: usize) -> Request<Vec<u8>> {
        Request::builder().method("POST").uri(uri).body(vec![0; bytes]).unwrap()
    }

    #[test]
    fn an_upload_names_its_draft_and_file() {
        let (draft, name, kind, bytes) =
            upload(post("attach://localhost/draft/7?name=Tide%20%C3%A9.png&type=Image/PNG%3B%20x%3D1", 3)).unwrap();
        assert_eq!((draft, name.as_str(), kind.as_str(), bytes.len()), (DraftId(7), "Tide é.png", "image/png", 3));
    }

    #[test]
    fn an_upload_that_is_odd_or_too_large_is_refused() {
        for uri in ["attach://localhost/draft/7", "attach://localhost/draft/x?name=a", "attach://localhost/?name=a"] {
            assert!(upload(post(uri, 1)).is_err(), "{uri}");
        }
        assert!(upload(post("attach://localhost/draft/7?name=", 1)).is_err());
        assert_eq!(upload(post("attach://localhost/draft/7?name=a", MAX_UPLOAD + 1)).unwrap_err().kind, ErrorKind::Invalid);
    }

    #[test]
    fn a_media_type_is_taken_only_in_its_own_form() {
        let check = |text: &str, want: Option<&str>| assert_eq!(media_type(text).as_deref(), want, "{text}");
        check("text/plain", Some("text/plain"));
        check("Application/VND.ms-excel; charset=x", Some("application/vnd.ms-excel"));
        check("text", None);
        check("a/b/c", None);
        check("a/b\r\nX: y", None);
        check("/", None);
    }

    #[test]
    fn a_refusal_says_its_status_and_runs_nothing() {
        let answer = refusal(403);
        assert_eq!(answer.status(), 403);
        assert!(answer.headers().contains_key("content-security-policy"));
    }
}
