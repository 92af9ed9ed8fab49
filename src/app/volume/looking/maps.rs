//! Maps of a cube in the strip: how they lie on the screen, their colours, and the moments and cuts that jobs work out.

use super::Grid;
use super::work::{FromFile, Work};
use crate::app::state::AppState;
use crate::app::task::Task;
use crate::app::text;
use crate::app::theme::Tokens;
use crate::app::volume::cube::Cube;
use crate::cloud::{
    Cut, Moments, PositionVelocity, Selection, moments_of, moments_of_file, position_velocity,
    position_velocity_of_file,
};
use crate::data::percentiles_sampled;
use crate::figure::{ColourMap, NAN_RGB};
use crate::job::{self, Lane};
use crate::volume::{Lattice, Part, Stretch};
use egui::{
    Align2, Color32, ColorImage, Context, FontId, Painter, Pos2, Rect, TextureHandle, TextureOptions, pos2,
    vec2,
};
use ndarray::ArrayView2;
use std::sync::Arc;

/// How the pixels of a map lie on the screen: as the sky is seen, in its proportions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Placing {
    pub rect: Rect,
    size: [f64; 2],
    signs: [f64; 2],
}

impl Placing {
    /// The largest picture of the sky of a cube within an area, at its upper left.
    pub fn within(area: Rect, lattice: &Lattice) -> Self {
        let aspect = lattice.sides[0] / lattice.sides[1];
        let width = area.width().min(area.height() * aspect).max(1.0);
        let rect = Rect::from_min_size(area.min, vec2(width, (width / aspect).max(1.0)));
        Self {
            rect,
            size: [lattice.shape[0] as f64, lattice.shape[1] as f64],
            signs: [f64::from(lattice.signs[0]), f64::from(lattice.signs[1])],
        }
    }

    /// The same map elsewhere.
    pub fn at(self, rect: Rect) -> Self {
        Self { rect, ..self }
    }

    /// Where a loaded pixel (x, y from 0) lies.
    pub fn screen(&self, pixel: [f64; 2]) -> Pos2 {
        let [x, y] =
            [0, 1].map(|axis| 0.5 + self.signs[axis] * ((pixel[axis] + 0.5) / self.size[axis] - 0.5));
        pos2(
            self.rect.left() + x as f32 * self.rect.width(),
            self.rect.bottom() - y as f32 * self.rect.height(),
        )
    }

    pub fn pixel(&self, at: Pos2) -> [f64; 2] {
        let x = f64::from((at.x - self.rect.left()) / self.rect.width());
        let y = f64::from((self.rect.bottom() - at.y) / self.rect.height());
        let place = [x, y];
        std::array::from_fn(|axis| self.size[axis] * (0.5 + self.signs[axis] * (place[axis] - 0.5)) - 0.5)
    }

    /// The loaded pixel under a point; `None` beside the map.
    pub fn index(&self, at: Pos2) -> Option<[usize; 2]> {
        let pixel = self.pixel(at);
        (0..2)
            .all(|axis| pixel[axis] > -0.5 && pixel[axis] < self.size[axis] - 0.5)
            .then(|| pixel.map(|part| part.round().max(0.0) as usize))
    }
}

/// Values to colours.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Colours {
    pub map: ColourMap,
    pub range: (f64, f64),
    pub stretch: Stretch,
}

impl Colours {
    /// Rows from the top as the sky is seen; at most `most` pixels along a side.
    pub fn image(&self, values: ArrayView2<'_, f32>, signs: [f32; 2], most: usize) -> ColorImage {
        let (rows, columns) = values.dim();
        let step = rows.max(columns).div_ceil(most.max(1)).max(1);
        let (height, width) = (rows.div_ceil(step), columns.div_ceil(step));
        let table = self.map.table();
        let (low, high) = self.range;
        let scale = if high > low { 1.0 / (high - low) } else { 0.0 };
        let mut image = ColorImage::filled([width, height], Color32::BLACK);
        for row in 0..height {
            for column in 0..width {
                let j = if signs[1] > 0.0 { height - 1 - row } else { row };
                let i = if signs[0] > 0.0 { column } else { width - 1 - column };
                let value = f64::from(values[[(j * step).min(rows - 1), (i * step).min(columns - 1)]]);
                let [r, g, b] = if value.is_finite() {
                    let place = self.stretch.apply(((value - low) * scale) as f32);
                    table[(place * 255.0).clamp(0.0, 255.0) as usize]
                } else {
                    NAN_RGB
                };
                image.pixels[row * width + column] = Color32::from_rgb(r, g, b);
            }
        }
        image
    }
}

/// Which of the moment maps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Moment {
    Integrated,
    Velocity,
    Variance,
    Peak,
}

