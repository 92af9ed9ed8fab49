//! Cases whose answer is known without the program.

use super::{answer, attribution, chain, map_input, untrained, view};
use aquila::blueprint::{BlockId, Blueprint};
use aquila::inspection::{
    AttributionSettings, Baseline, CubeSlice, FeaturesView, Filling, Method, OutputChoice, Region, View,
    WeightsView, What, find_block,
};
use ndarray::{Array2, Array3};
use std::sync::Arc;

fn features(blueprint: &Arc<Blueprint>, block: u32, sample: usize) -> FeaturesView {
    match view(untrained(blueprint), sample, vec![BlockId(block)], What::Features(CubeSlice::Middle)) {
        View::Features(view) => view,
        other => panic!("{other:?}"),
    }
}

fn weights(blueprint: &Arc<Blueprint>, block: u32) -> WeightsView {
    match view(untrained(blueprint), 0, vec![BlockId(block)], What::Weights) {
        View::Weights(view) => view,
        other => panic!("{other:?}"),
    }
}

fn near(a: f32, b: f32, what: &str) {
    assert!((a - b).abs() <= 1e-5 * b.abs().max(1e-2), "{what}: {a} is not {b}");
}

/// Flatten and one linear layer: out_0 = Σ w·x + b. Everything is known from the weights.
fn linear() -> Arc<Blueprint> {
    chain(&[
        ("input", "Map", &map_input(2, 5, 6)),
        ("flatten", "Flatten", &[]),
        ("linear", "Linear", &[("features", 3.into())]),
        ("output", "Answer", &[]),
    ])
}

/// Weights of output 1 of the linear network, (channel, y, x), and the input.
fn known(network: &Arc<Blueprint>, sample: usize) -> (Array3<f32>, Array3<f32>) {
    let weights = weights(network, 3);
    let weight = weights.parameters.iter().find(|own| own.name == "Linear.weight").expect("a weight");
    assert_eq!(weight.shape, [3, 60]);
    let row = Array3::from_shape_vec((2, 5, 6), weight.values[60..120].to_vec()).expect("a row");
    (row, features(network, 1, sample).channels)
}

fn of_channel_1(method: Method) -> AttributionSettings {
    let output = OutputChoice { channel: 1, ..OutputChoice::default() };
    AttributionSettings { output, ..AttributionSettings::new(method) }
}

#[test]
fn a_linear_network_gives_its_weights_and_products() {
    let network = linear();
    let (weight, input) = known(&network, 3);
    let whole = |method| attribution(untrained(&network), 3, Vec::new(), of_channel_1(method));
    for method in [Method::Saliency, Method::SmoothGrad { samples: 5, sigma: 0.3 }] {
        let found = whole(method);
        for (channel, map) in found.maps.iter().enumerate() {
            for ((y, x), value) in map.values.indexed_iter() {
                near(*value, weight[[channel, y, x]], "the gradient");
            }
        }
    }
    // From 0, one point suffices: w·x, and their sum is the difference of outputs.
    let found = whole(Method::IntegratedGradients { steps: 1, baseline: Baseline::Zero });
    assert_eq!(found.gradients, Some(1));
    assert!(found.completeness_error.expect("a baseline") < 1e-5);
    for (channel, map) in found.maps.iter().enumerate() {
        for ((y, x), value) in map.values.indexed_iter() {
            near(*value, weight[[channel, y, x]] * input[[channel, y, x]], "w·x");
        }
    }
    let products: f64 = weight.iter().zip(&input).map(|(w, x)| f64::from(w * x)).sum();
    let change = found.output - found.baseline_output.expect("a baseline");
    assert!((change - products).abs() < 1e-5 && (found.sum - products).abs() < 1e-5);
    // From another sample: w·(x − other).
    let (_, other) = known(&network, 4);
    let found = whole(Method::IntegratedGradients { steps: 2, baseline: Baseline::OtherSample(4) });
    let wanted = weight[[1, 2, 3]] * (input[[1, 2, 3]] - other[[1, 2, 3]]);
    near(found.maps[1].values[[2, 3]], wanted, "w·(x − other)");
}

