//! Regions on the sky: which pixels lie inside, and what a cube holds there. Files of them are in `region_file`.

use super::sky_plane::{Frame, SkyPlane, offsets_arcsec};
use super::{Error, Result};
use ndarray::{Array2, ArrayView2, ArrayView3, Axis};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// The outline of a region. Positions are degrees on the sky and lengths arcseconds; in [`Frame::Pixels`] both are pixels, positions
/// counted from 0. Angles run counterclockwise from the first axis as the sky is seen (from west to north; in pixels from x to y), as
/// SAOImage DS9 counts them: the position angle is the angle less 90°.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "shape", rename_all = "kebab-case")]
pub enum Shape {
    Circle {
        centre: [f64; 2],
        radius: f64,
    },
    Ellipse {
        centre: [f64; 2],
        /// Half the lengths of the axes.
        radii: [f64; 2],
        angle_deg: f64,
    },
    Box {
        centre: [f64; 2],
        /// Full lengths of the sides.
        sides: [f64; 2],
        angle_deg: f64,
    },
    /// Straight between its corners in the plane of the map.
    Polygon {
        corners: Vec<[f64; 2]>,
    },
}

/// A named region in a frame.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Region {
    #[serde(default)]
    pub name: String,
    pub frame: Frame,
    /// Red, green, blue, where it has a colour of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub colour: Option<[u8; 3]>,
    #[serde(flatten)]
    pub shape: Shape,
}

/// What a cube or map holds within a region.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RegionStatistics {
    pub pixels: usize,
    /// Values that are not blank, over all channels.
    pub values: usize,
    pub blanks: usize,
    pub mean: f64,
    /// Population standard deviation.
    pub std: f64,
    /// √⟨I²⟩.
    pub rms: f64,
    pub min: f64,
    pub max: f64,
    pub sum: f64,
    /// Solid angle in square arcseconds; in pixels where there is no sky.
    pub area: f64,
}

impl Region {
    /// The region's middle.
    pub fn centre(&self) -> [f64; 2] {
        match &self.shape {
            Shape::Circle { centre, .. } | Shape::Ellipse { centre, .. } | Shape::Box { centre, .. } => {
                *centre
            }
            Shape::Polygon { corners } => {
                let count = corners.len().max(1) as f64;
                std::array::from_fn(|axis| corners.iter().map(|corner| corner[axis]).sum::<f64>() / count)
            }
        }
    }

    /// A position of the region's frame as a pixel (x, y) of a plane.
    ///
    /// # Errors
    /// A plane of another kind of coordinates; a position that it does not reach.
    pub fn pixel(&self, plane: &SkyPlane, position: [f64; 2]) -> Result<[f64; 2]> {
        if self.frame == Frame::Pixels {
            return Ok(position);
        }
        let own = plane.from_frame(self.frame, position)?;
        plane.pixel(own).ok_or_else(|| {
            Error::input(
                format!("the region at {:.5} {:+.5} lies beyond the map", position[0], position[1]),
                "choose a region of the sky that the map shows",
            )
        })
    }

    /// The outline in pixels (x, y), closed: corners, or 72 points of a round one.
    ///
    /// # Errors
    /// As [`Region::pixel`].
    pub fn outline(&self, plane: &SkyPlane) -> Result<Vec<[f64; 2]>> {
        let (centre, radii, angle_deg) = match &self.shape {
            Shape::Polygon { corners } => {
                return corners
                    .iter()
                    .chain(corners.first())
                    .map(|corner| self.pixel(plane, *corner))
                    .collect();
            }
            Shape::Circle { centre, radius } => (*centre, [*radius; 2], 0.0),
            Shape::Ellipse { centre, radii, angle_deg } => (*centre, *radii, *angle_deg),
            Shape::Box { centre, sides, angle_deg } => (*centre, sides.map(|side| 0.5 * side), *angle_deg),
        };
        let is_box = matches!(self.shape, Shape::Box { .. });
        let (sin, cos) = f64::to_radians(angle_deg).sin_cos();
        let count = if is_box { 4 } else { 72 };
        (0..=count)
            .map(|index| {
                let turn = std::f64::consts::TAU * index as f64 / f64::from(count);
                let [a, b] = if is_box {
                    [[1.0, 1.0], [-1.0, 1.0], [-1.0, -1.0], [1.0, -1.0]][index as usize % 4]
                } else {
                    [turn.cos(), turn.sin()]
                };
                let (a, b) = (a * radii[0], b * radii[1]);
                let away = [a * cos - b * sin, a * sin + b * cos];
                self.pixel(plane, self.moved(centre, away))
            })
            .collect()
    }

