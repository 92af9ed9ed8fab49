//! (under construction)

use super::console::Console;

#[derive(clap::Subcommand)]
pub enum Command {}

pub fn run(command: Command, _console: &Console) -> anyhow::Result<()> {
    match command {}
}
