//! The functions that Kolmogorov–Arnold blocks have learnt, as curves with their formula.

use super::answer::KanCurve;
use super::error::Result;
use crate::blueprint::{Basis, Op};
use crate::figure::text::number;
use crate::network::{Network, tensors};

/// Curves handed out, and points of each.
const MOST_CURVES: usize = 64;
const POINTS: usize = 121;
/// Points from which the strength of a curve is taken.
const ROUGH: usize = 25;
/// Of the standardisation of the inputs, as `network` has it.
const EPSILON: f64 = 1e-5;

/// The weights of one block.
struct Layer {
    basis: Basis,
    channels: usize,
    nodes: usize,
    /// Places of the kernel; 1 of a KAN layer.
    taps: usize,
    /// (node, function · channels + channel, tap) and (node, channel, tap).
    spline: Vec<f32>,
    base: Vec<f32>,
    mean: Vec<f32>,
    variance: Vec<f32>,
}

/// The strongest curves of a step, strongest first, and how many it has; none of other kinds.
pub(super) fn curves(network: &Network, index: usize) -> Result<(Vec<KanCurve>, usize)> {
    let Some(layer) = Layer::of(network, index)? else { return Ok((Vec::new(), 0)) };
    let count = layer.nodes * layer.channels * layer.taps;
    let rough = layer.functions(ROUGH);
    let mut strengths: Vec<(f64, usize)> = (0..count)
        .map(|curve| {
            let values: Vec<f64> = rough.iter().map(|(z, phi)| layer.value(curve, *z, phi).0).collect();
            (deviation(&values), curve)
        })
        .collect();
    strengths.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    let fine = layer.functions(POINTS);
    let chosen = strengths.into_iter().take(MOST_CURVES);
    Ok((chosen.map(|(strength, curve)| layer.curve(curve, strength, &fine)).collect(), count))
}

impl Layer {
    fn of(network: &Network, index: usize) -> Result<Option<Self>> {
        let step = &network.steps()[index];
        let (basis, channels, nodes, taps) = match step.op {
            Op::Kan { in_channels, sums, products, basis } => (basis, in_channels, sums + 2 * products, 1),
            Op::KanConvolution { dims, in_channels, filters, kernel, basis } => {
                (basis, in_channels, filters, kernel.pow(dims as u32))
            }
            _ => return Ok(None),
        };
        let base = step.name.replace('/', ".");
        let weight = |part: &str| -> Result<Vec<f32>> {
            match network.layout().slots.get(&format!("{base}.{part}")) {
                Some(slot) => Ok(tensors::to_vec(&network.layout().view(network.flat(), slot)?)?),
                None => Ok(Vec::new()),
            }
        };
        let buffer = |part: &str| -> Result<Vec<f32>> {
            match network.buffers().get(&format!("{base}.{part}")) {
                Some(buffer) => Ok(tensors::to_vec(buffer)?),
                None => Ok(Vec::new()),
            }
        };
        let layer = Self {
            basis,
            channels,
            nodes,
            taps,
            spline: weight("spline.weight")?,
            base: weight("base.weight")?,
            mean: buffer("input_mean")?,
            variance: buffer("input_var")?,
        };
        let whole = layer.spline.len() == nodes * basis.count() * channels * taps
            && layer.base.len() == nodes * channels * taps
            && layer.mean.len() == channels
            && layer.variance.len() == channels;
        Ok(whole.then_some(layer))
    }

    /// Standardised inputs over the grid's range, with the value of each function there.
    fn functions(&self, points: usize) -> Vec<(f64, Vec<f64>)> {
        let (Basis::Rbf { range, .. } | Basis::BSpline { range, .. }) = self.basis;
        (0..points)
            .map(|point| {
                let z = range * (2.0 * point as f64 / (points - 1) as f64 - 1.0);
                (z, (0..self.basis.count()).map(|place| function(self.basis, place, z)).collect())
            })
            .collect()
    }

    /// Node, channel and tap of a curve's number.
    fn place(&self, curve: usize) -> (usize, usize, usize) {
        (curve / (self.channels * self.taps), curve / self.taps % self.channels, curve % self.taps)
    }

    fn input(&self, channel: usize) -> (f64, f64) {
        (f64::from(self.mean[channel]), (f64::from(self.variance[channel]) + EPSILON).sqrt())
    }

