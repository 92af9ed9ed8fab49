//! Headers as documents: which cards belong to which axis, and what stays of them when axes are dropped or reordered.

use crate::data::{Card, Header};

/// The header of an array that keeps only the given axes (1-based, as FITS numbers them), in this order: cards of other
/// axes go, those of kept axes are renumbered.
pub fn keep_axes(header: &Header, axes: &[usize]) -> Header {
    let mut kept = Header::default();
    for card in &header.cards {
        let key = match axis_key(&card.key) {
            None => Some(card.key.clone()),
            Some(parts) => renumbered(&parts, axes),
        };
        if let Some(key) = key {
            kept.cards.push(Card { key, ..card.clone() });
        }
    }
    for key in ["NAXIS", "WCSAXES"] {
        if kept.get(key).is_some() {
            kept.set_integer(key, axes.len() as i64, "");
        }
    }
    kept
}

/// A keyword that names one axis or two: `CTYPE3A`, `PC2_1`, `CD001002`, `PV2_3`.
struct AxisKey<'a> {
    stem: &'a str,
    first: usize,
    /// Second number and whether it is an axis (PC, CD) or a parameter (PV, PS).
    second: Option<(usize, bool)>,
    /// Old style with three digits each.
    padded: bool,
    alternate: &'a str,
}

fn axis_key(key: &str) -> Option<AxisKey<'_>> {
    const ONE: [&str; 16] = [
        "NAXIS", "CTYPE", "CRPIX", "CRVAL", "CDELT", "CROTA", "CUNIT", "CNAME", "CRDER", "CSYER", "CZPHS",
        "CPERI", "CPDIS", "CQDIS", "CPERR", "CQERR",
    ];
    const TWO: [(&str, bool); 4] = [("PC", true), ("CD", true), ("PV", false), ("PS", false)];
    for stem in ONE {
        if let Some(rest) = key.strip_prefix(stem) {
            let (first, alternate) = number(rest)?;
            return plain(alternate).then_some(AxisKey {
                stem,
                first,
                second: None,
                padded: false,
                alternate,
            });
        }
    }
    for (stem, is_axis) in TWO {
        let Some(rest) = key.strip_prefix(stem) else { continue };
        if let Some((first, rest)) = number(rest)
            && let Some(rest) = rest.strip_prefix('_')
            && let Some((second, alternate)) = number(rest)
        {
            let second = Some((second, is_axis));
            return plain(alternate).then_some(AxisKey { stem, first, second, padded: false, alternate });
        }
        if is_axis && rest.len() == 6 && rest.bytes().all(|byte| byte.is_ascii_digit()) {
            let (first, second) = (rest[..3].parse().ok()?, rest[3..].parse().ok()?);
            return Some(AxisKey { stem, first, second: Some((second, true)), padded: true, alternate: "" });
        }
    }
    None
}

/// Nothing, or the letter of an alternate description.
fn plain(alternate: &str) -> bool {
    alternate.is_empty() || (alternate.len() == 1 && alternate.as_bytes()[0].is_ascii_uppercase())
}

fn number(text: &str) -> Option<(usize, &str)> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    Some((text[..digits].parse().ok()?, &text[digits..]))
}

fn renumbered(key: &AxisKey, axes: &[usize]) -> Option<String> {
    let place = |axis: usize| axes.iter().position(|&kept| kept == axis).map(|index| index + 1);
    let first = place(key.first)?;
    let AxisKey { stem, alternate, .. } = key;
    Some(match key.second {
        None => format!("{stem}{first}{alternate}"),
        Some((second, true)) if key.padded => format!("{stem}{first:03}{:03}", place(second)?),
        Some((second, true)) => format!("{stem}{first}_{}{alternate}", place(second)?),
        Some((second, false)) => format!("{stem}{first}_{second}{alternate}"),
    })
}

/// The header of a part of an array that begins `start` pixels after the first along each axis (0-based, FITS order of
/// axes): the reference pixels move, everything else stays.
pub fn cropped(header: &Header, start: &[f64]) -> Header {
    let mut moved = header.clone();
    for (index, offset) in start.iter().enumerate() {
        for card in &mut moved.cards {
            if let Some(AxisKey { stem: "CRPIX", first, .. }) = axis_key(&card.key)
                && first == index + 1
            {
                let old = match card.value {
                    crate::data::CardValue::Float(value) => value,
                    crate::data::CardValue::Integer(value) => value as f64,
                    _ => continue,
                };
                card.value = crate::data::CardValue::Float(old - offset);
            }
        }
    }
    moved
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_are_dropped_and_renumbered() {
        let mut header = Header::default();
        header.set_integer("NAXIS", 4, "");
        for (axis, ctype) in ["RA---SIN", "DEC--SIN", "STOKES", "VRAD"].iter().enumerate() {
            header.set_text(&format!("CTYPE{}", axis + 1), *ctype, "");
        }
        header.set_float("CRPIX4", 7.0, "");
        header.set_float("PC4_4", 1.0, "");
        header.set_float("PC4_3", 0.5, "");
        header.set_float("PC001002", 0.25, "");
        header.set_float("PV2_3", 9.0, "");
        header.set_float("CDELTA", 3.0, "not an axis");
        let kept = keep_axes(&header, &[4, 1, 2]);
        assert_eq!(kept.text("CTYPE1"), Some("VRAD"));
        assert_eq!(kept.text("CTYPE3"), Some("DEC--SIN"));
        assert_eq!(kept.integer("NAXIS"), Some(3));
        assert_eq!(kept.float("CRPIX1"), Some(7.0));
        assert_eq!((kept.float("PC1_1"), kept.float("PC4_3")), (Some(1.0), None));
        assert_eq!(kept.float("PC002003"), Some(0.25));
        assert_eq!(kept.float("PV3_3"), Some(9.0));
        assert_eq!(kept.float("CDELTA"), Some(3.0));
        assert_eq!(cropped(&kept, &[2.0, 0.0, 0.0]).float("CRPIX1"), Some(5.0));
    }
}
