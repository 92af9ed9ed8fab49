//! (under construction)

use super::console::Console;

#[derive(clap::Args)]
pub struct Args {}

pub fn run(_args: Args, _console: &Console) -> anyhow::Result<()> {
    anyhow::bail!("not built yet")
}
