//! Synthetic molecular clouds: turbulence, filaments, dense cores, temperature and velocity from a seed.

mod cores;
mod field;
#[cfg(test)]
mod tests;

use super::{Error, Result, Simulation};
use crate::job::Context;
use crate::units::{K_B_J_K, M_H_G};
use field::{Spectrum, gaussian_field, mean_and_square, vector_component};
use ndarray::{Array3, Axis as Direction, Zip};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// What a synthetic cloud is made of. Lengths that scale with the turbulence are fractions of the box.
///
/// The density is the sum of three parts, each with its share of the mass:
/// 1. turbulence: log-normal, variance of ln n = ln(1 + b² M²) (Federrath et al. 2010, eq. 19), power-law spectrum;
/// 2. filaments: where two smooth random fields cross zero together, with a Plummer-like profile whose width and central
///    density vary from place to place;
/// 3. dense cores: spheroids with n ∝ r⁻² wings, each with dV/dln n ∝ n^−1.5 (Kritsuk, Norman & Wagner 2011), which give the density
///    PDF its power-law tail; central density falls with size as n ∝ r^−1.1 (Larson 1981).
///
/// Because wide structures are thinner than narrow ones, the column density of one pixel does not tell its density: the shape
/// of what surrounds it does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SynthSettings {
    /// Cells along each edge: even, 16 to 512.
    pub size: usize,
    /// Seed of every random draw.
    pub seed: u64,
    /// Edge of the box in pc.
    pub box_size_pc: f64,
    /// Mean number density of hydrogen nuclei in cm⁻³; kept exactly.
    pub mean_density_cm3: f64,
    /// Rms Mach number of the turbulence at 10 K, three-dimensional.
    pub mach: f64,
    /// How the turbulence is driven: 1/3 solenoidal to 1 compressive (Federrath et al. 2010).
    pub forcing_b: f64,
    /// P(k) ∝ k^−index of ln n (three-dimensional; 11/3 is Kolmogorov's).
    pub density_index: f64,
    /// P(k) ∝ k^−index of the velocity (three-dimensional; 4 gives Larson's σ ∝ l^0.5).
    pub velocity_index: f64,
    /// Share of the velocity's amplitude that is free of divergence, 0 to 1.
    pub solenoidal_fraction: f64,
    /// Scale of the envelope that gathers the cloud in the middle, as a fraction of the box; 0 fills the box evenly.
    pub envelope_radius: f64,
    /// Share of the mass in filaments, 0 to 1.
    pub filament_fraction: f64,
    /// Typical width of a filament, in units of the random fields that define it (0.05 thin, 0.3 thick).
    pub filament_width: f64,
    /// Scatter of ln width from place to place.
    pub filament_width_scatter: f64,
    /// Share of the mass in dense cores, 0 to 1.
    pub core_fraction: f64,
    /// Number of dense cores.
    pub core_count: usize,
    /// Smallest and largest radius of a core's flat part, as fractions of the box.
    pub core_radius: [f64; 2],
    /// dN/dr ∝ r^−(index + 1) of the cores' radii.
    pub core_radius_index: f64,
}

impl Default for SynthSettings {
    fn default() -> Self {
        Self {
            size: 128,
            seed: 0,
            box_size_pc: 10.0,
            mean_density_cm3: 120.0,
            mach: 6.0,
            forcing_b: 0.5,
            density_index: 11.0 / 3.0,
            velocity_index: 4.0,
            solenoidal_fraction: 0.6,
            envelope_radius: 0.3,
            filament_fraction: 0.4,
            filament_width: 0.1,
            filament_width_scatter: 1.1,
            core_fraction: 0.3,
            core_count: 40,
            core_radius: [0.006, 0.04],
            core_radius_index: 1.5,
        }
    }
}

/// Sizes a synthetic cloud may have; beyond, the fields no longer fit an ordinary machine's memory.
const SIZES: std::ops::RangeInclusive<usize> = 16..=512;

