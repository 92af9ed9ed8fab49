//! Unix compress (`.Z`): LZW with codes of 9 to 16 bits, least significant bit first, as written by `compress(1)`.

use super::super::{Error, Result};
use std::fs::File;
use std::io::Read;
use std::path::Path;

const CLEAR: u32 = 256;

pub(super) fn expand(path: &Path, mut file: File) -> Result<Vec<u8>> {
    let mut packed = Vec::new();
    file.read_to_end(&mut packed).map_err(|source| Error::system(path, "read the file", source))?;
    decode(&packed).map_err(|what| Error::damaged(path, "", what, "fetch the file again"))
}

fn decode(packed: &[u8]) -> std::result::Result<Vec<u8>, &'static str> {
    let flags = *packed.get(2).ok_or("the compressed file has no header")?;
    let block_mode = flags & 0x80 != 0;
    let max_bits = u32::from(flags & 0x1f);
    if !(9..=16).contains(&max_bits) {
        return Err("the compressed file claims a code width that does not exist");
    }
    let first_free: u32 = if block_mode { 257 } else { 256 };
    let data = &packed[3..];
    let mut prefix = vec![0u16; 1 << max_bits];
    let mut suffix: Vec<u8> = (0..1u32 << max_bits).map(|code| code as u8).collect();
    let mut out = Vec::new();
    let mut stack = Vec::new();
    let (mut width, mut free) = (9, first_free);
    let mut previous: Option<u32> = None;
    let mut first = 0u8;
    let (mut bit, mut group_start) = (0usize, 0usize);
    while bit + width as usize <= data.len() * 8 {
        let byte = bit / 8;
        let word = (0..4)
            .fold(0u32, |word, i| word | u32::from(data.get(byte + i).copied().unwrap_or(0)) << (8 * i));
        let code = (word >> (bit % 8)) & ((1 << width) - 1);
        bit += width as usize;
        // Codes come in groups of eight; a change of width skips what is left of the group.
        let skip_group = |bit: usize, width: u32| {
            let group = 8 * width as usize;
            group_start + (bit - group_start).div_ceil(group) * group
        };
        if code == CLEAR && block_mode {
            bit = skip_group(bit, width);
            group_start = bit;
            (width, free, previous) = (9, first_free, None);
            continue;
        }
        let mut walk = code;
        match previous {
            None if code > 255 => return Err("the compressed data are damaged"),
            Some(_) if code > free => return Err("the compressed data are damaged"),
            Some(last) if code == free => {
                stack.push(first);
                walk = last;
            }
            _ => {}
        }
        while walk >= 256 {
            stack.push(suffix[walk as usize]);
            walk = u32::from(prefix[walk as usize]);
        }
        first = walk as u8;
        stack.push(first);
        out.extend(stack.drain(..).rev());
        if let Some(last) = previous
            && free < 1 << max_bits
        {
            prefix[free as usize] = last as u16;
            suffix[free as usize] = first;
            free += 1;
            if free == 1 << width && width < max_bits {
                bit = skip_group(bit, width);
                group_start = bit;
                width += 1;
            }
        }
        previous = Some(code);
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The classic example of the algorithm, packed by the small encoder below.
    #[test]
    fn a_classic_string_comes_back() {
        let packed = pack(b"TOBEORNOTTOBEORTOBEORNOT");
        assert_eq!(decode(&packed).expect("sound"), b"TOBEORNOTTOBEORTOBEORNOT");
    }

    /// A plain LZW encoder with 9-bit codes, enough for short strings.
    fn pack(text: &[u8]) -> Vec<u8> {
        let mut table: Vec<Vec<u8>> = (0..=255u8).map(|byte| vec![byte]).collect();
        table.push(Vec::new());
        let mut codes = Vec::new();
        let mut held: Vec<u8> = Vec::new();
        for &byte in text {
            let mut longer = held.clone();
            longer.push(byte);
            if table.contains(&longer) {
                held = longer;
            } else {
                codes.push(table.iter().position(|entry| *entry == held).expect("known"));
                table.push(longer);
                held = vec![byte];
            }
        }
        codes.push(table.iter().position(|entry| *entry == held).expect("known"));
        let mut bytes = vec![0x1f, 0x9d, 0x90];
        let (mut word, mut bits) = (0u32, 0);
        for code in codes {
            word |= (code as u32) << bits;
            bits += 9;
            while bits >= 8 {
                bytes.push(word as u8);
                word >>= 8;
                bits -= 8;
            }
        }
        bytes.push(word as u8);
        bytes
    }

    #[test]
    fn nonsense_is_refused() {
        assert!(decode(&[0x1f, 0x9d]).is_err());
        assert!(decode(&[0x1f, 0x9d, 0x9f, 0, 0]).is_err());
        assert!(decode(&[0x1f, 0x9d, 0x90, 0xff, 0xff, 0xff]).is_err());
    }
}
