//! A cube from the first look to the whole, with a job that ends when the test says.

use super::*;
use crate::data::Values;
use crate::io::npy;
use crate::volume::load;
use ndarray::Array3;
use std::sync::mpsc::{Sender, channel};
use std::time::{Duration, Instant};

/// More voxels than are read without a first look.
const SHAPE: (usize, usize, usize) = (90, 300, 330);

struct Bench {
    queue: JobQueue,
    stage: Stage,
    open: Open,
    end: Sender<Result<(), String>>,
    whole: Loaded,
}

/// An open file of which the first look is there and the rest is held back.
fn held_back() -> Bench {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("cube.npy");
    let values = Array3::from_shape_fn(SHAPE, |(z, y, x)| ((z + 2 * y + x) % 97) as f32 - 3.0);
    npy::write(&path, &Values::F32(values.into_dyn())).expect("written");
    let file = Arc::new(CubeFile::open(&path, None, None).expect("it opens"));
    let geometry = Arc::new(Geometry::new(file.header(), file.shape()));
    let wish = Wish::of(&geometry, 1.0, usize::MAX);
    let mut first = None;
    let whole = load::load(&file, &wish, &Context::unwatched(), &mut |feed| {
        if let Feed::Coarse(grid) = &feed {
            first = Some(Loaded::first_look(&file, &wish, grid)?);
        }
        Ok(())
    })
    .expect("it loads");
    let first = Read { loaded: first.expect("a first look"), geometry: Arc::clone(&geometry) };
    let (end, ended) = channel::<Result<(), String>>();
    let (queue, slot) = (JobQueue::new(Arc::new(|| {})), Slot::new());
    slot.publish(first);
    let read = Read { loaded: whole.clone(), geometry };
    let handle = queue.spawn(Lane::Light, "Open", move |_: &Context| {
        ended.recv()?.map_err(anyhow::Error::msg)?;
        Ok(read)
    });
    let mut open = Open::new(CubeId(1), path, None, None);
    open.state = State::Loading(handle, slot);
    let stage = Stage::start(Arc::new(|| {}), true);
    open.update(&queue, &stage);
    Bench { queue, stage, open, end, whole }
}

impl Bench {
    fn finish(&mut self, how: Result<(), String>) {
        self.end.send(how).expect("the job waits");
        let begun = Instant::now();
        while !self.open.is_settled() {
            assert!(begun.elapsed() < Duration::from_secs(60), "it does not end");
            std::thread::sleep(Duration::from_millis(2));
            self.open.update(&self.queue, &self.stage);
        }
    }
}

#[test]
fn a_first_look_is_worked_with_and_the_whole_cube_takes_its_place_without_a_jump() {
    let mut bench = held_back();
    let cube = bench.open.cube_mut().expect("a first look is a cube");
    assert!(cube.is_first_look());
    assert!(cube.loaded.reduced_words().is_some_and(|words| words.starts_with("a first look at one of 2")));
    // The way through a voxel of the first look is longer, and as much is hidden along it.
    let depth = |cube: &Cube| cube.drawn().density / cube.lattice.finest();
    let before = depth(cube);
    let sides = cube.lattice.sides;
    cube.look.is_fitted = true;
    cube.look.scene.view.azimuth_deg = -71.0;
    cube.look.scene.transfer.range = (1.0, 50.0);
    let look = cube.look.clone();
    bench.finish(Ok(()));
    let cube = bench.open.cube().expect("the cube");
    assert!(!cube.is_first_look() && *cube.loaded.values == *bench.whole.values);
    assert_eq!(cube.look.scene, look.scene, "camera and colours stay as they were set");
    assert!(cube.look.is_fitted && cube.lattice.sides == sides);
    assert!((depth(cube) / before - 1.0).abs() < 1e-5, "{} after {before}", depth(cube));
}

#[test]
fn colours_that_nobody_chose_become_those_of_the_whole_cube() {
    let mut bench = held_back();
    bench.finish(Ok(()));
    let cube = bench.open.cube().expect("the cube");
    let first = Look::new(first_look(&bench.whole)).scene;
    assert_eq!(
        (cube.look.scene.transfer.range, cube.look.scene.density),
        (first.transfer.range, first.density)
    );
}

#[test]
fn a_file_that_fails_after_its_first_look_is_not_left_looking_whole() {
    let mut bench = held_back();
    bench.open.cube_mut().expect("a first look").look.scene.view.azimuth_deg = -71.0;
    bench.finish(Err("it ends early".to_owned()));
    assert!(matches!(&bench.open.state, State::Failed(error) if error.contains("it ends early")));
    // Tried again, it is looked at as before.
    assert_eq!(bench.open.look().expect("kept").scene.view.azimuth_deg, -71.0);
}