impl Moment {
    pub const ALL: [Self; 4] = [Self::Integrated, Self::Velocity, Self::Variance, Self::Peak];

    pub fn title(self) -> &'static str {
        match self {
            Self::Integrated => "Moment 0",
            Self::Velocity => "Moment 1",
            Self::Variance => "Moment 2",
            Self::Peak => "Peak",
        }
    }

    pub fn image(self, moments: &Moments) -> &crate::data::Image {
        match self {
            Self::Integrated => &moments.integrated,
            Self::Velocity => &moments.velocity,
            Self::Variance => &moments.variance,
            Self::Peak => &moments.peak,
        }
    }
}

/// A map that is ready to be painted.
pub struct Drawn {
    pub texture: TextureHandle,
    pub colours: Colours,
}

/// Moments, and the part of the file whose pixels they have.
pub struct Maps {
    pub moments: Moments,
    part: Part,
}

impl Maps {
    /// The value of a map at a pixel of the file; `None` beside it.
    pub fn value(&self, moment: Moment, pixel: [f64; 2]) -> Option<f32> {
        let at = |axis: usize| {
            let place = (pixel[axis] + 0.5 - self.part.first[axis] as f64) / self.part.factor as f64;
            (place >= 0.0).then_some(place as usize)
        };
        moment.image(&self.moments).values.get([at(1)?, at(0)?]).copied()
    }
}

/// A cut, and what it is cut from.
#[derive(Clone, PartialEq)]
pub struct CutKey {
    /// Pixels of the file.
    points: Vec<[f64; 2]>,
    /// As the look has it.
    width: f64,
}

/// Files up to this size, in voxels, are read for maps without being asked.
const READ_OF_ITSELF: usize = 1 << 30;

/// Moments and cuts, and what works them out.
#[derive(Default)]
pub struct Desk {
    pub moments: Work<Selection, Maps>,
    drawn: Vec<(Moment, Key, Drawn)>,
    pub cut: Work<CutKey, PositionVelocity>,
    cut_drawn: Option<(Arc<PositionVelocity>, Colours, Drawn)>,
}

/// What a drawn map depends on: its values and the colour map.
type Key = (usize, ColourMap);

fn is_small(cube: &Cube) -> bool {
    cube.loaded.file_shape.iter().product::<usize>() <= READ_OF_ITSELF
}

impl Desk {
    pub fn is_settled(&self) -> bool {
        self.moments.is_settled() && self.cut.is_settled()
    }

    /// The moments of what is selected, once they are there.
    pub fn moments(
        &mut self,
        context: &Context,
        cube: &Cube,
        grid: &Grid,
        state: &AppState,
    ) -> Option<Result<Arc<Maps>, String>> {
        let selection = cube.look.looking.selection.clone();
        let (part, name, unit) = (grid.part, cube.title.clone(), cube.loaded.unit.clone());
        let wanted = selection.clone();
        let quick = || {
            let (values, header) = (Arc::clone(&cube.loaded.values), grid.header.clone());
            let (velocity, name) = (grid.velocity_km_s.clone().unwrap_or_default(), name.clone());
            Task::spawn(context, "moments", move || {
                let selection = of_part(&selection, part);
                let moments = moments_of(values.view(), (&header, &unit, &name), &velocity, &selection)?;
                Ok(Maps { moments, part })
            })
        };
        let file = (part.factor > 1).then(|| FromFile {
            of_itself: is_small(cube) && wanted.grown_to_sigmas.is_none(),
            spawn: || {
                let (file, geometry) = (Arc::clone(&cube.loaded.file), Arc::clone(&cube.geometry));
                let (region, header) = (cube.loaded.region, cube.loaded.header.clone());
                let (selection, name) = (wanted.clone(), name.clone());
                state.queue.spawn(Lane::Light, format!("Moments of {name}"), move |context| {
                    let [z, y, x] = region.start;
                    let [depth, rows, columns] = region.size;
                    let whole = Part { first: [x, y, z], factor: 1, shape: [columns, rows, depth] };
                    let selection = of_part(&selection, whole);
                    let channels = z..z + region.size[0];
                    let velocity: Vec<f64> = channels
                        .map(|channel| geometry.velocity_km_s(channel as f64))
                        .collect::<Option<_>>()
                        .ok_or_else(|| anyhow::anyhow!("{name}: its channels have no velocities"))?;
                    let header = super::part_header(&header, whole);
                    let moments =
                        moments_of_file(&file, region, (&header, &name), &velocity, &selection, context)?;
                    Ok(Maps { moments, part: whole })
                })
            },
        });
        self.moments.update(&wanted, quick, file);
        self.moments.best(&wanted).cloned()
    }

