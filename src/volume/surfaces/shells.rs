//! Surfaces one within another, as contours are on a map.

use crate::volume::scene::Surface;
use crate::volume::transfer::Transfer;

/// So opaque are the shells, from the outermost.
const OPACITIES: [f32; 4] = [0.12, 0.22, 0.4, 1.0];
/// Without noise to begin at they lie at these places of the transfer function.
const PLACES: [f32; 4] = [0.15, 0.35, 0.6, 0.85];
/// The outermost lies so many standard deviations above zero.
const SIGMAS: f64 = 3.0;

/// Four nested surfaces, the outer ones to be seen through. Where the noise is known the values (physical) are 3σ times equal factors
/// towards the upper end of the range, as contours of emission are drawn; else they lie at places of the transfer function.
pub fn contour_shells(transfer: &Transfer, noise: Option<f64>) -> Vec<Surface> {
    let from = noise.map(|sigma| SIGMAS * sigma).filter(|from| *from > 0.0 && *from < transfer.range.1);
    (0..OPACITIES.len())
        .map(|index| {
            let value = match from {
                Some(from) => from * (transfer.range.1 / from).powf(index as f64 / OPACITIES.len() as f64),
                None => transfer.value_from_place(PLACES[index]),
            };
            Surface { opacity: OPACITIES[index], ..Surface::of(value) }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::ColourMap;
    use crate::volume::Stretch;

    #[test]
    fn shells_rise_from_the_noise_by_equal_factors() {
        let transfer = Transfer::rising((0.5, 48.0), Stretch::Linear, ColourMap::Magma);
        let values = |noise| contour_shells(&transfer, noise).iter().map(|own| own.value).collect::<Vec<_>>();
        for (value, truth) in values(Some(1.0)).into_iter().zip([3.0, 6.0, 12.0, 24.0]) {
            assert!((value - truth).abs() < 1e-9, "{value}, not {truth}");
        }
        // Nothing rises above the noise, or there is none: within the range.
        for noise in [None, Some(20.0)] {
            let values = values(noise);
            assert!(values.is_sorted() && values[0] > 0.5 && values[3] < 48.0, "{values:?}");
        }
    }
}
