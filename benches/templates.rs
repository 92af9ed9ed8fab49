//! Forward pass and training step of each template, for `benches/peers/compare_templates.py`, which times PyTorch's in turn with ours.
//!
//! Answers requests on standard input, so that both programs are timed alternately on one machine: `NAME` gives one line of JSON with the
//! seconds of a forward pass and of a training step (forward, backward, Adam), the median of `--repeats`; `--threads N` as there.

use aquila::blueprint::{TemplateOptions, plan, template};
use aquila::network::{Device, Mode, Network, Tensor, seed, tensors, threads};
use aquila::training::loss::Loss;
use aquila::training::optimiser::{Optimiser, Rule};
use rand::Rng;
use std::collections::HashMap;
use std::io::{BufRead, Write};
use std::time::Instant;

/// Name, template, options, samples in a batch. `compare_templates.py` has the same list.
fn cases() -> Vec<(&'static str, &'static str, TemplateOptions, usize)> {
    let new = TemplateOptions::new;
    let unet = || new().with("base", 16);
    let cube =
        || new().with("base", 8).with("levels", 3).with("depth", 32).with("height", 32).with("width", 32);
    let multinet = || new().with("base", 16);
    vec![
        ("U-Net", "unet", unet(), 4),
        ("U-Net, double", "unet", unet().with("block", "double"), 4),
        ("U-Net, residual", "unet", unet().with("block", "residual"), 4),
        ("U-Net, 3-D", "unet-3d", cube(), 2),
        ("Fully convolutional", "fully-convolutional", unet(), 4),
        ("K-Net", "k-net", unet(), 4),
        ("U-KAN", "u-kan", new().with("base", 8), 4),
        ("U-Net + symbolic KAN", "symbolic-kan", unet(), 4),
        ("MultiNet, two maps", "multinet", multinet().with("inputs", 2), 4),
        ("MultiNet, projection", "multinet", multinet().with("spectra", "projection").with("depth", 32), 4),
        ("Context-aware U-Net", "context-unet", unet(), 4),
        ("PPV U-Nets", "ppv-unet", new().with("base", 16).with("depth", 32), 4),
        ("Cluster-age CNN", "cluster-age-cnn", new(), 4),
        ("Cluster-age CNN, five bands", "cluster-age-cnn-5-bands", new(), 4),
        ("Small residual network", "cutout-resnet", new(), 16),
        ("Completeness, physical", "completeness-physical", new(), 4096),
        ("Completeness, photometric", "completeness-photometric", new(), 4096),
    ]
}

struct Bench {
    network: Network,
    optimiser: Optimiser,
    inputs: Vec<Tensor>,
    target: Tensor,
    step: u64,
}

impl Bench {
    fn new(name: &str, options: &TemplateOptions, batch: usize) -> anyhow::Result<Self> {
        let plan = plan(&template(name, options)?).map_err(|faults| anyhow::anyhow!("{faults:?}"))?;
        let network = Network::build(&plan, Device::Cpu, 0)?;
        let optimiser = Optimiser::new(Rule::default(), network.flat())?;
        let random = |step: usize, least: f32| {
            let shape: Vec<usize> =
                [batch].into_iter().chain(plan.steps[step].shape.sizes.iter().copied()).collect();
            let mut generator = seed::stream(0, &plan.steps[step].name);
            let count = shape.iter().product();
            let values: Vec<f32> = (0..count).map(|_| generator.random_range(least..1.0)).collect();
            tensors::from_slice(&values, &shape, Device::Cpu)
        };
        let inputs = plan.inputs.iter().map(|&step| random(step, 0.0)).collect::<Result<_, _>>()?;
        let target = random(plan.outputs[0], -1.0)?;
        Ok(Self { network, optimiser, inputs, target, step: 0 })
    }

    fn forward(&self) -> anyhow::Result<f64> {
        let start = Instant::now();
        self.network.forward(&self.inputs, Mode::Evaluate)?;
        Ok(start.elapsed().as_secs_f64())
    }

    fn train(&mut self) -> anyhow::Result<f64> {
        let start = Instant::now();
        self.network.zero_gradient()?;
        let mode = Mode::Train { seed: seed::derive(0, "dropout", &[self.step]) };
        let output = self.network.forward(&self.inputs, mode)?;
        let loss = Loss::Mse.between(&output[0], &self.target)?;
        loss.f_backward()?;
        self.optimiser.step(self.network.flat(), self.network.gradient(), 1e-4)?;
        self.step += 1;
        loss.f_double_value(&[])?;
        Ok(start.elapsed().as_secs_f64())
    }

    fn answer(&mut self, repeats: usize) -> anyhow::Result<serde_json::Value> {
        let (mut forward, mut train) = (Vec::new(), Vec::new());
        for _ in 0..repeats {
            forward.push(self.forward()?);
        }
        for _ in 0..repeats {
            train.push(self.train()?);
        }
        let median = |seconds: &mut Vec<f64>| {
            seconds.sort_by(f64::total_cmp);
            seconds[seconds.len() / 2]
        };
        Ok(serde_json::json!({ "forward": median(&mut forward), "train": median(&mut train) }))
    }
}

fn serve(repeats: usize, count: usize) -> anyhow::Result<()> {
    threads::set(count);
    let cases = cases();
    let mut benches: HashMap<String, Bench> = HashMap::new();
    for line in std::io::stdin().lock().lines() {
        let asked = line?;
        let bench = match benches.entry(asked.clone()) {
            std::collections::hash_map::Entry::Occupied(entry) => entry.into_mut(),
            std::collections::hash_map::Entry::Vacant(entry) => {
                let Some((_, name, options, batch)) = cases.iter().find(|case| case.0 == asked) else {
                    anyhow::bail!("there is no case “{asked}”");
                };
                let mut bench = Bench::new(name, options, *batch)?;
                // The first passes make the kernels.
                bench.answer(2)?;
                entry.insert(bench)
            }
        };
        println!("{}", bench.answer(repeats)?);
        std::io::stdout().flush()?;
    }
    Ok(())
}

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().collect();
    let number = |flag: &str| {
        let place = arguments.iter().position(|argument| argument == flag)?;
        arguments.get(place + 1)?.parse::<usize>().ok()
    };
    let (repeats, count) = (number("--repeats").unwrap_or(3).max(1), number("--threads").unwrap_or(2));
    // As in the program: a job has a thread of its own, and that thread owns the network.
    let served = std::thread::spawn(move || serve(repeats, count)).join();
    served.map_err(|_| anyhow::anyhow!("the bench thread panicked"))?
}
