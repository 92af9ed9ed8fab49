//! An n-dimensional array of whatever numeric type a file holds.

use ndarray::{ArrayD, IxDyn};
use num_complex::Complex;

/// Values in NumPy order (slowest axis first), physical (scaled, blanks as NaN where the type can hold one).
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    Bool(ArrayD<bool>),
    I8(ArrayD<i8>),
    U8(ArrayD<u8>),
    I16(ArrayD<i16>),
    U16(ArrayD<u16>),
    I32(ArrayD<i32>),
    U32(ArrayD<u32>),
    I64(ArrayD<i64>),
    U64(ArrayD<u64>),
    F16(ArrayD<half::f16>),
    F32(ArrayD<f32>),
    F64(ArrayD<f64>),
    C64(ArrayD<Complex<f32>>),
    C128(ArrayD<Complex<f64>>),
}

/// A real number of any type that a file may hold.
pub trait Number: Copy + Send + Sync + PartialEq + 'static {
    fn to_f64(self) -> f64;
    /// Rounded to nearest, as NumPy's `astype`.
    fn to_f32(self) -> f32;
    /// Bits of the key, a multiple of 8.
    const KEY_BITS: u32;
    /// An integer that sorts as the value does (finite values; −0 lies below +0).
    fn key(self) -> u64;
    fn from_key(key: u64) -> Self;
}

macro_rules! integer {
    ($($type:ty, $unsigned:ty, $flip:expr;)*) => {$(
        impl Number for $type {
            fn to_f64(self) -> f64 {
                self as f64
            }
            fn to_f32(self) -> f32 {
                self as f32
            }
            const KEY_BITS: u32 = <$type>::BITS;
            fn key(self) -> u64 {
                u64::from(self as $unsigned ^ $flip)
            }
            fn from_key(key: u64) -> Self {
                (key as $unsigned ^ $flip) as $type
            }
        }
    )*};
}
integer! {
    i8, u8, 1 << 7;
    u8, u8, 0;
    i16, u16, 1 << 15;
    u16, u16, 0;
    i32, u32, 1 << 31;
    u32, u32, 0;
    i64, u64, 1 << 63;
    u64, u64, 0;
}

macro_rules! float {
    ($($type:ty, $unsigned:ty, $f64:expr, $f32:expr;)*) => {$(
        impl Number for $type {
            fn to_f64(self) -> f64 {
                $f64(self)
            }
            fn to_f32(self) -> f32 {
                $f32(self)
            }
            const KEY_BITS: u32 = <$unsigned>::BITS;
            fn key(self) -> u64 {
                // Positive floats sort as their bits; negative ones the other way round, below them.
                let bits = self.to_bits();
                let top = 1 << (<$unsigned>::BITS - 1);
                u64::from(if bits & top == 0 { bits | top } else { !bits })
            }
            fn from_key(key: u64) -> Self {
                let key = key as $unsigned;
                let top = 1 << (<$unsigned>::BITS - 1);
                Self::from_bits(if key & top == 0 { !key } else { key & !top })
            }
        }
    )*};
}
float! {
    f32, u32, f64::from, std::convert::identity;
    f64, u64, std::convert::identity, |value| value as f32;
    half::f16, u16, f64::from, f32::from;
}

impl Number for bool {
    fn to_f64(self) -> f64 {
        f64::from(u8::from(self))
    }
    fn to_f32(self) -> f32 {
        f32::from(u8::from(self))
    }
    const KEY_BITS: u32 = 8;
    fn key(self) -> u64 {
        u64::from(self)
    }
    fn from_key(key: u64) -> Self {
        key != 0
    }
}

/// The same code for every type, complex ones included: `each_type!(values, array => array.len())`.
macro_rules! each_type {
    ($values:expr, $array:ident => $body:expr) => {
        match $values {
            $crate::data::Values::Bool($array) => $body,
            $crate::data::Values::I8($array) => $body,
            $crate::data::Values::U8($array) => $body,
            $crate::data::Values::I16($array) => $body,
            $crate::data::Values::U16($array) => $body,
            $crate::data::Values::I32($array) => $body,
            $crate::data::Values::U32($array) => $body,
            $crate::data::Values::I64($array) => $body,
            $crate::data::Values::U64($array) => $body,
            $crate::data::Values::F16($array) => $body,
            $crate::data::Values::F32($array) => $body,
            $crate::data::Values::F64($array) => $body,
            $crate::data::Values::C64($array) => $body,
            $crate::data::Values::C128($array) => $body,
        }
    };
}
pub(crate) use each_type;

/// The same code for every real type, and another for complex: `each_real!(values, array => …, complex => …)`.
macro_rules! each_real {
    ($values:expr, $array:ident => $body:expr, complex => $complex:expr) => {
        match $values {
            $crate::data::Values::Bool($array) => $body,
            $crate::data::Values::I8($array) => $body,
            $crate::data::Values::U8($array) => $body,
            $crate::data::Values::I16($array) => $body,
            $crate::data::Values::U16($array) => $body,
            $crate::data::Values::I32($array) => $body,
            $crate::data::Values::U32($array) => $body,
            $crate::data::Values::I64($array) => $body,
            $crate::data::Values::U64($array) => $body,
            $crate::data::Values::F16($array) => $body,
            $crate::data::Values::F32($array) => $body,
            $crate::data::Values::F64($array) => $body,
            $crate::data::Values::C64(_) | $crate::data::Values::C128(_) => $complex,
        }
    };
}
pub(crate) use each_real;

