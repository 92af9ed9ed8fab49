//! An n-dimensional array of whatever numeric type a file holds.

use ndarray::ArrayD;
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
