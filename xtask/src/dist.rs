//! web/dist: the wasm modules, the stylesheet, the page, the service worker.
//!
//! Everything below `/a/` is named by its content and may be cached for ever; a whole folder is
//! hashed, so that relative imports inside it stay valid. The few files outside `/a/` must be
//! revalidated on every use. Start at `build`.
//!
//! Placeholders in web/index.html, web/loader.js, web/service-worker.js and web/manifest.webmanifest
//! have the form `%NAME%`; an unknown one is an error.

use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::assets::{Files, content_hash, read_tree};
use crate::compress;
use crate::css;
use crate::shell::{self, Profile};
use crate::wasm;

/// Started as a module worker; web/worker-loader.js says why there is a file between.
const WORKER_ENTRY: &str = "worker.js";

/// What the service worker fetches after all that selling needs.
const OFFICE: &str = "a/office-";

/// As it is delivered: with a service worker, so that it starts offline.
pub fn build(profile: Profile) -> Result<()> {
    build_as(profile, "release")
}

/// A development build whose page has no service worker and reloads itself when something was rebuilt.
pub fn build_live() -> Result<()> {
    build_as(Profile::Dev, "development")
}

fn build_as(profile: Profile, mode: &str) -> Result<()> {
    let modules = wasm::compile(profile)?;
    let files = assemble(&modules, profile, mode)?;
    write(&shell::root().join("web/dist"), &files, profile)
}

fn assemble(modules: &Path, profile: Profile, mode: &str) -> Result<Files> {
    let web = shell::root().join("web");
    let template = |name: &str| {
        std::fs::read_to_string(web.join(name)).with_context(|| format!("reading web/{name}"))
    };
    let mut files = Files::new();

    let till = wasm::bind(&modules.join("till.wasm"), "till", profile)?;
    let till = add_hashed(&mut files, "till", till);

    let office = wasm::bind(&modules.join("office.wasm"), "office", profile)?;
    let office = add_hashed(&mut files, "office", office);

    let mut worker = wasm::bind(&modules.join("worker.wasm"), "module", profile)?;
    worker.insert(
        WORKER_ENTRY.to_owned(),
        template("worker-loader.js")?.into_bytes(),
    );
    let worker = add_hashed(&mut files, "worker", worker);

    let style = Files::from([("style.css".to_owned(), css::build()?)]);
    let style = add_hashed(&mut files, "style", style);

    let page_values = [
        ("TILL", format!("{till}/till.js")),
        ("TILL_WASM", format!("{till}/till_bg.wasm")),
        ("OFFICE", format!("{office}/office.js")),
        ("OFFICE_WASM", format!("{office}/office_bg.wasm")),
        ("WORKER", format!("{worker}/{WORKER_ENTRY}")),
        ("STYLE", format!("{style}/style.css")),
        ("MODE", mode.to_owned()),
    ];
    let loader = fill("loader.js", &template("loader.js")?, &page_values)?;
    let loader = Files::from([("loader.js".to_owned(), loader.into_bytes())]);
    let loader = add_hashed(&mut files, "loader", loader);

    for (name, bytes) in read_tree(&web.join("icons"))? {
        files.insert(format!("icons/{name}"), bytes);
    }
    let manifest = template("manifest.webmanifest")?;
    files.insert("manifest.webmanifest".to_owned(), manifest.into_bytes());

    let mut page_values = page_values.to_vec();
    page_values.push(("LOADER", format!("{loader}/loader.js")));
    let page = fill("index.html", &template("index.html")?, &page_values)?;
    files.insert("index.html".to_owned(), page.into_bytes());

    let version = content_hash(&files);
    // What only the office needs comes after what sells.
    let (later, precache): (Vec<&str>, Vec<&str>) = files
        .keys()
        .map(String::as_str)
        .partition(|name| name.starts_with(OFFICE));
    let worker_values = [
        ("VERSION", version),
        ("PRECACHE", script_list(&precache)),
        ("LATER", script_list(&later)),
    ];
    let service_worker = fill(
        "service-worker.js",
        &template("service-worker.js")?,
        &worker_values,
    )?;
    files.insert("service-worker.js".to_owned(), service_worker.into_bytes());
    Ok(files)
}

fn script_list(names: &[&str]) -> String {
    let lines: Vec<String> = names
        .iter()
        .map(|name| format!("  \"/{name}\",\n"))
        .collect();
    format!("[\n{}]", lines.concat())
}

/// Puts a folder below `/a/` and answers its path from the root.
fn add_hashed(files: &mut Files, name: &str, folder: Files) -> String {
    let place = format!("a/{name}-{}", content_hash(&folder));
    for (path, bytes) in folder {
        files.insert(format!("{place}/{path}"), bytes);
    }
    format!("/{place}")
}

/// Replaces each `%NAME%`. Names are upper case with underscores; other per cent signs stay.
fn fill(file: &str, template: &str, values: &[(&str, String)]) -> Result<String> {
    let mut text = template.to_owned();
    for (name, value) in values {
        text = text.replace(&format!("%{name}%"), value);
    }
    let is_name =
        |word: &str| !word.is_empty() && word.chars().all(|c| c.is_ascii_uppercase() || c == '_');
    let between: Vec<&str> = text.split('%').collect();
    let mut between = between.iter().skip(1).rev().skip(1);
    if let Some(unknown) = between.find(|word| is_name(word)) {
        bail!("web/{file} has a placeholder that nothing fills: %{unknown}%");
    }
    Ok(text)
}

