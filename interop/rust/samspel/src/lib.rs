//! Join a Samspel system from Rust: found through the registry, called and calling, fed by topics, told and telling,
//! stopped with grace.
//!
//! ```no_run
//! use std::process::ExitCode;
//!
//! use samspel::{App, BoxError, Service};
//!
//! async fn start(app: &mut App) -> Result<(), BoxError> {
//!     let inventory = app.channel("consul:///inventory.v1.InventoryService")?;
//!     // app.serve(OrderServiceServer::new(Orders { inventory: InventoryServiceClient::new(inventory) }));
//!     # drop(inventory);
//!     Ok(())
//! }
//!
//! fn main() -> ExitCode {
//!     let descriptors = &[]; // include_bytes!("gen/descriptors.bin")
//!     Service::new("orders", descriptors).version(env!("CARGO_PKG_VERSION")).run(start)
//! }
//! ```

#![warn(missing_docs)]
#![forbid(unsafe_code)]

mod app;
mod backoff;
mod broker;
mod channel;
mod context;
#[cfg(feature = "postgres")]
mod database;
mod descriptors;
mod error;
mod failure;
mod headers;
#[cfg(feature = "postgres")]
mod inbox;
mod logs;
mod partitions;
mod redact;
mod registry;
mod server;
mod service;
mod settings;
mod task;
mod tell;
mod timestamp;
mod topic;
#[cfg(test)]
mod vectors;
mod wire;

pub use app::{App, Stopping};
pub use channel::Channel;
pub use context::Context;
#[cfg(feature = "postgres")]
pub use database::Database;
pub use descriptors::Descriptors;
pub use error::{BoxError, Error};
pub use failure::{error_detail, internal, Failure, Rejection};
#[cfg(feature = "postgres")]
pub use inbox::Inbox;
pub use logs::LogLevel;
pub use partitions::{partition_of, slice_of};
pub use redact::redact_url;
pub use registry::{Instance, Instances, Resolver};
pub use service::Service;
pub use settings::Settings;
pub use tell::{Method, Receipt, Tell, Teller};
#[cfg(feature = "postgres")]
pub use topic::InboxHandler;
pub use topic::{Handler, Message, Publish, Topic};

/// The code of Samspel's own protos. Generate yours with `extern_path(".samspel.v1", "::samspel::v1")`.
#[expect(clippy::pedantic, reason = "generated")]
pub mod v1 {
    include!("gen/samspel.v1.rs");
}
