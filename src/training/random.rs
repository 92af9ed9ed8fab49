//! Where every random draw of a training comes from: a stream named by (seed, purpose, epoch, step), so that a resume needs no generator state.

use super::symmetry::Symmetry;
use crate::network::seed;
use crate::recipe::Augmentation;
use rand::Rng;
use rand::seq::SliceRandom;

/// The order in which an epoch visits `count` samples.
pub fn order(seed: u64, epoch: u32, count: usize) -> Vec<usize> {
    let mut indices: Vec<usize> = (0..count).collect();
    indices.shuffle(&mut seed::stream(seed, &format!("order {epoch}")));
    indices
}

/// One symmetry for each sample of an epoch, in the order of the visit.
pub fn symmetries(seed: u64, epoch: u32, count: usize, augmentation: Augmentation) -> Vec<Symmetry> {
    match augmentation {
        Augmentation::None => vec![Symmetry::IDENTITY; count],
        Augmentation::Square => {
            let mut generator = seed::stream(seed, &format!("symmetry {epoch}"));
            (0..count).map(|_| Symmetry::new(generator.random_range(0..8))).collect()
        }
    }
}

/// The seed of the dropout of one mini-batch.
pub fn dropout(seed: u64, epoch: u32, batch: usize) -> u64 {
    seed::derive(seed, "dropout", &[u64::from(epoch), batch as u64])
}

/// The seed of the first weights.
pub fn weights(seed: u64) -> u64 {
    seed::derive(seed, "weights", &[])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_depend_on_seed_and_place_only() {
        let first = order(7, 3, 50);
        let mut sorted = first.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, (0..50).collect::<Vec<_>>());
        assert_eq!(first, order(7, 3, 50));
        assert_ne!(first, order(7, 4, 50));
        assert_ne!(first, order(8, 3, 50));
        assert_ne!(dropout(7, 0, 1), dropout(7, 1, 0));
        let drawn = symmetries(7, 0, 400, Augmentation::Square);
        assert_eq!(drawn, symmetries(7, 0, 400, Augmentation::Square));
        for symmetry in Symmetry::all() {
            let share = drawn.iter().filter(|&&other| other == symmetry).count();
            assert!((25..=80).contains(&share), "{symmetry:?} was drawn {share} times of 400");
        }
    }
}