    fn coefficient(&self, curve: usize, place: usize) -> f64 {
        let (node, channel, tap) = self.place(curve);
        let row = node * self.basis.count() * self.channels + place * self.channels + channel;
        f64::from(self.spline[row * self.taps + tap])
    }

    /// f and its spline at a standardised input.
    fn value(&self, curve: usize, z: f64, functions: &[f64]) -> (f64, f64) {
        let (_, channel, _) = self.place(curve);
        let (mean, std) = self.input(channel);
        let x = mean + std * z;
        let spline: f64 =
            functions.iter().enumerate().map(|(place, phi)| self.coefficient(curve, place) * phi).sum();
        (f64::from(self.base[curve]) * x / (1.0 + (-x).exp()) + spline, spline)
    }

    fn curve(&self, curve: usize, strength: f64, functions: &[(f64, Vec<f64>)]) -> KanCurve {
        let (output, input, tap) = self.place(curve);
        let (mean, std) = self.input(input);
        let values = || functions.iter().map(|(z, phi)| (mean + std * z, self.value(curve, *z, phi)));
        KanCurve {
            input,
            output,
            tap,
            points: values().map(|(x, (value, _))| (x, value)).collect(),
            spline: values().map(|(x, (_, spline))| (x, spline)).collect(),
            formula: self.formula(curve, mean, std),
            strength,
        }
    }

    fn formula(&self, curve: usize, mean: f64, std: f64) -> String {
        let mut text = format!("f(x) = {} SiLU(x)", number(f64::from(self.base[curve])));
        for place in 0..self.basis.count() {
            let coefficient = self.coefficient(curve, place);
            let sign = if coefficient < 0.0 { "−" } else { "+" };
            text += &format!(" {sign} {} φ{}(z)", number(coefficient.abs()), subscript(place + 1));
        }
        let sign = if mean < 0.0 { "+" } else { "−" };
        text += &format!("; z = (x {sign} {})/{}; ", number(mean.abs()), number(std));
        text + &match self.basis {
            Basis::Rbf { count, range } => {
                let width = spacing(count, range);
                let last = (count - 1) as f64 * width - range;
                format!(
                    "φ_b(z) = exp(−((z − c_b)/{})²), c_b = {} … {}",
                    number(width),
                    number(-range),
                    number(last)
                )
            }
            Basis::BSpline { intervals, degree, range } => format!(
                "φ_b: B-splines of degree {degree} on {intervals} equal intervals of z from {} to {}",
                number(-range),
                number(range)
            ),
        }
    }
}

fn spacing(count: usize, range: f64) -> f64 {
    2.0 * range / (count.max(2) - 1) as f64
}

/// Function number `place` of a basis: see [`Basis`]. B-splines on equal intervals are one function, shifted (Schoenberg 1946).
fn function(basis: Basis, place: usize, z: f64) -> f64 {
    match basis {
        Basis::Rbf { count, range } => {
            let width = spacing(count, range);
            let u = (z - (place as f64 * width - range)) / width;
            (-u * u).exp()
        }
        Basis::BSpline { intervals, degree, range } => {
            let width = 2.0 * range / intervals as f64;
            // The knots of function b are at −range + (b − degree + 0 … degree + 1) widths.
            let first = place as f64 - degree as f64;
            let knot = |number: usize| -range + (first + number as f64) * width;
            let mut values: Vec<f64> = (0..=degree)
                .map(|cell| f64::from(u8::from((knot(cell)..knot(cell + 1)).contains(&z))))
                .collect();
            // Cox and de Boor's recursion.
            for order in 1..=degree {
                values = (0..=degree - order)
                    .map(|cell| {
                        let rise = (z - knot(cell)) / (knot(cell + order) - knot(cell));
                        let fall = (knot(cell + order + 1) - z) / (knot(cell + order + 1) - knot(cell + 1));
                        rise * values[cell] + fall * values[cell + 1]
                    })
                    .collect();
            }
            values[0]
        }
    }
}

fn deviation(values: &[f64]) -> f64 {
    let count = values.len().max(1) as f64;
    let mean = values.iter().sum::<f64>() / count;
    (values.iter().map(|value| (value - mean) * (value - mean)).sum::<f64>() / count).sqrt()
}

fn subscript(number: usize) -> String {
    number
        .to_string()
        .chars()
        .map(|digit| digit.to_digit(10).and_then(|value| char::from_u32(0x2080 + value)).unwrap_or(digit))
        .collect()
}
