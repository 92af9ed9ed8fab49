//! `aquila cloud spectrum` and `aquila cloud pv`: one line of sight of a cube with its fit, and a cut along a line on the sky.

use super::console::Console;
use super::rest_line::RestArgs;
use crate::cloud::{self, Cut, Frame, MOST_COMPONENTS, SkyPlane};
use crate::io;
use anyhow::Context as _;
use clap::Args;
use serde_json::json;
use std::path::PathBuf;

#[derive(Args)]
pub struct Spectrum {
    /// Emission cube
    cube: PathBuf,
    /// Longitude and latitude: degrees, or hours and degrees as 3h25m38s +30d44m05s
    #[arg(long, num_args = 2, allow_negative_numbers = true, allow_hyphen_values = true, required = true)]
    at: Vec<String>,
    /// Gaussian components, 0 for none
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(0..=MOST_COMPONENTS as i64))]
    components: u8,
    /// HDU with the cube; the first one that holds a cube where not given
    #[arg(long)]
    hdu: Option<usize>,
    #[command(flatten)]
    rest: RestArgs,
}

#[derive(Args)]
pub struct Pv {
    /// Emission cube
    cube: PathBuf,
    /// Where the cut begins: longitude and latitude
    #[arg(long, num_args = 2, allow_negative_numbers = true, allow_hyphen_values = true, required = true)]
    from: Vec<String>,
    /// A corner on the way: longitude and latitude; once for each corner, in their order
    #[arg(long, num_args = 2, allow_negative_numbers = true, allow_hyphen_values = true)]
    via: Vec<String>,
    /// Where it ends
    #[arg(long, num_args = 2, allow_negative_numbers = true, allow_hyphen_values = true, required = true)]
    to: Vec<String>,
    /// Width over which the mean is taken, in arcsec
    #[arg(long, default_value_t = 0.0)]
    width_arcsec: f64,
    /// FITS file to write
    #[arg(long)]
    out: PathBuf,
    /// HDU with the cube; the first one that holds a cube where not given
    #[arg(long)]
    hdu: Option<usize>,
    #[command(flatten)]
    rest: RestArgs,
}

/// The pixel (x, y from 0) of a position in a cube's own coordinates.
fn pixel(sky: &SkyPlane, words: &[String]) -> anyhow::Result<[f64; 2]> {
    anyhow::ensure!(sky.has_sky(), "the cube has no sky coordinates to find {} in", words.join(" "));
    let part = |index: usize| {
        let frame = if sky.frame() == Frame::Galactic { Frame::Galactic } else { Frame::Icrs };
        cloud::sky_angle(&words[index], frame, index == 0).with_context(|| {
            format!("'{}' is no coordinate; give degrees or 3h25m38s +30d44m05s", words[index])
        })
    };
    let place = [part(0)?, part(1)?];
    sky.pixel(place).with_context(|| format!("{} is not on the cube's sky", words.join(" ")))
}

