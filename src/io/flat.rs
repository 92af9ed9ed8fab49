//! Arrays whose numbers lie one after the other in a file (or in memory, inflated): any run of them is read by its position.

use super::Result;
use super::fits::{Scaling, Source, Target};
use crate::data::Number;
use std::sync::Arc;

/// The type of a stored number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stored {
    Bool,
    I8,
    I16,
    I32,
    I64,
    U8,
    U16,
    U32,
    U64,
    F16,
    F32,
    F64,
}

impl Stored {
    pub fn size(self) -> usize {
        match self {
            Self::Bool | Self::I8 | Self::U8 => 1,
            Self::I16 | Self::U16 | Self::F16 => 2,
            Self::I32 | Self::U32 | Self::F32 => 4,
            Self::I64 | Self::U64 | Self::F64 => 8,
        }
    }

    /// By NumPy's name of the type.
    pub fn of_name(name: &str) -> Option<Self> {
        Some(match name {
            "bool" => Self::Bool,
            "int8" => Self::I8,
            "int16" => Self::I16,
            "int32" => Self::I32,
            "int64" => Self::I64,
            "uint8" => Self::U8,
            "uint16" => Self::U16,
            "uint32" => Self::U32,
            "uint64" => Self::U64,
            "float16" => Self::F16,
            "float32" => Self::F32,
            "float64" => Self::F64,
            _ => return None,
        })
    }
}

/// How stored numbers become physical ones.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Scale {
    None,
    Single { scale: f32, zero: f32, blank: Option<i64> },
    Double { scale: f64, zero: f64, blank: Option<i64> },
}

/// An array in a file, as a row of numbers.
#[derive(Clone)]
pub(super) struct Flat {
    source: Arc<Source>,
    /// Byte of the first number.
    start: u64,
    stored: Stored,
    big_endian: bool,
    scale: Scale,
}

/// Numbers that lie further apart than this are read one by one.
const WIDEST: usize = 4096;

impl Flat {
    pub fn new(source: Arc<Source>, start: u64, stored: Stored, big_endian: bool) -> Self {
        Self { source, start, stored, big_endian, scale: Scale::None }
    }

    /// The numbers of a FITS array; `None` for a type that FITS does not have.
    pub fn of_fits(source: Arc<Source>, start: u64, scaling: Scaling) -> Option<Self> {
        let stored = match scaling.bitpix {
            8 => Stored::U8,
            16 => Stored::I16,
            32 => Stored::I32,
            64 => Stored::I64,
            -32 => Stored::F32,
            -64 => Stored::F64,
            _ => return None,
        };
        let Scaling { scale, zero, blank, .. } = scaling;
        let scale = match scaling.target() {
            Target::AsStored => Scale::None,
            Target::Single => Scale::Single { scale: scale as f32, zero: zero as f32, blank },
            Target::Double | Target::Offset => Scale::Double { scale, zero, blank },
        };
        Some(Self { source, start, stored, big_endian: true, scale })
    }

    /// Fills `into` with physical values: the numbers `first`, `first + pitch`, … of the row. `buffer` is scratch.
    pub fn read(&self, first: u64, pitch: usize, into: &mut [f32], buffer: &mut Vec<u8>) -> Result<()> {
        let size = self.stored.size();
        let at = |number: u64| self.start + number * size as u64;
        if pitch > 1 && pitch * size > WIDEST {
            for (index, to) in into.iter_mut().enumerate() {
                let mut bytes = [0; 8];
                self.source.read_at(at(first + (index * pitch) as u64), &mut bytes[..size])?;
                self.decode(&bytes[..size], 1, std::slice::from_mut(to));
            }
            return Ok(());
        }
        buffer.resize((into.len().saturating_sub(1) * pitch + 1) * size, 0);
        self.source.read_at(at(first), buffer)?;
        self.decode(buffer, pitch, into);
        Ok(())
    }

    fn decode(&self, bytes: &[u8], pitch: usize, into: &mut [f32]) {
        macro_rules! number {
            ($type:ty) => {{
                let number = |raw: [u8; size_of::<$type>()]| {
                    if self.big_endian { <$type>::from_be_bytes(raw) } else { <$type>::from_le_bytes(raw) }
                };
                match self.scale {
                    Scale::None => each(bytes, pitch, into, |raw| number(raw).to_f32()),
                    Scale::Single { scale, zero, blank } => each(bytes, pitch, into, |raw| {
                        let value = number(raw);
                        if blank == Some(value as i64) { f32::NAN } else { value as f32 * scale + zero }
                    }),
                    Scale::Double { scale, zero, blank } => each(bytes, pitch, into, |raw| {
                        let value = number(raw);
                        if blank == Some(value as i64) {
                            f32::NAN
                        } else {
                            (value as f64 * scale + zero) as f32
                        }
                    }),
                }
            }};
        }
        match self.stored {
            Stored::Bool => each(bytes, pitch, into, |[byte]| f32::from(u8::from(byte != 0))),
            Stored::F16 if self.big_endian => {
                each(bytes, pitch, into, |raw| half::f16::from_be_bytes(raw).to_f32())
            }
            Stored::F16 => each(bytes, pitch, into, |raw| half::f16::from_le_bytes(raw).to_f32()),
            Stored::I8 => number!(i8),
            Stored::I16 => number!(i16),
            Stored::I32 => number!(i32),
            Stored::I64 => number!(i64),
            Stored::U8 => number!(u8),
            Stored::U16 => number!(u16),
            Stored::U32 => number!(u32),
            Stored::U64 => number!(u64),
            Stored::F32 => number!(f32),
            Stored::F64 => number!(f64),
        }
    }
}

fn each<const N: usize>(bytes: &[u8], pitch: usize, into: &mut [f32], convert: impl Fn([u8; N]) -> f32) {
    let (numbers, _) = bytes.as_chunks::<N>();
    if pitch == 1 {
        into.iter_mut().zip(numbers).for_each(|(to, &raw)| *to = convert(raw));
    } else {
        into.iter_mut().zip(numbers.iter().step_by(pitch)).for_each(|(to, &raw)| *to = convert(raw));
    }
}
