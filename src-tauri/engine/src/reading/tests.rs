//! What frames get, and what they don't.

use super::*;

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n....";

fn message(html: &str) -> Vec<u8> {
    format!(
        "From: a@b.example\nContent-Type: multipart/related; boundary=b\n\n--b\nContent-Type: text/html; charset=utf-8\n\n{html}\n\
         --b\nContent-Type: image/png\nContent-ID: <pic@x>\nContent-Transfer-Encoding: base64\n\niVBORw0KGgouLi4u\n\
         --b\nContent-Type: image/png; name=x.png\nContent-ID: <svg@x>\n\n<svg onload=alert(1)></svg>\n--b--\n"
    )
    .into_bytes()
}

fn header<'a>(answer: &'a FrameAnswer, name: &str) -> &'a str {
    answer.headers.iter().find(|(n, _)| n == name).map_or("", |(_, value)| value)
}

#[test]
fn a_body_comes_with_its_policy_and_only_its_script() {
    let reading = Reading::new();
    let (token, rendered) = reading.open(message("<p>Hi <img src=\"cid:pic@x\"></p><script>alert(1)</script>"), false).unwrap();
    let body = reading.answer(&format!("/{token}/body?theme=dark"));
    assert_eq!(body.status, 200);
    let text = String::from_utf8(body.body.clone()).unwrap();
    assert!(text.contains(&format!("<p>Hi <img src=\"mail://localhost/{token}/part/0\"></p>")), "{text}");
    assert!(text.contains("<html data-theme=\"dark\" data-colours=\"ours\">"), "{text}");
    assert_eq!(text.matches("<script>").count(), 1);
    assert!(!text.contains("alert(1)"));
    let policy = header(&body, "Content-Security-Policy");
    for rule in [
        "default-src 'none'",
        "script-src 'sha256-",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-src 'none'",
        "sandbox allow-scripts",
    ] {
        assert!(policy.contains(rule), "{policy}");
    }
    for never in ["https:", "data:", "unsafe-eval", "allow-same-origin", "allow-popups"] {
        assert!(!policy.contains(never), "{policy}");
    }
    assert_eq!((header(&body, "X-Content-Type-Options"), header(&body, "Cache-Control")), ("nosniff", "no-store"));
    assert!(rendered.attachments[0].inline);
}

#[test]
fn the_bridge_is_the_one_that_was_reviewed() {
    let bridge = include_str!("../../../../ui/frame/bridge.js");
    assert!(bridge.lines().count() <= 100, "the bridge has {} lines", bridge.lines().count());
    assert!(!bridge.contains("</script") && !bridge.contains('\r'));
    for never in ["fetch(", "XMLHttpRequest", "innerHTML", "eval", "import(", "http:", "https:", "localStorage", "cookie"] {
        assert!(!bridge.contains(never), "{never}");
    }
    assert_eq!(
        page::bridge_hash(),
        "iX/aizvngIjQobFMGpNuKg50e3Y/mqofjotZ46iJavw=",
        "review ui/frame/bridge.js, then pin its new hash here"
    );
}

#[test]
fn pictures_are_served_after_a_look_at_their_bytes() {
    let reading = Reading::new();
    let (token, _) =
        reading.open(message("<img src=\"data:image/png;base64,iVBORw0KGgouLi4u\"><img src=\"cid:svg@x\">"), false).unwrap();
    let ask = |what: &str| reading.answer(&format!("/{token}/{what}"));
    let part = ask("part/0");
    assert_eq!((part.status, header(&part, "Content-Type"), part.body.as_slice()), (200, "image/png", PNG));
    assert_eq!(header(&part, "Content-Security-Policy"), "default-src 'none'; sandbox");
    let svg = ask("part/1");
    assert_eq!((svg.status, header(&svg, "Content-Type")), (200, "application/octet-stream"));
    let lifted = ask("picture/0");
    assert_eq!((header(&lifted, "Content-Type"), lifted.body.as_slice()), ("image/png", PNG));
    let body = String::from_utf8(ask("body").body).unwrap();
    assert!(body.contains(&format!("src=\"mail://localhost/{token}/picture/0\"")) && !body.contains("data:image"));
}

