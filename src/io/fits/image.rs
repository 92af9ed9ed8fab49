//! Arrays of uncompressed HDUs: large reads at positions, bytes swapped in parallel straight into the target.

use super::super::{Error, Result};
use super::hdu::{HduInfo, HduKind};
use super::scale::{Scaling, Target};
use super::source::Source;
use crate::data::Values;
use crate::job::Context;
use ndarray::{ArrayD, IxDyn};
use rayon::prelude::*;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Numbers per piece of work: small enough to stay in a core's cache, large enough for the disk.
const PIECE: usize = 1 << 17;

/// A number as FITS stores it.
pub(super) trait Stored: Copy + Default + Send + Sync {
    const SIZE: usize;
    fn from_be(bytes: &[u8]) -> Self;
    fn single(self) -> f32;
    fn double(self) -> f64;
    fn is(self, blank: i64) -> bool;
}

macro_rules! stored {
    ($($type:ty, $blank:expr;)*) => {$(
        impl Stored for $type {
            const SIZE: usize = size_of::<$type>();
            fn from_be(bytes: &[u8]) -> Self {
                let mut number = [0; size_of::<$type>()];
                number.copy_from_slice(bytes);
                <$type>::from_be_bytes(number)
            }
            fn single(self) -> f32 {
                self as f32
            }
            fn double(self) -> f64 {
                self as f64
            }
            fn is(self, blank: i64) -> bool {
                let test: fn($type, i64) -> bool = $blank;
                test(self, blank)
            }
        }
    )*};
}
stored! {
    u8, |value, blank| i64::from(value) == blank;
    i16, |value, blank| i64::from(value) == blank;
    i32, |value, blank| i64::from(value) == blank;
    i64, |value, blank| value == blank;
    f32, |_, _| false;
    f64, |_, _| false;
}

/// Where the stored numbers come from: the file, or an array already decompressed.
pub(super) trait Numbers {
    fn map<T: Stored, U: Copy + Default + Send>(&self, convert: impl Fn(T) -> U + Sync) -> Result<Vec<U>>;
}

/// Numbers that lie in a file one after the other.
pub(super) struct InFile<'a> {
    pub source: &'a Source,
    pub hdu: &'a HduInfo,
    pub context: &'a Context,
}

impl Numbers for InFile<'_> {
    fn map<T: Stored, U: Copy + Default + Send>(&self, convert: impl Fn(T) -> U + Sync) -> Result<Vec<U>> {
        let Self { source, hdu, context } = self;
        let count = hdu.count();
        check_held(source, hdu)?;
        let mut values = vec![U::default(); count];
        let done = AtomicUsize::new(0);
        values.par_chunks_mut(PIECE).enumerate().try_for_each_init(
            || vec![0u8; PIECE * T::SIZE],
            |buffer, (piece, target)| -> Result<()> {
                context.check()?;
                let bytes = &mut buffer[..target.len() * T::SIZE];
                source.read_at(hdu.data_start + (piece * PIECE * T::SIZE) as u64, bytes)?;
                for (value, raw) in target.iter_mut().zip(bytes.chunks_exact(T::SIZE)) {
                    *value = convert(T::from_be(raw));
                }
                let done = done.fetch_add(target.len(), Ordering::Relaxed) + target.len();
                context.report("reading", Some(done as f32 / count as f32));
                Ok(())
            },
        )?;
        Ok(values)
    }
}

/// Whether the file holds all that the header claims.
pub(super) fn check_held(source: &Source, hdu: &HduInfo) -> Result<()> {
    if hdu.held_bytes < hdu.data_bytes {
        let (needed, held) = (hdu.data_bytes, hdu.held_bytes);
        let what = format!("the file is cut off, the data need {needed} bytes and {held} are there");
        return Err(Error::damaged(&source.path, hdu.place(), what, "fetch the file again"));
    }
    Ok(())
}

