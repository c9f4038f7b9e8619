//! One HTTP/1.1 exchange with a WebDriver on loopback, and its errors in words.

use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

/// Sends one request and answers its `value`.
pub fn call(port: u16, method: &str, path: &str, body: Option<&Value>) -> Result<Value> {
    let body = body.map(Value::to_string).unwrap_or_default();
    let mut socket = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).context("connect to the driver")?;
    socket.set_read_timeout(Some(Duration::from_secs(90)))?;
    let length = body.len();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    );
    socket.write_all(request.as_bytes())?;
    let mut reader = BufReader::new(socket);
    let mut status = String::new();
    reader.read_line(&mut status)?;
    let mut length = None;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 || line == "\r\n" {
            break;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = Some(value.trim().parse::<u64>()?);
        }
    }
    let mut text = Vec::new();
    reader.take(length.unwrap_or(u64::MAX)).read_to_end(&mut text)?;
    let reply: Value =
        serde_json::from_slice(&text).with_context(|| format!("{method} {path} was answered {}", status.trim()))?;
    if !status.contains(" 200") {
        let value = &reply["value"];
        bail!(
            "{method} {path}: {} {}",
            value["error"].as_str().unwrap_or("failed"),
            value["message"].as_str().unwrap_or_default()
        );
    }
    Ok(reply.get("value").cloned().unwrap_or(Value::Null))
}