pub fn spectrum(args: Spectrum, console: &Console) -> anyhow::Result<()> {
    let answer = console.run_job("spectrum", move |ctx| {
        let mut cube = io::read_cube_watched(&args.cube, args.hdu, ctx)?;
        cube.header = args.rest.applied(&cube.header).with_context(|| args.cube.display().to_string())?;
        let velocity_km_s = cloud::velocity_axis_km_s(&cube, ctx)?;
        let at = pixel(&SkyPlane::of(&cube.header), &args.at)?;
        let (_, rows, columns) = cube.values.dim();
        let inside = |part: f64, count: usize| part > -0.5 && part < count as f64 - 0.5;
        anyhow::ensure!(
            inside(at[0], columns) && inside(at[1], rows),
            "{} lies at pixel {:.1}, {:.1}, beyond the cube's {columns} × {rows}",
            args.at.join(" "),
            at[0] + 1.0,
            at[1] + 1.0
        );
        let [x, y] = at.map(|part| part.round().max(0.0) as usize);
        let values = cube.values.slice(ndarray::s![.., y, x]).to_vec();
        let moments = cloud::line_moments(&values, &velocity_km_s, None)?;
        let mut answer = json!({
            "pixel": [x + 1, y + 1],
            "unit": cube.unit,
            "velocity_km_s": velocity_km_s,
            "values": values,
        });
        if let Some(moments) = moments {
            answer["integrated"] = json!(moments.integrated);
            answer["mean_velocity_km_s"] = json!(moments.velocity_km_s);
            answer["variance_km2_s2"] = json!(moments.variance_km2_s2);
            answer["peak"] = json!(moments.peak);
        }
        if args.components > 0 {
            match cloud::fit_lines(&velocity_km_s, &values, usize::from(args.components)) {
                Ok(fit) => {
                    let component = |c: &cloud::Component| {
                        json!({
                            "amplitude": c.line.amplitude,
                            "amplitude_error": c.error.amplitude,
                            "centre_km_s": c.line.centre_km_s,
                            "centre_error_km_s": c.error.centre_km_s,
                            "sigma_km_s": c.line.sigma_km_s,
                            "sigma_error_km_s": c.error.sigma_km_s,
                        })
                    };
                    answer["components"] = fit.components.iter().map(component).collect();
                    answer["noise"] = json!(fit.noise);
                    answer["noise_from_residuals"] = json!(fit.is_noise_from_residuals);
                    answer["chi2_reduced"] = json!(fit.chi2_reduced);
                }
                Err(why) => ctx.warn(format!("no fit: {why}")),
            }
        }
        Ok(answer)
    })?;
    for component in answer["components"].as_array().into_iter().flatten() {
        console.say(format!(
            "peak {:.4} ± {:.4} {}, v {:.4} ± {:.4} km/s, σ {:.4} ± {:.4} km/s",
            component["amplitude"].as_f64().unwrap_or(f64::NAN),
            component["amplitude_error"].as_f64().unwrap_or(f64::NAN),
            answer["unit"].as_str().unwrap_or_default(),
            component["centre_km_s"].as_f64().unwrap_or(f64::NAN),
            component["centre_error_km_s"].as_f64().unwrap_or(f64::NAN),
            component["sigma_km_s"].as_f64().unwrap_or(f64::NAN),
            component["sigma_error_km_s"].as_f64().unwrap_or(f64::NAN),
        ));
    }
    console.answer(&answer);
    Ok(())
}

pub fn pv(args: Pv, console: &Console) -> anyhow::Result<()> {
    let out = args.out.clone();
    let map = console.run_job("position–velocity cut", move |ctx| {
        let mut cube = io::read_cube_watched(&args.cube, args.hdu, ctx)?;
        cube.header = args.rest.applied(&cube.header).with_context(|| args.cube.display().to_string())?;
        let sky = SkyPlane::of(&cube.header);
        let corners =
            std::iter::once(args.from.as_slice()).chain(args.via.chunks(2)).chain([args.to.as_slice()]);
        let points = corners.map(|corner| pixel(&sky, corner)).collect::<anyhow::Result<_>>()?;
        let cut = Cut { points, width: args.width_arcsec };
        let map = cloud::position_velocity(cube.values.view(), &cube.header, &cube.unit, &cut, ctx)?;
        io::fits::write_image(&args.out, &map.image)?;
        Ok(map)
    })?;
    let (channels, offsets) = map.image.values.dim();
    console.say(format!(
        "{offsets} offsets of {:.3} {} × {channels} channels: {}",
        map.step,
        map.offset_unit,
        out.display()
    ));
    console.answer(&json!({
        "out": out,
        "shape": [channels, offsets],
        "offset_step": map.step,
        "offset_unit": map.offset_unit,
        "corner_offsets": map.corners,
        "unit": map.image.unit,
    }));
    Ok(())
}
