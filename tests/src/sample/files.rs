//! Real files for attachments and pictures, made on the spot: PNG seascapes, a PDF, a calendar, a table.

use super::letter::File;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};

/// A quiet sea under a sky, in the light of `hour` (0 dawn, 1 day, 2 dusk). Painted once per size and light.
pub fn seascape(width: usize, height: usize, hour: usize) -> Vec<u8> {
    static PAINTED: Mutex<BTreeMap<(usize, usize, usize), Vec<u8>>> = Mutex::new(BTreeMap::new());
    let mut painted = PAINTED.lock().unwrap_or_else(PoisonError::into_inner);
    painted.entry((width, height, hour % 3)).or_insert_with(|| paint(width, height, hour)).clone()
}

fn paint(width: usize, height: usize, hour: usize) -> Vec<u8> {
    let skies = [([250, 214, 190], [120, 160, 190]), ([228, 240, 246], [92, 150, 176]), ([246, 196, 150], [60, 84, 120])];
    let (low, high): ([i32; 3], [i32; 3]) = skies[hour % 3];
    let horizon = height * 3 / 5;
    let blend = |a: i32, b: i32, part: usize, whole: usize| (a + (b - a) * part as i32 / whole.max(1) as i32).clamp(0, 255) as u8;
    let mut palette = Vec::new();
    for step in 0..64 {
        palette.extend((0..3).map(|c| blend(high[c], low[c], step, 63)));
    }
    for step in 0..64 {
        palette.extend((0..3).map(|c| blend(low[c] - 60, 24 + 14 * c as i32, step, 63)));
    }
    palette.extend([52, 46, 44, 250, 246, 230]);
    let mut pixels = Vec::with_capacity((width + 1) * height);
    for y in 0..height {
        pixels.push(0);
        for x in 0..width {
            pixels.push(pixel(x, y, width, height, horizon));
        }
    }
    png(width, height, &palette, &pixels)
}

fn pixel(x: usize, y: usize, width: usize, height: usize, horizon: usize) -> u8 {
    // A bird low over the water: two shallow arcs.
    let (bx, by) = (x as i64 - (width * 2 / 3) as i64, y as i64 - (horizon / 2) as i64);
    let span = (width / 14) as i64;
    let wing = span / 3 - (bx.abs() - span / 2).pow(2) * 2 / span.max(1);
    if bx.abs() < span && (by + wing).abs() <= 1 {
        return 128;
    }
    if y < horizon {
        return (y * 63 / horizon.max(1)) as u8;
    }
    let depth = y - horizon;
    let wave = (x * 7 / (depth + 3) + depth * 5) % 11;
    if wave == 0 && depth > 2 {
        return 129;
    }
    64 + (depth * 63 / (height - horizon).max(1)) as u8
}

/// An indexed PNG with stored (not compressed) data.
fn png(width: usize, height: usize, palette: &[u8], pixels: &[u8]) -> Vec<u8> {
    let mut out = b"\x89PNG\r\n\x1a\n".to_vec();
    let mut header = Vec::new();
    header.extend((width as u32).to_be_bytes());
    header.extend((height as u32).to_be_bytes());
    header.extend([8, 3, 0, 0, 0]);
    chunk(&mut out, b"IHDR", &header);
    chunk(&mut out, b"PLTE", palette);
    let mut data = vec![0x78, 0x01];
    let mut blocks = pixels.chunks(65_535).peekable();
    while let Some(block) = blocks.next() {
        data.push(u8::from(blocks.peek().is_none()));
        data.extend((block.len() as u16).to_le_bytes());
        data.extend((!(block.len() as u16)).to_le_bytes());
        data.extend_from_slice(block);
    }
    let (mut a, mut b) = (1_u32, 0_u32);
    for byte in pixels {
        a = (a + u32::from(*byte)) % 65_521;
        b = (b + a) % 65_521;
    }
    data.extend(((b << 16) | a).to_be_bytes());
    chunk(&mut out, b"IDAT", &data);
    chunk(&mut out, b"IEND", &[]);
    out
}

fn chunk(out: &mut Vec<u8>, kind: &[u8; 4], data: &[u8]) {
    out.extend((data.len() as u32).to_be_bytes());
    let start = out.len();
    out.extend_from_slice(kind);
    out.extend_from_slice(data);
    let mut crc = u32::MAX;
    for byte in &out[start..] {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ 0xEDB8_8320 } else { crc >> 1 };
        }
    }
    out.extend((!crc).to_be_bytes());
}

/// A one-page PDF with a title and lines drawn like a plan.
pub fn pdf(name: &str, title: &str) -> File {
    let mut page = format!("BT /F1 18 Tf 60 770 Td ({title}) Tj ET\n0.7 w\n");
    for step in 0..400 {
        let (x, y) = (60 + step % 20 * 24, 80 + step / 20 * 32);
        let _ = writeln!(page, "{x} {y} m {} {} l S", x + 20, y + 26 * (step % 3) / 2);
    }
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>"
            .to_owned(),
        format!("<< /Length {} >>\nstream\n{page}endstream", page.len()),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>".to_owned(),
    ];
    let mut out = "%PDF-1.4\n".to_owned();
    let mut offsets = Vec::new();
    for (index, object) in objects.iter().enumerate() {
        offsets.push(out.len());
        let _ = write!(out, "{} 0 obj\n{object}\nendobj\n", index + 1);
    }
    let start = out.len();
    let _ = write!(out, "xref\n0 6\n0000000000 65535 f \n");
    for offset in offsets {
        let _ = writeln!(out, "{offset:010} 00000 n ");
    }
    let _ = write!(out, "trailer << /Size 6 /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n");
    File { name: name.into(), media_type: "application/pdf", data: out.into_bytes(), content_id: None }
}

/// A picture to attach.
pub fn picture(name: &str, hour: usize) -> File {
    File { name: name.into(), media_type: "image/png", data: seascape(360, 240, hour), content_id: None }
}

/// A table of numbers.
pub fn table(name: &str) -> File {
    let mut out = "item,count,length_mm\n".to_owned();
    for row in 1..40 {
        let _ = writeln!(out, "plank {row},{},{}", row % 5 + 1, 1800 + row * 35);
    }
    File { name: name.into(), media_type: "text/csv", data: out.into_bytes(), content_id: None }
}
