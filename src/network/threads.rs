//! How many CPU threads a network runs fastest on: small ones lose more to waiting than they gain from a second core.

use super::{Mode, Network, NetworkError, tensors};
use std::time::{Duration, Instant};
use tch::{Kind, Tensor};

/// Sets how many threads libtorch computes on when this thread asks it to, and threads that start to use it later.
/// To be called on the thread that owns the network.
pub fn set(threads: usize) {
    tch::set_num_threads(i32::try_from(threads.max(1)).unwrap_or(i32::MAX));
}

pub fn current() -> usize {
    usize::try_from(tch::get_num_threads()).unwrap_or(1)
}

/// Times a few training passes (no optimiser step) on one, two, four … all cores, sets the fastest and returns it.
/// The network is as before afterwards. Write the answer into the run: another count sums in another order.
pub fn fastest(network: &Network, inputs: &[Tensor]) -> Result<usize, NetworkError> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let mut candidates: Vec<usize> =
        std::iter::successors(Some(1), |count| Some(count * 2)).take_while(|&count| count < cores).collect();
    candidates.push(cores);
    let buffers = network.buffers.values().map(tensors::copy).collect::<Result<Vec<_>, _>>()?;
    let mut best = (Duration::MAX, 1);
    for threads in candidates {
        set(threads);
        // The first pass of a count makes its kernels; the shortest of the others is the least disturbed.
        let mut shortest = Duration::MAX;
        for repeat in 0..4 {
            let start = Instant::now();
            trial_pass(network, inputs)?;
            if repeat > 0 {
                shortest = shortest.min(start.elapsed());
            }
        }
        best = best.min((shortest, threads));
    }
    for (buffer, before) in network.buffers.values().zip(&buffers) {
        tch::no_grad(|| buffer.shallow_clone().f_copy_(before))?;
    }
    network.zero_gradient()?;
    set(best.1);
    Ok(best.1)
}

fn trial_pass(network: &Network, inputs: &[Tensor]) -> Result<(), NetworkError> {
    let outputs = network.forward(inputs, Mode::Train { seed: 0 })?;
    let mut loss = Tensor::f_zeros([1], (Kind::Float, network.device()))?;
    for output in &outputs {
        loss = loss.f_add(&output.f_square()?.f_mean(Kind::Float)?)?;
    }
    loss.f_backward()?;
    Ok(())
}
