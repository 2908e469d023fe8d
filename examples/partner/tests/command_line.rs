//! The program as somebody starts it who has not read its page. What it does with a gateway is tried where one runs.

use std::{io, process::Command};

#[test]
fn program_says_what_it_needs_before_it_asks_anybody() -> io::Result<()> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_partner"));
    command.env_remove("GATEWAY_TOKEN").env_remove("SERVICE_URL");
    let output = command.output()?;
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8_lossy(&output.stderr);
    for needed in ["--gateway-token", "--service-url", "<CLIENTS>"] {
        assert!(said.contains(needed), "{said}");
    }
    Ok(())
}
