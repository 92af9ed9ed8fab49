//! Gaussian random fields with a power-law spectrum, made in Fourier space.
//!
//! Every row of Fourier space draws from a stream of its own, so a field is the same whatever the number of threads, and
//! keeps its large structures when only the number of cells changes.

use crate::cloud::Result;
use crate::job::Context;
use ndarray::{Array3, ArrayViewMut2, Axis};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use rayon::prelude::*;
use realfft::RealFftPlanner;
use rustfft::{FftDirection, FftPlanner, num_complex::Complex};

/// The power spectrum of a field as a function of the wavenumber in cycles per box.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spectrum {
    /// P(k) ∝ k^−index (three-dimensional power per mode).
    pub index: f64,
    /// Modes above this wavenumber fade like a Gaussian; infinite for none.
    pub k_max: f64,
}

impl Spectrum {
    pub fn power_law(index: f64) -> Self {
        Self { index, k_max: f64::INFINITY }
    }

    pub fn smooth(index: f64, k_max: f64) -> Self {
        Self { index, k_max }
    }

    /// Square root of the power of a mode, zero for the mean.
    fn amplitude(&self, k_squared: f64) -> f64 {
        if k_squared == 0.0 {
            return 0.0;
        }
        let fade = (-0.5 * k_squared / (self.k_max * self.k_max)).exp();
        if fade < 1e-9 { 0.0 } else { k_squared.powf(-0.25 * self.index) * fade }
    }
}

/// The signed wavenumber of an index of an axis with `n` cells.
fn wavenumber(index: usize, n: usize) -> i32 {
    if index <= n / 2 { index as i32 } else { index as i32 - n as i32 }
}

/// The random numbers of one row (kz, ky) of one field: complex normals of unit variance for kx = 0, 1, 2, …
struct Row {
    generator: ChaCha8Rng,
    /// The first number, already in its place: conjugated where the row mirrors another, real where it mirrors itself.
    first: Option<Complex<f64>>,
}

impl Row {
    fn new(seed: u64, kz: i32, ky: i32) -> Self {
        let mut generator = Self::stream(seed, kz, ky);
        let own = normal(&mut generator);
        // A real field has conj(f(k)) = f(−k): in the plane kx = 0 one half of the rows mirrors the other.
        let first = match (kz, ky).cmp(&(-kz, -ky)) {
            std::cmp::Ordering::Less => own,
            std::cmp::Ordering::Equal => Complex::new(own.re * std::f64::consts::SQRT_2, 0.0),
            std::cmp::Ordering::Greater => normal(&mut Self::stream(seed, -kz, -ky)).conj(),
        };
        Self { generator, first: Some(first) }
    }

    fn stream(seed: u64, kz: i32, ky: i32) -> ChaCha8Rng {
        let mut generator = ChaCha8Rng::seed_from_u64(seed);
        generator.set_stream(u64::from(kz as u32) << 32 | u64::from(ky as u32));
        generator
    }

    fn next(&mut self) -> Complex<f64> {
        self.first.take().unwrap_or_else(|| normal(&mut self.generator))
    }
}

fn normal(generator: &mut ChaCha8Rng) -> Complex<f64> {
    let re: f64 = StandardNormal.sample(generator);
    let im: f64 = StandardNormal.sample(generator);
    Complex::new(re, im) * std::f64::consts::FRAC_1_SQRT_2
}

/// A field (z, y, x) of `n` cells a side, mean 0 and variance 1.
pub(super) fn gaussian_field(n: usize, seed: u64, spectrum: Spectrum, ctx: &Context) -> Result<Array3<f32>> {
    let mut field = realise(n, ctx, |kz, ky, row| {
        let mut draws = Row::new(seed, kz, ky);
        for (kx, mode) in row.iter_mut().enumerate() {
            let k_squared = f64::from(kz).powi(2) + f64::from(ky).powi(2) + (kx as f64).powi(2);
            let value = draws.next() * spectrum.amplitude(k_squared);
            *mode = Complex::new(value.re as f32, value.im as f32);
        }
    })?;
    normalise(&mut field, 1.0);
    Ok(field)
}

