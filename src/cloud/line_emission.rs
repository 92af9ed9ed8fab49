//! The emission of a molecular line by the gas of a cloud: how much of the molecule, how it is excited, and the transfer along each
//! line of sight, channel by channel. No header and no telescope here.

use super::{Axis, Error, Result, Simulation};
use crate::job::Context;
use crate::units::{C_M_S, H_J_S, K_B_J_K, M_H_G, PC_CM};
use ndarray::{Array3, ArrayView2, s};
use rayon::prelude::*;
use std::f64::consts::PI;

/// Temperature of the cosmic microwave background in K (Fixsen 2009, ApJ 707, 916).
pub const BACKGROUND_K: f64 = 2.725_48;

/// The lowest rotational line, J = 1 to 0, of a linear molecule.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Line {
    pub name: &'static str,
    pub rest_frequency_hz: f64,
    /// Spontaneous emission in s⁻¹.
    pub einstein_a_s: f64,
    /// B of the rigid rotor in Hz.
    pub rotational_constant_hz: f64,
    /// Mass of the molecule in masses of hydrogen.
    pub mass_m_h: f64,
    /// Density of H₂ in cm⁻³ at which collisions drive the line as fast as it radiates: A over the rate of de-excitation.
    pub critical_density_cm3: f64,
}

/// ¹³CO J = 1–0; frequency, A and the rate at 10 K as the Leiden database gives them (Schöier et al. 2005, A&A 432, 369).
pub const CO13_1_0: Line = Line {
    name: "13CO(1-0)",
    rest_frequency_hz: 110.201_354e9,
    einstein_a_s: 6.294e-8,
    rotational_constant_hz: 55.101_011e9,
    mass_m_h: 28.773,
    critical_density_cm3: 1.9e3,
};

impl Line {
    /// hν/k in K.
    pub fn frequency_k(&self) -> f64 {
        H_J_S * self.rest_frequency_hz / K_B_J_K
    }

    /// J(T) = (hν/k) / (exp(hν/kT) − 1) in K: the Rayleigh–Jeans temperature of a black body (Mangum & Shirley
    /// 2015, PASP 127, 266, section 3).
    pub fn radiation_k(&self, temperature_k: f64) -> f64 {
        self.frequency_k() / (self.frequency_k() / temperature_k).exp_m1()
    }

    /// Σ (2J + 1) exp(−E_J/kT) of the rigid rotor, as (kT/hB) exp(hB/3kT) (McDowell 1988, J. Chem. Phys. 88, 356): within 0.5 % from 5 K up.
    pub fn partition(&self, temperature_k: f64) -> f64 {
        let ratio = K_B_J_K * temperature_k / (H_J_S * self.rotational_constant_hz);
        ratio * (1.0 / (3.0 * ratio)).exp()
    }

    /// ∫τ dv in km/s of one molecule a cm², all levels populated by one temperature:
    /// c³ A g_u / (8π ν³ Q) · exp(−E_u/kT) (exp(hν/kT) − 1) (Mangum & Shirley 2015, section 4), with E_u = hν.
    pub fn depth_of_column(&self, excitation_k: f64) -> f64 {
        let wavelength_cm = 1e2 * C_M_S / self.rest_frequency_hz;
        let stimulated = -(-self.frequency_k() / excitation_k).exp_m1();
        let cm_s =
            wavelength_cm.powi(3) * self.einstein_a_s * 3.0 / (8.0 * PI * self.partition(excitation_k));
        1e-5 * cm_s * stimulated
    }

    /// Excitation temperature in K of the two levels between collisions with H₂ and the background, without trapping of the line's own
    /// photons: n_u g_l / (n_l g_u) = (n_γ + r exp(−hν/kT)) / (1 + n_γ + r), r = n / n_crit (Draine 2011, eqs. 17.5 to 17.8).
    pub fn excitation_k(&self, density_h2_cm3: f64, temperature_k: f64) -> f64 {
        let photons = (self.frequency_k() / BACKGROUND_K).exp_m1().recip();
        let collisions = density_h2_cm3 / self.critical_density_cm3;
        let ratio = (photons + collisions * (-self.frequency_k() / temperature_k).exp())
            / (1.0 + photons + collisions);
        -self.frequency_k() / ratio.ln()
    }

    /// σ of the thermal motion along the line of sight in km/s.
    pub fn thermal_km_s(&self, temperature_k: f64) -> f64 {
        1e-3 * (K_B_J_K * temperature_k / (1e-3 * M_H_G * self.mass_m_h)).sqrt()
    }
}