/// Brings the folder to exactly these files. The page goes last and what it no longer names is
/// removed after, so that a running server never serves a page whose parts are missing.
fn write(dist: &Path, files: &Files, profile: Profile) -> Result<()> {
    let mut expected = files.clone();
    let (hashed, rooted): (Vec<_>, Vec<_>) =
        files.iter().partition(|(name, _)| name.starts_with("a/"));
    for (name, bytes) in hashed.into_iter().chain(rooted) {
        let path = dist.join(name);
        let unchanged = std::fs::read(&path).is_ok_and(|old| old == *bytes);
        let sidecars = profile == Profile::Release && compress::is_worth_it(name);
        for (ending, pack) in [
            ("br", compress::brotli as fn(&[u8]) -> Result<Vec<u8>>),
            ("gz", compress::gzip),
        ] {
            let sidecar = format!("{name}.{ending}");
            if !sidecars {
                continue;
            }
            if !unchanged || !dist.join(&sidecar).is_file() {
                replace(&dist.join(&sidecar), &pack(bytes)?)?;
            }
            expected.insert(sidecar, Vec::new());
        }
        if !unchanged {
            replace(&path, bytes)?;
        }
    }
    for name in read_tree(dist)?.into_keys() {
        if !expected.contains_key(&name) {
            std::fs::remove_file(dist.join(&name))?;
        }
    }
    remove_empty_folders(dist)?;
    if profile == Profile::Release {
        print_sizes(dist)?;
    }
    Ok(())
}

/// By rename: a reader sees the old file or the new one, never half of one.
fn replace(path: &Path, bytes: &[u8]) -> Result<()> {
    let folder = path.parent().expect("files of dist lie in a folder");
    std::fs::create_dir_all(folder)?;
    let unfinished = path.with_extension("unfinished");
    std::fs::write(&unfinished, bytes)?;
    std::fs::rename(&unfinished, path).with_context(|| format!("writing {}", path.display()))
}

fn remove_empty_folders(folder: &Path) -> Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            remove_empty_folders(&entry.path())?;
            // Refused while something is inside, which is exactly the condition meant.
            let _ = std::fs::remove_dir(entry.path());
        }
    }
    Ok(())
}

/// A file of web/dist as it lies there, and as it is sent.
struct Size {
    name: String,
    raw: u64,
    sent: u64,
    is_before_first_screen: bool,
}

fn sizes(dist: &Path) -> Result<Vec<Size>> {
    let files = read_tree(dist)?;
    let is_sidecar = |name: &str| {
        let whole = name
            .strip_suffix(".br")
            .or_else(|| name.strip_suffix(".gz"));
        whole.is_some_and(|whole| files.contains_key(whole))
    };
    let names = files.keys().filter(|name| !is_sidecar(name));
    let first = ["a/till-", "a/loader-", "a/style-", "index.html"];
    let size = |name: &String| {
        let raw = files[name].len() as u64;
        let packed = files.get(&format!("{name}.br"));
        Size {
            name: name.clone(),
            raw,
            sent: packed.map_or(raw, |packed| packed.len() as u64),
            is_before_first_screen: first.iter().any(|prefix| name.starts_with(prefix)),
        }
    };
    Ok(names.map(size).collect())
}

/// Every file of the delivered application.
pub fn print_table() -> Result<()> {
    let sizes = sizes(&shell::root().join("web/dist"))?;
    let row = |name: &str, raw: u64, sent: u64| println!("{name:<44} {raw:>9} {sent:>9}");
    println!("{:<44} {:>9} {:>9}", "bytes of web/dist", "raw", "brotli");
    for size in &sizes {
        row(&size.name, size.raw, size.sent);
    }
    let sum = |wanted: fn(&&Size) -> bool| {
        let wanted = sizes.iter().filter(wanted);
        wanted.fold((0, 0), |(raw, sent), size| {
            (raw + size.raw, sent + size.sent)
        })
    };
    let (raw, sent) = sum(|size| size.is_before_first_screen);
    row("before the first screen", raw, sent);
    // All but the service worker itself, which keeps the others.
    let (raw, sent) =
        sum(|size| size.name != "service-worker.js" && !size.name.starts_with(OFFICE));
    row("until it sells offline", raw, sent);
    let (raw, sent) = sum(|size| size.name != "service-worker.js");
    row("precached in all", raw, sent);
    Ok(())
}

/// What a phone downloads: the design allows 700 kB in all and 200 kB before the first screen.
fn print_sizes(dist: &Path) -> Result<()> {
    let sizes = sizes(dist)?;
    let all: u64 = sizes.iter().map(|size| size.sent).sum();
    let first = sizes.iter().filter(|size| size.is_before_first_screen);
    let before_first_screen: u64 = first.map(|size| size.sent).sum();
    let office = sizes.iter().filter(|size| size.name.starts_with(OFFICE));
    let office: u64 = office.map(|size| size.sent).sum();
    println!(
        "    web/dist: {} kB by brotli; {} kB before the first screen, {} kB until it sells offline",
        all / 1000,
        before_first_screen / 1000,
        (all - office) / 1000
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_filled_and_unknown_ones_refused() {
        let values = [("APP", "/a/app-1/app.js".to_owned())];
        let filled = fill("x", "src=\"%APP%\" width: 50%; 100%", &values).unwrap();
        assert_eq!(filled, "src=\"/a/app-1/app.js\" width: 50%; 100%");
        assert!(fill("x", "%APP% and %WROKER%", &values).is_err());
    }

    #[test]
    fn hashed_folders_keep_their_inner_paths() {
        let mut files = Files::new();
        let folder = Files::from([("snippets/x.js".to_owned(), b"1".to_vec())]);
        let place = add_hashed(&mut files, "app", folder);
        assert!(place.starts_with("/a/app-"));
        let name = files.keys().next().unwrap();
        assert_eq!(*name, format!("{}/snippets/x.js", &place[1..]));
    }
}
