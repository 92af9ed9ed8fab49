//! Kolmogorov–Arnold layers: their basis against scipy, and their life on real inputs.

use super::golden;
use super::operations::chain;
use crate::blueprint::{Basis, Op, Plan, TemplateOptions, plan, template};
use crate::cloud::{Axis, DemoClouds, Quantity, SynthSettings, project, synthesise};
use crate::job::Context;
use crate::network::basis::values_and_slopes;
use crate::network::{Mode, Network, tensors};
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

/// ln N_H (N_H in cm⁻²) of two sides of the demo's first cloud, as POLARIScore feeds it: 46 to 55, far from any grid around zero.
fn column_densities() -> Tensor {
    let settings = SynthSettings { size: 32, ..DemoClouds::standard(0).settings[0].clone() };
    let cloud = synthesise(&settings, &Context::unwatched()).unwrap();
    let sides = [Axis::X, Axis::Y].map(|axis| project(&cloud, Quantity::Column, axis).values);
    let values: Vec<f32> = sides.iter().flatten().map(|column| column.ln()).collect();
    tensors::from_slice(&values, &[2, 1, 32, 32], Device::Cpu).unwrap()
}

/// A training step; then of every spline the share of weights with a gradient, by name.
fn alive(plan: &Plan, x: &Tensor) -> Vec<(String, f64)> {
    let network = Network::build(plan, Device::Cpu, 3).unwrap();
    let output = network.forward(&[x.shallow_clone()], Mode::Train { seed: 0 }).unwrap();
    output[0].square().mean(Kind::Float).backward();
    let gradients = network.layout().split(network.gradient()).unwrap();
    gradients
        .iter()
        .filter(|(name, _)| name.ends_with("spline.weight"))
        .map(|(name, gradient)| {
            assert_eq!(gradient.isfinite().all().int64_value(&[]), 1, "{name}");
            (name.clone(), gradient.ne(0.0).to_kind(Kind::Float).mean(Kind::Float).double_value(&[]))
        })
        .collect()
}

#[test]
fn every_spline_of_the_templates_learns_on_the_demo_cloud() {
    let x = column_densities();
    assert!(x.min().double_value(&[]) > 45.0 && x.max().double_value(&[]) < 60.0);
    for (name, layers) in [("k-net", 1), ("u-kan", 2), ("symbolic-kan", 5), ("multinet", 3)] {
        let mut options = TemplateOptions::new();
        for (option, value) in [("levels", 2), ("base", 8), ("height", 32), ("width", 32)] {
            options.set(option, value);
        }
        if name == "u-kan" {
            options.set("kan-levels", 1);
        }
        let alive = alive(&plan(&template(name, options).unwrap()).unwrap(), &x);
        assert!(alive.len() >= layers, "{name}: {alive:?}");
        assert!(alive.iter().all(|(_, share)| *share > 0.5), "{name}: {alive:?}");
    }
}

#[test]
fn splines_of_both_bases_learn_from_raw_logarithms_one_upon_the_other() {
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
        &[2, 1, 32, 32],
    );
    // Not only each layer as a whole: nearly all its functions. The outermost may lie beyond the values of a skewed channel.
    let alive = alive(&plan, &column_densities());
    assert_eq!(alive.len(), 5);
    assert!(alive.iter().all(|(_, share)| *share > 0.8), "{alive:?}");
}
