//! The registry: Consul, or what speaks its HTTP API (R1 to R7).

mod consul;
mod descriptors;
mod instance;
mod last_good;
mod long_poll;
mod registration;
mod resolver;
mod target;

pub(crate) use consul::Consul;
pub(crate) use descriptors::DescriptorSet;
pub use instance::Instance;
pub(crate) use registration::{advertised_address, registration_of, Facts, Registration};
pub use resolver::{Instances, Resolver};