/// Channels of equal width; the centre of each.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Channels {
    pub first_km_s: f64,
    pub step_km_s: f64,
    pub count: usize,
}

/// What a line sees of the gas.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tracer {
    pub line: Line,
    /// Molecules for each hydrogen nucleus.
    pub abundance: f64,
    /// σ in km/s of the motions inside a cell that the grid does not resolve.
    pub microturbulence_km_s: f64,
}

/// A profile ends at so many σ.
const REACH: f64 = 5.0;
/// Optical depth at the middle of a cell's line below which the cell is left out: 1000 of them dim or light a ray by 1e-4 at most.
const FAINT: f64 = 1e-7;

/// Brightness temperature in K above the background, (channel, row, column), rows and columns of the face as in [`Axis`]. The
/// observer looks along the axis from its low end, gas that recedes has positive velocities.
///
/// Each cell has the excitation of its own density and temperature, a Gaussian profile of thermal and unresolved motions and of
/// the change of velocity across the cell (as a box, variance Δv²/12), and emits (J(T_ex) − J(T_bg)) (1 − exp(−τ)), dimmed by the cells
/// before it: for a uniform cloud T_B = (J(T_ex) − J(T_bg)) (1 − exp(−τ)) (Mangum & Shirley 2015, section 3). Hydrogen is all molecular.
///
/// # Errors
/// A simulation that cannot be, channels or a tracer that are no positive numbers, or `Cancelled`.
pub fn line_emission(
    simulation: &Simulation,
    axis: Axis,
    tracer: &Tracer,
    channels: &Channels,
    ctx: &Context,
) -> Result<Array3<f32>> {
    simulation.check()?;
    let positive = [
        ("step_km_s", channels.step_km_s),
        ("abundance", tracer.abundance),
        ("microturbulence_km_s", tracer.microturbulence_km_s),
    ];
    for (name, value) in positive {
        if !(value.is_finite() && value > 0.0) {
            return Err(Error::setting(name, value, "give a number above 0"));
        }
    }
    if !channels.first_km_s.is_finite() || !(1..=1 << 16).contains(&channels.count) {
        return Err(Error::setting(
            "channels",
            channels.count,
            "give 1 to 65536 channels from a finite velocity",
        ));
    }
    // (row, line of sight, column), as in `project`.
    let turned = |cube: &'_ Array3<f32>| -> Array3<f32> {
        let order = match axis {
            Axis::Z => [1, 0, 2],
            Axis::Y => [0, 1, 2],
            Axis::X => [0, 2, 1],
        };
        cube.view().permuted_axes(order).as_standard_layout().into_owned()
    };
    let density = turned(&simulation.density_cm3);
    let temperature = turned(&simulation.temperature_k);
    let velocity = turned(&simulation.velocity_km_s[axis.component()]);
    let (rows, cells, columns) = density.dim();
    let mut cube = Array3::zeros((rows, columns, channels.count));
    let cell_cm = simulation.cell_pc * PC_CM;
    let done = std::sync::atomic::AtomicUsize::new(0);
    let each = cube.outer_iter_mut().into_par_iter().enumerate();
    each.try_for_each(|(row, mut face)| -> Result<()> {
        ctx.check()?;
        let plane = |cube: &'_ Array3<f32>| cube.slice(s![row, .., ..]).to_owned();
        let (density, temperature, velocity) = (plane(&density), plane(&temperature), plane(&velocity));
        let mut ray = Ray::new(tracer, channels);
        for column in 0..columns {
            ray.begin();
            for cell in 0..cells {
                let n = f64::from(density[[cell, column]]);
                let gas = Gas {
                    density_h2_cm3: 0.5 * n,
                    column_cm2: n * cell_cm * tracer.abundance,
                    temperature_k: f64::from(temperature[[cell, column]]),
                    velocity_km_s: f64::from(velocity[[cell, column]]),
                    shear_km_s: shear(velocity.view(), cell, column),
                };
                ray.pass(&gas);
            }
            for (value, bright) in face.row_mut(column).iter_mut().zip(&ray.brightness_k) {
                *value = *bright as f32;
            }
        }
        let done = 1 + done.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        ctx.report("line emission", Some(done as f32 / rows as f32));
        Ok(())
    })?;
    Ok(cube.permuted_axes([2, 0, 1]).as_standard_layout().into_owned())
}

