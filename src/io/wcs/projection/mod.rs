//! Map projections of FITS: from the plane (degrees, intermediate world coordinates) to native longitude and latitude
//! (degrees) and back. Formulas: Calabretta & Greisen 2002, A&A 395, 1077 ("paper II"); numbers in comments are its equations.
//!
//! All 27 standard projections but XPH are here. The `wcs` crate is not used: it knows two axes only, gives wrong places
//! for cylindrical maps whose reference point is off the equator, lacks BON, PCO and the cubes, and panics on some headers.

mod conic;
mod cube;
mod cylindrical;
mod zenithal;

/// One projection with its parameters set.
pub(super) trait Projection: Send + Sync {
    /// Native longitude and latitude of a point of the plane; `None` outside the map.
    fn native_from_plane(&self, x: f64, y: f64) -> Option<(f64, f64)>;
    /// The point of the plane; `None` where the projection does not reach.
    fn plane_from_native(&self, phi: f64, theta: f64) -> Option<(f64, f64)>;
}

/// Degrees of a radian: the radius of the generating sphere of FITS maps.
const R0: f64 = 180.0 / std::f64::consts::PI;

/// Parameters of a projection: PVi_m of the latitude axis, and which of them are given.
pub(super) type Parameters = [Option<f64>; 30];

