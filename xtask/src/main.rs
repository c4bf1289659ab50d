//! The build and the everyday commands. It knows how the product is put together and must not
//! know what the product does: no rule of the domain is repeated here.
//!
//! Start reading at `COMMANDS`; each module below is one subject.

mod assets;
mod checks;
mod compress;
mod css;
mod dev;
mod dist;
mod fuzz;
mod licences;
mod lint;
mod mistakes;
mod peer;
mod postgres;
mod prove;
mod shell;
mod stories;
mod tools;
mod wasm;

use std::process::ExitCode;

use anyhow::Result;

use crate::shell::Profile;

struct Entry {
    name: &'static str,
    arguments: &'static str,
    about: &'static str,
    run: fn(&[String]) -> Result<()>,
}

const COMMANDS: &[Entry] = &[
    Entry {
        name: "run",
        arguments: "[--demo] [-- server arguments]",
        about: "build everything and serve it; the first start prints a set-up link, or makes a demo",
        run: run_product,
    },
    Entry {
        name: "dev",
        arguments: "[--demo] [-- server arguments]",
        about: "serve a development build; rebuild on change and reload the page",
        run: dev::watch,
    },
    Entry {
        name: "check",
        arguments: "",
        about: "formatting, licences and clippy, native and wasm32",
        run: |_| lint::all(),
    },
    Entry {
        name: "test",
        arguments: "",
        about: "everything CI checks: lints, tests on PostgreSQL, stories in Chromium",
        run: |_| checks::all(),
    },
    Entry {
        name: "build",
        arguments: "[--release]",
        about: "the browser application into web/dist, and the server",
        run: build,
    },
    Entry {
        name: "e2e",
        arguments: "[--dev] [filter]",
        about: "only the stories in Chromium; a filter picks files by name",
        run: checks::stories_only,
    },
    Entry {
        name: "sim",
        arguments: "SEED",
        about: "replay one seed of the simulation, with its action list",
        run: checks::simulate,
    },
    Entry {
        name: "bench",
        arguments: "[name] [arguments]",
        about: "run the benchmarks, or one of them",
        run: checks::bench,
    },
    Entry {
        name: "prove",
        arguments: "[name] [count]",
        about: "a proof in full, or which there are",
        run: prove::run,
    },
    Entry {
        name: "shots",
        arguments: "[--dev]",
        about: "screenshots of every screen, phone and desktop, into shots/",
        run: checks::shots,
    },
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some((name, rest)) = arguments.split_first() else {
        list();
        return ExitCode::SUCCESS;
    };
    let Some(entry) = COMMANDS.iter().find(|entry| entry.name == name) else {
        eprintln!("there is no command `{name}`\n");
        list();
        return ExitCode::from(2);
    };
    match (entry.run)(rest) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nerror: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn list() {
    println!("cargo xtask <command>\n");
    for entry in COMMANDS {
        let call = format!("{} {}", entry.name, entry.arguments);
        println!("  {call:<33} {}", entry.about);
    }
}

fn run_product(arguments: &[String]) -> Result<()> {
    tools::ensure_postgres_for_server()?;
    dist::build(Profile::Release)?;
    let server = shell::build_server(Profile::Release)?;
    let error = shell::exec(shell::server_command(&server, arguments));
    Err(error)
}

fn build(arguments: &[String]) -> Result<()> {
    let profile = if arguments.iter().any(|argument| argument == "--release") {
        Profile::Release
    } else {
        Profile::Dev
    };
    dist::build(profile)?;
    let server = shell::build_server(profile)?;
    println!("server: {}", server.display());
    Ok(())
}