/// Half the difference of velocity of the neighbours along the line of sight: what changes across one cell, km/s.
fn shear(velocity: ArrayView2<'_, f32>, cell: usize, column: usize) -> f64 {
    let last = velocity.dim().0 - 1;
    let (before, after) = (cell.saturating_sub(1), (cell + 1).min(last));
    let across = f64::from(velocity[[after, column]]) - f64::from(velocity[[before, column]]);
    across / (after - before).max(1) as f64
}

/// What a cell is to the line.
struct Gas {
    density_h2_cm3: f64,
    /// Of the molecule.
    column_cm2: f64,
    temperature_k: f64,
    velocity_km_s: f64,
    shear_km_s: f64,
}

/// A line of sight from the observer inwards.
struct Ray<'a> {
    tracer: &'a Tracer,
    channels: &'a Channels,
    background_k: f64,
    brightness_k: Vec<f64>,
    /// What is left of the light of the next cell.
    transmission: Vec<f64>,
}

impl<'a> Ray<'a> {
    fn new(tracer: &'a Tracer, channels: &'a Channels) -> Self {
        let empty = vec![0.0; channels.count];
        let background_k = tracer.line.radiation_k(BACKGROUND_K);
        Self { tracer, channels, background_k, transmission: empty.clone(), brightness_k: empty }
    }

    fn begin(&mut self) {
        self.brightness_k.fill(0.0);
        self.transmission.fill(1.0);
    }

