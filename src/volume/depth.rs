//! The optical depth of a cube along one line, in plain Rust: a number beside the settings of the radiative transfer.

use super::scene::{Mode, Opacity, Radiation};
use super::{Lattice, Scene};
use ndarray::ArrayView3;

/// τ = Σ κ·Δs through the middle of what the clip box leaves, along z of the cube (z the slowest axis; the line of sight of a cube on
/// the sky): each voxel counts with its own value, blanks and negative values count nothing, as in the march. `values` and `second` are
/// physical, (z, y, x). `None` in another mode than the transfer, for an empty cube, and where the second cube is needed and is not
/// there or is of another shape.
pub fn depth_through_middle<'a>(
    values: ArrayView3<'a, f32>,
    second: Option<ArrayView3<'a, f32>>,
    scene: &Scene,
    lattice: &Lattice,
) -> Option<f64> {
    let Mode::Transfer(Radiation { opacity, longest_pc, .. }) = scene.mode else { return None };
    let (depth, height, width) = values.dim();
    if values.is_empty() {
        return None;
    }
    let middle = |axis: usize, count: usize| {
        let [low, high] = scene.clip[axis];
        ((0.5 * (low + high) * count as f32) as usize).min(count - 1)
    };
    let (x, y) = (middle(0, width), middle(1, height));
    let (kappa, of) = match opacity {
        Opacity::Constant(per_pc) => (per_pc, None),
        Opacity::Cube(kappa) => (kappa, Some(values)),
        Opacity::Second(kappa) => (kappa, Some(second.filter(|second| second.dim() == values.dim())?)),
    };
    let voxel_pc = longest_pc * f64::from(lattice.sides[2]) / depth as f64;
    let [low, high] = scene.clip[2];
    let mut tau = 0.0;
    for z in 0..depth {
        // The part of the voxel within the clip box.
        let from = (low * depth as f32).max(z as f32);
        let to = (high * depth as f32).min(z as f32 + 1.0);
        let part = f64::from((to - from).max(0.0));
        if !values[[z, y, x]].is_finite() {
            continue;
        }
        let value = of.map_or(1.0, |of| f64::from(of[[z, y, x]]));
        if value > 0.0 && value.is_finite() {
            tau += kappa * value * voxel_pc * part;
        }
    }
    tau.is_finite().then_some(tau)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array3;

    #[test]
    fn the_depth_of_a_slab_is_its_opacity_times_its_length() {
        let mut values = Array3::from_elem((10, 3, 5), 2.0_f32);
        let lattice = Lattice::new([5, 3, 10], [1.0; 3], (0.0, 2.0)).expect("a lattice");
        let mut scene = Scene::of(&lattice);
        assert_eq!(depth_through_middle(values.view(), None, &scene, &lattice), None);
        let mut tau = |opacity, clip, values: &Array3<f32>, second: Option<&Array3<f32>>| {
            scene.mode = Mode::Transfer(Radiation { opacity, longest_pc: 20.0, ..Radiation::default() });
            scene.clip[2] = clip;
            depth_through_middle(values.view(), second.map(|second| second.view()), &scene, &lattice)
        };
        // z is the longest side, 20 pc.
        let whole = [0.0, 1.0];
        let near = |tau: Option<f64>, expected: f64| {
            assert!((tau.expect("a depth") - expected).abs() < 1e-5, "{tau:?} is not {expected}");
        };
        near(tau(Opacity::Constant(0.1), whole, &values, None), 2.0);
        near(tau(Opacity::Constant(0.1), [0.25, 0.75], &values, None), 1.0);
        near(tau(Opacity::Cube(0.1), whole, &values, None), 4.0);
        assert_eq!(tau(Opacity::Second(0.1), whole, &values, None), None);
        near(tau(Opacity::Second(0.1), whole, &values, Some(&(&values * 3.0))), 12.0);
        values[[0, 1, 2]] = f32::NAN;
        values[[1, 1, 2]] = -7.0;
        near(tau(Opacity::Cube(0.1), whole, &values, None), 3.2);
    }
}