/// One component of a random vector field: a share `solenoidal` (0 to 1) of its amplitude is free of divergence, the rest free
/// of curl, by projection in Fourier space (Federrath et al. 2010, A&A 512, A81, eq. 6). Not normalised: the three components
/// share one scale. `component` counts x, y, z.
pub(super) fn vector_component(
    n: usize,
    seeds: [u64; 3],
    component: usize,
    spectrum: Spectrum,
    solenoidal: f64,
    ctx: &Context,
) -> Result<Array3<f32>> {
    realise(n, ctx, |kz, ky, row| {
        let mut draws = seeds.map(|seed| Row::new(seed, kz, ky));
        for (kx, mode) in row.iter_mut().enumerate() {
            let k = [kx as f64, f64::from(ky), f64::from(kz)];
            let k_squared: f64 = k.iter().map(|k| k * k).sum();
            let vector = [draws[0].next(), draws[1].next(), draws[2].next()];
            if k_squared == 0.0 {
                *mode = Complex::default();
                continue;
            }
            let along = vector.iter().zip(&k).map(|(v, k)| v * *k).sum::<Complex<f64>>() / k_squared;
            let compressive = along * k[component];
            let value = (vector[component] - compressive) * solenoidal + compressive * (1.0 - solenoidal);
            let value = value * spectrum.amplitude(k_squared);
            *mode = Complex::new(value.re as f32, value.im as f32);
        }
    })
}

/// Fills the half-spectrum row by row and transforms it to real space. The Nyquist planes stay empty.
fn realise(
    n: usize,
    ctx: &Context,
    fill: impl Fn(i32, i32, &mut [Complex<f32>]) + Sync,
) -> Result<Array3<f32>> {
    let half = n / 2;
    let mut planner = FftPlanner::<f32>::new();
    let fft = planner.plan_fft(n, FftDirection::Inverse);
    let mut spectrum = Array3::<Complex<f32>>::zeros((n, n, half + 1));
    ctx.check()?;
    spectrum.axis_iter_mut(Axis(0)).into_par_iter().enumerate().for_each(|(z, mut plane)| {
        if z != half {
            for (y, mut row) in plane.outer_iter_mut().enumerate() {
                if let (true, Some(row)) = (y != half, row.as_slice_mut()) {
                    fill(wavenumber(z, n), wavenumber(y, n), &mut row[..half]);
                }
            }
        }
        transform_columns(plane, &*fft);
    });
    ctx.check()?;
    spectrum.axis_iter_mut(Axis(1)).into_par_iter().for_each(|plane| transform_columns(plane, &*fft));
    ctx.check()?;
    let real = RealFftPlanner::<f32>::new().plan_fft_inverse(n);
    let mut field = Array3::<f32>::zeros((n, n, n));
    field
        .axis_iter_mut(Axis(0))
        .into_par_iter()
        .zip(spectrum.axis_iter_mut(Axis(0)).into_par_iter())
        .for_each(|(mut out, mut modes)| {
            let mut scratch = real.make_scratch_vec();
            for (mut out, mut modes) in out.outer_iter_mut().zip(modes.outer_iter_mut()) {
                if let (Some(out), Some(modes)) = (out.as_slice_mut(), modes.as_slice_mut()) {
                    // The ends of a real row's spectrum are real but for rounding, which the transform refuses.
                    modes[0].im = 0.0;
                    modes[half].im = 0.0;
                    let sizes_agree = real.process_with_scratch(modes, out, &mut scratch);
                    debug_assert!(sizes_agree.is_ok());
                }
            }
        });
    Ok(field)
}

/// Transforms along the first axis of a plane.
fn transform_columns(mut plane: ArrayViewMut2<Complex<f32>>, fft: &dyn rustfft::Fft<f32>) {
    let (rows, columns) = plane.dim();
    let mut lanes = vec![Complex::<f32>::default(); rows * columns];
    for ((y, x), value) in plane.indexed_iter() {
        lanes[x * rows + y] = *value;
    }
    fft.process(&mut lanes);
    for ((y, x), value) in plane.indexed_iter_mut() {
        *value = lanes[x * rows + y];
    }
}

/// Mean and mean square of a field, summed plane by plane in a fixed order.
pub(super) fn mean_and_square(field: &Array3<f32>) -> (f64, f64) {
    let sums: Vec<(f64, f64)> = field
        .axis_iter(Axis(0))
        .into_par_iter()
        .map(|plane| {
            plane.iter().fold((0.0, 0.0), |(sum, square), &v| {
                let v = f64::from(v);
                (sum + v, square + v * v)
            })
        })
        .collect();
    let count = field.len() as f64;
    let (sum, square) = sums.iter().fold((0.0, 0.0), |(a, b), (s, q)| (a + s, b + q));
    (sum / count, square / count)
}

/// Shifts to mean 0 and scales to standard deviation `sigma`.
pub(super) fn normalise(field: &mut Array3<f32>, sigma: f64) {
    let (mean, square) = mean_and_square(field);
    let deviation = (square - mean * mean).max(0.0).sqrt();
    if deviation > 0.0 {
        let (mean, scale) = (mean as f32, (sigma / deviation) as f32);
        field.par_mapv_inplace(|v| (v - mean) * scale);
    }
}
