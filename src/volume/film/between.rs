//! What lies between two keyframes: numbers go straight, what has no between stays as the earlier one has it.

use crate::volume::{Plane, Slice, Stretch, Surface, Transfer};

pub fn straight(from: f32, to: f32, part: f64) -> f32 {
    from + (to - from) * part as f32
}

fn straight_f64(from: f64, to: f64, part: f64) -> f64 {
    from + (to - from) * part
}

pub fn ranges(a: &(f64, f64), b: &(f64, f64), part: f64) -> (f64, f64) {
    (straight_f64(a.0, b.0, part), straight_f64(a.1, b.1, part))
}

pub fn clips(a: &[[f32; 2]; 3], b: &[[f32; 2]; 3], part: f64) -> [[f32; 2]; 3] {
    std::array::from_fn(|axis| std::array::from_fn(|end| straight(a[axis][end], b[axis][end], part)))
}

/// Range, opacity and the number of a stretch; colours and the kind of stretch stay. Opacity points move where there are as many of
/// them, and fade into each other where not.
pub fn transfers(a: &Transfer, b: &Transfer, part: f64) -> Transfer {
    let opacity = if a.opacity.len() == b.opacity.len() {
        let point = |(a, b): (&[f32; 2], &[f32; 2])| [straight(a[0], b[0], part), straight(a[1], b[1], part)];
        a.opacity.iter().zip(&b.opacity).map(point).collect()
    } else {
        let mut places: Vec<f32> = a.opacity.iter().chain(&b.opacity).map(|point| point[0]).collect();
        places.sort_by(f32::total_cmp);
        let faded = |place: f32| [place, straight(a.opacity_at(place), b.opacity_at(place), part)];
        places.into_iter().map(faded).collect()
    };
    let stretch = match (a.stretch, b.stretch) {
        (Stretch::Asinh { softening: a }, Stretch::Asinh { softening: b }) => {
            Stretch::Asinh { softening: straight(a, b, part) }
        }
        (Stretch::Power { exponent: a }, Stretch::Power { exponent: b }) => {
            Stretch::Power { exponent: straight(a, b, part) }
        }
        (stays, _) => stays,
    };
    Transfer { range: ranges(&a.range, &b.range, part), stretch, opacity, ..a.clone() }
}

/// One by one where there are as many of both.
pub fn lists<T: Clone>(a: &[T], b: &[T], part: f64, mix: impl Fn(&T, &T, f64) -> T) -> Vec<T> {
    if a.len() != b.len() {
        return a.to_vec();
    }
    a.iter().zip(b).map(|(a, b)| mix(a, b, part)).collect()
}

pub fn surface(a: &Surface, b: &Surface, part: f64) -> Surface {
    let colour = match (a.colour, b.colour) {
        (Some(a), Some(b)) => Some(std::array::from_fn(|i| straight(a[i], b[i], part))),
        (stays, _) => stays,
    };
    let opacity = straight(a.opacity, b.opacity, part);
    Surface { value: straight_f64(a.value, b.value, part), colour, opacity, ..*a }
}

pub fn slice(a: &Slice, b: &Slice, part: f64) -> Slice {
    let three = |a: [f32; 3], b: [f32; 3]| std::array::from_fn(|i| straight(a[i], b[i], part));
    let plane = match (a.plane, b.plane) {
        (Plane::Across { axis, place: a }, Plane::Across { axis: other, place: b }) if axis == other => {
            Plane::Across { axis, place: straight(a, b, part) }
        }
        (Plane::Free { point: a, normal: across_a }, Plane::Free { point: b, normal: across_b }) => {
            let normal = three(across_a, across_b);
            // Two that look in opposite directions have no between.
            let has_length = normal.iter().map(|part| part * part).sum::<f32>() > 1e-6;
            Plane::Free { point: three(a, b), normal: if has_length { normal } else { across_a } }
        }
        (stays, _) => stays,
    };
    let opacity = straight(a.opacity, b.opacity, part);
    Slice { plane, thickness: straight(a.thickness, b.thickness, part), opacity, ..*a }
}