    /// How far a position of the region's frame is from its middle: west and north in arcseconds, or x and y.
    pub fn away(&self, position: [f64; 2]) -> [f64; 2] {
        let centre = self.centre();
        if self.frame == Frame::Pixels {
            return [position[0] - centre[0], position[1] - centre[1]];
        }
        offsets_arcsec(centre, position)
    }

    /// The position `away` (west and north in arcseconds, or x and y) from another.
    pub fn moved(&self, from: [f64; 2], away: [f64; 2]) -> [f64; 2] {
        if self.frame == Frame::Pixels {
            return [from[0] + away[0], from[1] + away[1]];
        }
        // The way back of `offsets_arcsec`: the great circle that starts in this direction.
        let distance = (away[0].hypot(away[1]) / 3600.0).to_radians();
        let bearing = (-away[0]).atan2(away[1]);
        let (sin_b, cos_b) = from[1].to_radians().sin_cos();
        let latitude =
            (sin_b * distance.cos() + cos_b * distance.sin() * bearing.cos()).clamp(-1.0, 1.0).asin();
        let turn = (bearing.sin() * distance.sin() * cos_b).atan2(distance.cos() - sin_b * latitude.sin());
        [(from[0] + turn.to_degrees()).rem_euclid(360.0), latitude.to_degrees()]
    }

    /// The pixels (y, x) whose centres lie inside.
    ///
    /// # Errors
    /// A frame that cannot be turned into the map's; lengths that are not positive; a polygon with fewer than three corners, or with
    /// one that the map does not reach.
    pub fn mask(&self, plane: &SkyPlane, (rows, columns): (usize, usize)) -> Result<Array2<bool>> {
        self.check()?;
        let mut mask = Array2::from_elem((rows, columns), false);
        if let Shape::Polygon { corners } = &self.shape {
            let corners: Vec<[f64; 2]> =
                corners.iter().map(|corner| self.pixel(plane, *corner)).collect::<Result<_>>()?;
            mask.indexed_iter_mut().for_each(|((y, x), to)| *to = is_within(&corners, [x as f64, y as f64]));
            return Ok(mask);
        }
        if self.frame != Frame::Pixels {
            // Refused before any pixel is looked at.
            plane.into_frame(self.frame, [0.0, 0.0])?;
        }
        mask.axis_iter_mut(Axis(0)).into_par_iter().enumerate().for_each(|(y, mut row)| {
            for (x, to) in row.iter_mut().enumerate() {
                let pixel = [x as f64, y as f64];
                let position = if self.frame == Frame::Pixels {
                    Some(pixel)
                } else {
                    plane.sky(pixel).and_then(|own| plane.into_frame(self.frame, own).ok())
                };
                *to = position.is_some_and(|position| self.holds(position));
            }
        });
        Ok(mask)
    }

    /// Whether a position of the region's own frame lies inside; not for polygons.
    fn holds(&self, position: [f64; 2]) -> bool {
        let away = |centre: [f64; 2], angle_deg: f64| {
            let [u, v] = if self.frame == Frame::Pixels {
                [position[0] - centre[0], position[1] - centre[1]]
            } else {
                offsets_arcsec(centre, position)
            };
            let (sin, cos) = f64::to_radians(angle_deg).sin_cos();
            [u * cos + v * sin, v * cos - u * sin]
        };
        match &self.shape {
            Shape::Circle { centre, radius } => {
                let [u, v] = away(*centre, 0.0);
                u.hypot(v) <= *radius
            }
            Shape::Ellipse { centre, radii, angle_deg } => {
                let [u, v] = away(*centre, *angle_deg);
                (u / radii[0]).hypot(v / radii[1]) <= 1.0
            }
            Shape::Box { centre, sides, angle_deg } => {
                let [u, v] = away(*centre, *angle_deg);
                u.abs() <= 0.5 * sides[0] && v.abs() <= 0.5 * sides[1]
            }
            Shape::Polygon { corners } => is_within(corners, position),
        }
    }