#[test]
fn occlusion_of_a_linear_network_is_the_sum_over_the_window_averaged_over_covers() {
    let network = linear();
    let (weight, input) = known(&network, 3);
    let (_, other) = known(&network, 9);
    // Windows of 3 by 3, moved by 2, the last moved back: rows from 0, 2, columns from 0, 2, 3.
    let (tops, lefts) = ([0, 2], [0, 2, 3]);
    for (filling, fill) in [(Filling::Zero, Array3::zeros((2, 5, 6))), (Filling::OtherSample(9), other)] {
        let method = Method::Occlusion { window: 3, stride: 2, filling };
        let found = attribution(untrained(&network), 3, Vec::new(), of_channel_1(method));
        assert_eq!(found.masks, Some(2 * 2 * 3));
        for (channel, map) in found.maps.iter().enumerate() {
            let (mut sum, mut count) = (Array2::<f32>::zeros((5, 6)), Array2::<u32>::zeros((5, 6)));
            for &top in &tops {
                for &left in &lefts {
                    let window = || (top..top + 3).flat_map(|y| (left..left + 3).map(move |x| (y, x)));
                    // output(x) − output(occluded) = Σ w·(x − fill) over the window.
                    let change: f32 = window()
                        .map(|(y, x)| {
                            weight[[channel, y, x]] * (input[[channel, y, x]] - fill[[channel, y, x]])
                        })
                        .sum();
                    for at in window() {
                        sum[at] += change;
                        count[at] += 1;
                    }
                }
            }
            assert_eq!(map.covers.as_ref(), Some(&count));
            for (at, value) in map.values.indexed_iter() {
                near(*value, sum[at] / count[at] as f32, "the mean over covers");
            }
        }
        assert!(
            found.definition.contains("output(x) − output(x with a window filled)"),
            "{}",
            found.definition
        );
    }
}

/// Corners lie in one window, the middle in several: neither may count for more.
#[test]
fn how_often_a_pixel_is_covered_does_not_show() {
    let network = chain(&[
        ("input", "Map", &map_input(1, 11, 11)),
        ("constant", "Ones", &[("value", 2.0.into())]),
        ("output", "Answer", &[]),
    ]);
    let method = Method::Occlusion { window: 4, stride: 3, filling: Filling::Zero };
    let found = attribution(untrained(&network), 0, Vec::new(), AttributionSettings::new(method));
    assert!(found.maps[0].values.iter().all(|&value| value == 0.0), "what changes nothing counts nothing");
    let identity = chain(&[
        ("input", "Map", &map_input(1, 11, 11)),
        ("global-pool", "Mean", &[("statistic", "average".into())]),
        ("output", "Answer", &[]),
    ]);
    let input = features(&identity, 1, 0).channels;
    let found = attribution(untrained(&identity), 0, Vec::new(), AttributionSettings::new(method));
    let covers = found.maps[0].covers.clone().expect("covers");
    assert!(covers.iter().max() > covers.iter().min(), "the case must have uneven covers");
    // Corner (0, 0) lies in one window alone: Σ x over it / 121.
    let corner: f32 = input.slice(ndarray::s![0, 0..4, 0..4]).sum() / 121.0;
    near(found.maps[0].values[[0, 0]], corner, "a corner");
}

