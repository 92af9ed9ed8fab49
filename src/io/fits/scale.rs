//! From stored numbers to physical values, by the rules astropy follows: BSCALE, BZERO, BLANK, unsigned integers.

use crate::data::Header;

/// How the stored numbers of an array become physical ones.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::io) struct Scaling {
    pub bitpix: i64,
    pub scale: f64,
    pub zero: f64,
    /// Stored number that means "no value"; only integers have one.
    pub blank: Option<i64>,
    /// The array is kept as random groups.
    pub groups: bool,
}

/// The type that the physical values get.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::io) enum Target {
    /// Stored as they are.
    AsStored,
    /// Unsigned integers stored with an offset (signed ones for bytes).
    Offset,
    /// Computed in single precision.
    Single,
    /// Computed in double precision.
    Double,
}

impl Scaling {
    pub fn of(header: &Header, groups: bool) -> Self {
        let bitpix = header.integer("BITPIX").unwrap_or(0);
        Self {
            bitpix,
            scale: header.float("BSCALE").unwrap_or(1.0),
            zero: header.float("BZERO").unwrap_or(0.0),
            blank: if bitpix > 0 && !groups { header.integer("BLANK") } else { None },
            groups,
        }
    }

    pub fn target(&self) -> Target {
        let plain = self.scale == 1.0 && self.zero == 0.0;
        // To astropy random groups are records: scaled ones are computed in double precision, and BLANK does not count.
        if self.groups && !plain {
            return Target::Double;
        }
        match self.bitpix {
            -32 if plain => Target::AsStored,
            -64 if plain => Target::AsStored,
            -32 => Target::Single,
            -64 => Target::Double,
            _ if plain && self.blank.is_none() => Target::AsStored,
            bits if self.scale == 1.0 && Some(self.zero) == offset(bits) => Target::Offset,
            8 | 16 => Target::Single,
            _ => Target::Double,
        }
    }

    pub fn dtype(&self) -> &'static str {
        match (self.target(), self.bitpix) {
            (Target::AsStored, 8) => "uint8",
            (Target::AsStored, 16) => "int16",
            (Target::AsStored, 32) => "int32",
            (Target::AsStored, 64) => "int64",
            (Target::Offset, 8) => "int8",
            (Target::Offset, 16) => "uint16",
            (Target::Offset, 32) => "uint32",
            (Target::Offset, _) => "uint64",
            (Target::Single, _) | (Target::AsStored, -32) => "float32",
            _ => "float64",
        }
    }
}

/// The BZERO by which FITS stores the integers that it has no type for.
fn offset(bitpix: i64) -> Option<f64> {
    match bitpix {
        8 => Some(-128.0),
        16 => Some(32_768.0),
        32 => Some(2_147_483_648.0),
        64 => Some(9_223_372_036_854_775_808.0),
        _ => None,
    }
}
