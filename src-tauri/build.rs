//! Declares the window's commands, so that only what a capability grants can be called, and lets the shell compile
//! where the interface has not been built yet.

use std::path::Path;

/// Every command of `src/commands.rs`. One that is missing here can't be granted, and so can't be called.
const COMMANDS: &[&str] = &[
    "call",
    "start_state",
    "unlock",
    "open_link",
    "open_attachment",
    "save_attachment",
    "open_file",
    "open_file_attachment",
    "save_file_attachment",
    "frame_origin",
    "take_opens",
];

const UNBUILT: &str = "<!doctype html><meta charset=utf-8><title>Godwit</title>\
<p>The interface is not built. Run <code>npm ci && npm run build</code>, then build Godwit again.</p>";

fn main() {
    let page = Path::new("ui/dist/index.html");
    if !page.exists() {
        println!("cargo:warning=ui/dist is not built: the window will only say so. Run `npm ci && npm run build` first.");
        let made = std::fs::create_dir_all("ui/dist").and_then(|()| std::fs::write(page, UNBUILT));
        if let Err(error) = made {
            println!("cargo:warning=ui/dist/index.html can't be written: {error}");
        }
    }
    println!("cargo:rerun-if-changed=ui/dist");
    let manifest = tauri_build::AppManifest::new().commands(COMMANDS);
    if let Err(error) = tauri_build::try_build(tauri_build::Attributes::new().app_manifest(manifest)) {
        eprintln!("{error:#}");
        std::process::exit(1);
    }
}
