//! `canhgiac.toml`, with overrides from the environment. Unknown keys are refused with the nearest name.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde::Deserialize;

/// Everything that can be configured. Each key can be overridden by `CANHGIAC_<KEY>` in the environment.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// A folder or a database URL.
    pub data: String,
    /// Where originals are kept: a folder or `s3://bucket/prefix`. Without it beside the data.
    pub originals: Option<String>,
    /// A folder on another disk or machine to which checkpoints of the audit chain and the erasure list are written too.
    pub elsewhere: Option<PathBuf>,
    /// Address of the console.
    pub listen: String,
    /// A folder of source files that replaces the shipped ones.
    pub sources: Option<PathBuf>,
    /// A folder with `lexicons/` and `rules/` that replaces the copy in the data folder.
    pub rules: Option<PathBuf>,
    /// Name of the organisation on packets.
    pub organisation: String,
    /// Whom police call back about a packet.
    pub contact: String,
    /// Whether the console is reached over HTTPS only.
    pub secure_cookies: bool,
    /// Mail server for alarms: `smtps://user:password@host`, `smtp://host:587?tls=required`, `smtp://127.0.0.1:25`.
    pub alarm_mail_server: Option<String>,
    /// Sender of alarms.
    pub alarm_mail_from: Option<String>,
    /// Receivers of alarms, with commas between.
    pub alarm_mail_to: String,
    /// An address to which alarms are posted as JSON.
    pub alarm_webhook: Option<String>,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            data: "data".into(),
            originals: None,
            elsewhere: None,
            listen: "127.0.0.1:8420".into(),
            sources: None,
            rules: None,
            organisation: "TÊN CƠ QUAN CHUYỂN TIN".into(),
            contact: "trực ban của cơ quan chuyển tin".into(),
            secure_cookies: false,
            alarm_mail_server: None,
            alarm_mail_from: None,
            alarm_mail_to: String::new(),
            alarm_webhook: None,
        }
    }
}

const KEYS: &[&str] = &[
    "data",
    "originals",
    "elsewhere",
    "listen",
    "sources",
    "rules",
    "organisation",
    "contact",
    "secure_cookies",
    "alarm_mail_server",
    "alarm_mail_from",
    "alarm_mail_to",
    "alarm_webhook",
];

impl Config {
    /// Reads the file (the named one must exist; the default one may be absent), then the environment.
    pub fn load(named: Option<&Path>, env: impl Iterator<Item = (String, String)>) -> Result<Config> {
        let path = named.unwrap_or(Path::new("canhgiac.toml"));
        let mut table = match std::fs::read_to_string(path) {
            Ok(text) => {
                toml::from_str::<toml::Table>(&text).with_context(|| format!("{} is not TOML", path.display()))?
            }
            Err(error) if named.is_none() && error.kind() == std::io::ErrorKind::NotFound => toml::Table::new(),
            Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
        };
        for key in table.keys() {
            refuse_unknown(key, &path.display().to_string())?;
        }
        for (name, value) in env {
            let Some(key) = name.strip_prefix("CANHGIAC_") else { continue };
            let key = key.to_lowercase();
            refuse_unknown(&key, &format!("the environment variable {name}"))?;
            let value = match value.as_str() {
                "true" => toml::Value::Boolean(true),
                "false" => toml::Value::Boolean(false),
                _ => toml::Value::String(value),
            };
            table.insert(key, value);
        }
        table.try_into().with_context(|| format!("{} has a value of the wrong kind", path.display()))
    }
}

fn refuse_unknown(key: &str, place: &str) -> Result<()> {
    if KEYS.contains(&key) {
        return Ok(());
    }
    let nearest = KEYS.iter().max_by(|a, b| {
        strsim::jaro_winkler(a, key).partial_cmp(&strsim::jaro_winkler(b, key)).unwrap_or(std::cmp::Ordering::Equal)
    });
    bail!("{place}: unknown key `{key}`; did you mean `{}`? Known keys: {}", nearest.unwrap_or(&""), KEYS.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(text: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("canhgiac-config-{:x}.toml", text::syllable_id(text)));
        std::fs::write(&path, text).unwrap();
        path
    }

    #[test]
    fn environment_wins_over_file() {
        let path = write("listen = '127.0.0.1:1'\ndata = 'a'\n");
        let config = Config::load(Some(&path), [("CANHGIAC_DATA".into(), "b".into())].into_iter()).unwrap();
        assert_eq!((config.data.as_str(), config.listen.as_str()), ("b", "127.0.0.1:1"));
    }

    #[test]
    fn unknown_key_is_refused_with_the_nearest() {
        let path = write("lisen = '127.0.0.1:1'\n");
        let error = Config::load(Some(&path), std::iter::empty()).unwrap_err().to_string();
        assert!(error.contains("`lisen`") && error.contains("`listen`"), "{error}");
        let error =
            Config::load(Some(&write("")), [("CANHGIAC_DTA".into(), "b".into())].into_iter()).unwrap_err().to_string();
        assert!(error.contains("CANHGIAC_DTA") && error.contains("`data`"), "{error}");
    }

    #[test]
    fn a_named_file_must_exist() {
        assert!(Config::load(Some(Path::new("/nonexistent/x.toml")), std::iter::empty()).is_err());
    }
}
