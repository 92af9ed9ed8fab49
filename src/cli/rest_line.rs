//! The rest frequency that a command is given in place of the header's.

use crate::data::Header;
use crate::io::wcs::with_rest_frequency;
use crate::units::lines::rest_frequency_hz;

#[derive(clap::Args, Clone, Copy)]
pub struct RestArgs {
    /// Rest frequency in place of the header's, in GHz or as a line such as 13CO-1-0; the file is not changed
    #[arg(long, value_name = "GHZ|LINE", value_parser = rest_frequency_hz)]
    rest_frequency: Option<f64>,
}

impl RestArgs {
    /// The header as it would be for the line that is asked for.
    pub fn applied(self, header: &Header) -> anyhow::Result<Header> {
        Ok(match self.rest_frequency {
            Some(rest_hz) => with_rest_frequency(header, rest_hz)?,
            None => header.clone(),
        })
    }
}
