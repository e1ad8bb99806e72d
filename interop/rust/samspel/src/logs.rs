//! Structured logs: one JSON object a line, on standard output, with `level`, `time`, `service` and `msg`.
//!
//! Events of `tracing` feed it; their fields become fields: `tracing::info!(cart = %id, "order booked")`. Libraries are
//! heard from `warn` on.

use std::fmt;
use std::io::Write;

use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;

/// What is logged: a level and all above it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
#[expect(missing_docs, reason = "their names say it")]
pub enum LogLevel {
    Trace,
    Debug,
    Info,
    Warn,
    Error,
    Fatal,
    Silent,
}

impl LogLevel {
    pub(crate) fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "trace" => Self::Trace,
            "debug" => Self::Debug,
            "info" => Self::Info,
            "warn" => Self::Warn,
            "error" => Self::Error,
            "fatal" => Self::Fatal,
            "silent" => Self::Silent,
            _ => return None,
        })
    }

    fn filter(self) -> LevelFilter {
        match self {
            Self::Trace => LevelFilter::TRACE,
            Self::Debug => LevelFilter::DEBUG,
            Self::Info => LevelFilter::INFO,
            Self::Warn => LevelFilter::WARN,
            Self::Error => LevelFilter::ERROR,
            // What is fatal ends the process, and is written without a subscriber.
            Self::Fatal | Self::Silent => LevelFilter::OFF,
        }
    }
}

const LIBRARIES: [&str; 9] = [
    "async_nats",
    "axum",
    "deadpool",
    "h2",
    "hyper",
    "hyper_util",
    "tokio_postgres",
    "tonic",
    "tower",
];

/// Sends what the process logs to standard output. Where the program has set a subscriber of its own, that stays.
pub(crate) fn install(service: &str, level: LogLevel) {
    let filter = level.filter();
    let quiet = filter.min(LevelFilter::WARN);
    let targets = Targets::new()
        .with_default(filter)
        .with_targets(LIBRARIES.map(|name| (name, quiet)));
    let lines = JsonLines {
        service: service.to_owned(),
    };
    let subscriber = tracing_subscriber::registry().with(lines.with_filter(targets));
    let _ = tracing::subscriber::set_global_default(subscriber);
}

/// The last word of a service that cannot start.
pub(crate) fn fatal(service: &str, message: &str) {
    write(line(service, "fatal", message.to_owned(), Map::new()));
}

struct JsonLines {
    service: String,
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for JsonLines {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let level = match *event.metadata().level() {
            Level::TRACE => "trace",
            Level::DEBUG => "debug",
            Level::INFO => "info",
            Level::WARN => "warn",
            Level::ERROR => "error",
        };
        write(line(&self.service, level, fields.message, fields.others));
    }
}

fn line(
    service: &str,
    level: &str,
    message: String,
    fields: Map<String, Value>,
) -> Map<String, Value> {
    let mut line = Map::new();
    line.insert("level".to_owned(), level.into());
    line.insert("time".to_owned(), crate::timestamp::now().into());
    line.insert("service".to_owned(), service.into());
    line.insert("msg".to_owned(), message.into());
    for (name, value) in fields {
        line.entry(name).or_insert(value);
    }
    line
}

fn write(line: Map<String, Value>) {
    let mut text = Value::Object(line).to_string();
    text.push('\n');
    // Nobody can be told when standard output is gone.
    let _ = std::io::stdout().lock().write_all(text.as_bytes());
}

#[derive(Default)]
struct Fields {
    message: String,
    others: Map<String, Value>,
}

impl Fields {
    fn put(&mut self, field: &Field, value: Value) {
        self.others.insert(field.name().to_owned(), value);
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            self.message = format!("{value:?}");
        } else {
            self.put(field, format!("{value:?}").into());
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, value.into());
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, value.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_has_what_every_language_writes_and_no_field_replaces_it() {
        let fields = Map::from_iter([
            ("port".to_owned(), 4000.into()),
            ("level".to_owned(), "x".into()),
        ]);
        let line = line("orders", "info", "ready".to_owned(), fields);
        assert_eq!(line["level"], "info");
        assert_eq!(
            (&line["service"], &line["msg"]),
            (&"orders".into(), &"ready".into())
        );
        assert_eq!(line["port"], 4000);
        let time = line["time"].as_str().unwrap();
        assert!(time.len() == 24 && time.ends_with('Z'), "{time}");
    }
}