impl SynthSettings {
    /// Checks every setting; the error names the first that is out of range.
    pub fn check(&self) -> Result<()> {
        if !SIZES.contains(&self.size) || !self.size.is_multiple_of(2) {
            return Err(Error::setting("size", self.size, "give an even number of cells from 16 to 512"));
        }
        let ranges = [
            ("box_size_pc", self.box_size_pc, 1e-3, 1e4),
            ("mean_density_cm3", self.mean_density_cm3, 1e-3, 1e6),
            ("mach", self.mach, 0.1, 50.0),
            ("forcing_b", self.forcing_b, 0.1, 1.0),
            ("density_index", self.density_index, 0.0, 8.0),
            ("velocity_index", self.velocity_index, 0.0, 8.0),
            ("solenoidal_fraction", self.solenoidal_fraction, 0.0, 1.0),
            ("envelope_radius", self.envelope_radius, 0.0, 10.0),
            ("filament_fraction", self.filament_fraction, 0.0, 1.0),
            ("filament_width", self.filament_width, 0.01, 2.0),
            ("filament_width_scatter", self.filament_width_scatter, 0.0, 3.0),
            ("core_fraction", self.core_fraction, 0.0, 1.0),
            ("core_radius[0]", self.core_radius[0], 1e-4, 0.25),
            ("core_radius[1]", self.core_radius[1], self.core_radius[0], 0.25),
            ("core_radius_index", self.core_radius_index, -5.0, 5.0),
        ];
        for (name, value, low, high) in ranges {
            if !(low..=high).contains(&value) {
                return Err(Error::setting(name, value, format!("give a number from {low} to {high}")));
            }
        }
        if self.filament_fraction + self.core_fraction > 1.0 {
            return Err(Error::setting(
                "filament_fraction + core_fraction",
                self.filament_fraction + self.core_fraction,
                "the parts of the mass add up to at most 1",
            ));
        }
        if self.core_count > 100_000 {
            return Err(Error::setting("core_count", self.core_count, "give at most 100000 cores"));
        }
        if self.core_fraction > 0.0 && self.core_count == 0 {
            return Err(Error::setting("core_count", 0, "give cores, or core_fraction = 0"));
        }
        Ok(())
    }

    /// Another cloud of the same kind: the given seed, which also draws its mean density (a factor 0.4 to 2.5), its Mach number
    /// and its filaments and cores about the values of these settings.
    pub fn varied(&self, seed: u64) -> Self {
        let mut generator = ChaCha8Rng::seed_from_u64(Stream::Variation.seed(seed));
        let mut factor = |largest: f64| largest.powf(generator.random_range(-1.0..1.0));
        Self {
            seed,
            mean_density_cm3: self.mean_density_cm3 * factor(2.5),
            mach: self.mach * factor(1.5),
            filament_width: self.filament_width * factor(1.3),
            filament_fraction: self.filament_fraction * factor(1.25),
            core_fraction: self.core_fraction * factor(1.25),
            ..self.clone()
        }
    }

    pub fn cell_pc(&self) -> f64 {
        self.box_size_pc / self.size as f64
    }

    /// Standard deviation of ln n of the turbulent part.
    pub fn sigma_ln(&self) -> f64 {
        (1.0 + (self.forcing_b * self.mach).powi(2)).ln().sqrt()
    }

    /// Velocity dispersion along one line of sight in km/s: M c_s / √3 at 10 K.
    pub fn sigma_velocity_km_s(&self) -> f64 {
        self.mach * sound_speed_km_s(10.0) / 3f64.sqrt()
    }
}

/// Isothermal sound speed of molecular gas, mean molecular weight 2.33 m_H.
fn sound_speed_km_s(temperature_k: f64) -> f64 {
    (K_B_J_K * temperature_k / (2.33 * M_H_G * 1e-3)).sqrt() * 1e-3
}

