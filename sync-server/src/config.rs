//! What the command line and the environment say. Knows nothing of what the settings do.

use std::net::SocketAddr;
use std::path::PathBuf;

/// The text of `viornet --help`.
pub const USAGE: &str = "\
viornet: the ViorNet server

  viornet [serve] [options]
  viornet backup FILE [--data DIR]
  viornet backup --check FILE
  viornet restore FILE [--replace] [--data DIR]

  --data DIR        data folder (default ./data)
  --demo            an organisation to try things in, made at the first start; it needs a database of its
                    own (default folder ./data-demo) and prints who can sign in
  --web DIR         the built web app (default web/dist)
  --listen ADDR     address and port (default 127.0.0.1:8080; port 0 picks a free one)
  --origin URL      an origin that browsers use, for example https://net.example.org; may be
                    repeated. Default: localhost and 127.0.0.1 on the port we listen on
  --tls-cert FILE   certificate chain, PEM; serves HTTPS together with
  --tls-key FILE    its private key, PEM
  --help            this text

  backup            writes everything into one new file, while the server runs or not. The file holds all records,
                    password hashes and the server's keys: whoever has it has everything
  backup --check    reads a backup and says whether it is whole; needs no database
  restore           puts a backup in place of the database. The server must be stopped
  --replace         also where organisations are there already; they are kept aside

  DATABASE_URL      use this PostgreSQL instead of a private one under the data folder
  RUST_LOG          what to log, for example info,sqlx=warn";

/// What to do.
#[derive(Debug, PartialEq, Eq)]
pub enum Invocation {
    Help,
    Serve(Config),
    Backup {
        database: Database,
        file: PathBuf,
    },
    CheckBackup {
        file: PathBuf,
    },
    Restore {
        database: Database,
        file: PathBuf,
        replace: bool,
    },
}

/// Where the database is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Database {
    pub data: PathBuf,
    pub url: Option<String>,
}

/// How to serve.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    pub data: PathBuf,
    pub web: PathBuf,
    pub listen: SocketAddr,
    /// Empty: derived from the address we listen on.
    pub origins: Vec<String>,
    pub tls: Option<TlsFiles>,
    pub database_url: Option<String>,
    pub demo: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    pub certificate: PathBuf,
    pub key: PathBuf,
}

/// Why a command line makes no sense.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    #[error("unknown command or option `{0}` (see viornet --help)")]
    Unknown(String),
    #[error("`{0}` wants a value")]
    ValueMissing(String),
    #[error("`{0}` is not an address such as 127.0.0.1:8080")]
    NotAnAddress(String),
    #[error("`{0}` is not an origin such as https://net.example.org")]
    NotAnOrigin(String),
    #[error("--tls-cert and --tls-key go together")]
    HalfTls,
    #[error("which file? See viornet --help")]
    FileMissing,
}

impl Invocation {
    /// Reads the arguments after the program's name.
    pub fn parse(
        arguments: impl IntoIterator<Item = String>,
        database_url: Option<String>,
    ) -> Result<Self, ConfigError> {
        let mut arguments = arguments.into_iter().peekable();
        match arguments.peek().map(String::as_str) {
            Some("serve") => drop(arguments.next()),
            Some("backup" | "restore") => return parse_copy(arguments, database_url),
            _ => {}
        }
        let mut config = Config {
            data: "data".into(),
            web: "web/dist".into(),
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            origins: Vec::new(),
            tls: None,
            database_url: database_url.filter(|url| !url.is_empty()),
            demo: false,
        };
        let mut data = None;
        let (mut certificate, mut key) = (None, None);
        while let Some(argument) = arguments.next() {
            if argument == "--help" || argument == "-h" {
                return Ok(Self::Help);
            }
            if argument == "--demo" {
                config.demo = true;
                continue;
            }
            let (name, inline) = match argument.split_once('=') {
                Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
                None => (argument, None),
            };
            let mut value = || {
                inline
                    .clone()
                    .or_else(|| arguments.next())
                    .ok_or_else(|| ConfigError::ValueMissing(name.clone()))
            };
            match name.as_str() {
                "--data" => data = Some(value()?.into()),
                "--web" => config.web = value()?.into(),
                "--listen" => {
                    let text = value()?;
                    config.listen = text.parse().map_err(|_| ConfigError::NotAnAddress(text))?;
                }
                "--origin" => config.origins.push(parse_origin(&value()?)?),
                "--tls-cert" => certificate = Some(value()?.into()),
                "--tls-key" => key = Some(value()?.into()),
                _ => return Err(ConfigError::Unknown(name)),
            }
        }
        config.data = match data {
            Some(data) => data,
            // Never among somebody's own data by mistake.
            None if config.demo => "data-demo".into(),
            None => config.data,
        };
        config.tls = match (certificate, key) {
            (Some(certificate), Some(key)) => Some(TlsFiles { certificate, key }),
            (None, None) => None,
            _ => return Err(ConfigError::HalfTls),
        };
        Ok(Self::Serve(config))
    }
}

