//! The one stylesheet: Tailwind reads the class names out of web/src and web/index.html.

use std::process::Command;

use anyhow::{Context, Result};

use crate::assets::{Files, content_hash, read_tree};
use crate::shell;
use crate::tools;

/// The finished CSS, from the cache if none of its sources changed.
pub fn build() -> Result<Vec<u8>> {
    tools::ensure_npm("web")?;
    let web = shell::root().join("web");
    let mut sources: Files = read_tree(&web.join("src"))?;
    for entry in std::fs::read_dir(&web).context("reading web/")? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.ends_with(".css") || name == "index.html" || name == "package-lock.json" {
            sources.insert(format!("../{name}"), std::fs::read(&path)?);
        }
    }
    for (name, bytes) in read_tree(&web.join("style"))? {
        sources.insert(format!("../style/{name}"), bytes);
    }
    let cache = shell::cache_dir()?.join("css");
    let kept = cache.join(format!("{}.css", content_hash(&sources)));
    if !kept.is_file() {
        if cache.is_dir() {
            std::fs::remove_dir_all(&cache)?;
        }
        std::fs::create_dir_all(&cache)?;
        let unfinished = cache.join("unfinished.css");
        shell::run_quietly(
            Command::new("node_modules/.bin/tailwindcss")
                .current_dir(&web)
                .args(["--input", "style.css", "--minify", "--output"])
                .arg(&unfinished),
        )
        .context("building the stylesheet")?;
        std::fs::rename(&unfinished, &kept)?;
    }
    Ok(std::fs::read(&kept)?)
}
