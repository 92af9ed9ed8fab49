//! Counts and sizes as they are read: digits in groups, SI prefixes, binary bytes.

use super::text;

/// Three significant digits and a prefix: `6.14 G`, `302 M`; small counts as they are.
pub fn scaled(count: u64) -> String {
    let value = count as f64;
    let (unit, prefix) = match value {
        v if v < 1e4 => return text::count(count),
        v if v < 999.5e3 => (1e3, "k"),
        v if v < 999.5e6 => (1e6, "M"),
        v if v < 999.5e9 => (1e9, "G"),
        _ => (1e12, "T"),
    };
    format!("{} {prefix}", three_digits(value / unit))
}

/// `38 MiB`, `1.2 GiB`.
pub fn bytes(count: u64) -> String {
    let value = count as f64;
    let units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
    let power = (0..units.len() - 1)
        .find(|&power| value < 999.5 * 1024f64.powi(power as i32))
        .unwrap_or(units.len() - 1);
    format!("{} {}", three_digits(value / 1024f64.powi(power as i32)), units[power])
}

fn three_digits(value: f64) -> String {
    let digits = if value < 9.995 { 2 } else { usize::from(value < 99.95) };
    let text = format!("{value:.digits$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_as_printed() {
        assert_eq!(scaled(9_999), "9\u{202f}999");
        assert_eq!(scaled(302_000_000), "302 M");
        assert_eq!(scaled(6_140_000_000), "6.14 G");
        assert_eq!(scaled(999_600), "1 M");
        assert_eq!(bytes(512), "512 B");
        assert_eq!(bytes(38 << 20), "38 MiB");
        assert_eq!(bytes((12 << 30) / 10), "1.2 GiB");
    }
}
