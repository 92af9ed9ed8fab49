//! The example cube: a synthetic cloud as a telescope would see it in ¹³CO, for whoever has no cube at hand. Its gas comes from
//! `synthesis`, its light from `line_emission`; here are the telescope, the place on the sky and the header.

use super::line_emission::{CO13_1_0, Channels, Tracer, line_emission};
use super::{Axis, Result, Simulation, SynthSettings, synthesise};
use crate::data::{Cube, Header};
use crate::io;
use crate::job::Context;
use ndarray::{ArrayViewMut1, Axis as Direction};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use rayon::prelude::*;
use std::path::Path;

/// What the example is made of: the cloud, where it lies, and what looks at it.
#[derive(Clone, Debug, PartialEq)]
pub struct ExampleCube {
    pub cloud: SynthSettings,
    pub tracer: Tracer,
    pub channels: Channels,
    /// Of the cloud's centre of mass.
    pub velocity_km_s: f64,
    /// Change of velocity towards larger columns and rows, as of a cloud that turns.
    pub gradient_km_s_pc: [f64; 2],
    pub distance_pc: f64,
    /// Right ascension and declination (ICRS) of the middle.
    pub center_deg: [f64; 2],
    /// Full width at half maximum of the Gaussian beam.
    pub beam_arcsec: f64,
    /// Noise of a channel, independent from pixel to pixel.
    pub noise_k: f64,
}

impl ExampleCube {
    /// 160 × 160 pixels of 26″ and 96 channels of 0.1 km/s, at the distance of the clouds in Perseus.
    pub fn standard(seed: u64) -> Self {
        Self::of_size(160, seed)
    }

    /// The same cloud and sky on another number of pixels a side: even, 16 to 512.
    pub fn of_size(size: usize, seed: u64) -> Self {
        Self {
            cloud: SynthSettings {
                size,
                seed,
                box_size_pc: 6.0,
                mean_density_cm3: 380.0,
                mach: 8.5,
                envelope_radius: 0.24,
                filament_fraction: 0.42,
                filament_width: 0.17,
                filament_width_scatter: 0.7,
                core_fraction: 0.18,
                core_radius: [0.01, 0.05],
                ..SynthSettings::default()
            },
            tracer: Tracer { line: CO13_1_0, abundance: 1e-6, microturbulence_km_s: 0.12 },
            channels: Channels { first_km_s: 3.25, step_km_s: 0.1, count: 96 },
            velocity_km_s: 8.0,
            gradient_km_s_pc: [0.6, -0.35],
            distance_pc: 300.0,
            center_deg: [53.4, 31.1],
            beam_arcsec: 46.0,
            noise_k: 0.1,
        }
    }

    /// The cloud, its large-scale change of velocity included.
    ///
    /// # Errors
    /// A setting out of range, or `Cancelled`.
    pub fn simulation(&self, ctx: &Context) -> Result<Simulation> {
        let mut cloud = synthesise(&self.cloud, ctx)?;
        let middle = 0.5 * (self.cloud.size as f64 - 1.0);
        let velocity = &mut cloud.velocity_km_s[Axis::Z.component()];
        let mass: f64 = cloud.density_cm3.iter().map(|n| f64::from(*n)).sum();
        let momentum: f64 =
            cloud.density_cm3.iter().zip(velocity.iter()).map(|(n, v)| f64::from(*n) * f64::from(*v)).sum();
        let shift = self.velocity_km_s - momentum / mass;
        let [along_x, along_y] = self.gradient_km_s_pc.map(|gradient| gradient * cloud.cell_pc);
        for ((_, y, x), value) in velocity.indexed_iter_mut() {
            let large = along_x * (x as f64 - middle) + along_y * (y as f64 - middle);
            *value += (shift + large) as f32;
        }
        Ok(cloud)
    }