    fn check(&self) -> Result<()> {
        let lengths = match &self.shape {
            Shape::Circle { radius, .. } => vec![*radius],
            Shape::Ellipse { radii, .. } => radii.to_vec(),
            Shape::Box { sides, .. } => sides.to_vec(),
            Shape::Polygon { corners } if corners.len() < 3 => {
                return Err(Error::input(
                    format!("a polygon of {} corners encloses nothing", corners.len()),
                    "give three or more",
                ));
            }
            Shape::Polygon { .. } => vec![],
        };
        match lengths.iter().find(|length| !(length.is_finite() && **length > 0.0)) {
            Some(length) => {
                Err(Error::input(format!("a region of the size {length}"), "give positive lengths"))
            }
            None => Ok(()),
        }
    }
}

/// By the even–odd rule.
fn is_within(corners: &[[f64; 2]], [x, y]: [f64; 2]) -> bool {
    let mut inside = false;
    let mut last = corners.len().wrapping_sub(1);
    for index in 0..corners.len() {
        let ([x0, y0], [x1, y1]) = (corners[index], corners[last]);
        if (y0 > y) != (y1 > y) && x < (x1 - x0) * (y - y0) / (y1 - y0) + x0 {
            inside = !inside;
        }
        last = index;
    }
    inside
}

/// How the pixels of a region make one spectrum.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Combine {
    #[default]
    Mean,
    Sum,
}

/// The spectrum of a cube (velocity, y, x) within a mask (y, x); blanks are left out, and a channel without any value is blank.
///
/// # Errors
/// A mask of another shape than the cube's channels.
pub fn region_spectrum(
    cube: ArrayView3<'_, f32>,
    mask: ArrayView2<'_, bool>,
    combine: Combine,
) -> Result<Vec<f32>> {
    fits(cube, mask)?;
    let channels: Vec<_> = cube.axis_iter(Axis(0)).collect();
    Ok(channels
        .into_par_iter()
        .map(|channel| {
            let (mut sum, mut count) = (0.0_f64, 0_usize);
            for (&value, &inside) in channel.iter().zip(mask) {
                if inside && value.is_finite() {
                    sum += f64::from(value);
                    count += 1;
                }
            }
            match combine {
                _ if count == 0 => f32::NAN,
                Combine::Mean => (sum / count as f64) as f32,
                Combine::Sum => sum as f32,
            }
        })
        .collect())
}

/// Statistics of a cube within a mask, over all channels; `None` where nothing has a value. `area` is that of a pixel.
///
/// # Errors
/// As [`region_spectrum`].
pub fn region_statistics(
    cube: ArrayView3<'_, f32>,
    mask: ArrayView2<'_, bool>,
    area: f64,
) -> Result<Option<RegionStatistics>> {
    fits(cube, mask)?;
    let inside: Vec<f32> = cube
        .axis_iter(Axis(0))
        .flat_map(|channel| {
            channel
                .iter()
                .zip(mask)
                .filter(|(_, inside)| **inside)
                .map(|(value, _)| *value)
                .collect::<Vec<_>>()
        })
        .collect();
    let pixels = mask.iter().filter(|inside| **inside).count();
    let found = crate::data::statistics_of(&inside);
    Ok((found.count > 0).then_some(RegionStatistics {
        pixels,
        values: found.count,
        blanks: found.count_nan + found.count_inf,
        mean: found.mean,
        std: found.std,
        rms: found.mean.hypot(found.std),
        min: found.min,
        max: found.max,
        sum: found.sum,
        area: area * pixels as f64,
    }))
}

