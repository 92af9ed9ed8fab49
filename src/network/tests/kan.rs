//! Kolmogorov–Arnold layers: their basis against scipy, and their life on real inputs.

use super::golden;
use super::operations::chain;
use crate::blueprint::{Basis, Op};
use crate::network::basis::values_and_slopes;
use crate::network::{Mode, Network};
use tch::{Device, Kind, Tensor};

const RBF: Basis = Basis::Rbf { count: 4, range: 2.0 };
const SPLINE: Basis = Basis::BSpline { intervals: 5, degree: 3, range: 3.0 };

#[test]
fn b_splines_are_those_of_scipy() {
    let content = golden("operations.safetensors");
    let z = content["basis/z"].view([-1, 1, 1]);
    for degree in 1..=5 {
        let basis = Basis::BSpline { intervals: 5, degree, range: 3.0 };
        let (values, slopes) = values_and_slopes(&z, basis, true).unwrap();
        let difference = |ours: &Tensor, theirs: &str| {
            (ours.squeeze_dim(2) - &content[&format!("basis/{theirs}-{degree}")])
                .abs()
                .max()
                .double_value(&[])
        };
        assert!(difference(&values, "values") < 1e-6, "degree {degree}: {}", difference(&values, "values"));
        // At a knot a function of degree 1 has two slopes.
        if degree > 1 {
            let slopes = difference(&slopes.unwrap(), "slopes");
            assert!(slopes < 2e-6, "degree {degree}: {slopes}");
        }
    }
}

/// Logarithms of column densities (ln N_H in cm⁻²), as POLARIScore feeds them: normal, in no order.
fn column_densities() -> Tensor {
    let count = 2 * 24 * 24;
    // 601 and the count have no common divisor.
    let place = (Tensor::arange(count, (Kind::Int64, Device::Cpu)) * 601).remainder(count);
    let quantile = (place.to_kind(Kind::Float) + 0.5) * (2.0 / count as f64) - 1.0;
    (quantile.erfinv() * (1.5 * std::f64::consts::SQRT_2) + 48.0).view([2, 1, 24, 24])
}

#[test]
fn every_spline_learns_from_raw_logarithms_of_column_densities() {
    let kan = |in_channels, sums, products, basis| Op::Kan { in_channels, sums, products, basis };
    let convolution =
        |in_channels, filters, basis| Op::KanConvolution { dims: 2, in_channels, filters, kernel: 3, basis };
    let plan = chain(
        &[
            (kan(1, 5, 5, SPLINE), 10),
            (kan(10, 5, 5, RBF), 10),
            (convolution(10, 6, RBF), 6),
            (convolution(6, 4, SPLINE), 4),
            (kan(4, 1, 0, SPLINE), 1),
        ],
        &[2, 1, 24, 24],
    );
    let network = Network::build(&plan, Device::Cpu, 3).unwrap();
    let x = column_densities();
    let output = network.forward(&[x], Mode::Train { seed: 0 }).unwrap();
    output[0].square().mean(Kind::Float).backward();
    let gradients = network.layout().split(network.gradient()).unwrap();
    let mut layers = 0;
    for (name, gradient) in gradients.iter().filter(|(name, _)| name.ends_with("spline.weight")) {
        // Not only the layer as a whole: nearly all its functions. The outermost may lie beyond the values of a skewed channel.
        let alive = gradient.ne(0.0).to_kind(Kind::Float).mean(Kind::Float).double_value(&[]);
        assert!(alive > 0.9 && gradient.isfinite().all().int64_value(&[]) == 1, "{name}: {alive}");
        layers += 1;
    }
    assert_eq!(layers, 5);
}
