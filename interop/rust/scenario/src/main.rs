//! Rust's program of the suite: `scenario serve` or `scenario drive` (`interop/README.md`).

mod drive;
mod driver;
mod memory;
mod serve;
mod waits;

use std::process::ExitCode;

/// The code of the protos.
#[expect(clippy::pedantic, reason = "generated")]
mod api {
    include!("gen/samspel.scenario.v1.rs");
}

const DESCRIPTORS: &[u8] = include_bytes!("gen/descriptors.bin");
const SERVICE: &str = "samspel.scenario.v1.ScenarioService";
const HAPPENED: &str = "samspel.scenario.v1.ScenarioTopics/Happened";
const NOTE: &str = "samspel.scenario.v1.ScenarioService/Note";

fn main() -> ExitCode {
    match std::env::args().nth(1).as_deref() {
        Some("serve") => samspel::Service::new("scenario-rust", DESCRIPTORS).run(serve::start),
        Some("drive") => samspel::Service::new("driver-rust", DESCRIPTORS).run(driver::start),
        _ => {
            eprintln!("Usage: scenario serve|drive");
            ExitCode::from(2)
        }
    }
}
