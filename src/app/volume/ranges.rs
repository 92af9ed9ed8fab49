//! The colours that suit a mode, while the user has chosen no others. The rule itself is `volume::FirstColours`.

use super::cube::Open;
use super::look::Automatic;
use crate::volume::FirstColours;
use std::sync::Arc;

/// Gives every cube whose mode, or second cube, has changed the colours of its new one.
pub fn settle(open: &mut [Open]) {
    for index in 0..open.len() {
        let second = open[index].cube().and_then(|cube| cube.look.second.as_ref());
        let second = second.and_then(|path| open.iter().find(|one| one.path == *path)?.cube());
        let (path, values) = match second {
            Some(cube) => (Some(cube.path.clone()), Some(Arc::clone(&cube.loaded))),
            None => (None, None),
        };
        let Some(cube) = open[index].cube_mut() else { continue };
        let mode = cube.look.scene.mode;
        let is_known = |known: &Automatic| {
            known.mode == mode && (known.second == path || !cube.look.scene.needs_second())
        };
        if cube.look.automatic.as_ref().is_none_or(is_known) {
            continue;
        }
        let colours = FirstColours::of(&mode, &cube.loaded, values.as_deref());
        cube.look.take_colours(Automatic { mode, second: path, colours });
    }
}