#[test]
fn anything_else_is_not_there() {
    let reading = Reading::new();
    let (token, _) = reading.open(message("x"), false).unwrap();
    for path in [
        "",
        "/",
        "/body",
        "//body",
        "/0123/body",
        &format!("/{token}"),
        &format!("/{token}/"),
        &format!("/{token}/part"),
        &format!("/{token}/part/x"),
        &format!("/{token}/part/99"),
        &format!("/{token}/part/-1"),
        &format!("/{token}/part/0/x"),
        &format!("/{token}/body/0"),
        &format!("/{token}/../body"),
        &format!("/{token}/remote/0"),
        &format!("/{token}/picture/0"),
        &format!("/{token}/part/99999999999"),
    ] {
        assert_eq!(reading.answer(path).status, 404, "{path}");
    }
    reading.close(&token);
    assert_eq!(reading.answer(&format!("/{token}/body")).status, 404);
}

#[test]
fn the_message_longest_unused_goes_first() {
    let reading = Reading::new();
    let tokens: Vec<String> =
        (0..MOST_OPEN).map(|n| reading.open(format!("Subject: {n}\n\nx").into_bytes(), false).unwrap().0).collect();
    let body = |n: usize| reading.answer(&format!("/{}/body", tokens[n])).status;
    assert_eq!(body(0), 200);
    reading.open(b"Subject: one more\n\nx".to_vec(), false).unwrap();
    assert_eq!((body(0), body(1), body(2)), (200, 404, 200));
    assert_eq!(tokens.iter().collect::<std::collections::HashSet<_>>().len(), MOST_OPEN);
    assert!(tokens.iter().all(|t| t.len() == 32));
}

#[test]
fn links_are_known_by_number_only() {
    let reading = Reading::new();
    let (token, _) = reading.open(message("<a href=\"https://a.example/x\">x</a><a href=\"file:///etc\">y</a>"), false).unwrap();
    assert_eq!(reading.link(&token, 0).unwrap(), "https://a.example/x");
    assert!(reading.link(&token, 1).is_err() && reading.link("nope", 0).is_err());
}

#[test]
fn mails_with_grounds_of_their_own_get_a_sheet() {
    let reading = Reading::new();
    let colours = |html: &str| {
        let (token, _) = reading.open(message(html), false).unwrap();
        let page = String::from_utf8(reading.answer(&format!("/{token}/body")).body).unwrap();
        let (_, rest) = page.split_once("<html data-theme=\"light\" data-colours=\"").unwrap();
        rest.split_once('"').unwrap().0.to_owned()
    };
    assert_eq!(colours("<td bgcolor=red>x</td><table bgcolor=red><tr><td>x</table>"), "own");
    assert_eq!(colours("<p style=\"background-color:#eee;color:#333\">x</p>"), "own");
    assert_eq!(colours("<p style=\"color:#333\">x</p>"), "letters");
    assert_eq!(colours("<p align=center>x</p>"), "ours");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pictures_from_the_network_come_with_leave_only() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let server = tokio::spawn(async move {
        for n in 0..2 {
            let (mut tcp, _) = listener.accept().await.unwrap();
            let mut request = [0; 1024];
            assert!(tcp.read(&mut request).await.unwrap() > 0);
            let body: &[u8] = if n == 0 { PNG } else { b"<svg></svg>" };
            tcp.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n\r\n").await.unwrap();
            tcp.write_all(body).await.unwrap();
        }
    });
    let reading = Arc::new(Reading::with(remote::Fetcher::for_tests(TlsContext::new())));
    let html = format!("<img src=\"{origin}/a\"><img src=\"{origin}/b\"><img src=\"{origin}/t\" width=1 height=1>");
    let (closed, _) = reading.open(message(&html), false).unwrap();
    let (open, rendered) = reading.open(message(&html), true).unwrap();
    assert_eq!(rendered.remote.iter().map(|r| r.blocked).collect::<Vec<_>>(), [false, false, true]);
    let ask = |path: String| {
        let reading = reading.clone();
        tokio::task::spawn_blocking(move || reading.answer(&path))
    };
    assert_eq!(ask(format!("/{closed}/remote/0")).await.unwrap().status, 404);
    for _ in 0..2 {
        let answer = ask(format!("/{open}/remote/0")).await.unwrap();
        assert_eq!((answer.status, header(&answer, "Content-Type"), answer.body.as_slice()), (200, "image/png", PNG));
    }
    assert_eq!(ask(format!("/{open}/remote/1")).await.unwrap().status, 404);
    assert_eq!(ask(format!("/{open}/remote/2")).await.unwrap().status, 404);
    server.await.unwrap();
}
