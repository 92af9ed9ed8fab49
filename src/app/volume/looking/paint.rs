//! Marks of looking closely: the line of sight, regions, the cut and catalogue points, on the picture and on the maps below it.

use super::maps::Placing;
use super::{Grid, catalogue, regions};
use crate::app::theme::Tokens;
use crate::app::volume::cube::Cube;
use crate::app::volume::overlay;
use crate::volume::Lens;
use egui::{Color32, Painter, Pos2, Rect, Stroke, pos2};

/// Paints the marks over the picture of a cube that fills `rect`.
pub fn paint(painter: &Painter, rect: Rect, cube: &Cube) {
    let tokens = overlay::tokens_on(cube.look.scene.background);
    let painter = painter.with_clip_rect(rect.intersect(painter.clip_rect()));
    let lens = Lens::new(&cube.look.scene.view, rect.width(), rect.height());
    let space = Space { cube, lens, rect };
    let looking = &cube.look.looking;
    if let Some(picked) = looking.picked {
        let [x, y, z] = picked.map(|place| place as f64);
        let depth = cube.loaded.file_shape[0] as f64;
        let stroke = Stroke::new(1.0, tokens.accent);
        space.line(&painter, [[x, y, -0.5], [x, y, depth - 0.5]], stroke);
        if let Some(at) = space.point([x, y, z]) {
            painter.circle_stroke(at, 4.0, Stroke::new(1.5, tokens.accent));
        }
    }
    space.cut(&painter, tokens);
    if let Some(grid) = &cube.desk.grid
        && looking.regions_shown
    {
        space.regions(&painter, grid, tokens);
    }
    if let Some(kept) = &looking.catalogue
        && looking.catalogue_shown
    {
        for point in cube.desk.catalogue.points() {
            let Some([a, b]) = catalogue::seen(cube, point, &lens, rect) else { continue };
            let is_selected = kept.selected == Some(point.row);
            let colour = if is_selected { tokens.accent } else { tokens.warning };
            if point.z.is_none() {
                painter.line_segment([a, b], Stroke::new(1.0, colour.gamma_multiply(0.8)));
            } else {
                let radius = if is_selected { 5.0 } else { 3.5 };
                painter.circle(a, radius, colour.gamma_multiply(0.35), Stroke::new(1.5, colour));
            }
        }
    }
}

/// Voxels of the file as they are seen.
struct Space<'a> {
    cube: &'a Cube,
    lens: Lens,
    rect: Rect,
}

impl Space<'_> {
    fn world(&self, voxel: [f64; 3]) -> [f32; 3] {
        let place = self.cube.part().place(voxel);
        let (signs, sides) = (self.cube.lattice.signs, self.cube.lattice.sides);
        std::array::from_fn(|axis| signs[axis] * (place[axis] - 0.5) * sides[axis])
    }

    fn inside(&self, voxel: [f64; 3]) -> bool {
        self.cube.part().place(voxel).iter().all(|part| (-1e-6..=1.0 + 1e-6).contains(part))
    }

    fn point(&self, voxel: [f64; 3]) -> Option<Pos2> {
        let ([x, y], _) = self.lens.project(self.world(voxel))?;
        self.inside(voxel).then(|| pos2(self.rect.left() + x, self.rect.top() + y))
    }

    /// A line within the loaded box: its ends along z are cut to it.
    fn line(&self, painter: &Painter, ends: [[f64; 3]; 2], stroke: Stroke) {
        let part = self.cube.part();
        let (low, high) =
            (part.first[2] as f64 - 0.5, (part.first[2] + part.shape[2] * part.factor) as f64 - 0.5);
        let ends = ends.map(|[x, y, z]| [x, y, z.clamp(low, high)]);
        if !ends.iter().all(|end| self.inside(*end)) {
            return;
        }
        if let Some(seen) = self.lens.segment(self.world(ends[0]), self.world(ends[1])) {
            painter.line_segment(seen.map(|[x, y]| pos2(self.rect.left() + x, self.rect.top() + y)), stroke);
        }
    }

    /// The plane along which the cube is cut, as its outline.
    fn cut(&self, painter: &Painter, tokens: &Tokens) {
        let points = &self.cube.look.looking.cut;
        let stroke = Stroke::new(1.5, tokens.warning);
        let back = self.cube.loaded.file_shape[0] as f64 - 0.5;
        for &[x, y] in points {
            self.line(painter, [[x, y, -0.5], [x, y, back]], stroke);
        }
        for pair in points.windows(2) {
            for z in [-0.5, back] {
                self.line(painter, [[pair[0][0], pair[0][1], z], [pair[1][0], pair[1][1], z]], stroke);
            }
        }
    }

    /// Outlines on the near and the far face.
    fn regions(&self, painter: &Painter, grid: &Grid, tokens: &Tokens) {
        let back = self.cube.loaded.file_shape[0] as f64 - 0.5;
        for (index, region) in self.cube.look.looking.regions.iter().enumerate() {
            // A region that cannot be placed says so in its list.
            let Ok(outline) = regions::loaded(region, grid).outline(&grid.sky) else { continue };
            let outline: Vec<[f64; 2]> = outline.into_iter().map(|pixel| grid.of_file(pixel)).collect();
            let colour = regions::colour(tokens, index);
            for (z, strength) in [(-0.5, 1.0), (back, 0.5)] {
                for pair in outline.windows(2) {
                    let ends = [[pair[0][0], pair[0][1], z], [pair[1][0], pair[1][1], z]];
                    self.line(painter, ends, Stroke::new(1.5, colour.gamma_multiply(strength)));
                }
            }
        }
    }
}

/// The same marks on a map of the sky.
pub fn on_map(
    painter: &Painter,
    placing: &Placing,
    cube: &Cube,
    grid: &Grid,
    sources: &[catalogue::Point],
    tokens: &Tokens,
) {
    let painter = painter.with_clip_rect(placing.rect.intersect(painter.clip_rect()));
    let looking = &cube.look.looking;
    let at = |pixel: [f64; 2]| placing.screen(grid.loaded(pixel));
    let line = |points: Vec<Pos2>, colour: Color32| {
        if points.len() > 1 {
            painter.line(points, Stroke::new(1.5, colour));
        }
    };
    line(looking.cut.iter().map(|point| at(*point)).collect(), tokens.warning);
    if looking.regions_shown {
        for (index, region) in looking.regions.iter().enumerate() {
            let Ok(outline) = regions::loaded(region, grid).outline(&grid.sky) else { continue };
            line(
                outline.into_iter().map(|pixel| placing.screen(pixel)).collect(),
                regions::colour(tokens, index),
            );
        }
    }
    if looking.catalogue_shown && looking.catalogue.is_some() {
        for point in sources {
            painter.circle_stroke(at(point.pixel), 2.5, Stroke::new(1.0, tokens.warning));
        }
    }
    if let Some([x, y, _]) = looking.picked {
        let place = at([x as f64, y as f64]);
        let stroke = Stroke::new(1.0, tokens.accent);
        painter.hline(place.x - 5.0..=place.x + 5.0, place.y, stroke);
        painter.vline(place.x, place.y - 5.0..=place.y + 5.0, stroke);
    }
}