fn fits(cube: ArrayView3<'_, f32>, mask: ArrayView2<'_, bool>) -> Result<()> {
    let (_, rows, columns) = cube.dim();
    if mask.dim() == (rows, columns) {
        return Ok(());
    }
    Err(Error::input(
        format!("a mask of {:?} pixels for channels of {:?}", mask.dim(), (rows, columns)),
        "make the mask for this cube",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Header;
    use ndarray::Array3;

    fn plane() -> SkyPlane {
        let mut header = Header::default();
        for (axis, ctype, value, step) in [(1, "RA---TAN", 51.0, -0.005), (2, "DEC--TAN", 60.0, 0.005)] {
            header.set_text(&format!("CTYPE{axis}"), ctype, "");
            header.set_float(&format!("CRPIX{axis}"), 21.0, "");
            header.set_float(&format!("CRVAL{axis}"), value, "");
            header.set_float(&format!("CDELT{axis}"), step, "");
        }
        SkyPlane::of(&header)
    }

    fn region(frame: Frame, shape: Shape) -> Region {
        Region { name: String::new(), frame, colour: None, shape }
    }

    /// A plain mask of the same shapes in pixels: 18″ to a pixel, west along x, north along y.
    #[test]
    fn masks_on_the_sky_are_those_in_pixels() {
        let sky = plane();
        let (c, s) = (30_f64.to_radians().cos(), 30_f64.to_radians().sin());
        let turned = |x: f64, y: f64| [(x - 20.0) * c + (y - 20.0) * s, (y - 20.0) * c - (x - 20.0) * s];
        let centre = [51.0, 60.0];
        let ellipse = Shape::Ellipse { centre, radii: [180.5, 90.5], angle_deg: 30.0 };
        let on_sky = region(Frame::Icrs, ellipse).mask(&sky, (41, 41)).expect("a mask");
        let side = Shape::Box { centre, sides: [361.0, 181.0], angle_deg: 30.0 };
        let boxed = region(Frame::Icrs, side).mask(&sky, (41, 41)).expect("a mask");
        let round =
            region(Frame::Icrs, Shape::Circle { centre, radius: 99.5 }).mask(&sky, (41, 41)).expect("a mask");
        for ((y, x), inside) in on_sky.indexed_iter() {
            let [u, v] = turned(x as f64, y as f64);
            assert_eq!(*inside, (u * 18.0 / 180.5).hypot(v * 18.0 / 90.5) <= 1.0, "{x} {y}");
            assert_eq!(boxed[[y, x]], u.abs() * 18.0 <= 180.5 && v.abs() * 18.0 <= 90.5, "{x} {y}");
            assert_eq!(round[[y, x]], u.hypot(v) * 18.0 <= 99.5, "{x} {y}");
        }
        // The outline is the border of the mask.
        let outline = region(Frame::Icrs, Shape::Box { centre, sides: [361.0, 181.0], angle_deg: 30.0 });
        let corners = outline.outline(&sky).expect("an outline");
        let polygon = Shape::Polygon { corners: corners[..4].to_vec() };
        assert_eq!(region(Frame::Pixels, polygon).mask(&sky, (41, 41)).expect("a mask"), boxed);
    }

    #[test]
    fn a_galactic_region_lies_where_the_equatorial_one_does() {
        let sky = plane();
        let centre = sky.into_frame(Frame::Galactic, [51.0, 60.0]).expect("galactic");
        let there = region(Frame::Galactic, Shape::Circle { centre, radius: 99.5 });
        let here = region(Frame::Icrs, Shape::Circle { centre: [51.0, 60.0], radius: 99.5 });
        assert_eq!(there.mask(&sky, (41, 41)).expect("a mask"), here.mask(&sky, (41, 41)).expect("a mask"));
        let nowhere = SkyPlane::of(&Header::default());
        assert!(here.mask(&nowhere, (41, 41)).is_err());
        assert!(region(Frame::Icrs, Shape::Circle { centre, radius: -1.0 }).mask(&sky, (41, 41)).is_err());
        assert!(
            region(Frame::Pixels, Shape::Polygon { corners: vec![[0.0; 2]] }).mask(&sky, (4, 4)).is_err()
        );
    }

    #[test]
    fn spectra_and_statistics_leave_blanks_out() {
        let mut cube = Array3::from_shape_fn((3, 5, 5), |(k, j, i)| (25 * k + 5 * j + i) as f32);
        cube[[1, 2, 2]] = f32::NAN;
        cube.slice_mut(ndarray::s![2, .., ..]).fill(f32::NAN);
        let corners = vec![[0.5, 0.5], [3.5, 0.5], [3.5, 3.5], [0.5, 3.5]];
        let square = region(Frame::Pixels, Shape::Polygon { corners });
        let mask = square.mask(&plane(), (5, 5)).expect("a mask");
        let mean = region_spectrum(cube.view(), mask.view(), Combine::Mean).expect("a spectrum");
        let sum = region_spectrum(cube.view(), mask.view(), Combine::Sum).expect("a spectrum");
        assert_eq!((mean[0], mean[1]), (12.0, 37.0));
        assert_eq!((sum[0], sum[1]), (108.0, 296.0));
        assert!(mean[2].is_nan() && sum[2].is_nan());
        let all = region_statistics(cube.view(), mask.view(), 324.0).expect("statistics").expect("values");
        assert_eq!((all.pixels, all.values, all.blanks, all.area), (9, 17, 10, 9.0 * 324.0));
        assert_eq!((all.min, all.max, all.sum), (6.0, 43.0, 404.0));
        assert!(region_spectrum(cube.view(), Array2::from_elem((2, 2), true).view(), Combine::Mean).is_err());
    }
}