    /// Brightness temperature in K above the background, (velocity, y, x), as the telescope sees the cloud of
    /// [`ExampleCube::simulation`] along z: through its beam, with noise.
    ///
    /// # Errors
    /// As `line_emission`.
    pub fn observe(&self, cloud: &Simulation, ctx: &Context) -> Result<Cube> {
        let mut values = line_emission(cloud, Axis::Z, &self.tracer, &self.channels, &ctx.part(0.0, 0.9))?;
        ctx.report("telescope", Some(0.9));
        let beam_px = self.beam_arcsec / self.pixel_arcsec();
        // A Gaussian's full width at half maximum is √(8 ln 2) σ.
        let kernel = gaussian(beam_px / (8.0 * std::f64::consts::LN_2).sqrt());
        values.axis_iter_mut(Direction(0)).into_par_iter().enumerate().for_each(|(channel, mut plane)| {
            plane.rows_mut().into_iter().for_each(|row| convolve(row, &kernel));
            plane.columns_mut().into_iter().for_each(|column| convolve(column, &kernel));
            let mut generator = ChaCha8Rng::seed_from_u64(self.cloud.seed);
            // Streams of its own: the cloud's draws take others.
            generator.set_stream(NOISE_STREAM + channel as u64);
            for value in &mut plane {
                let draw: f64 = StandardNormal.sample(&mut generator);
                *value += (self.noise_k * draw) as f32;
            }
        });
        let mut header = self.sky_header();
        header.set_text("BUNIT", "K", "brightness temperature");
        header.set_text("CTYPE3", "VRAD", "");
        header.set_text("CUNIT3", "m/s", "");
        header.set_float("CRPIX3", 1.0, "");
        header.set_float("CRVAL3", 1e3 * self.channels.first_km_s, "");
        header.set_float("CDELT3", 1e3 * self.channels.step_km_s, "");
        header.set_text("SPECSYS", "LSRK", "");
        header.set_float("RESTFRQ", self.tracer.line.rest_frequency_hz, "Hz");
        header.set_text("LINE", self.tracer.line.name, "");
        let beam_deg = self.beam_arcsec / 3600.0;
        header.set_float("BMAJ", beam_deg, "");
        header.set_float("BMIN", beam_deg, "");
        header.set_float("BPA", 0.0, "");
        self.sign(&mut header, "emission", "no telescope saw this: a synthetic cloud in synthetic light");
        Ok(Cube { name: "Synthetic cloud".into(), values, unit: "K".into(), header })
    }

    /// What the light comes from: n_H in cm⁻³, (z, y, x), near gas first, on the same sky.
    pub fn density(&self, cloud: Simulation) -> Cube {
        let mut header = self.sky_header();
        header.set_text("BUNIT", "cm-3", "hydrogen nuclei");
        cloud.set_linear_axis(&mut header, 3, Axis::Z);
        self.sign(&mut header, "density", "the true density behind the emission cube of the same seed");
        Cube {
            name: "Synthetic cloud, density".into(),
            values: cloud.density_cm3,
            unit: "cm-3".into(),
            header,
        }
    }

    /// Makes the cube and writes it as FITS, its folder too where there is none; the true density beside it where asked for.
    ///
    /// # Errors
    /// As [`ExampleCube::observe`]; a file that cannot be written.
    pub fn write(&self, path: &Path, density: Option<&Path>, ctx: &Context) -> Result<Cube> {
        let cloud = self.simulation(&ctx.part(0.0, 0.4))?;
        let cube = self.observe(&cloud, &ctx.part(0.4, 0.95))?;
        ctx.check()?;
        let written = |path: &Path, cube: &Cube| {
            if let Some(folder) = path.parent() {
                std::fs::create_dir_all(folder)
                    .map_err(|error| io::Error::system(folder, "make the folder", error))?;
            }
            io::fits::write_cube(path, cube)
        };
        written(path, &cube)?;
        if let Some(path) = density {
            written(path, &self.density(cloud))?;
        }
        Ok(cube)
    }

    fn pixel_arcsec(&self) -> f64 {
        (self.cloud.cell_pc() / self.distance_pc).to_degrees() * 3600.0
    }

    fn sky_header(&self) -> Header {
        let mut header = Header::default();
        header.set_text("OBJECT", "Synthetic cloud", "");
        let pixel_deg = self.pixel_arcsec() / 3600.0;
        let axes = [("RA---TAN", -pixel_deg), ("DEC--TAN", pixel_deg)];
        for (number, ((kind, step), center)) in (1..).zip(axes.into_iter().zip(self.center_deg)) {
            header.set_text(&format!("CTYPE{number}"), kind, "");
            header.set_text(&format!("CUNIT{number}"), "deg", "");
            header.set_float(&format!("CRPIX{number}"), 0.5 * (self.cloud.size as f64 + 1.0), "");
            header.set_float(&format!("CRVAL{number}"), center, "");
            header.set_float(&format!("CDELT{number}"), step, "");
        }
        header.set_text("RADESYS", "ICRS", "");
        header
    }

    fn sign(&self, header: &mut Header, what: &str, words: &str) {
        header.history(format!("aquila cloud example-cube, {what}: seed {}", self.cloud.seed));
        header.history(format!("distance {} pc", self.distance_pc));
        header.history(words);
    }
}

/// The synthesis draws from streams below 2⁶⁴ by (kz, ky), which as a pair of non-negative numbers never is this.
const NOISE_STREAM: u64 = 1 << 63;

