//! Rest frequencies of lines that cubes are made of, each with its source. No cube and no header is known here.

use super::C_M_S;

/// A spectral line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RestLine {
    /// As a figure prints it: `¹³CO (1–0)`.
    pub name: &'static str,
    /// As a command line takes it: `13CO-1-0`.
    pub key: &'static str,
    /// Rest frequency in Hz.
    pub rest_hz: f64,
    /// Where the frequency is from.
    pub source: &'static str,
}

const CDMS: &str = "CDMS, Endres et al. 2016, J. Mol. Spectrosc. 327, 95";
const PAGANI: &str = "Pagani et al. 2009, A&A 494, 719";
const BALMER: &str = "SDSS spectroscopic line list, in vacuum";
const AMMONIA: &str = "Kukolich 1967, Phys. Rev. 156, 83";

const fn line(name: &'static str, key: &'static str, rest_hz: f64, source: &'static str) -> RestLine {
    RestLine { name, key, rest_hz, source }
}

/// By frequency. Lines with hyperfine structure stand at the component that is named; HCN and N₂H⁺ at their strongest.
pub const LINES: [RestLine; 26] = [
    line("H I 21 cm", "HI", 1_420_405_751.768, "Karshenboim 2005, Phys. Rep. 422, 1"),
    line("NH₃ (1,1)", "NH3-1-1", 23.694_495_5e9, AMMONIA),
    line("NH₃ (2,2)", "NH3-2-2", 23.722_633_3e9, AMMONIA),
    line("H¹³CO⁺ (1–0)", "H13CO+-1-0", 86.754_288_4e9, CDMS),
    line("SiO (2–1)", "SiO-2-1", 86.846_985e9, CDMS),
    line("HCN (1–0) F = 2–1", "HCN-1-0", 88.631_847_5e9, CDMS),
    line("HCO⁺ (1–0)", "HCO+-1-0", 89.188_524_7e9, CDMS),
    line("HNC (1–0)", "HNC-1-0", 90.663_568e9, CDMS),
    line("N₂H⁺ (1–0) F₁F = 23–12", "N2H+-1-0", 93.173_763_7e9, PAGANI),
    line("CS (2–1)", "CS-2-1", 97.980_953_3e9, CDMS),
    line("C¹⁸O (1–0)", "C18O-1-0", 109.782_173_4e9, CDMS),
    line("¹³CO (1–0)", "13CO-1-0", 110.201_354_3e9, CDMS),
    line("CO (1–0)", "CO-1-0", 115.271_201_8e9, CDMS),
    line("SiO (5–4)", "SiO-5-4", 217.104_919e9, CDMS),
    line("C¹⁸O (2–1)", "C18O-2-1", 219.560_354_1e9, CDMS),
    line("¹³CO (2–1)", "13CO-2-1", 220.398_684_2e9, CDMS),
    line("CO (2–1)", "CO-2-1", 230.538e9, CDMS),
    line("C¹⁸O (3–2)", "C18O-3-2", 329.330_552_5e9, CDMS),
    line("¹³CO (3–2)", "13CO-3-2", 330.587_965_3e9, CDMS),
    line("CO (3–2)", "CO-3-2", 345.795_989_9e9, CDMS),
    line("CO (4–3)", "CO-4-3", 461.040_768_2e9, CDMS),
    line("[C I] ³P₁–³P₀", "CI-1-0", 492.160_651e9, CDMS),
    line("[C I] ³P₂–³P₁", "CI-2-1", 809.341_97e9, CDMS),
    line("[C II] 158 μm", "CII", 1900.5369e9, "Cooksy et al. 1986, ApJ 305, L89"),
    // In vacuum; 6562.80 Å in air.
    line("Hα", "Halpha", C_M_S / 6564.614e-10, BALMER),
    line("Hβ", "Hbeta", C_M_S / 4862.683e-10, BALMER),
];

impl RestLine {
    /// The line at a frequency, as headers round it: within 2 × 10⁻⁵, 6 km/s.
    pub fn at(rest_hz: f64) -> Option<&'static Self> {
        let off = |line: &RestLine| (rest_hz / line.rest_hz - 1.0).abs();
        LINES.iter().filter(|line| off(line) < 2e-5).min_by(|a, b| off(a).total_cmp(&off(b)))
    }

    /// The line of this key, whatever its case: `13co-1-0`, `13CO(1-0)`, `13CO 1-0`.
    pub fn named(text: &str) -> Option<&'static Self> {
        let plain = |text: &str| -> String {
            text.chars().filter(|c| c.is_alphanumeric() || *c == '+').collect::<String>().to_lowercase()
        };
        let wanted = plain(text);
        LINES.iter().find(|line| plain(line.key) == wanted)
    }
}

/// A rest frequency as people write it: the key of a line, or a number in GHz, with another unit behind it where it has one
/// (`Hz`, `kHz`, `MHz`, `GHz`, `THz`). In Hz; the error says what is understood.
pub fn rest_frequency_hz(text: &str) -> Result<f64, String> {
    if let Some(line) = RestLine::named(text) {
        return Ok(line.rest_hz);
    }
    let text = text.trim();
    let end = text.find(|c: char| c.is_alphabetic() && !matches!(c, 'e' | 'E')).unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let scale = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "ghz" => Some(1e9),
        "hz" => Some(1.0),
        "khz" => Some(1e3),
        "mhz" => Some(1e6),
        "thz" => Some(1e12),
        _ => None,
    };
    let hz = number.trim().parse::<f64>().ok().zip(scale).map(|(number, scale)| number * scale);
    hz.filter(|hz| hz.is_finite() && *hz > 0.0).ok_or_else(|| {
        let keys: Vec<&str> = LINES.iter().map(|line| line.key).collect();
        format!(
            "'{text}' is no rest frequency: give GHz, such as 110.2013543, or a line of {}",
            keys.join(", ")
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_in_order_and_found_by_key_and_frequency() {
        assert!(LINES.windows(2).all(|pair| pair[0].rest_hz < pair[1].rest_hz));
        for line in &LINES {
            assert_eq!(RestLine::named(line.key), Some(line));
            assert_eq!(RestLine::at(line.rest_hz * (1.0 + 5e-6)), Some(line));
        }
        assert_eq!(RestLine::named("13co(1-0)").map(|line| line.name), Some("¹³CO (1–0)"));
        assert_eq!(RestLine::at(100e9), None);
        // N₂H⁺ as the catalogues without hyperfine structure have it.
        assert_eq!(RestLine::at(93.1737e9).map(|line| line.key), Some("N2H+-1-0"));
    }

    #[test]
    fn rest_frequencies_are_read_with_and_without_unit() {
        assert_eq!(rest_frequency_hz("110.2013543"), Ok(110.2013543 * 1e9));
        assert_eq!(rest_frequency_hz("1420.405751768 MHz"), Ok(1420.405751768 * 1e6));
        assert_eq!(rest_frequency_hz("1.1e11Hz"), Ok(1.1e11));
        assert_eq!(rest_frequency_hz("CO-1-0"), Ok(115.2712018e9));
        for wrong in ["", "-3", "nan", "0", "12 furlong", "1e400"] {
            assert!(rest_frequency_hz(wrong).is_err(), "{wrong}");
        }
    }
}