#[test]
fn grad_cam_is_what_a_hand_computes() {
    // Mean over pixels of channel 1 of a convolution of one pixel on ReLU maps: ∂out/∂A_k = w_1k / pixels everywhere.
    let network = chain(&[
        ("input", "Map", &map_input(1, 8, 8)),
        ("convolution", "First", &[("filters", 3.into()), ("kernel", 3.into())]),
        ("max-pool", "Pool", &[]),
        ("convolution", "Last", &[("filters", 2.into()), ("kernel", 1.into())]),
        ("output", "Answer", &[]),
    ]);
    let pooled = features(&network, 3, 5).channels;
    assert_eq!(pooled.dim(), (3, 4, 4));
    let last = weights(&network, 4);
    let weight = last.parameters.iter().find(|own| own.name == "Last.weight").expect("a weight");
    assert_eq!(weight.shape, [2, 3, 1, 1]);
    let mut sum = Array2::<f32>::zeros((4, 4));
    for channel in 0..3 {
        let alpha = weight.values[3 + channel] / 16.0;
        sum.scaled_add(alpha, &pooled.index_axis(ndarray::Axis(0), channel));
    }
    let cam = sum.mapv(|value| value.max(0.0));
    assert!(cam.iter().any(|&value| value > 0.0), "the case must show something");
    let found = attribution(untrained(&network), 5, vec![BlockId(3)], of_channel_1(Method::GradCam));
    assert_eq!((found.maps.len(), found.maps[0].values.dim()), (1, (8, 8)));
    // align_corners false, factor 2: pixel (1, 1) lies a quarter between cells 0 and 1 along both axes.
    let mix = |a: f32, b: f32| 0.75 * a + 0.25 * b;
    near(found.maps[0].values[[0, 0]], cam[[0, 0]], "a corner");
    let wanted = mix(mix(cam[[0, 0]], cam[[0, 1]]), mix(cam[[1, 0]], cam[[1, 1]]));
    near(found.maps[0].values[[1, 1]], wanted, "between cells");
    // A block without pixels is refused with what would do.
    let vector = chain(&[
        ("input", "Map", &map_input(1, 8, 8)),
        ("flatten", "Flatten", &[]),
        ("linear", "Linear", &[("features", 2.into())]),
        ("output", "Answer", &[]),
    ]);
    let refused = answer(
        untrained(&vector),
        0,
        vec![BlockId(3)],
        What::Attribution(AttributionSettings::new(Method::GradCam)),
    );
    let text = refused.result.expect_err("no pixels");
    assert!(text.contains("`Linear`") && text.contains("convolution"), "{text}");
}

#[test]
fn a_pixel_and_a_box_of_the_output_are_what_is_attributed() {
    // One convolution: the gradient of a pixel is the kernel around it, that of a box the sum of such kernels over its size.
    let network = chain(&[
        ("input", "Map", &map_input(1, 7, 7)),
        ("convolution", "Only", &[("filters", 1.into()), ("kernel", 3.into())]),
        ("output", "Answer", &[]),
    ]);
    let kernel = weights(&network, 2).parameters[0].kernels.clone().expect("a kernel");
    let of = |region| {
        let output = OutputChoice { region, ..OutputChoice::default() };
        let settings = AttributionSettings { output, ..AttributionSettings::new(Method::Saliency) };
        attribution(untrained(&network), 0, Vec::new(), settings).maps[0].values.clone()
    };
    let pixel = of(Region::Pixel { y: 3, x: 2 });
    let kernel_at = |y: isize, x: isize| {
        let inside = (0..3).contains(&y) && (0..3).contains(&x);
        if inside { kernel[[0, 0, y as usize, x as usize]] } else { 0.0 }
    };
    for ((y, x), value) in pixel.indexed_iter() {
        near(*value, kernel_at(y as isize - 2, x as isize - 1), "the kernel around the pixel");
    }
    let box_of = of(Region::Box { y: (3, 5), x: (2, 4) });
    for ((y, x), value) in box_of.indexed_iter() {
        let (y, x) = (y as isize, x as isize);
        let sum: f32 =
            [(3, 2), (3, 3), (4, 2), (4, 3)].iter().map(|&(cy, cx)| kernel_at(y - cy + 1, x - cx + 1)).sum();
        near(*value, sum / 4.0, "the kernels of the box");
    }
    let refused = answer(
        untrained(&network),
        0,
        Vec::new(),
        What::Attribution(AttributionSettings {
            output: OutputChoice { region: Region::Pixel { y: 7, x: 0 }, ..OutputChoice::default() },
            ..AttributionSettings::new(Method::Saliency)
        }),
    );
    let text = refused.result.expect_err("row 7 of 7");
    assert!(text.contains("7 rows"), "{text}");
}