macro_rules! from_array {
    ($($type:ty => $variant:ident),*) => {$(
        impl From<ArrayD<$type>> for Values {
            fn from(array: ArrayD<$type>) -> Self {
                Self::$variant(array)
            }
        }
    )*};
}
from_array!(bool => Bool, i8 => I8, u8 => U8, i16 => I16, u16 => U16, i32 => I32, u32 => U32, i64 => I64,
    u64 => U64, half::f16 => F16, f32 => F32, f64 => F64, Complex<f32> => C64, Complex<f64> => C128);

impl Values {
    /// Lengths of the axes, slowest first; empty for a scalar.
    pub fn shape(&self) -> &[usize] {
        each_type!(self, array => array.shape())
    }

    pub fn len(&self) -> usize {
        each_type!(self, array => array.len())
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn is_complex(&self) -> bool {
        matches!(self, Self::C64(_) | Self::C128(_))
    }

    /// NumPy's type string, little-endian: `<f4`, `|u1`.
    pub fn descr(&self) -> &'static str {
        match self {
            Self::Bool(_) => "|b1",
            Self::I8(_) => "|i1",
            Self::U8(_) => "|u1",
            Self::I16(_) => "<i2",
            Self::U16(_) => "<u2",
            Self::I32(_) => "<i4",
            Self::U32(_) => "<u4",
            Self::I64(_) => "<i8",
            Self::U64(_) => "<u8",
            Self::F16(_) => "<f2",
            Self::F32(_) => "<f4",
            Self::F64(_) => "<f8",
            Self::C64(_) => "<c8",
            Self::C128(_) => "<c16",
        }
    }

    /// NumPy's name of the type: `float32`.
    pub fn dtype(&self) -> &'static str {
        match self {
            Self::Bool(_) => "bool",
            Self::I8(_) => "int8",
            Self::U8(_) => "uint8",
            Self::I16(_) => "int16",
            Self::U16(_) => "uint16",
            Self::I32(_) => "int32",
            Self::U32(_) => "uint32",
            Self::I64(_) => "int64",
            Self::U64(_) => "uint64",
            Self::F16(_) => "float16",
            Self::F32(_) => "float32",
            Self::F64(_) => "float64",
            Self::C64(_) => "complex64",
            Self::C128(_) => "complex128",
        }
    }

    /// In single precision, in C order; `None` for complex values.
    pub fn to_f32(&self) -> Option<ArrayD<f32>> {
        each_real!(self, array => Some(converted(array, Number::to_f32)), complex => None)
    }

    /// As `to_f32`, without a copy where the values are single precision already.
    pub fn into_f32(self) -> Option<ArrayD<f32>> {
        match self {
            Self::F32(array) if array.is_standard_layout() => Some(array),
            other => other.to_f32(),
        }
    }

    /// In double precision, in C order; `None` for complex values. 64-bit integers beyond 2⁵³ are rounded.
    pub fn to_f64(&self) -> Option<ArrayD<f64>> {
        each_real!(self, array => Some(converted(array, Number::to_f64)), complex => None)
    }

    /// The same values under another shape (C order); `None` where the lengths differ.
    pub fn reshaped(self, shape: &[usize]) -> Option<Self> {
        if shape.iter().product::<usize>() != self.len() {
            return None;
        }
        each_type!(self, array => c_order(array).into_shape_with_order(IxDyn(shape)).ok().map(Self::from))
    }
}

/// Moved where the layout is C order already, else copied.
fn c_order<T: Clone>(array: ArrayD<T>) -> ArrayD<T> {
    if array.is_standard_layout() { array } else { array.as_standard_layout().into_owned() }
}

fn converted<T: Number, U: Number>(array: &ArrayD<T>, convert: impl Fn(T) -> U) -> ArrayD<U> {
    // `mapv` keeps a Fortran layout; everything downstream expects C order.
    let values: Vec<U> = match array.as_slice() {
        Some(slice) => slice.iter().map(|&value| convert(value)).collect(),
        None => array.iter().map(|&value| convert(value)).collect(),
    };
    ArrayD::from_shape_vec(array.raw_dim(), values).unwrap_or_else(|_| array.mapv(convert))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_sort_as_values_and_lead_back() {
        let floats = [f64::MIN, -1.5, -f64::MIN_POSITIVE, -0.0, 0.0, 1e-300, 2.0, f64::MAX];
        assert!(floats.windows(2).all(|pair| pair[0].key() < pair[1].key()));
        assert!(floats.iter().all(|&value| f64::from_key(value.key()) == value));
        let integers = [i64::MIN, -1, 0, 1, i64::MAX];
        assert!(integers.windows(2).all(|pair| pair[0].key() < pair[1].key()));
        assert!(integers.iter().all(|&value| i64::from_key(value.key()) == value));
        for bits in 0..=u16::MAX {
            let value = half::f16::from_bits(bits);
            assert!(value.is_nan() || half::f16::from_key(value.key()).to_bits() == bits);
        }
    }

    #[test]
    fn conversion_gives_c_order_whatever_the_layout() {
        let fortran =
            ArrayD::from_shape_fn(ndarray::ShapeBuilder::f(IxDyn(&[2, 3])), |i| (i[0] * 3 + i[1]) as i16);
        let values = Values::from(fortran);
        let single = values.to_f32().expect("real");
        assert_eq!(single.as_slice(), Some(&[0.0, 1.0, 2.0, 3.0, 4.0, 5.0][..]));
        let flat = values.reshaped(&[6]).expect("same length");
        assert_eq!(
            flat,
            Values::from(ArrayD::from_shape_vec(IxDyn(&[6]), (0..6).collect::<Vec<i16>>()).expect("six"))
        );
        assert!(flat.reshaped(&[4]).is_none());
    }
}