/// A Gaussian of sum 1 out to 4 σ; one cell where it is narrower than can be sampled.
fn gaussian(sigma_px: f64) -> Vec<f32> {
    let reach = (4.0 * sigma_px).ceil().max(0.0) as i32;
    let weight = |i: i32| if i == 0 { 1.0 } else { (-0.5 * (f64::from(i) / sigma_px).powi(2)).exp() };
    let weights: Vec<f64> = (-reach..=reach).map(weight).collect();
    let sum: f64 = weights.iter().sum();
    weights.into_iter().map(|weight| (weight / sum) as f32).collect()
}

/// Convolves in place; beyond the ends there is nothing.
fn convolve(mut line: ArrayViewMut1<'_, f32>, kernel: &[f32]) {
    let reach = kernel.len() / 2;
    let mut padded = vec![0.0; line.len() + 2 * reach];
    padded.iter_mut().skip(reach).zip(&line).for_each(|(to, from)| *to = *from);
    for (value, window) in line.iter_mut().zip(padded.windows(kernel.len())) {
        *value = window.iter().zip(kernel).map(|(a, b)| a * b).sum();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud::velocity_axis_km_s;
    use crate::io::wcs::Wcs;

    fn small() -> ExampleCube {
        ExampleCube::of_size(32, 1)
    }

    #[test]
    fn the_cube_lies_where_its_header_says_and_is_as_bright_as_the_gas_allows() {
        let example = small();
        let ctx = Context::unwatched();
        let cloud = example.simulation(&ctx).expect("a cloud");
        let cube = example.observe(&cloud, &ctx).expect("a cube");
        assert_eq!(cube.values.dim(), (96, 32, 32));
        let wcs = Wcs::from_header(&cube.header).expect("coordinates");
        let middle = wcs.world(&[16.5, 16.5, 1.0]);
        assert!((middle[0] - 53.4).abs() < 1e-9 && (middle[1] - 31.1).abs() < 1e-9, "{middle:?}");
        let velocities = velocity_axis_km_s(&cube, &ctx).expect("velocities");
        assert!((velocities[0] - 3.25).abs() < 1e-9 && (velocities[95] - 12.75).abs() < 1e-9);
        // The hottest gas has 50 K; the background has 2.7 K.
        let line = &example.tracer.line;
        let most = line.radiation_k(50.0) - line.radiation_k(super::super::line_emission::BACKGROUND_K);
        let peak = f64::from(cube.values.iter().fold(0.0_f32, |a, b| a.max(*b)));
        assert!(peak > 20.0 * example.noise_k && peak < most, "{peak} K");
        // The line lies in the band, about the cloud's own velocity.
        let sum_of = |plane: ndarray::ArrayView2<'_, f32>| {
            plane.iter().map(|v| f64::from(*v)).sum::<f64>() / plane.len() as f64
        };
        let spectrum: Vec<f64> = cube.values.outer_iter().map(sum_of).collect();
        let sum: f64 = spectrum.iter().sum();
        let mean = spectrum.iter().zip(&velocities).map(|(t, v)| t * v).sum::<f64>() / sum;
        assert!((mean - 8.0).abs() < 0.5, "{mean} km/s");
        assert!(spectrum[0].abs() < 0.02 && spectrum[95].abs() < 0.02, "{spectrum:?}");
        assert_eq!(example.density(cloud).values.dim(), (32, 32, 32));
    }

    #[test]
    fn the_same_seed_gives_the_same_cube_and_the_noise_is_as_deep_as_asked() {
        let ctx = Context::unwatched();
        let cloud = small().simulation(&ctx).expect("a cloud");
        let make = |noise_k| ExampleCube { noise_k, ..small() }.observe(&cloud, &ctx).expect("a cube").values;
        assert_eq!(make(0.1), make(0.1));
        let noise = make(0.1) - make(0.0);
        let count = noise.len() as f64;
        let square: f64 = noise.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>() / count;
        assert!((square.sqrt() / 0.1 - 1.0).abs() < 0.01, "{}", square.sqrt());
    }

    #[test]
    fn a_beam_keeps_the_light_of_a_point_and_spreads_it_as_wide_as_asked() {
        let mut line = ndarray::Array1::zeros(41);
        line[20] = 1.0;
        convolve(line.view_mut(), &gaussian(2.0));
        let moment =
            |power| line.iter().enumerate().map(|(i, v)| v * (i as f32 - 20.0).powi(power)).sum::<f32>();
        assert!((moment(0) - 1.0).abs() < 1e-6 && (moment(2) - 4.0).abs() < 0.02, "{}", moment(2));
        assert_eq!(gaussian(0.0), [1.0]);
    }
}