/// `backup` and `restore`, which share their options.
fn parse_copy(
    mut arguments: impl Iterator<Item = String>,
    database_url: Option<String>,
) -> Result<Invocation, ConfigError> {
    let is_backup = arguments.next().is_some_and(|first| first == "backup");
    let mut database = Database {
        data: "data".into(),
        url: database_url.filter(|url| !url.is_empty()),
    };
    let (mut file, mut check, mut replace) = (None, false, false);
    while let Some(argument) = arguments.next() {
        match argument.split_once('=') {
            _ if argument == "--help" || argument == "-h" => return Ok(Invocation::Help),
            Some(("--data", value)) => database.data = value.into(),
            _ if argument == "--data" => {
                let value = arguments.next();
                database.data = value.ok_or(ConfigError::ValueMissing(argument))?.into();
            }
            _ if argument == "--check" && is_backup => check = true,
            _ if argument == "--replace" && !is_backup => replace = true,
            _ if !argument.starts_with('-') && file.is_none() => file = Some(argument.into()),
            _ => return Err(ConfigError::Unknown(argument)),
        }
    }
    let file = file.ok_or(ConfigError::FileMissing)?;
    Ok(match (is_backup, check) {
        (true, true) => Invocation::CheckBackup { file },
        (true, false) => Invocation::Backup { database, file },
        (false, _) => Invocation::Restore {
            database,
            file,
            replace,
        },
    })
}

impl Config {
    /// The origins browsers may call us from, now that the port is known.
    pub fn origins_on(&self, listening: SocketAddr) -> Vec<String> {
        if !self.origins.is_empty() {
            return self.origins.clone();
        }
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        let default_port = if self.tls.is_some() { 443 } else { 80 };
        let port = match listening.port() {
            port if port == default_port => String::new(),
            port => format!(":{port}"),
        };
        let mut origins: Vec<String> = ["localhost", "127.0.0.1", "[::1]"]
            .iter()
            .map(|host| format!("{scheme}://{host}{port}"))
            .collect();
        let own = match listening.ip() {
            std::net::IpAddr::V6(ip) => format!("{scheme}://[{ip}]{port}"),
            std::net::IpAddr::V4(ip) => format!("{scheme}://{ip}{port}"),
        };
        if !listening.ip().is_unspecified() && !origins.contains(&own) {
            origins.push(own);
        }
        origins
    }
}