    fn pass(&mut self, gas: &Gas) {
        let (line, channels) = (&self.tracer.line, self.channels);
        let excitation_k = line.excitation_k(gas.density_h2_cm3, gas.temperature_k);
        let variance = line.thermal_km_s(gas.temperature_k).powi(2)
            + self.tracer.microturbulence_km_s.powi(2)
            + gas.shear_km_s.powi(2) / 12.0;
        let sigma = variance.sqrt();
        let peak = line.depth_of_column(excitation_k) * gas.column_cm2 / (sigma * (2.0 * PI).sqrt());
        if peak.is_nan() || peak <= FAINT {
            return;
        }
        let source_k = line.radiation_k(excitation_k) - self.background_k;
        let place = |velocity: f64| (velocity - channels.first_km_s) / channels.step_km_s;
        let first = place(gas.velocity_km_s - REACH * sigma).ceil().max(0.0);
        let end = (place(gas.velocity_km_s + REACH * sigma).floor() + 1.0).clamp(0.0, channels.count as f64);
        if first >= end {
            return;
        }
        // A Gaussian at even steps: each value is the one before times a ratio that itself falls evenly.
        let step = channels.step_km_s / sigma;
        let offset = (channels.first_km_s - gas.velocity_km_s) / sigma + first * step;
        let mut depth = peak * (-0.5 * offset * offset).exp();
        let mut ratio = (-step * (offset + 0.5 * step)).exp();
        let fall = (-step * step).exp();
        for channel in first as usize..end as usize {
            let absorbed = -(-depth).exp_m1();
            self.brightness_k[channel] += source_k * absorbed * self.transmission[channel];
            self.transmission[channel] *= 1.0 - absorbed;
            depth *= ratio;
            ratio *= fall;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A uniform cloud of 4 × 2 × 3 cells (z, y, x), at rest, so dense that it has the gas's temperature.
    fn slab(density_cm3: f32, temperature_k: f32, cell_pc: f64) -> Simulation {
        let shape = (4, 2, 3);
        Simulation {
            name: "slab".into(),
            density_cm3: Array3::from_elem(shape, density_cm3),
            temperature_k: Array3::from_elem(shape, temperature_k),
            velocity_km_s: std::array::from_fn(|_| Array3::zeros(shape)),
            cell_pc,
            center_pc: [0.0; 3],
        }
    }

    const CHANNELS: Channels = Channels { first_km_s: -3.0, step_km_s: 0.05, count: 121 };

    fn tracer(abundance: f64) -> Tracer {
        Tracer { line: CO13_1_0, abundance, microturbulence_km_s: 0.3 }
    }

    fn spectrum(simulation: &Simulation, axis: Axis, tracer: &Tracer) -> Vec<f64> {
        let cube = line_emission(simulation, axis, tracer, &CHANNELS, &Context::unwatched()).expect("a cube");
        assert!(
            cube.outer_iter().all(|plane| plane.iter().all(|v| *v == plane[[0, 0]])),
            "uniform on the sky"
        );
        cube.outer_iter().map(|plane| f64::from(plane[[0, 0]])).collect()
    }

    #[test]
    fn a_thin_line_has_the_integral_of_its_column_and_the_width_of_its_motions() {
        let (n, t, cell_pc, abundance) = (1e7_f32, 10.0_f32, 0.01, 1e-12);
        let spectrum = spectrum(&slab(n, t, cell_pc), Axis::Z, &tracer(abundance));
        let velocity = |i: usize| CHANNELS.first_km_s + CHANNELS.step_km_s * i as f64;
        let integral: f64 = spectrum.iter().sum::<f64>() * CHANNELS.step_km_s;
        // The same by the dipole moment and a plain sum over levels: N = 3h/(8π³μ²) Q / (1 − exp(−hν/kT)) ∫τ dv for J = 1–0, μ = 0.11046 D
        // (Müller et al. 2005, J. Mol. Struct. 742, 215), whose A is 0.7 % larger than ours.
        let levels: f64 =
            (0..60).map(|j| f64::from(2 * j + 1) * (-2.6444 * f64::from(j * (j + 1)) / 10.0).exp()).sum();
        let column = 4.0 * f64::from(n) * cell_pc * PC_CM * abundance;
        let depth = column * -(-5.2888_f64 / 10.0).exp_m1() / (6.568e14 * levels);
        let expected = depth * (CO13_1_0.radiation_k(10.0) - CO13_1_0.radiation_k(BACKGROUND_K));
        assert!((integral / expected - 1.0).abs() < 0.012, "{integral} for {expected}");
        let second: f64 = spectrum.iter().enumerate().map(|(i, v)| v * velocity(i).powi(2)).sum();
        let sigma = (second * CHANNELS.step_km_s / integral).sqrt();
        // √(kT / 28.99 u) at 10 K is 0.05355 km/s.
        let expected = (0.3_f64.powi(2) + 0.05355_f64.powi(2)).sqrt();
        assert!((sigma / expected - 1.0).abs() < 1e-3, "{sigma} for {expected}");
    }

    #[test]
    fn a_thick_line_saturates_and_between_it_goes_as_one_minus_exp() {
        let simulation = slab(1e9, 15.0, 1e-4);
        let full = CO13_1_0.radiation_k(15.0) - CO13_1_0.radiation_k(BACKGROUND_K);
        let peak = |abundance| spectrum(&simulation, Axis::X, &tracer(abundance))[60];
        // By the two levels' rates the excitation at 1e9 cm⁻³ misses the gas's temperature by 1 part in 10⁵.
        assert!((peak(1e-5) / full - 1.0).abs() < 5e-5, "{} for {full}", peak(1e-5));
        let thin = 1e-12;
        let depth_of_thin = peak(thin) / full;
        let abundance = thin / depth_of_thin;
        let expected = full * (1.0 - (-1.0_f64).exp());
        assert!((peak(abundance) / expected - 1.0).abs() < 1e-3, "{} for {expected}", peak(abundance));
    }

    #[test]
    fn near_gas_hides_far_gas_and_excitation_goes_from_the_background_to_the_gas() {
        let mut simulation = slab(1e8, 20.0, 0.01);
        simulation.temperature_k.slice_mut(s![0, .., ..]).fill(8.0);
        let peak = spectrum(&simulation, Axis::Z, &tracer(1e-4))[60];
        let near = CO13_1_0.radiation_k(8.0) - CO13_1_0.radiation_k(BACKGROUND_K);
        assert!((peak / near - 1.0).abs() < 1e-3, "{peak} for {near}");
        assert!((CO13_1_0.excitation_k(1e-6, 30.0) - BACKGROUND_K).abs() < 1e-6);
        assert!((CO13_1_0.excitation_k(1e9, 30.0) - 30.0).abs() < 1e-3);
    }

    #[test]
    fn settings_that_cannot_be_are_refused() {
        let simulation = slab(1e3, 10.0, 0.01);
        let make = |tracer: Tracer, channels: Channels| {
            line_emission(&simulation, Axis::Z, &tracer, &channels, &Context::unwatched())
        };
        assert!(make(tracer(f64::NAN), CHANNELS).is_err());
        assert!(make(tracer(1e-6), Channels { count: 0, ..CHANNELS }).is_err());
        assert!(make(tracer(1e-6), Channels { step_km_s: 0.0, ..CHANNELS }).is_err());
    }
}
