//! Throughput of a training step: `make bench` shows it beside PyTorch's.
//!
//! U-Net with 4 levels, 16 base filters and attention; batch 8 of 128²; forward, backward, Adam, batch statistics.
//! `--json` prints the numbers for `benches/peers/compare_training.py`; `--steps N` and `--threads N` as there.

use aquila::blueprint::{UnetOptions, plan, template};
use aquila::network::{Device, DeviceChoice, Mode, Network, Precision, Tensor, seed, tensors, threads};
use aquila::training::loss::Loss;
use aquila::training::optimiser::{Optimiser, Rule};
use rand::Rng;
use std::time::Instant;

const BATCH: usize = 8;
const SIDE: usize = 128;

struct Bench {
    network: Network,
    optimiser: Optimiser,
    input: Tensor,
    target: Tensor,
    step: u64,
}

impl Bench {
    fn new(device: Device, precision: Precision) -> anyhow::Result<Self> {
        let options = UnetOptions { base_filters: 16, height: SIDE, width: SIDE, ..UnetOptions::default() };
        let plan = plan(&template("unet", &options)?).map_err(|faults| anyhow::anyhow!("{faults:?}"))?;
        let mut network = Network::build(&plan, device, 0)?;
        network.set_precision(precision);
        let optimiser = Optimiser::new(Rule::default(), network.flat())?;
        let map = |name: &str| {
            let mut generator = seed::stream(0, name);
            let values: Vec<f32> =
                (0..BATCH * SIDE * SIDE).map(|_| generator.random_range(-1.0..1.0)).collect();
            tensors::from_slice(&values, &[BATCH, 1, SIDE, SIDE], device)
        };
        Ok(Self { network, optimiser, input: map("input")?, target: map("target")?, step: 0 })
    }

    fn inputs(&self) -> [Tensor; 1] {
        [self.input.shallow_clone()]
    }

    fn step(&mut self) -> anyhow::Result<f64> {
        self.network.zero_gradient()?;
        let mode = Mode::Train { seed: seed::derive(0, "dropout", &[self.step]) };
        let output = self.network.forward(&self.inputs(), mode)?;
        let loss = Loss::Mse.between(&output[0], &self.target)?;
        loss.f_backward()?;
        self.optimiser.step(self.network.flat(), self.network.gradient(), 1e-3)?;
        self.step += 1;
        Ok(loss.f_double_value(&[])?)
    }

    /// Median seconds of a step.
    fn time(&mut self, steps: usize) -> anyhow::Result<f64> {
        for _ in 0..3 {
            self.step()?;
        }
        let mut seconds = Vec::with_capacity(steps);
        for _ in 0..steps {
            let start = Instant::now();
            self.step()?;
            seconds.push(start.elapsed().as_secs_f64());
        }
        seconds.sort_by(f64::total_cmp);
        Ok(seconds[seconds.len() / 2])
    }
}

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().collect();
    let number = |flag: &str| {
        let place = arguments.iter().position(|argument| argument == flag)?;
        arguments.get(place + 1)?.parse::<usize>().ok()
    };
    let json = arguments.iter().any(|argument| argument == "--json");
    let steps = number("--steps").unwrap_or(15).max(1);
    let number_of_threads = number("--threads");
    let device = DeviceChoice::Auto.resolve()?;
    // As in the program: a job has a thread of its own, and that thread owns the network.
    let rows = std::thread::spawn(move || -> anyhow::Result<Vec<(&'static str, usize, f64)>> {
        let mut rows = Vec::new();
        for (label, precision) in [("float32", Precision::Float32), ("bfloat16", Precision::BFloat16)] {
            let mut bench = Bench::new(device, precision)?;
            let count = match number_of_threads {
                Some(count) => count,
                None => threads::fastest(&bench.network, &bench.inputs())?,
            };
            threads::set(count);
            rows.push((label, count, bench.time(steps)?));
        }
        Ok(rows)
    });
    let rows = rows.join().map_err(|_| anyhow::anyhow!("the bench thread panicked"))??;
    for (label, count, seconds) in rows {
        let rate = BATCH as f64 / seconds;
        if json {
            println!(
                "{}",
                serde_json::json!({ "precision": label, "threads": count, "ms_per_step": seconds * 1e3, "samples_per_second": rate })
            );
        } else {
            println!("{label:9} {count:2} threads {:8.1} ms/step {rate:8.1} samples/s", seconds * 1e3);
        }
    }
    Ok(())
}
