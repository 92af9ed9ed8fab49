//! The learned functions of a Kolmogorov–Arnold layer one by one, as numbers to plot and as a formula.

use super::basis::{EPSILON, spacing, values_and_slopes};
use super::{Network, NetworkError, tensors};
use crate::blueprint::{Basis, Op};
use tch::Tensor;

/// What one output (a filter, or an inner node before products) adds for one input channel: `base_weight` · SiLU(x) +
/// Σ_b `coefficients`_b φ_b((x − `mean`)/`deviation`). The layer's biases belong to no single curve and are left out.
#[derive(Clone, Debug, PartialEq)]
pub struct KanCurve {
    /// Where the curve was computed, in the units of the layer's input.
    pub x: Vec<f64>,
    /// Base and spline together, at each x.
    pub total: Vec<f64>,
    /// The spline alone.
    pub spline: Vec<f64>,
    pub coefficients: Vec<f64>,
    pub base_weight: f64,
    pub basis: Basis,
    /// Running mean and standard deviation of the input channel, by which the basis follows the data.
    pub mean: f64,
    pub deviation: f64,
    /// The same in writing, with three digits.
    pub formula: String,
}

/// The curve from input channel `input` to output `output` of step `step`, a KAN convolution or a pixelwise KAN, at `points` places
/// between the ends of `range` (in the units of the input), or else over the span of the basis. Of a kernel larger than one the
/// centre tap counts.
///
/// # Errors
/// A step that is no such layer; a channel that it does not have.
pub fn kan_curve(
    network: &Network,
    step: usize,
    input: usize,
    output: usize,
    range: Option<(f64, f64)>,
    points: usize,
) -> Result<KanCurve, NetworkError> {
    let fault = |block: &str, message: String| NetworkError::Block { block: block.to_owned(), message };
    let Some(found) = network.steps().get(step) else {
        return Err(fault("?", format!("there is no step {step}")));
    };
    let (basis, inputs, outputs) = match found.op {
        Op::KanConvolution { basis, in_channels, filters, .. } => (basis, in_channels, filters),
        Op::Kan { basis, in_channels, sums, products, .. } => (basis, in_channels, sums + 2 * products),
        _ => return Err(fault(&found.name, "it has no learned curves; choose a KAN layer".to_owned())),
    };
    if input >= inputs || output >= outputs {
        return Err(fault(
            &found.name,
            format!(
                "no curve from channel {input} to {output}: it has {inputs} inputs and {outputs} outputs"
            ),
        ));
    }
    let base = found.name.replace('/', ".");
    let missing = |name: &str| fault(&found.name, format!("its weights `{name}` are missing"));
    let parameter =
        |name: &str| network.parameters.get(&format!("{base}.{name}")).ok_or_else(|| missing(name));
    let buffer = |name: &str| network.buffers.get(&format!("{base}.{name}")).ok_or_else(|| missing(name));
    let spline = centre_tap(parameter("spline.weight")?)?;
    let coefficients: Vec<f64> = (0..basis.count())
        .map(|function| Ok(spline.f_double_value(&[output as i64, (function * inputs + input) as i64])?))
        .collect::<Result<_, NetworkError>>()?;
    let base_weight =
        centre_tap(parameter("base.weight")?)?.f_double_value(&[output as i64, input as i64])?;
    let mean = buffer("input_mean")?.f_double_value(&[input as i64])?;
    let deviation = (buffer("input_var")?.f_double_value(&[input as i64])? + EPSILON).sqrt();

    let reach = match basis {
        Basis::Rbf { range, .. } | Basis::BSpline { range, .. } => range * deviation,
    };
    let (low, high) = range.unwrap_or((mean - reach, mean + reach));
    let x: Vec<f64> =
        (0..points).map(|i| low + (high - low) * i as f64 / points.max(2).saturating_sub(1) as f64).collect();
    let spline = curve(&x, basis, &coefficients, mean, deviation)?;
    let total =
        x.iter().zip(&spline).map(|(x, spline)| base_weight * x / (1.0 + (-x).exp()) + spline).collect();
    let formula = formula(basis, &coefficients, base_weight, mean, deviation);
    Ok(KanCurve { x, total, spline, coefficients, base_weight, basis, mean, deviation, formula })
}

/// A weight [out, in] at the centre of its kernel.
fn centre_tap(weight: &Tensor) -> Result<Tensor, NetworkError> {
    let mut tap = weight.f_detach()?;
    while tap.dim() > 2 {
        let size = tap.size();
        tap = tap.f_select(2, size[2] / 2)?;
    }
    Ok(tap)
}

fn curve(
    x: &[f64],
    basis: Basis,
    coefficients: &[f64],
    mean: f64,
    deviation: f64,
) -> Result<Vec<f64>, NetworkError> {
    let z: Vec<f64> = x.iter().map(|x| (x - mean) / deviation).collect();
    let z = Tensor::f_from_slice(&z)?.f_view([-1, 1, 1])?;
    let (values, _) = values_and_slopes(&z, basis, false)?;
    let coefficients = Tensor::f_from_slice(coefficients)?.f_view([-1, 1])?;
    let sums = values.f_mul(&coefficients)?.f_sum_dim_intlist([1, 2].as_slice(), false, None)?;
    Ok(tensors::to_vec(&sums)?.into_iter().map(f64::from).collect())
}

fn formula(basis: Basis, coefficients: &[f64], base_weight: f64, mean: f64, deviation: f64) -> String {
    let mut text = format!("f(x) = {} SiLU(x)", digits(base_weight));
    for (place, &coefficient) in coefficients.iter().enumerate() {
        let sign = if coefficient < 0.0 { '−' } else { '+' };
        let size = digits(coefficient.abs());
        let function = match basis {
            Basis::Rbf { count, range } => {
                let width = spacing(count, range);
                let centre = place as f64 * width - range;
                format!(
                    "exp(−((z {} {})/{})²)",
                    if centre < 0.0 { '+' } else { '−' },
                    digits(centre.abs()),
                    digits(width)
                )
            }
            Basis::BSpline { degree, .. } => format!("B{},{degree}(z)", place + 1),
        };
        text.push_str(&format!(" {sign} {size} {function}"));
    }
    let sign = if mean < 0.0 { '+' } else { '−' };
    text.push_str(&format!("; z = (x {sign} {})/{}", digits(mean.abs()), digits(deviation)));
    if let Basis::BSpline { intervals, range, .. } = basis {
        text.push_str(&format!("; {intervals} intervals in −{0} ≤ z ≤ {0}", digits(range)));
    }
    text
}

/// Three significant digits, with the minus sign of print.
fn digits(value: f64) -> String {
    let size = value.abs();
    let text = if size == 0.0 {
        "0".to_owned()
    } else if (1e-3..1e4).contains(&size) {
        let decimals = (2 - size.log10().floor() as i32).max(0) as usize;
        format!("{value:.decimals$}")
    } else {
        format!("{value:.2e}")
    };
    text.replace('-', "−")
}
