//! What one points at to mean a place of the sky: a map of the strip, or a plane across the cube in the picture. Both give pixels of
//! the file and take them back.

use super::Grid;
use super::maps::Placing;
use crate::app::volume::cube::Cube;
use crate::volume::{Lattice, Lens, Part, Plane};
use egui::{Pos2, Rect, pos2};

/// A ray that runs almost along the plane meets it nowhere in particular.
const LEAST_SLOPE: f32 = 0.03;

/// Where pixels of the file (x, y from 0) are seen.
pub enum Sheet<'a> {
    Map { placing: &'a Placing, grid: &'a Grid },
    Plane(Box<Facet>),
}

/// A plane across the cube, as it is seen.
pub struct Facet {
    lens: Lens,
    lattice: Lattice,
    part: Part,
    rect: Rect,
    /// Along the third axis, from 0 to 1.
    place: f32,
}

impl<'a> Sheet<'a> {
    /// The plane of the sky in the picture that fills `rect`: the slice across the third axis where one is shown, else the face of
    /// the clip box that looks at the viewer.
    pub fn in_picture(cube: &Cube, rect: Rect) -> Self {
        let lens = Lens::new(&cube.look.scene.view, rect.width(), rect.height());
        let slice = cube.look.scene.slices.iter().filter(|slice| slice.shown).find_map(|slice| {
            if let Plane::Across { axis: 2, place } = slice.plane { Some(place) } else { None }
        });
        let place = slice.unwrap_or_else(|| facing(cube, &lens));
        Self::Plane(Box::new(Facet { lens, lattice: cube.lattice.clone(), part: cube.part(), rect, place }))
    }

    /// The pixel of the file under a point of the screen, beyond the edges too; `None` where none is seen there.
    pub fn pixel(&self, at: Pos2) -> Option<[f64; 2]> {
        match self {
            Self::Map { placing, grid } => Some(grid.of_file(placing.pixel(at))),
            Self::Plane(facet) => {
                let Facet { lens, lattice, part, rect, place } = facet.as_ref();
                let (origin, direction) = lens.ray([at.x - rect.left(), at.y - rect.top()]);
                let length = direction.iter().map(|part| part * part).sum::<f32>().sqrt();
                if direction[2].abs() < LEAST_SLOPE * length {
                    return None;
                }
                let along = (lattice.point([0.5, 0.5, *place])[2] - origin[2]) / direction[2];
                let met = std::array::from_fn(|axis| origin[axis] + along * direction[axis]);
                let [x, y, _] = part.voxel(lattice.place(met));
                (along > 0.0).then_some([x, y])
            }
        }
    }

    pub fn screen(&self, pixel: [f64; 2]) -> Option<Pos2> {
        match self {
            Self::Map { placing, grid } => Some(placing.screen(grid.loaded(pixel))),
            Self::Plane(facet) => {
                let Facet { lens, lattice, part, rect, place } = facet.as_ref();
                let [x, y, _] = part.place([pixel[0], pixel[1], 0.0]);
                let ([x, y], _) = lens.project(lattice.point([x, y, *place]))?;
                Some(pos2(rect.left() + x, rect.top() + y))
            }
        }
    }
}

/// The end of the clip box along the third axis that looks at the viewer, from 0 to 1.
fn facing(cube: &Cube, lens: &Lens) -> f32 {
    let ends = cube.look.scene.clip[2];
    let [first, last] = ends.map(|place| cube.lattice.point([0.5, 0.5, place]));
    let outwards = first[2] - last[2];
    if outwards * lens.to_eye(first)[2] > 0.0 { ends[0] } else { ends[1] }
}