#[test]
fn a_kan_layer_is_the_sum_of_its_curves() {
    for (basis, extra) in [("b-spline", 5), ("rbf", 6)] {
        let network = chain(&[
            ("vector-input", "Numbers", &[("values", 4.into())]),
            ("kan", "Curves", &[("sums", 2.into()), ("basis", basis.into()), ("functions", extra.into())]),
            ("output", "Answer", &[]),
        ]);
        let seen = weights(&network, 2);
        assert_eq!((seen.curve_count, seen.curves.len()), (8, 8));
        let bias =
            seen.parameters.iter().find(|own| own.name == "Curves.bias").expect("a bias").values.clone();
        let mut checked = 0;
        for sample in 0..6 {
            let input = features(&network, 1, sample).channels;
            // Curves are handed out over the range of the grid.
            if input.iter().any(|value| value.abs() > 2.9) {
                continue;
            }
            let output = features(&network, 2, sample).channels;
            for node in 0..2 {
                let sum: f64 = seen
                    .curves
                    .iter()
                    .filter(|curve| curve.output == node)
                    .map(|curve| interpolated(&curve.points, f64::from(input[[curve.input, 0, 0]])))
                    .sum();
                let wanted = f64::from(output[[node, 0, 0]]);
                assert!((sum + f64::from(bias[node]) - wanted).abs() < 2e-3, "{basis}: {sum} for {wanted}");
                checked += 1;
            }
        }
        assert!(checked >= 4, "too few samples lie on the grid");
        assert!(seen.curves.windows(2).all(|pair| pair[0].strength >= pair[1].strength));
        assert!(seen.curves[0].formula.contains("SiLU(x)") && seen.curves[0].formula.contains('φ'));
    }
}

fn interpolated(points: &[(f64, f64)], x: f64) -> f64 {
    let next = points.iter().position(|point| point.0 >= x).expect("within").max(1);
    let ((x0, y0), (x1, y1)) = (points[next - 1], points[next]);
    y0 + (y1 - y0) * (x - x0) / (x1 - x0)
}

#[test]
fn dead_channels_are_counted() {
    // A ReLU after a constant of −1 leaves nothing; a vector's channels are dead where they are 0.
    let network = chain(&[
        ("input", "Map", &map_input(3, 4, 4)),
        ("constant", "Below", &[("value", (-1.0).into())]),
        ("relu", "Cut", &[]),
        ("output", "Answer", &[]),
    ]);
    let seen = features(&network, 3, 0);
    assert_eq!((seen.dead, seen.channels.dim()), (3, (3, 4, 4)));
    assert_eq!(features(&network, 1, 0).dead, 0);
    let seen = features(&network, 1, 0);
    let mean = seen.channels.slice(ndarray::s![0, .., ..]).mean().expect("pixels");
    assert!((f64::from(mean) - seen.statistics[0].mean).abs() < 1e-6);
}

#[test]
fn a_wrong_name_lists_near_ones() {
    let network = linear();
    assert_eq!(find_block(&network, "linear").expect("case does not matter"), [BlockId(3)]);
    let text = find_block(&network, "Linera").expect_err("no such block").to_string();
    assert!(text.contains("`Linear`") && text.contains("near"), "{text}");
    let gone = answer(untrained(&network), 0, vec![BlockId(77)], What::Weights);
    assert!(gone.result.expect_err("no such block").contains("not part of the network"));
}
