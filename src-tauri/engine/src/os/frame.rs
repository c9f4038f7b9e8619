//! Frames on the owner's socket: four bytes of length (little endian), then one JSON document.
//! Never reads a frame longer than the bound, and never allocates for bytes that have not come.

use serde::Serialize;
use serde::de::DeserializeOwned;
use std::io;
use tokio::io::{AsyncRead, AsyncReadExt};

/// The longest frame.
pub const MAX_FRAME: u32 = 64 << 20;

/// Reads one frame; `None` where the other side closed between two.
pub async fn read<T: DeserializeOwned>(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Option<T>> {
    let mut len = [0u8; 4];
    if stream.read(&mut len[..1]).await? == 0 {
        return Ok(None);
    }
    stream.read_exact(&mut len[1..]).await?;
    let len = u32::from_le_bytes(len);
    if len > MAX_FRAME {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "the frame is too long"));
    }
    let mut bytes = Vec::new();
    stream.take(u64::from(len)).read_to_end(&mut bytes).await?;
    if bytes.len() as u64 != u64::from(len) {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    serde_json::from_slice(&bytes).map(Some).map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "the frame makes no sense"))
}

/// One frame, ready to be written.
pub fn encode(value: &impl Serialize) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0u8; 4];
    serde_json::to_writer(&mut bytes, value)?;
    let len = u32::try_from(bytes.len() - 4).ok().filter(|len| *len <= MAX_FRAME);
    let Some(len) = len else {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "the frame is too long"));
    };
    if let Some(head) = bytes.first_chunk_mut::<4>() {
        *head = len.to_le_bytes();
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::AsyncWriteExt;

    #[tokio::test]
    async fn frames_come_back_as_they_went_out() {
        let (mut a, mut b) = tokio::io::duplex(8);
        let sent = tokio::spawn(async move {
            a.write_all(&encode(&"first").unwrap()).await.unwrap();
            a.write_all(&encode(&"second, longer than the pipe").unwrap()).await.unwrap();
        });
        assert_eq!(read::<String>(&mut b).await.unwrap().unwrap(), "first");
        assert_eq!(read::<String>(&mut b).await.unwrap().unwrap(), "second, longer than the pipe");
        assert_eq!(read::<String>(&mut b).await.unwrap(), None);
        sent.await.unwrap();
    }

    #[tokio::test]
    async fn a_frame_that_lies_is_refused() {
        let check = async |bytes: &[u8], kind: io::ErrorKind| {
            let mut bytes = bytes;
            assert_eq!(read::<String>(&mut bytes).await.unwrap_err().kind(), kind, "{bytes:?}");
        };
        check(&[255, 255, 255, 255, b'"'], io::ErrorKind::InvalidData).await;
        check(&[9, 0, 0, 0, b'"', b'x'], io::ErrorKind::UnexpectedEof).await;
        check(&[1, 0], io::ErrorKind::UnexpectedEof).await;
        check(&[2, 0, 0, 0, b'{', b'}'], io::ErrorKind::InvalidData).await;
    }
}
