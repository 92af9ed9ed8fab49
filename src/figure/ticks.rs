//! Where the ticks of an axis go and how their numbers are written.

/// A tick: its value, and its label (empty for a minor tick).
#[derive(Clone, Debug, PartialEq)]
pub struct Tick {
    pub value: f64,
    pub label: String,
}

/// A number as an axis shows it: a real minus sign, no useless zeros, powers of ten beyond 10⁴ or below 10⁻³.
pub fn label(value: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    let exponent = value.abs().log10().floor();
    if (-3.0..5.0).contains(&exponent) {
        let digits = (4.0 - exponent).clamp(0.0, 8.0) as usize;
        let text = format!("{value:.digits$}");
        let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
        return text.replace('-', "−");
    }
    let mantissa = value / 10f64.powf(exponent);
    let power = super::text::superscript(&(exponent as i32).to_string());
    if (mantissa.abs() - 1.0).abs() < 1e-9 {
        format!("{}10{power}", if value < 0.0 { "−" } else { "" })
    } else {
        let mantissa = format!("{mantissa:.2}");
        let mantissa = mantissa.trim_end_matches('0').trim_end_matches('.');
        format!("{}×10{power}", mantissa.replace('-', "−"))
    }
}

/// Major ticks at 1, 2 or 5 times a power of ten, about `count` of them, with minor ticks between.
pub fn linear_ticks(low: f64, high: f64, count: usize) -> Vec<Tick> {
    let span = high - low;
    if !(span.is_finite() && span > 0.0) {
        return vec![Tick { value: low, label: label(low) }];
    }
    let raw = span / count.max(1) as f64;
    let power = 10f64.powf(raw.log10().floor());
    let (step, parts) = match raw / power {
        r if r < 1.5 => (power, 5.0),
        r if r < 3.5 => (2.0 * power, 4.0),
        r if r < 7.5 => (5.0 * power, 5.0),
        _ => (10.0 * power, 5.0),
    };
    let minor = step / parts;
    let first = (low / minor - 1e-9).ceil() as i64;
    let last = (high / minor + 1e-9).floor() as i64;
    (first..=last.min(first + 1000))
        .map(|i| {
            let is_major = i.rem_euclid(parts as i64) == 0;
            // From the multiple, not by adding up, so that zero is zero.
            let value = i as f64 * minor;
            Tick { value, label: if is_major { label(value) } else { String::new() } }
        })
        .collect()
}

/// Major ticks at the decades, minor ticks at 2 to 9 times them; 2 and 5 are labelled where there is at most one decade.
pub fn log_ticks(low: f64, high: f64) -> Vec<Tick> {
    if !(low > 0.0 && high > low && high.is_finite()) {
        return Vec::new();
    }
    let (first, last) = (low.log10().floor() as i32, high.log10().ceil() as i32);
    let few = (high / low).log10() < 1.3;
    let every = ((last - first) / 8).max(1);
    let mut ticks = Vec::new();
    for decade in first..=last {
        for digit in 1..10 {
            let value = f64::from(digit) * 10f64.powi(decade);
            if value < low * (1.0 - 1e-9) || value > high * (1.0 + 1e-9) {
                continue;
            }
            let named = digit == 1 && decade.rem_euclid(every) == 0 || few && (digit == 2 || digit == 5);
            if digit == 1 || every == 1 {
                ticks.push(Tick { value, label: if named { label(value) } else { String::new() } });
            }
        }
    }
    ticks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_read_as_printed() {
        assert_eq!(label(0.0), "0");
        assert_eq!(label(-0.25), "−0.25");
        assert_eq!(label(12000.0), "12000");
        assert_eq!(label(2.1e22), "2.1×10²²");
        assert_eq!(label(1e-5), "10⁻⁵");
    }

    #[test]
    fn linear_majors_are_round_and_inside() {
        let majors: Vec<f64> =
            linear_ticks(-0.9, 2.1, 6).into_iter().filter(|t| !t.label.is_empty()).map(|t| t.value).collect();
        assert_eq!(majors, [-0.5, 0.0, 0.5, 1.0, 1.5, 2.0]);
        assert_eq!(linear_ticks(1.0, 1.0, 5).len(), 1);
    }

    #[test]
    fn log_ticks_are_decades_with_minors() {
        let ticks = log_ticks(0.5, 200.0);
        let majors: Vec<&str> =
            ticks.iter().filter(|t| !t.label.is_empty()).map(|t| t.label.as_str()).collect();
        assert_eq!(majors, ["1", "10", "100"]);
        assert!(ticks.len() > 20);
        assert!(log_ticks(-1.0, 3.0).is_empty());
    }
}
