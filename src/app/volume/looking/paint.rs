//! Marks of looking closely: the line of sight, regions, the cut and catalogue points, on the picture and on the maps below it.

use super::draw::Tool;
use super::maps::Placing;
use super::sheet::Sheet;
use super::{Desk, Grid, Tab, catalogue, region_edit, regions};
use crate::app::theme::Tokens;
use crate::app::volume::cube::Cube;
use crate::app::volume::overlay;
use crate::volume::Lens;
use egui::{Color32, Painter, Pos2, Rect, Stroke, pos2, vec2};

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
    if let Some(grid) = &cube.desk.grid {
        let path = cube.desk.path.shown(&looking.cut);
        space.curtain(&painter, &path, tokens);
        let sheet = Sheet::in_picture(cube, rect);
        cube.desk.path.paint(&painter, &sheet, (looking, grid), tokens, cube.desk.has_handles);
    }
    if let Some(pointed) = cube.desk.pointed {
        space.pointed(&painter, pointed, tokens);
    }
    if let Some(grid) = &cube.desk.grid
        && looking.regions_shown
    {
        space.regions(&painter, grid, tokens);
        cube.desk.edit.paint(&painter, &Sheet::in_picture(cube, rect), (looking, grid), tokens);
    }
    if let Some(kept) = &looking.catalogue
        && looking.catalogue_shown
    {
        for point in cube.desk.catalogue.points() {
            let Some([a, b]) = catalogue::seen(cube, point, &lens, rect) else { continue };
            let is_selected = kept.selected == Some(point.row);
            let own = catalogue::colour(point).unwrap_or(tokens.warning);
            let colour = if is_selected { tokens.accent } else { own };
            if point.z.is_none() {
                painter.line_segment([a, b], Stroke::new(1.0, colour.gamma_multiply(0.8)));
            } else {
                let radius = catalogue::radius(point) + if is_selected { 1.5 } else { 0.0 };
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
        let ends = ends.map(|end| self.held(end));
        if !ends.iter().all(|end| self.inside(*end)) {
            return;
        }
        if let Some(seen) = self.lens.segment(self.world(ends[0]), self.world(ends[1])) {
            painter.line_segment(seen.map(|[x, y]| pos2(self.rect.left() + x, self.rect.top() + y)), stroke);
        }
    }

    /// The surface along which the cube is cut: a translucent strip through all channels, and its outline.
    fn curtain(&self, painter: &Painter, path: &[[f64; 2]], tokens: &Tokens) {
        let (faint, edge) = (tokens.warning.gamma_multiply(0.07), tokens.warning.gamma_multiply(0.55));
        let back = self.cube.loaded.file_shape[0] as f64 - 0.5;
        for pair in path.windows(2) {
            let Some([a, b]) = self.within([pair[0], pair[1]]) else { continue };
            let corners =
                [(a, -0.5), (b, -0.5), (b, back), (a, back)].map(|([x, y], z)| self.held([x, y, z]));
            let seen: Vec<Pos2> = corners
                .iter()
                .filter_map(|corner| self.lens.project(self.world(*corner)))
                .map(|([x, y], _)| pos2(self.rect.left() + x, self.rect.top() + y))
                .collect();
            if seen.len() == 4 {
                painter.add(egui::Shape::convex_polygon(seen, faint, Stroke::NONE));
            }
            for side in 0..4 {
                self.line(painter, [corners[side], corners[(side + 1) % 4]], Stroke::new(1.0, edge));
            }
        }
    }

    /// A place that the position–velocity map points at.
    fn pointed(&self, painter: &Painter, voxel: [f64; 3], tokens: &Tokens) {
        let [x, y, _] = voxel;
        let depth = self.cube.loaded.file_shape[0] as f64;
        let stroke = Stroke::new(1.0, tokens.text.gamma_multiply(0.7));
        self.line(painter, [[x, y, -0.5], [x, y, depth - 0.5]], stroke);
        if let Some(at) = self.point(voxel) {
            painter.circle(at, 4.5, tokens.warning, Stroke::new(1.5, tokens.text));
        }
    }

    /// A voxel with its place along z held within the loaded part.
    fn held(&self, [x, y, z]: [f64; 3]) -> [f64; 3] {
        let part = self.cube.part();
        let low = part.first[2] as f64 - 0.5;
        [x, y, z.clamp(low, low + (part.shape[2] * part.factor) as f64)]
    }

    /// The piece of a line of the sky that lies within the loaded part (Liang & Barsky 1984).
    fn within(&self, [a, b]: [[f64; 2]; 2]) -> Option<[[f64; 2]; 2]> {
        let part = self.cube.part();
        let (mut from, mut to) = (0.0_f64, 1.0_f64);
        for axis in 0..2 {
            let low = part.first[axis] as f64 - 0.5;
            let high = low + (part.shape[axis] * part.factor) as f64;
            let way = b[axis] - a[axis];
            if way == 0.0 {
                if a[axis] < low || a[axis] > high {
                    return None;
                }
                continue;
            }
            let (one, other) = ((low - a[axis]) / way, (high - a[axis]) / way);
            (from, to) = (from.max(one.min(other)), to.min(one.max(other)));
        }
        let at = |share: f64| std::array::from_fn(|axis| a[axis] + share * (b[axis] - a[axis]));
        (from < to).then(|| [at(from), at(to)])
    }

    /// Regions as prisms: their outlines on both faces, and edges between them.
    fn regions(&self, painter: &Painter, grid: &Grid, tokens: &Tokens) {
        let back = self.cube.loaded.file_shape[0] as f64 - 0.5;
        for (index, region) in self.cube.look.looking.regions.iter().enumerate() {
            let outline = region_edit::outline(region, grid);
            let colour = regions::colour(tokens, index, region);
            for pair in outline.windows(2) {
                let Some([a, b]) = self.within([pair[0], pair[1]]) else { continue };
                for z in [-0.5, back] {
                    let stroke = Stroke::new(1.5, colour);
                    self.line(painter, [[a[0], a[1], z], [b[0], b[1], z]], stroke);
                }
            }
            // All corners, or four lines of a round one.
            let step = if outline.len() > 60 { (outline.len() - 1) / 4 } else { 1 };
            for [x, y] in outline.iter().take(outline.len().saturating_sub(1)).step_by(step.max(1)) {
                let stroke = Stroke::new(1.0, colour.gamma_multiply(0.5));
                self.line(painter, [[*x, *y, -0.5], [*x, *y, back]], stroke);
            }
        }
    }
}

/// The beam at the lower left of a map, as the sky is seen (east to the left); where it would be a point or hide the map, none.
pub fn beam(painter: &Painter, map: Rect, cube: &Cube, grid: &Grid, tokens: &Tokens) {
    let (Some(beam), true) = (cube.geometry.beam(), grid.sky.has_sky()) else { return };
    let pixels = (grid.part.shape[0] * grid.part.factor).max(1) as f64;
    let side =
        grid.sides(grid.of_file([0.5 * grid.part.shape[0] as f64, 0.5 * grid.part.shape[1] as f64]))[0];
    let per_degree = 3600.0 / side * f64::from(map.width()) / pixels;
    let [major, minor] = [beam.major_deg, beam.minor_deg].map(|width| (0.5 * width * per_degree) as f32);
    if !(major >= 1.5 && major < 0.2 * map.width().min(map.height())) {
        return;
    }
    let (sin, cos) = beam.angle_deg.to_radians().sin_cos();
    let middle = map.left_bottom() + vec2(major + 4.0, -major - 4.0);
    let outline = (0..32).map(|index| {
        let turn = std::f32::consts::TAU * index as f32 / 32.0;
        let (along, across) = (major * turn.cos(), minor * turn.sin());
        // The position angle runs from north, up, through east, left.
        let (sin, cos) = (sin as f32, cos as f32);
        middle + vec2(-along * sin + across * cos, -along * cos - across * sin)
    });
    let fill = tokens.text.gamma_multiply(0.35);
    painter.add(egui::Shape::convex_polygon(outline.collect(), fill, Stroke::new(1.0, tokens.text)));
}

/// The same marks on a map of the sky.
pub fn on_map(painter: &Painter, placing: &Placing, cube: &Cube, grid: &Grid, desk: &Desk, tokens: &Tokens) {
    let painter = painter.with_clip_rect(placing.rect.intersect(painter.clip_rect()));
    let looking = &cube.look.looking;
    let at = |pixel: [f64; 2]| placing.screen(grid.loaded(pixel));
    let line = |points: Vec<Pos2>, colour: Color32| {
        if points.len() > 1 {
            painter.line(points, Stroke::new(1.5, colour));
        }
    };
    let sheet = Sheet::Map { placing, grid };
    let has_handles = desk.draw.tool == Tool::Cut || looking.tab == Tab::PositionVelocity;
    desk.path.paint(&painter, &sheet, (looking, grid), tokens, has_handles);
    if looking.regions_shown {
        for (index, region) in looking.regions.iter().enumerate() {
            let outline = region_edit::outline(region, grid);
            line(outline.into_iter().map(&at).collect(), regions::colour(tokens, index, region));
        }
        desk.edit.paint(&painter, &sheet, (looking, grid), tokens);
    }
    if looking.catalogue_shown && looking.catalogue.is_some() {
        for point in desk.catalogue.points() {
            let colour = catalogue::colour(point).unwrap_or(tokens.warning);
            painter.circle_stroke(at(point.pixel), 0.7 * catalogue::radius(point), Stroke::new(1.0, colour));
        }
    }
    if let Some([x, y, _]) = desk.pointed {
        painter.circle(at([x, y]), 3.5, tokens.warning, Stroke::new(1.5, tokens.text));
    }
    if let Some([x, y, _]) = looking.picked {
        let place = at([x as f64, y as f64]);
        let stroke = Stroke::new(1.0, tokens.accent);
        painter.hline(place.x - 5.0..=place.x + 5.0, place.y, stroke);
        painter.vline(place.x, place.y - 5.0..=place.y + 5.0, stroke);
    }
}