    /// The picture of a moment in the colours of the cube; the velocity in a diverging map.
    pub fn drawn(&mut self, context: &Context, moment: Moment, maps: &Arc<Maps>, cube: &Cube) -> &Drawn {
        let map = cube.look.scene.transfer.colours;
        let key = (Arc::as_ptr(maps) as usize, map);
        let known = self.drawn.iter().position(|(own, known, _)| *own == moment && *known == key);
        let index = known.unwrap_or_else(|| {
            self.drawn.retain(|(own, ..)| *own != moment);
            let values = &moment.image(&maps.moments).values;
            let colours = Colours {
                map: if moment == Moment::Velocity { ColourMap::BlueRedEven } else { map },
                range: span(values.as_slice().unwrap_or_default()),
                stretch: Stretch::Linear,
            };
            let signs = [cube.lattice.signs[0], cube.lattice.signs[1]];
            let image = colours.image(values.view(), signs, 1024);
            let texture = context.load_texture(moment.title(), image, TextureOptions::NEAREST);
            self.drawn.push((moment, key, Drawn { texture, colours }));
            self.drawn.len() - 1
        });
        &self.drawn[index].2
    }

    /// The position–velocity map along a path, once it is there; `None` without a path. While the mouse is at it, only what is loaded
    /// is cut.
    pub fn cut(
        &mut self,
        context: &Context,
        (path, is_busy): (&[[f64; 2]], bool),
        cube: &Cube,
        grid: &Grid,
        state: &AppState,
    ) -> Option<Result<Arc<PositionVelocity>, String>> {
        if path.len() < 2 || path.iter().all(|point| *point == path[0]) {
            return None;
        }
        let wanted = self.cut_key(path, cube);
        let quick = || {
            let scale = if grid.sky.has_sky() { 1.0 } else { 1.0 / grid.part.factor as f64 };
            let points = path.iter().map(|point| grid.loaded(*point)).collect();
            let cut = Cut { points, width: wanted.width * scale };
            let (values, header) = (Arc::clone(&cube.loaded.values), grid.header.clone());
            let (unit, part) = (cube.loaded.unit.clone(), grid.part);
            Task::spawn(context, "position–velocity", move || {
                let mut map =
                    position_velocity(values.view(), &header, &unit, &cut, &job::Context::unwatched())?;
                // Pixels of the file, as those of a map that is cut from it.
                let places = map.places.iter().map(|place| of_file(part, *place));
                map.places = places.collect();
                Ok(map)
            })
        };
        let file = (grid.part.factor > 1 && !is_busy).then(|| FromFile {
            of_itself: is_small(cube),
            spawn: || {
                let (file, cut) = (Arc::clone(&cube.loaded.file), wanted.cut());
                let (first, count) = (cube.loaded.region.start[0], cube.loaded.region.size[0]);
                let channels = Part { first: [0, 0, first], factor: 1, shape: [0; 3] };
                let header = super::part_header(&cube.loaded.header, channels);
                let title = format!("Position–velocity of {}", cube.title);
                state.queue.spawn(Lane::Light, title, move |context| {
                    Ok(position_velocity_of_file(&file, first..first + count, &header, &cut, context)?)
                })
            },
        });
        self.cut.update(&wanted, quick, file);
        self.cut.best(&wanted).cloned()
    }

    /// What is to be cut along a path.
    pub fn cut_key(&self, path: &[[f64; 2]], cube: &Cube) -> CutKey {
        CutKey { points: path.to_vec(), width: cube.look.looking.cut_width }
    }

    /// The picture of a cut, first channel at the foot, in the colours of the cube.
    pub fn cut_drawn(&mut self, context: &Context, map: &Arc<PositionVelocity>, cube: &Cube) -> &Drawn {
        let transfer = &cube.look.scene.transfer;
        let colours = Colours {
            map: transfer.colours,
            range: span(map.image.values.as_slice().unwrap_or_default()),
            stretch: Stretch::Linear,
        };
        let known = self.cut_drawn.take();
        let drawn = match known {
            Some((of, known, drawn)) if Arc::ptr_eq(&of, map) && known == colours => drawn,
            known => {
                let image = colours.image(map.image.values.view(), [1.0, 1.0], 2048);
                let texture = match known {
                    // A preview changes with every step of the mouse: one texture takes them all.
                    Some((_, _, Drawn { mut texture, .. })) => {
                        texture.set(image, TextureOptions::NEAREST);
                        texture
                    }
                    None => context.load_texture("position–velocity", image, TextureOptions::NEAREST),
                };
                Drawn { texture, colours }
            }
        };
        &self.cut_drawn.insert((Arc::clone(map), colours, drawn)).2
    }
}

