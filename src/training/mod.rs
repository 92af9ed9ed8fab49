//! (room under construction)

pub mod loss;
pub mod optimiser;
pub mod schedule;
