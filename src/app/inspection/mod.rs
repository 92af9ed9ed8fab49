//! Seeing inside: weights, feature maps and attribution of the selected block, asked of a worker and drawn from its latest answers.
//! No tensors here, and nothing is waited for.

mod attribution;
mod desk;
mod features;
mod gallery;
mod picture;
mod share;
mod sources;
mod take_out;
mod weights;
