//! Numbers, units and coordinates as they are printed in a paper: real minus signs, powers of ten, sexagesimal angles.

/// A number with about four significant digits: `2.14×10²²`, `−0.031`, `1 048 576`.
pub fn number(value: f64) -> String {
    if value.is_nan() {
        return "blank".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "+∞" } else { "−∞" }.to_owned();
    }
    if value == 0.0 {
        return "0".to_owned();
    }
    let exponent = value.abs().log10().floor() as i32;
    let text = if (-3..5).contains(&exponent) {
        let decimals = (3 - exponent).clamp(0, 6) as usize;
        let text = format!("{value:.decimals$}");
        if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
    } else {
        let mut mantissa = value / 10f64.powi(exponent);
        let mut exponent = exponent;
        // 9.996 rounds to 10.00, which is 1.00 of the next power.
        if mantissa.abs() >= 9.995 {
            mantissa /= 10.0;
            exponent += 1;
        }
        format!("{mantissa:.2}×10{}", superscript(&exponent.to_string()))
    };
    text.replace('-', "−")
}

/// A count with thin spaces between thousands.
pub fn count(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

/// Digits and sign as superscripts.
pub(super) fn superscript(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '-' => '⁻',
            '0' => '⁰',
            '1' => '¹',
            '2' => '²',
            '3' => '³',
            '4' => '⁴',
            '5' => '⁵',
            '6' => '⁶',
            '7' => '⁷',
            '8' => '⁸',
            '9' => '⁹',
            other => other,
        })
        .collect()
}

/// A unit as files write it (`cm-2`, `cm**-2`, `K km/s`, `Jy/beam`) as a paper prints it (`cm⁻²`, `K km s⁻¹`, `Jy beam⁻¹`).
/// What is not understood stays as it is.
pub fn unit(text: &str) -> String {
    let mut printed = String::new();
    let flat = text.trim().replace("**", "^").replace(" / ", "/");
    for (index, part) in flat.split('/').enumerate() {
        for word in part.split([' ', '*', '.']).filter(|word| !word.is_empty()) {
            let digits = word.find(|c: char| c == '^' || c == '-' || c == '+' || c.is_ascii_digit());
            let (name, power) = match digits {
                Some(at) if at > 0 && !word.starts_with("log") => word.split_at(at),
                Some(0) if word.starts_with("10^") => word.split_at(2),
                _ => (word, ""),
            };
            let power = power.trim_matches(['^', '(', ')', '+']);
            if !printed.is_empty() {
                printed.push(' ');
            }
            // Old files shout: `JY/BEAM`.
            let name = match name {
                "JY" => "Jy",
                "BEAM" | "Beam" => "beam",
                "PIXEL" | "Pixel" => "pixel",
                "Angstrom" | "angstrom" | "ANGSTROM" => "Å",
                name => name,
            };
            printed.push_str(name);
            match (index > 0, power) {
                (false, power) => printed.push_str(&superscript(power)),
                (true, "") => printed.push_str("⁻¹"),
                (true, power) => printed.push_str(&superscript(&format!("-{power}"))),
            }
        }
    }
    printed
}

/// A value with its unit.
pub fn quantity(value: f64, unit_text: &str) -> String {
    let unit = unit(unit_text);
    if unit.is_empty() || value.is_nan() { number(value) } else { format!("{} {unit}", number(value)) }
}

/// Right ascension in hours, minutes, seconds: `03ʰ25ᵐ38.2ˢ`.
pub fn right_ascension(degrees: f64) -> String {
    let tenths = (degrees.rem_euclid(360.0) / 15.0 * 36_000.0).round() as u64 % 864_000;
    let (hours, minutes, tenths) = (tenths / 36_000, tenths / 600 % 60, tenths % 600);
    format!("{hours:02}ʰ{minutes:02}ᵐ{:02}.{}ˢ", tenths / 10, tenths % 10)
}

/// Declination in degrees, minutes, seconds: `+30°44′05″`.
pub fn declination(degrees: f64) -> String {
    let sign = if degrees < 0.0 { '−' } else { '+' };
    let seconds = (degrees.abs() * 3600.0).round() as u64;
    format!("{sign}{:02}°{:02}′{:02}″", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

/// An angle on the sky in the unit that reads best: `12.4″`, `5.9′`, `2°`.
pub fn angle(degrees: f64) -> String {
    let trimmed = |value: f64| {
        let text = format!("{value:.1}");
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    };
    if degrees >= 1.0 {
        format!("{}°", trimmed(degrees))
    } else if degrees * 60.0 >= 1.0 {
        format!("{}′", trimmed(degrees * 60.0))
    } else if degrees * 3600.0 >= 0.1 {
        format!("{}″", trimmed(degrees * 3600.0))
    } else {
        format!("{} mas", trimmed(degrees * 3.6e6))
    }
}

/// A time that is left or has passed: `8 s`, `3 min 20 s`, `2 h 5 min`.
pub fn duration(seconds: f64) -> String {
    let seconds = seconds.max(0.0).round() as u64;
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3600, seconds / 60 % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_as_in_a_paper() {
        assert_eq!(number(2.14e22), "2.14×10²²");
        assert_eq!(number(-9.996e-7), "−1.00×10⁻⁶");
        assert_eq!(number(-0.0312), "−0.0312");
        assert_eq!(number(21.5), "21.5");
        assert_eq!(number(f64::NAN), "blank");
        assert_eq!(count(15_681_005), "15\u{202f}681\u{202f}005");
    }

    #[test]
    fn units_read_as_in_a_paper() {
        assert_eq!(unit("cm-2"), "cm⁻²");
        assert_eq!(unit("cm**-2"), "cm⁻²");
        assert_eq!(unit("cm^-3"), "cm⁻³");
        assert_eq!(unit("K km/s"), "K km s⁻¹");
        assert_eq!(unit("Jy/beam"), "Jy beam⁻¹");
        assert_eq!(unit("JY/BEAM"), "Jy beam⁻¹");
        assert_eq!(unit("MJy/sr"), "MJy sr⁻¹");
        assert_eq!(unit("10**(-20)*erg/s/cm**2/Angstrom"), "10⁻²⁰ erg s⁻¹ cm⁻² Å⁻¹");
        assert_eq!(unit(""), "");
    }

    #[test]
    fn angles_carry_over() {
        assert_eq!(right_ascension(51.408_33), "03ʰ25ᵐ38.0ˢ");
        assert_eq!(right_ascension(359.999_999_9), "00ʰ00ᵐ00.0ˢ");
        assert_eq!(declination(30.734_72), "+30°44′05″");
        assert_eq!(declination(-0.999_99), "−01°00′00″");
        assert_eq!(angle(5.9 / 60.0), "5.9′");
        assert_eq!(duration(200.0), "3 min 20 s");
    }
}
