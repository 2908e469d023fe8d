//! The one binary: see `disclosure-gateway --help`.

use std::process::ExitCode;

fn main() -> ExitCode {
    api::cli::run()
}
