//! Sky positions as people read them.

/// Right ascension as hours: `03h25m34.27s` (two decimals are 0.15 arcsec).
pub fn right_ascension_text(degrees: f64) -> String {
    let hundredths = (degrees.rem_euclid(360.0) / 15.0 * 360_000.0).round() as i64 % (24 * 360_000);
    let (hours, minutes, seconds) = (hundredths / 360_000, hundredths / 6000 % 60, hundredths % 6000);
    format!("{hours:02}h{minutes:02}m{:02}.{:02}s", seconds / 100, seconds % 100)
}

/// Declination, or any latitude: `+30d18m07.0s`.
pub fn declination_text(degrees: f64) -> String {
    let tenths = (degrees.abs() * 36_000.0).round() as i64;
    let sign = if degrees < 0.0 && tenths > 0 { '-' } else { '+' };
    let (whole, minutes, seconds) = (tenths / 36_000, tenths / 600 % 60, tenths % 600);
    format!("{sign}{whole:02}d{minutes:02}m{:02}.{}s", seconds / 10, seconds % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_never_reach_sixty() {
        assert_eq!(right_ascension_text(51.739_999_999), "03h26m57.60s");
        assert_eq!(right_ascension_text(359.999_999_99), "00h00m00.00s");
        assert_eq!(right_ascension_text(-15.0), "23h00m00.00s");
        assert_eq!(declination_text(-0.016_666_666), "-00d01m00.0s");
        assert_eq!(declination_text(30.301_944_69), "+30d18m07.0s");
        assert_eq!(declination_text(-0.000_001), "+00d00m00.0s");
    }
}