/// The projection of this three-letter code and the native latitude of its reference point; an error says why not.
pub(super) fn build(code: &str, pv: &Parameters) -> Result<(Box<dyn Projection>, f64), String> {
    let given = |index: usize, default: f64| pv[index].unwrap_or(default);
    let zenithal = |projection: Box<dyn Projection>| Ok((projection, 90.0));
    let equatorial = |projection: Box<dyn Projection>| Ok((projection, 0.0));
    match code {
        "AZP" => zenithal(Box::new(zenithal::Azp::new(given(1, 0.0), given(2, 0.0))?)),
        "SZP" => zenithal(Box::new(zenithal::Szp::new(given(1, 0.0), given(2, 0.0), given(3, 90.0))?)),
        "TAN" | "TPV" => zenithal(Box::new(zenithal::Tan)),
        "STG" => zenithal(Box::new(zenithal::Stg)),
        "SIN" => zenithal(Box::new(zenithal::Sin { xi: given(1, 0.0), eta: given(2, 0.0) })),
        "ARC" => zenithal(Box::new(zenithal::Arc)),
        "ZPN" => zenithal(Box::new(zenithal::Zpn::new(pv)?)),
        "ZEA" => zenithal(Box::new(zenithal::Zea)),
        "AIR" => zenithal(Box::new(zenithal::Air::new(given(1, 90.0))?)),
        "CYP" => equatorial(Box::new(cylindrical::Cyp::new(given(1, 1.0), given(2, 1.0))?)),
        "CEA" => equatorial(Box::new(cylindrical::Cea::new(given(1, 1.0))?)),
        "CAR" => equatorial(Box::new(cylindrical::Car)),
        "MER" => equatorial(Box::new(cylindrical::Mer)),
        "SFL" | "GLS" => equatorial(Box::new(cylindrical::Sfl)),
        "PAR" => equatorial(Box::new(cylindrical::Par)),
        "MOL" => equatorial(Box::new(cylindrical::Mol)),
        "AIT" => equatorial(Box::new(cylindrical::Ait)),
        "COP" | "COE" | "COD" | "COO" => {
            let middle =
                pv[1].ok_or(format!("{code} needs PVi_1, the latitude between its standard parallels"))?;
            Ok((Box::new(conic::Conic::new(code, middle, given(2, 0.0))?), middle))
        }
        "BON" => {
            let parallel = pv[1].ok_or("BON needs PVi_1, its standard parallel")?;
            if parallel == 0.0 {
                return equatorial(Box::new(cylindrical::Sfl));
            }
            equatorial(Box::new(conic::Bon::new(parallel)?))
        }
        "PCO" => equatorial(Box::new(conic::Pco)),
        "TSC" => equatorial(Box::new(cube::Cube(cube::Face::Tangential))),
        "CSC" => equatorial(Box::new(cube::Cube(cube::Face::Cobe))),
        "QSC" => equatorial(Box::new(cube::Cube(cube::Face::EqualArea))),
        "HPX" => equatorial(Box::new(cube::Hpx::new(given(1, 4.0), given(2, 3.0))?)),
        _ => Err(format!("the projection {code} is not supported")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every projection must lead back from the plane to where it came from.
    #[test]
    fn plane_and_sphere_agree() {
        type Case = (&'static str, &'static [(usize, f64)], f64);
        let cases: [Case; 26] = [
            ("AZP", &[(1, 2.0), (2, 30.0)], 1e-9),
            ("SZP", &[(1, 2.0), (2, 180.0), (3, 60.0)], 1e-9),
            ("TAN", &[], 1e-9),
            ("STG", &[], 1e-9),
            ("SIN", &[], 1e-9),
            ("SIN", &[(1, 0.2), (2, 0.3)], 1e-9),
            ("ARC", &[], 1e-9),
            ("ZPN", &[(1, 1.0), (3, -0.02), (5, 0.001)], 1e-9),
            ("ZEA", &[], 1e-9),
            ("AIR", &[(1, 45.0)], 1e-9),
            ("CYP", &[(1, 1.0), (2, 0.7)], 1e-9),
            ("CEA", &[(1, 0.8)], 1e-9),
            ("CAR", &[], 1e-9),
            ("MER", &[], 1e-9),
            ("SFL", &[], 1e-9),
            ("PAR", &[], 1e-9),
            ("MOL", &[], 1e-9),
            ("AIT", &[], 1e-9),
            ("COP", &[(1, 45.0), (2, 25.0)], 1e-9),
            ("COE", &[(1, -45.0), (2, 25.0)], 1e-9),
            ("COD", &[(1, 45.0), (2, 0.0)], 1e-9),
            ("COO", &[(1, 45.0), (2, 25.0)], 1e-9),
            ("BON", &[(1, 45.0)], 1e-9),
            ("PCO", &[], 1e-9),
            ("TSC", &[], 1e-9),
            ("QSC", &[], 1e-9),
        ];
        for (code, given, tolerance) in cases {
            let mut pv = [None; 30];
            given.iter().for_each(|&(index, value)| pv[index] = Some(value));
            let (projection, theta0) = build(code, &pv).expect("known");
            check(code, projection.as_ref(), theta0, tolerance);
        }
        let none = [None; 30];
        let (hpx, _) = build("HPX", &none).expect("known");
        check("HPX", hpx.as_ref(), 0.0, 1e-9);
        // The polynomials of the COBE cube are no exact inverses; paper II says 24 arcsec, more at the corners.
        let (csc, _) = build("CSC", &none).expect("known");
        check("CSC", csc.as_ref(), 0.0, 0.02);
    }

    fn check(code: &str, projection: &dyn Projection, theta0: f64, tolerance: f64) {
        let mut seen = 0;
        for step in 0..40 {
            let phi = -175.0 + 9.1 * f64::from(step);
            let theta = match theta0 {
                90.0 => 35.0 + 1.3 * f64::from(step),
                _ => theta0 * 0.5 - 39.0 + 2.1 * f64::from(step),
            };
            let Some((x, y)) = projection.plane_from_native(phi, theta) else { continue };
            let Some((phi_back, theta_back)) = projection.native_from_plane(x, y) else {
                panic!("{code} does not come back from {phi}, {theta}");
            };
            let turn = (phi_back - phi + 540.0).rem_euclid(360.0) - 180.0;
            let off = (turn * super::super::angle::cosd(theta)).hypot(theta_back - theta);
            assert!(off < tolerance, "{code} at {phi}, {theta}: {phi_back}, {theta_back}");
            seen += 1;
        }
        assert!(seen >= 10, "{code} was tried {seen} times only");
    }
}