/// `scheme://host[:port]`, the way browsers write it: lower case, no path, and no port that goes without saying.
fn parse_origin(text: &str) -> Result<String, ConfigError> {
    let written = text.trim_end_matches('/').to_ascii_lowercase();
    let port = match written.starts_with("https://") {
        true => ":443",
        false => ":80",
    };
    let origin = written.strip_suffix(port).unwrap_or(&written).to_owned();
    let host = origin
        .strip_prefix("https://")
        .or_else(|| origin.strip_prefix("http://"));
    match host {
        Some(host)
            if !host.is_empty() && !host.contains(['/', '?', '#', '@', ' ', '"', ';', ',']) =>
        {
            Ok(origin)
        }
        _ => Err(ConfigError::NotAnOrigin(text.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Invocation, ConfigError> {
        Invocation::parse(line.split_whitespace().map(str::to_owned), None)
    }

    fn config(line: &str) -> Config {
        match parse(line) {
            Ok(Invocation::Serve(config)) => config,
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn serve_is_the_default() {
        assert_eq!(config(""), config("serve"));
        assert_eq!(config("").listen.to_string(), "127.0.0.1:8080");
    }

    #[test]
    fn options_take_their_value_either_way() {
        let spaced = config("serve --data /d --listen 0.0.0.0:0 --origin https://Net.example.org/");
        assert_eq!(
            spaced,
            config("--data=/d --listen=0.0.0.0:0 --origin=https://net.example.org")
        );
        assert_eq!(spaced.origins, ["https://net.example.org"]);
    }

    #[test]
    fn an_origin_is_as_browsers_write_it() {
        for (given, sent) in [
            ("https://net.example.org:443", "https://net.example.org"),
            ("http://Net.example.org:80/", "http://net.example.org"),
            ("https://net.example.org:80", "https://net.example.org:80"),
            ("http://net.example.org:443", "http://net.example.org:443"),
            (
                "https://net.example.org:8443",
                "https://net.example.org:8443",
            ),
            ("https://[::1]:443", "https://[::1]"),
        ] {
            assert_eq!(config(&format!("--origin {given}")).origins, [sent]);
        }
        assert!(parse("--origin https://:443").is_err());
    }

    #[test]
    fn a_demo_has_its_own_folder() {
        assert_eq!(config("--demo").data, PathBuf::from("data-demo"));
        assert_eq!(config("--data d --demo").data, PathBuf::from("d"));
        assert!(!config("").demo);
    }

    #[test]
    fn nonsense_is_named() {
        assert_eq!(parse("--tls-cert a"), Err(ConfigError::HalfTls));
        assert_eq!(
            parse("--data"),
            Err(ConfigError::ValueMissing("--data".into()))
        );
        assert_eq!(
            parse("--bogus"),
            Err(ConfigError::Unknown("--bogus".into()))
        );
        assert_eq!(
            parse("--listen here"),
            Err(ConfigError::NotAnAddress("here".into()))
        );
        assert_eq!(
            parse("--origin https://a/b"),
            Err(ConfigError::NotAnOrigin("https://a/b".into()))
        );
    }

    #[test]
    fn copies_name_a_file() {
        let database = |data: &str| Database {
            data: data.into(),
            url: None,
        };
        let backup = Invocation::Backup {
            database: database("/d"),
            file: "b".into(),
        };
        assert_eq!(parse("backup b --data /d"), Ok(backup));
        let check = Invocation::CheckBackup { file: "b".into() };
        assert_eq!(parse("backup --check b"), Ok(check));
        let restore = Invocation::Restore {
            database: database("data"),
            file: "b".into(),
            replace: true,
        };
        assert_eq!(parse("restore --replace b"), Ok(restore));
        assert_eq!(parse("restore --data=x"), Err(ConfigError::FileMissing));
        assert_eq!(
            parse("backup b --replace"),
            Err(ConfigError::Unknown("--replace".into()))
        );
        assert_eq!(parse("backup b c"), Err(ConfigError::Unknown("c".into())));
    }

    #[test]
    fn origins_follow_the_port() {
        let listening = "192.168.1.5:443".parse().unwrap();
        let config = config("--tls-cert c --tls-key k");
        let expected = [
            "https://localhost",
            "https://127.0.0.1",
            "https://[::1]",
            "https://192.168.1.5",
        ];
        assert_eq!(config.origins_on(listening), expected);
    }
}
