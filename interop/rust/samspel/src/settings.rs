//! What a service is told by its environment; the variables are the same in every language.
//!
//! A setting is checked when it is read, and a bad one is one clear error (A1). Only this module reads the environment.

use std::collections::HashMap;
use std::net::IpAddr;

use url::Url;

use crate::error::Error;
use crate::logs::LogLevel;
use crate::redact::redact_url;

const LONGEST_META: usize = 512;

/// The settings of one service.
#[derive(Debug, Clone)]
pub struct Settings {
    service: String,
    variables: HashMap<String, String>,
}

impl Settings {
    /// The settings that the process was given.
    #[must_use]
    pub fn from_env(service: &str) -> Self {
        // What is no Unicode is none of ours.
        let variables = std::env::vars_os().filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        });
        Self::new(service, variables)
    }

    /// Settings of given variables: for tests, and for programs that have them from elsewhere.
    pub fn new(service: &str, variables: impl IntoIterator<Item = (String, String)>) -> Self {
        Self {
            service: service.to_owned(),
            variables: variables.into_iter().collect(),
        }
    }

    /// The service's name.
    #[must_use]
    pub fn service(&self) -> &str {
        &self.service
    }

    /// `SAMSPEL_HOST`: the address to listen on. Default `127.0.0.1`.
    ///
    /// # Errors
    ///
    /// [`Error::Configuration`] where it is neither an address nor `localhost`.
    pub fn host(&self) -> Result<IpAddr, Error> {
        match self.read("SAMSPEL_HOST").unwrap_or("127.0.0.1") {
            "localhost" => Ok(IpAddr::from([127, 0, 0, 1])),
            value => value
                .parse()
                .map_err(|_| self.refuse("SAMSPEL_HOST", "an IP address", value)),
        }
    }

    /// `SAMSPEL_PORT`: the port to listen on. Default 0: one that the operating system chooses.
    ///
    /// # Errors
    ///
    /// [`Error::Configuration`] where it is no port.
    pub fn port(&self) -> Result<u16, Error> {
        let value = self.read("SAMSPEL_PORT").unwrap_or("0");
        value
            .parse()
            .map_err(|_| self.refuse("SAMSPEL_PORT", "a port number from 0 to 65535", value))
    }

    /// `DATABASE_URL`: the system's Postgres. Required where it is read.
    ///
    /// # Errors
    ///
    /// [`Error::Configuration`] where it is not set, or no such URL.
    pub fn database_url(&self) -> Result<&str, Error> {
        self.url("DATABASE_URL", &["postgres", "postgresql"])
    }

    /// `SAMSPEL_SCHEMA`: the service's schema in that database. Default: the service's name, `-` made `_`.
    ///
    /// # Errors
    ///
    /// [`Error::Configuration`] where it is no plain name.
    pub fn schema(&self) -> Result<String, Error> {
        let value = self
            .read("SAMSPEL_SCHEMA")
            .map_or_else(|| self.service.replace('-', "_"), str::to_owned);
        let is_letter = |c: char| c.is_ascii_lowercase() || c == '_';
        let plain = value.len() <= 63
            && value.starts_with(is_letter)
            && value.chars().all(|c| is_letter(c) || c.is_ascii_digit());
        if plain {
            Ok(value)
        } else {
            Err(self.refuse(
                "SAMSPEL_SCHEMA",
                "a name of lower case letters, digits and _",
                &value,
            ))
        }
    }

    /// `NATS_URL`: a nats-server with `JetStream`. Required where it is read.
    ///
    /// # Errors
    ///
    /// [`Error::Configuration`] where it is not set, or no such URL.
    pub fn nats_url(&self) -> Result<&str, Error> {
        self.url(
            "NATS_URL",
            if cfg!(feature = "tls") {
                &["nats", "tls"]
            } else {
                &["nats"]
            },
        )
    }

    /// Whether there is a broker at all.
    pub(crate) fn has_nats(&self) -> bool {
        self.read("NATS_URL").is_some()
    }

    /// `CONSUL_HTTP_ADDR`: the registry. Default `http://127.0.0.1:8500`.
    ///
    /// # Errors
    ///
    /// [`Error::Configuration`] where it is no such URL. This library does not speak TLS with the registry: let it
    /// listen on the loopback, as an agent does.
    pub fn consul_url(&self) -> Result<&str, Error> {
        if self.read("CONSUL_HTTP_ADDR").is_none() {
            return Ok("http://127.0.0.1:8500");
        }
        self.url("CONSUL_HTTP_ADDR", &["http"])
    }

    /// `CONSUL_HTTP_TOKEN`: the ACL token, where the registry wants one.
    #[must_use]
    pub fn consul_token(&self) -> Option<&str> {
        self.read("CONSUL_HTTP_TOKEN")
    }

    /// `SAMSPEL_TOPIC_PREFIX`: stands before all streams and subjects. Default: nothing.
    ///
    /// # Errors
    ///
    /// [`Error::Configuration`] where it has other characters.
    pub fn topic_prefix(&self) -> Result<&str, Error> {
        let value = self.read("SAMSPEL_TOPIC_PREFIX").unwrap_or_default();
        if value.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
            Ok(value)
        } else {
            Err(self.refuse("SAMSPEL_TOPIC_PREFIX", "letters, digits and -", value))
        }
    }

    /// `LOG_LEVEL`. Default info.
    ///
    /// # Errors
    ///
    /// [`Error::Configuration`] where it is no level.
    pub fn log_level(&self) -> Result<LogLevel, Error> {
        let value = self.read("LOG_LEVEL").unwrap_or("info");
        LogLevel::parse(value).ok_or_else(|| {
            self.refuse(
                "LOG_LEVEL",
                "one of trace, debug, info, warn, error, fatal, silent",
                value,
            )
        })
    }

    /// `SAMSPEL_VERSION`: the version that the registry shows.
    #[must_use]
    pub fn version(&self) -> Option<&str> {
        self.read("SAMSPEL_VERSION")
    }

    /// `SAMSPEL_ZONE`: where the instance runs. Default: nothing.
    #[must_use]
    pub fn zone(&self) -> &str {
        self.read("SAMSPEL_ZONE").unwrap_or_default()
    }

    /// Reads what every service needs, so that a bad setting stops the start and nothing later.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let name = &self.service;
        let is_label = (1..=63).contains(&name.len())
            && name
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
            && !name.starts_with('-')
            && !name.ends_with('-');
        if !is_label {
            return Err(Error::Configuration(format!(
                "Cannot start {name:?} as a service's name must be a DNS label: lower case letters, digits and -"
            )));
        }
        for (name, value) in [
            ("SAMSPEL_VERSION", self.version().unwrap_or_default()),
            ("SAMSPEL_ZONE", self.zone()),
        ] {
            if value.len() > LONGEST_META {
                return Err(self.refuse(
                    name,
                    "at most 512 characters, as the registry has it",
                    value,
                ));
            }
        }
        // Mutual TLS by the registry's authority is not built here yet; to serve in the clear instead would be worse.
        match self.read("SAMSPEL_IDENTITY").unwrap_or("none") {
            "none" => {}
            value => {
                return Err(self.refuse("SAMSPEL_IDENTITY", "none for a service in Rust", value))
            }
        }
        self.host()?;
        self.port()?;
        self.consul_url()?;
        self.topic_prefix()?;
        Ok(())
    }

    fn read(&self, name: &str) -> Option<&str> {
        self.variables
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }

    fn url(&self, name: &str, schemes: &[&str]) -> Result<&str, Error> {
        let wanted = format!("a {}:// URL", schemes[0]);
        let Some(value) = self.read(name) else {
            return Err(Error::Configuration(format!(
                "Cannot start {} as {name} must be {wanted}: it is not set",
                self.service
            )));
        };
        let valid = Url::parse(value).is_ok_and(|url| {
            schemes.contains(&url.scheme()) && url.host_str().is_some_and(|host| !host.is_empty())
        });
        if valid {
            Ok(value)
        } else {
            Err(self.refuse(name, &wanted, &redact_url(value)))
        }
    }

    fn refuse(&self, name: &str, wanted: &str, value: &str) -> Error {
        Error::Configuration(format!(
            "Cannot start {} as {name} must be {wanted}: current value is {value}",
            self.service
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(variables: &[(&str, &str)]) -> Settings {
        Settings::new(
            "pick-up",
            variables
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
        )
    }

    #[test]
    fn settings_have_defaults_where_nothing_is_set() {
        let settings = settings(&[("SAMSPEL_PORT", "")]);
        settings.check().unwrap();
        assert_eq!(settings.host().unwrap().to_string(), "127.0.0.1");
        assert_eq!(settings.port().unwrap(), 0);
        assert_eq!(settings.schema().unwrap(), "pick_up");
        assert_eq!(settings.consul_url().unwrap(), "http://127.0.0.1:8500");
        assert_eq!(settings.topic_prefix().unwrap(), "");
    }

    #[test]
    fn settings_refuse_with_variable_value_and_fix_and_without_secrets() {
        type Read = fn(&Settings) -> Option<Error>;
        let cases: [(&str, &str, Read, &str); 7] = [
            (
                "SAMSPEL_PORT",
                "65536",
                |s| s.port().err(),
                "a port number from 0 to 65535",
            ),
            ("SAMSPEL_HOST", "here", |s| s.host().err(), "an IP address"),
            (
                "SAMSPEL_SCHEMA",
                "Shop",
                |s| s.schema().err(),
                "lower case letters",
            ),
            (
                "NATS_URL",
                "http://me:secret@nats",
                |s| s.nats_url().err(),
                "a nats:// URL: current value is http://me@nats",
            ),
            (
                "SAMSPEL_TOPIC_PREFIX",
                "a.b",
                |s| s.topic_prefix().err(),
                "letters, digits and -",
            ),
            ("LOG_LEVEL", "loud", |s| s.log_level().err(), "one of trace"),
            (
                "SAMSPEL_IDENTITY",
                "consul",
                |s| s.check().err(),
                "none for a service in Rust",
            ),
        ];
        for (name, value, read, expected) in cases {
            let error = read(&settings(&[(name, value)])).expect(name).to_string();
            assert!(
                error.starts_with(&format!("Cannot start pick-up as {name} must be ")),
                "{error}"
            );
            assert!(
                error.contains(expected) && !error.contains("secret"),
                "{error}"
            );
        }
        let unset = settings(&[]).database_url().unwrap_err().to_string();
        assert_eq!(
            unset,
            "Cannot start pick-up as DATABASE_URL must be a postgres:// URL: it is not set"
        );
    }
}