/// The physical values in the type that astropy would give them.
pub(super) fn values(numbers: &impl Numbers, scaling: Scaling, shape: &[usize]) -> Result<Values> {
    let Scaling { scale, zero, blank, .. } = scaling;
    let shape = IxDyn(shape);
    macro_rules! as_stored {
        ($kind:ident, $type:ty) => {
            Values::$kind(shaped(shape, numbers.map(|value: $type| value)?))
        };
    }
    macro_rules! scaled {
        (Single, $type:ty) => {
            Values::F32(shaped(shape, numbers.map(|v: $type| single(v, scale as f32, zero as f32, blank))?))
        };
        (Double, $type:ty) => {
            Values::F64(shaped(shape, numbers.map(|v: $type| double(v, scale, zero, blank))?))
        };
    }
    Ok(match (scaling.target(), scaling.bitpix) {
        (Target::AsStored, 8) => as_stored!(U8, u8),
        (Target::AsStored, 16) => as_stored!(I16, i16),
        (Target::AsStored, 32) => as_stored!(I32, i32),
        (Target::AsStored, 64) => as_stored!(I64, i64),
        (Target::AsStored, -32) => as_stored!(F32, f32),
        (Target::AsStored, _) => as_stored!(F64, f64),
        // Adding the offset is flipping the sign bit.
        (Target::Offset, 8) => Values::I8(shaped(shape, numbers.map(|v: u8| (v ^ 0x80) as i8)?)),
        (Target::Offset, 16) => Values::U16(shaped(shape, numbers.map(|v: i16| v as u16 ^ 1 << 15)?)),
        (Target::Offset, 32) => Values::U32(shaped(shape, numbers.map(|v: i32| v as u32 ^ 1 << 31)?)),
        (Target::Offset, _) => Values::U64(shaped(shape, numbers.map(|v: i64| v as u64 ^ 1 << 63)?)),
        (Target::Single, 8) => scaled!(Single, u8),
        (Target::Single, 16) => scaled!(Single, i16),
        (Target::Single, _) => scaled!(Single, f32),
        (Target::Double, 8) => scaled!(Double, u8),
        (Target::Double, 16) => scaled!(Double, i16),
        (Target::Double, 32) => scaled!(Double, i32),
        (Target::Double, -32) => scaled!(Double, f32),
        (Target::Double, 64) => scaled!(Double, i64),
        (Target::Double, _) => scaled!(Double, f64),
    })
}

/// The physical values in single precision: each is the value that `values` gives, rounded once.
pub(super) fn singles(numbers: &impl Numbers, scaling: Scaling) -> Result<Vec<f32>> {
    let Scaling { scale, zero, blank, .. } = scaling;
    macro_rules! scaled {
        ($type:ty) => {
            match scaling.target() {
                Target::AsStored => numbers.map(|v: $type| v.single()),
                Target::Single => numbers.map(|v: $type| single(v, scale as f32, zero as f32, blank)),
                Target::Double | Target::Offset => {
                    numbers.map(|v: $type| double(v, scale, zero, blank) as f32)
                }
            }
        };
    }
    match scaling.bitpix {
        8 => scaled!(u8),
        16 => scaled!(i16),
        32 => scaled!(i32),
        64 => scaled!(i64),
        -32 => scaled!(f32),
        _ => scaled!(f64),
    }
}

fn single<T: Stored>(value: T, scale: f32, zero: f32, blank: Option<i64>) -> f32 {
    if blank.is_some_and(|blank| value.is(blank)) { f32::NAN } else { value.single() * scale + zero }
}

fn double<T: Stored>(value: T, scale: f64, zero: f64, blank: Option<i64>) -> f64 {
    if blank.is_some_and(|blank| value.is(blank)) { f64::NAN } else { value.double() * scale + zero }
}

fn shaped<T>(shape: IxDyn, values: Vec<T>) -> ArrayD<T> {
    // The count comes from this very shape, whose product was checked when the header was read.
    ArrayD::from_shape_vec(shape, values).unwrap_or_else(|_| unreachable!("count and shape agree"))
}

/// The array of random groups: (group, axes of one group); the parameters between the groups are left out.
pub(super) fn group_values(source: &Source, hdu: &HduInfo, context: &Context) -> Result<Values> {
    debug_assert_eq!(hdu.kind, HduKind::Groups);
    let scaling = Scaling::of(&hdu.header, true);
    let size = scaling.bitpix.unsigned_abs() as usize / 8;
    let parameters = hdu.header.integer("PCOUNT").and_then(|n| usize::try_from(n).ok()).unwrap_or(0);
    if hdu.held_bytes < hdu.data_bytes || hdu.count() == 0 {
        let what = format!("{} of {} bytes of the groups are there", hdu.held_bytes, hdu.data_bytes);
        return Err(Error::damaged(&source.path, hdu.place(), what, "fetch the file again"));
    }
    let in_group = hdu.count() / hdu.shape[0] * size;
    let mut bytes = Vec::with_capacity(hdu.count() * size);
    let mut group = vec![0; parameters * size + in_group];
    for index in 0..hdu.shape[0] {
        context.check()?;
        source.read_at(hdu.data_start + (index * group.len()) as u64, &mut group)?;
        bytes.extend_from_slice(&group[parameters * size..]);
    }
    values(&InMemory(&bytes), scaling, &hdu.shape)
}

/// Numbers that lie in memory in the byte order of FITS.
pub(super) struct InMemory<'a>(pub &'a [u8]);

impl Numbers for InMemory<'_> {
    fn map<T: Stored, U: Copy + Default + Send>(&self, convert: impl Fn(T) -> U + Sync) -> Result<Vec<U>> {
        Ok(self.0.chunks_exact(T::SIZE).map(|raw| convert(T::from_be(raw))).collect())
    }
}
