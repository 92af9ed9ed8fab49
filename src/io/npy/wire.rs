//! Numbers to bytes and back, in either byte order.

use num_complex::Complex;

/// A number with a fixed number of bytes.
pub(super) trait Wire: Copy {
    const SIZE: usize;
    /// Appends the numbers that the bytes hold; a remainder is left out.
    fn decode(bytes: &[u8], big_endian: bool, into: &mut Vec<Self>);
    /// Appends the bytes of the numbers, little-endian.
    fn encode(numbers: &[Self], into: &mut Vec<u8>);
}

macro_rules! wire {
    ($($type:ty),*) => {$(
        impl Wire for $type {
            const SIZE: usize = size_of::<$type>();
            fn decode(bytes: &[u8], big_endian: bool, into: &mut Vec<Self>) {
                let (chunks, _) = bytes.as_chunks::<{ size_of::<$type>() }>();
                if big_endian {
                    into.extend(chunks.iter().map(|&chunk| <$type>::from_be_bytes(chunk)));
                } else {
                    into.extend(chunks.iter().map(|&chunk| <$type>::from_le_bytes(chunk)));
                }
            }
            fn encode(numbers: &[Self], into: &mut Vec<u8>) {
                into.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
            }
        }
    )*};
}
wire!(i8, u8, i16, u16, i32, u32, i64, u64, half::f16, f32, f64);

impl Wire for bool {
    const SIZE: usize = 1;
    fn decode(bytes: &[u8], _: bool, into: &mut Vec<Self>) {
        into.extend(bytes.iter().map(|&byte| byte != 0));
    }
    fn encode(numbers: &[Self], into: &mut Vec<u8>) {
        into.extend(numbers.iter().map(|&number| u8::from(number)));
    }
}

impl<T: Wire> Wire for Complex<T> {
    const SIZE: usize = 2 * T::SIZE;
    fn decode(bytes: &[u8], big_endian: bool, into: &mut Vec<Self>) {
        let mut parts = Vec::with_capacity(bytes.len() / T::SIZE);
        T::decode(bytes, big_endian, &mut parts);
        let (pairs, _) = parts.as_chunks::<2>();
        into.extend(pairs.iter().map(|&[re, im]| Complex { re, im }));
    }
    fn encode(numbers: &[Self], into: &mut Vec<u8>) {
        for number in numbers {
            T::encode(&[number.re, number.im], into);
        }
    }
}
