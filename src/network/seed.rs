//! Random streams from a seed and a name, so that no generator has to be saved to repeat or resume a run.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use sha2::{Digest, Sha256};

/// The stream that belongs to `seed` and `name`: the same on every machine, whatever else was drawn before.
pub fn stream(seed: u64, name: &str) -> ChaCha8Rng {
    let mut hash = Sha256::new();
    hash.update(seed.to_le_bytes());
    hash.update(name.as_bytes());
    ChaCha8Rng::from_seed(hash.finalize().into())
}

/// A seed for a place in a run, for example `derive(seed, "dropout", &[epoch, step])`.
pub fn derive(seed: u64, purpose: &str, place: &[u64]) -> u64 {
    let mut hash = Sha256::new();
    hash.update(seed.to_le_bytes());
    for number in place {
        hash.update(number.to_le_bytes());
    }
    hash.update(purpose.as_bytes());
    ChaCha8Rng::from_seed(hash.finalize().into()).next_u64()
}