/// Gas temperature of a molecular cloud at a density n_H in cm⁻³: T = 4.4 K (ρ / 10⁻¹⁸ g cm⁻³)^−0.27 with ρ = 1.4 m_H n_H
/// (Larson 2005, MNRAS 359, 211, eq. 1), kept between 10 K (gas coupled to dust) and 50 K (the diffuse edge).
pub fn temperature_k(density_cm3: f32) -> f32 {
    let rho_18 = density_cm3 * (1.4 * M_H_G * 1e18) as f32;
    (4.4 * rho_18.powf(-0.27)).clamp(10.0, 50.0)
}

/// The independent random streams of a cloud.
#[derive(Clone, Copy)]
enum Stream {
    Turbulence,
    RidgeA,
    RidgeB,
    Width,
    Amount,
    Cores,
    Variation,
    Velocity(u64),
}

impl Stream {
    /// A seed of its own for each stream (SplitMix64's finaliser).
    fn seed(self, seed: u64) -> u64 {
        let index = match self {
            Stream::Turbulence => 1,
            Stream::RidgeA => 2,
            Stream::RidgeB => 3,
            Stream::Width => 4,
            Stream::Amount => 5,
            Stream::Cores => 6,
            Stream::Variation => 7,
            Stream::Velocity(component) => 16 + component,
        };
        let mut z = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(index << 32 | index);
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
}

/// Makes a cloud. The same settings give the same bytes whatever the number of threads. Takes about 24 bytes a cell.
///
/// # Errors
/// A setting out of range, or `Cancelled`.
pub fn synthesise(settings: &SynthSettings, ctx: &Context) -> Result<Simulation> {
    settings.check()?;
    ctx.report("turbulence", Some(0.0));
    let mut density = turbulence(settings, ctx)?;
    if settings.filament_fraction > 0.0 {
        ctx.report("filaments", Some(0.15));
        let filaments = filaments(settings, ctx)?;
        mix(&mut density, &filaments, settings.filament_fraction / (1.0 - settings.core_fraction).max(1e-9));
    }
    if settings.core_fraction > 0.0 {
        ctx.report("dense cores", Some(0.5));
        let cores = cores::cores(settings, Stream::Cores.seed(settings.seed), &density, ctx)?;
        mix(&mut density, &cores, settings.core_fraction);
    }
    scale_to_mean(&mut density, settings.mean_density_cm3);
    let temperature = density.map(|&n| temperature_k(n));
    let velocity_km_s = velocity(settings, ctx)?;
    ctx.report("cloud done", Some(1.0));
    let center = 0.5 * settings.box_size_pc;
    Ok(Simulation {
        name: format!("synthetic-{}-{}", settings.size, settings.seed),
        density_cm3: density,
        temperature_k: temperature,
        velocity_km_s,
        cell_pc: settings.cell_pc(),
        center_pc: [center; 3],
    })
}

/// Log-normal density of mean 1, gathered by the envelope.
fn turbulence(settings: &SynthSettings, ctx: &Context) -> Result<Array3<f32>> {
    let spectrum = Spectrum::power_law(settings.density_index);
    let seed = Stream::Turbulence.seed(settings.seed);
    let mut density = gaussian_field(settings.size, seed, spectrum, ctx)?;
    let sigma = settings.sigma_ln() as f32;
    density.par_mapv_inplace(|g| (sigma * g).exp());
    gather(&mut density, settings.envelope_radius);
    scale_to_mean(&mut density, 1.0);
    Ok(density)
}

/// Wavenumber, in cycles per box, above which the fields that shape filaments fade.
const RIDGE_K_MAX: f64 = 4.2;
/// As `RIDGE_K_MAX`, for the slow change of width and amount along and between filaments.
const MODULATION_K_MAX: f64 = 2.8;

/// Filament density of mean 1: (1 + q²)⁻² about the curves where two smooth fields vanish, q the distance from the curve in
/// units of the local width w; the centre has n ∝ w⁻², so that a filament's mass per length hardly depends on its width.
fn filaments(settings: &SynthSettings, ctx: &Context) -> Result<Array3<f32>> {
    let n = settings.size;
    let field = |stream: Stream, spectrum| gaussian_field(n, stream.seed(settings.seed), spectrum, ctx);
    let ridges = Spectrum::smooth(3.0, RIDGE_K_MAX);
    let modulation = Spectrum::smooth(4.0, MODULATION_K_MAX);
    let mut density = field(Stream::RidgeA, ridges)?;
    let second = field(Stream::RidgeB, ridges)?;
    Zip::from(&mut density).and(&second).par_for_each(|a, b| *a = *a * *a + b * b);
    drop(second);
    let width = field(Stream::Width, modulation)?;
    let (typical, scatter) = (settings.filament_width as f32, settings.filament_width_scatter as f32);
    Zip::from(&mut density).and(&width).par_for_each(|distance_squared, g| {
        let relative = (scatter * g).exp();
        let q_squared = *distance_squared / (typical * relative).powi(2);
        *distance_squared = (1.0 + q_squared).powi(-2) / (relative * relative);
    });
    drop(width);
    let amount = field(Stream::Amount, modulation)?;
    Zip::from(&mut density).and(&amount).par_for_each(|n, g| *n *= (0.7 * g).exp());
    gather(&mut density, settings.envelope_radius);
    scale_to_mean(&mut density, 1.0);
    Ok(density)
}

/// Multiplies by (1 + r²/R²)^−1.5, r from the middle of the box.
fn gather(density: &mut Array3<f32>, radius: f64) {
    if radius == 0.0 {
        return;
    }
    let n = density.dim().0;
    let coordinate: Vec<f32> =
        (0..n).map(|i| (((i as f64 + 0.5) / n as f64 - 0.5) / radius).powi(2) as f32).collect();
    density.axis_iter_mut(Direction(0)).into_par_iter().enumerate().for_each(|(z, mut plane)| {
        for ((y, x), value) in plane.indexed_iter_mut() {
            let r_squared = coordinate[z] + coordinate[y] + coordinate[x];
            *value *= (1.0 + r_squared).powf(-1.5);
        }
    });
}

/// `density` becomes (1 − share) density + share part; both have mean 1.
fn mix(density: &mut Array3<f32>, part: &Array3<f32>, share: f64) {
    let share = share.min(1.0) as f32;
    Zip::from(density).and(part).par_for_each(|n, p| *n = (1.0 - share) * *n + share * p);
}

fn scale_to_mean(density: &mut Array3<f32>, mean: f64) {
    let (old, _) = mean_and_square(density);
    if old > 0.0 {
        let scale = (mean / old) as f32;
        density.par_mapv_inplace(|n| n * scale);
    }
}

/// Velocity components along x, y, z in km/s, of zero mean and one common scale.
fn velocity(settings: &SynthSettings, ctx: &Context) -> Result<[Array3<f32>; 3]> {
    let seeds = [0, 1, 2].map(|component| Stream::Velocity(component).seed(settings.seed));
    let spectrum = Spectrum::power_law(settings.velocity_index);
    let component = |index: usize| {
        ctx.report("velocity", Some(0.6 + 0.12 * index as f32));
        vector_component(settings.size, seeds, index, spectrum, settings.solenoidal_fraction, ctx)
    };
    let mut velocity = [component(0)?, component(1)?, component(2)?];
    let square: f64 = velocity.iter().map(|field| mean_and_square(field).1).sum();
    if square > 0.0 {
        let scale = (settings.sigma_velocity_km_s() * (3.0 / square).sqrt()) as f32;
        velocity.iter_mut().for_each(|field| field.par_mapv_inplace(|v| v * scale));
    }
    Ok(velocity)
}