impl CutKey {
    fn cut(&self) -> Cut {
        Cut { points: self.points.clone(), width: self.width }
    }
}

/// A pixel of the loaded part as one of the file.
pub fn of_file(part: Part, pixel: [f64; 2]) -> [f64; 2] {
    std::array::from_fn(|axis| part.first[axis] as f64 + (pixel[axis] + 0.5) * part.factor as f64 - 0.5)
}

/// A selection of channels of the file as one of the channels of a part.
fn of_part(selection: &Selection, part: Part) -> Selection {
    let own = |channel: usize| channel.saturating_sub(part.first[2]) / part.factor.max(1);
    let last = part.shape[2].saturating_sub(1);
    let channels = selection.channels.map(|[from, to]| [own(from), own(to).min(last)]);
    Selection { channels, ..selection.clone() }
}

/// From 0.5 to 99.8 %.
fn span(values: &[f32]) -> (f64, f64) {
    match percentiles_sampled(values, &[0.5, 99.8]).as_deref() {
        Some(&[low, high]) if low < high => (low, high),
        Some(&[low, _]) => (low, low + 1.0),
        _ => (0.0, 1.0),
    }
}

/// A colour bar with the values at its ends, upright; 56 points wide with its numbers.
pub fn colour_bar(painter: &Painter, rect: Rect, colours: &Colours, unit: &str, tokens: &Tokens) {
    let bar = Rect::from_min_size(rect.min, vec2(8.0, rect.height()));
    let parts = 48;
    for part in 0..parts {
        let [r, g, b] = colours.map.rgb((part as f32 + 0.5) / parts as f32);
        let height = bar.height() / parts as f32;
        let top = bar.bottom() - (part + 1) as f32 * height;
        let cell = Rect::from_min_size(pos2(bar.left(), top), vec2(bar.width(), height + 0.5));
        painter.rect_filled(cell, 0, Color32::from_rgb(r, g, b));
    }
    let font = FontId::monospace(10.0);
    let label =
        |at: Pos2, align: Align2, words: String| painter.text(at, align, words, font.clone(), tokens.dim);
    label(bar.right_top() + vec2(4.0, 0.0), Align2::LEFT_TOP, text::number(rounded(colours.range.1)));
    label(bar.right_bottom() + vec2(4.0, 0.0), Align2::LEFT_BOTTOM, text::number(rounded(colours.range.0)));
    label(bar.right_center() + vec2(4.0, 0.0), Align2::LEFT_CENTER, text::unit(unit));
}

/// Three digits are enough beside a colour bar.
fn rounded(value: f64) -> f64 {
    if value == 0.0 || !value.is_finite() {
        return value;
    }
    let scale = 10_f64.powf(2.0 - value.abs().log10().floor());
    if scale.is_finite() && scale > 0.0 { (value * scale).round() / scale } else { value }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array2;

    #[test]
    fn a_map_lies_as_the_sky_and_points_go_there_and_back() {
        let mut lattice = Lattice::new([40, 20, 5], [1.0; 3], (0.0, 1.0)).expect("a lattice");
        let area = Rect::from_min_size(pos2(10.0, 20.0), vec2(500.0, 100.0));
        for signs in [[1.0, 1.0, -1.0], [-1.0, 1.0, -1.0], [1.0, -1.0, -1.0]] {
            lattice.signs = signs;
            let placing = Placing::within(area, &lattice);
            assert_eq!(placing.rect.size(), vec2(200.0, 100.0));
            let corner = placing.screen([0.0, 0.0]);
            assert_eq!(corner.x < placing.rect.center().x, signs[0] > 0.0);
            assert_eq!(corner.y > placing.rect.center().y, signs[1] > 0.0);
            assert_eq!(placing.index(placing.screen([31.0, 7.0])), Some([31, 7]));
            assert_eq!(placing.index(pos2(0.0, 0.0)), None);
        }
    }

    #[test]
    fn blanks_have_their_own_shade_and_the_first_row_is_at_the_foot() {
        let mut values = Array2::<f32>::zeros((3, 2));
        values[[0, 0]] = 1.0;
        values[[2, 1]] = f32::NAN;
        let colours = Colours { map: ColourMap::Greys, range: (0.0, 1.0), stretch: Stretch::Linear };
        let image = colours.image(values.view(), [1.0, 1.0], 16);
        let [r, g, b] = NAN_RGB;
        assert_eq!(image.size, [2, 3]);
        assert_eq!(image.pixels[1], Color32::from_rgb(r, g, b));
        assert_ne!(image.pixels[4], image.pixels[5]);
        let turned = colours.image(values.view(), [-1.0, -1.0], 16);
        assert_eq!(turned.pixels[1], image.pixels[4]);
    }
}
