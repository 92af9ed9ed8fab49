//! The stage without a window, on the software driver.

use super::*;
use crate::volume::{Grid, Scene};
use ndarray::Array3;
use std::time::{Duration, Instant};

const CUBE: CubeId = CubeId(1);
const VIEW: ViewId = ViewId(1);

fn grid() -> Grid {
    let cube = Array3::from_shape_fn((12, 12, 12), |(z, y, x)| ((z * y) as f32 + x as f32).sin().abs());
    Grid::new(cube.view(), [1.0; 3]).expect("a grid")
}

fn request(grid: &Grid, azimuth_deg: f32, moving: bool) -> Request {
    let mut scene = Scene::of(&grid.lattice);
    scene.view.azimuth_deg = azimuth_deg;
    Request { cube: CUBE, second: None, scene, width: 64, height: 48, moving }
}

fn stage() -> Stage {
    Stage::start(Arc::new(|| {}), true)
}

fn wait_for(what: &str, mut is_there: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_there() {
        assert!(begun.elapsed() < Duration::from_secs(60), "{what} did not come");
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn the_latest_request_wins_and_then_the_thread_sleeps() {
    let (stage, grid) = (stage(), grid());
    stage.feeder(CUBE).send(Feed::Coarse(grid.clone())).expect("taken");
    for azimuth in 0..200 {
        stage.show(VIEW, Some(request(&grid, azimuth as f32, true)));
    }
    let last = request(&grid, 200.0, false);
    stage.show(VIEW, Some(last.clone()));
    wait_for("rest", || stage.is_settled());
    let shown = stage.shown(VIEW).expect("a picture");
    assert!(shown.is_settled && shown.request == last);
    assert_eq!(shown.rgba.len(), shown.width as usize * shown.height as usize * 4);
    let draws = stage.draws();
    assert!(draws < 150, "{draws} drawings for 201 requests of which one counts");
    stage.show(VIEW, Some(last));
    std::thread::sleep(Duration::from_millis(50));
    assert!(stage.is_settled() && stage.draws() == draws, "the same again is no work");
}
