//! The stage without a window, on the software driver.

use super::*;
use crate::volume::gpu::Adapter;
use crate::volume::{Grid, Mode, Scene};
use ndarray::Array3;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

const CUBE: CubeId = CubeId(1);
const VIEW: ViewId = ViewId(1);

fn values() -> Array3<f32> {
    Array3::from_shape_fn((12, 14, 16), |(z, y, x)| ((z * y) as f32 + x as f32).sin().abs())
}

fn grid() -> Grid {
    Grid::new(values().view(), [1.0; 3]).expect("a grid")
}

/// Hands the cube over as a loader does.
fn load(stage: &Stage, cube: CubeId) {
    let feeder = stage.feeder(cube);
    let values = Arc::new(values());
    feeder.send(Feed::Begin(grid().lattice)).expect("begun");
    for planes in [0..6, 6..12] {
        feeder.send(Feed::Slab { planes, values: Arc::clone(&values) }).expect("taken");
    }
    feeder.send(Feed::Done).expect("done");
    stage.keep(cube, values);
}

fn settled(stage: &Stage, view: ViewId) -> Arc<Shown> {
    wait_for("rest", || stage.is_settled());
    stage.shown(view).expect("a picture")
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

#[test]
fn a_view_at_rest_gets_its_full_size_smoothed_and_a_moving_one_a_single_pass() {
    let (stage, grid) = (stage(), grid());
    load(&stage, CUBE);
    stage.show(VIEW, Some(request(&grid, 10.0, false)));
    let shown = settled(&stage, VIEW);
    assert_eq!((shown.width, shown.height, shown.passes, shown.is_settled), (64, 48, 16, true));
    let middle = (24 * 64 + 32) * 4;
    assert!(shown.rgba[middle..middle + 3].iter().any(|&part| part > 20), "the cube is seen in the middle");
    stage.show(VIEW, Some(request(&grid, 11.0, true)));
    let shown = settled(&stage, VIEW);
    assert!(shown.passes == 1 && !shown.is_settled && shown.request.moving);
    // The same scene, held still by a hand, then let go: it is smoothed from where it stands.
    stage.show(VIEW, Some(request(&grid, 11.0, false)));
    assert_eq!(settled(&stage, VIEW).passes, 16);
    let draws = stage.draws();
    stage.show(VIEW, Some(request(&grid, 11.0, true)));
    stage.show(VIEW, Some(request(&grid, 11.0, false)));
    assert_eq!(
        (settled(&stage, VIEW).passes, stage.draws()),
        (16, draws),
        "a click without a move is no work"
    );
}

#[test]
fn views_share_cubes_and_new_proportions_redraw_both() {
    let woken = Arc::new(AtomicU32::new(0));
    let counter = Arc::clone(&woken);
    let stage = Stage::start(
        Arc::new(move || {
            counter.fetch_add(1, Ordering::Relaxed);
        }),
        true,
    );
    let grid = grid();
    load(&stage, CUBE);
    load(&stage, CubeId(2));
    let other = ViewId(2);
    stage.show(VIEW, Some(request(&grid, 0.0, false)));
    let mut of_two = request(&grid, 0.0, false);
    of_two.cube = CubeId(2);
    of_two.second = Some(CUBE);
    stage.show(other, Some(of_two));
    let before = [settled(&stage, VIEW), settled(&stage, other)];
    assert_eq!(before[0].rgba, before[1].rgba, "both cubes hold the same");
    assert!(woken.load(Ordering::Relaxed) >= 10);
    stage.set_voxel(CUBE, [1.0, 1.0, 3.0]);
    let after = [settled(&stage, VIEW), settled(&stage, other)];
    assert!(after[0].rgba != before[0].rgba && after[1].rgba == before[1].rgba);
    stage.show(other, None);
    assert!(stage.shown(other).is_none());
}

#[test]
fn a_lost_adapter_is_opened_again_with_its_cubes() {
    let (stage, grid) = (stage(), grid());
    load(&stage, CUBE);
    stage.show(VIEW, Some(request(&grid, 0.0, false)));
    let before = settled(&stage, VIEW);
    stage.lose();
    let mut turned = request(&grid, 30.0, false);
    stage.show(VIEW, Some(turned.clone()));
    let after = settled(&stage, VIEW);
    assert!(after.request == turned && after.is_settled && after.rgba != before.rgba, "{:?}", stage.fault());
    assert_eq!(stage.fault(), None);
    turned.scene.view.azimuth_deg = 0.0;
    stage.show(VIEW, Some(turned));
    assert_eq!(settled(&stage, VIEW).rgba, before.rgba, "the same picture as before the loss");
    // A loss in the middle of a load: the load ends well, the cube comes from its values.
    let feeder = stage.feeder(CubeId(3));
    feeder.send(Feed::Begin(grid.lattice.clone())).expect("begun");
    stage.lose();
    feeder.send(Feed::Slab { planes: 0..12, values: Arc::new(values()) }).expect("goes on");
    feeder.send(Feed::Done).expect("goes on");
    stage.keep(CubeId(3), Arc::new(values()));
    let mut third = request(&grid, 0.0, false);
    third.cube = CubeId(3);
    stage.show(VIEW, Some(third.clone()));
    let shown = settled(&stage, VIEW);
    assert!(shown.request == third && shown.rgba == before.rgba);
}

#[test]
fn a_refusal_is_told_and_an_older_loader_gives_way() {
    let (stage, grid) = (stage(), grid());
    let (old, new) = (stage.feeder(CUBE), stage.feeder(CUBE));
    new.send(Feed::Coarse(grid.clone())).expect("taken");
    assert!(matches!(old.send(Feed::Coarse(grid.clone())), Err(VolumeError::Superseded)));
    let mut huge = request(&grid, 0.0, false);
    huge.width = 1 << 20;
    stage.show(VIEW, Some(huge.clone()));
    wait_for("rest", || stage.is_settled());
    assert!(stage.fault().is_some_and(|fault| fault.contains("not possible")), "{:?}", stage.fault());
    assert!(stage.camera().picture(huge, 1, &Context::unwatched()).is_err());
    stage.show(VIEW, Some(request(&grid, 0.0, false)));
    assert!(settled(&stage, VIEW).is_settled && stage.fault().is_none());
}

#[test]
fn pictures_for_files_are_taken_at_full_size_beside_the_views() {
    let (stage, grid) = (stage(), grid());
    load(&stage, CUBE);
    stage.show(VIEW, Some(request(&grid, 0.0, false)));
    let mut still = request(&grid, 0.0, false);
    still.scene.mode = Mode::Maximum;
    (still.width, still.height) = (200, 100);
    let ctx = Context::unwatched();
    let picture = stage.camera().picture(still.clone(), 4, &ctx).expect("taken");
    assert_eq!(picture.len(), 200 * 100 * 4);
    assert_eq!(stage.camera().picture(still.clone(), 4, &ctx).expect("taken"), picture, "the same again");
    still.cube = CubeId(9);
    assert!(matches!(stage.camera().picture(still.clone(), 1, &ctx), Err(VolumeError::NotThere)));
    let (camera, stopped) = (stage.camera(), Context::unwatched());
    stopped.cancel();
    still.cube = CUBE;
    assert!(matches!(camera.picture(still, 4, &stopped), Err(VolumeError::Cancelled(_))));
    drop(stage);
    assert!(matches!(camera.picture(request(&grid, 0.0, false), 1, &ctx), Err(VolumeError::Closed)));
}

#[test]
fn without_an_adapter_the_processor_draws_what_is_coarse() {
    let stage = Stage::with(Arc::new(|| {}), || Easel::with(Box::new(|_| Err(VolumeError::NoAdapter)), true));
    let grid = grid();
    let feeder = stage.feeder(CUBE);
    assert_eq!(feeder.adapter(), None);
    feeder.send(Feed::Coarse(grid.clone())).expect("taken");
    feeder.send(Feed::Begin(grid.lattice.clone())).expect("not needed, no error");
    feeder.send(Feed::Done).expect("not needed, no error");
    let mut asked = request(&grid, 20.0, false);
    (asked.width, asked.height) = (512, 384);
    stage.show(VIEW, Some(asked.clone()));
    let shown = settled(&stage, VIEW);
    assert_eq!((shown.width, shown.height, shown.is_settled), (256, 192, true));
    let truth = crate::volume::render(&grid, None, &asked.scene, 256, 192).to_rgba8();
    assert!(shown.rgba == truth, "the reference is what is drawn");
    assert!(stage.can_retry() && stage.fault().is_some_and(|fault| fault.contains("mesa-vulkan-drivers")));
}

/// A stage on something like a graphics card, which works while `is_well` says so; a driver for the processor may stand beside it.
fn on_card(is_well: &Arc<AtomicBool>, has_other: bool) -> Stage {
    let is_well = Arc::clone(is_well);
    let open = move |software: bool| {
        if software && !has_other {
            return Err(VolumeError::NoAdapter);
        }
        let mut adapter = Adapter::open(true)?;
        if !software {
            Arc::get_mut(&mut adapter).expect("not shared yet").is_software = false;
            if !is_well.load(Ordering::Relaxed) {
                adapter.lose();
            }
        }
        Ok(adapter)
    };
    Stage::with(Arc::new(|| {}), || Easel::with(Box::new(open), false))
}

/// Shows the cube, lets the card fail for good, and answers the picture before.
fn failed_for_good(stage: &Stage, is_well: &Arc<AtomicBool>) -> Arc<Shown> {
    load(stage, CUBE);
    stage.show(VIEW, Some(request(&grid(), 0.0, false)));
    let before = settled(stage, VIEW);
    assert!(stage.fault().is_none() && !stage.can_retry());
    is_well.store(false, Ordering::Relaxed);
    stage.lose();
    before
}

#[test]
fn after_three_losses_the_processor_draws_and_the_card_can_be_tried_again() {
    let is_well = Arc::new(AtomicBool::new(true));
    let stage = on_card(&is_well, true);
    let before = failed_for_good(&stage, &is_well);
    stage.show(VIEW, Some(request(&grid(), 30.0, false)));
    assert!(settled(&stage, VIEW).request.scene.view.azimuth_deg == 30.0, "it is drawn");
    let words = stage.fault().expect("it is said");
    assert!(
        words.starts_with("Drawn by the processor since the graphics device failed three times"),
        "{words}"
    );
    assert!(stage.adapter().is_some_and(|adapter| adapter.is_software) && stage.can_retry());
    // As before the loss, but for what full floats keep that half floats do not.
    stage.show(VIEW, Some(request(&grid(), 0.0, false)));
    let after = settled(&stage, VIEW);
    let apart = after.rgba.iter().zip(&before.rgba).map(|(a, b)| a.abs_diff(*b)).max();
    assert!(apart <= Some(1), "{apart:?}");
    is_well.store(true, Ordering::Relaxed);
    stage.retry();
    wait_for("the card", || stage.adapter().is_some_and(|adapter| !adapter.is_software));
    assert_eq!(settled(&stage, VIEW).rgba, before.rgba);
    assert!(stage.fault().is_none() && !stage.can_retry());
}

#[test]
fn without_another_adapter_three_losses_are_told_and_a_retry_brings_the_cubes_back() {
    let is_well = Arc::new(AtomicBool::new(true));
    let stage = on_card(&is_well, false);
    let before = failed_for_good(&stage, &is_well);
    stage.show(VIEW, Some(request(&grid(), 30.0, false)));
    wait_for("the end", || stage.can_retry());
    let words = stage.fault().expect("it is said");
    assert!(words.contains("failed three times") && words.contains("try again"), "{words}");
    wait_for("rest", || stage.is_settled());
    let asked = request(&grid(), 0.0, false);
    assert!(stage.camera().picture(asked.clone(), 1, &Context::unwatched()).is_err(), "no file for ever");
    // Still gone, then there again.
    stage.retry();
    wait_for("rest", || stage.is_settled());
    assert!(stage.can_retry());
    is_well.store(true, Ordering::Relaxed);
    stage.retry();
    stage.show(VIEW, Some(asked));
    wait_for("the card", || !stage.can_retry());
    assert_eq!(settled(&stage, VIEW).rgba, before.rgba);
    assert_eq!(stage.fault(), None);
}

#[test]
fn an_adapter_that_may_take_no_more_refuses_a_cube_and_takes_a_smaller_one_in_its_place() {
    // Room for one such cube and a half.
    let room = 4 * 12 * 14 * 16 * 3 / 2;
    let open = move |software| Adapter::open_with(software, Some(room));
    let stage = Stage::with(Arc::new(|| {}), move || Easel::with(Box::new(open), true));
    load(&stage, CUBE);
    let refused = stage.feeder(CubeId(2)).send(Feed::Begin(grid().lattice));
    let error = refused.expect_err("it does not fit beside the first");
    assert!(error.is_out_of_memory() && error.to_string().contains("AQUILA_ADAPTER_MEMORY"), "{error}");
    // The same cube anew: the one before makes room.
    load(&stage, CUBE);
    stage.drop_cube(CUBE);
    load(&stage, CubeId(2));
    let mut asked = request(&grid(), 0.0, false);
    asked.cube = CubeId(2);
    stage.show(VIEW, Some(asked));
    assert!(settled(&stage, VIEW).is_settled && stage.fault().is_none());
}

#[test]
fn a_thread_that_falls_leaves_nobody_waiting() {
    let stage = Stage::with(Arc::new(|| ()), || panic!("the driver is broken"));
    assert!(stage.feeder(CUBE).adapter().is_none());
    let refused = stage.feeder(CUBE).send(Feed::Done).expect_err("no thread takes it");
    assert!(matches!(refused, VolumeError::Closed), "{refused}");
    assert!(stage.fault().is_some_and(|fault| fault.contains("ended")) && stage.is_settled());
}
