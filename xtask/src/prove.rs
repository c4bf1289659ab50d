//! The proofs in full: what `cargo xtask test` does for seconds, done until it is a proof. Their
//! figures stand in docs/PROOF.md. A proof is a test that reads how often from the environment,
//! or a script in `e2e/proofs`.

use anyhow::{Result, bail};

use crate::dist;
use crate::fuzz;
use crate::mistakes;
use crate::postgres;
use crate::shell::{self, Profile};
use crate::stories;
use crate::tools;

/// Hunts for each planted bug: enough for a median.
const HUNTS: u32 = 9;

struct Proof {
    name: &'static str,
    about: &'static str,
    /// How often, where no count is given.
    full: u32,
    run: fn(u32) -> Result<()>,
}

const PROOFS: &[Proof] = &[
    Proof {
        name: "simulation",
        about: "seeds of the simulation of relay, devices and network; and every planted bug",
        full: 5000,
        run: simulation,
    },
    Proof {
        name: "relay",
        about: "kills of server and PostgreSQL under load; restarts, two nodes, a full and a slow disk, power",
        full: 200,
        run: relay,
    },
    Proof {
        name: "link",
        about: "sales made offline that reach the server over a very poor link; sign-in over it; bytes of a day",
        full: 500,
        run: |sales| stories::script("proofs/link.mjs", &[sales.to_string()]),
    },
    Proof {
        name: "browser",
        about: "kills of a real Chromium in the middle of sales; no room, tabs, a new version",
        full: 300,
        run: browser,
    },
    Proof {
        name: "mistakes",
        about: "hunts for each mistake in the rules, planted in a copy of the model",
        full: HUNTS,
        run: mistakes::hunt,
    },
    Proof {
        name: "fuzz",
        about: "seconds of fuzzing by coverage for each reader of foreign bytes",
        full: 600,
        run: fuzz::run,
    },
];

pub fn run(arguments: &[String]) -> Result<()> {
    let Some((name, rest)) = arguments.split_first() else {
        println!("cargo xtask prove <proof> [count, or for the simulation a time: 60m]\n");
        for proof in PROOFS {
            println!("  {:<12} {} ({})", proof.name, proof.about, proof.full);
        }
        return Ok(());
    };
    let Some(proof) = PROOFS.iter().find(|proof| proof.name == name) else {
        bail!("there is no proof `{name}`");
    };
    // Of all proofs the simulation alone can go on for any time.
    if let ("simulation", [time]) = (name.as_str(), rest)
        && let Some(minutes) = time.strip_suffix('m')
    {
        return simulate("SIM_MINUTES", minutes.parse()?);
    }
    let count = match rest {
        [] => proof.full,
        [count] => count.parse()?,
        _ => bail!("one count is enough"),
    };
    (proof.run)(count)
}

/// The release of the browser application, as it is delivered.
fn browser(kills: u32) -> Result<()> {
    postgres::with_database(|database| {
        let server = shell::build_server(Profile::Dev)?;
        dist::build(Profile::Release)?;
        stories::proof(&server, database, "browser.mjs", &[kills.to_string()])?;
        for story in ["quota", "tabs", "update"] {
            stories::run(&server, database, Some(story))?;
        }
        Ok(())
    })
}

fn simulation(seeds: u32) -> Result<()> {
    simulate("SIM_SEEDS", seeds)
}

/// Seeds for a count or a time, on every core, and what was reached in them; then several hunts for
/// each planted bug.
fn simulate(how_long: &str, count: u32) -> Result<()> {
    shell::run(
        shell::cargo()
            .args(["test", "--release", "--package", "crdt-model"])
            .args(["--test", "simulation", "--", "--nocapture"])
            .args(["--test-threads", "1"])
            .env(how_long, count.to_string())
            .env("SIM_BUGS", HUNTS.to_string()),
    )
}

/// One after the other: each has a server, a cluster and a load of its own.
fn relay(kills: u32) -> Result<()> {
    tools::ensure_postgres_for_server()?;
    tools::ensure_strace()?;
    shell::run(
        shell::cargo()
            .args(["test", "--release", "--package", "sync-server"])
            .args(["--test", "crashes", "--", "--nocapture"])
            .args(["--test-threads", "1"])
            .env("RELAY_KILLS", kills.to_string()),
    )
}
