//! The linear part: pixels to intermediate world coordinates, x_i = s_i Σ_j m_ij (p_j − r_j).

use crate::data::Header;

/// CRPIX and the matrix PC·CDELT, CD, or CROTA's rotation, for any number of axes.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Linear {
    reference: Vec<f64>,
    matrix: Vec<f64>,
    inverse: Vec<f64>,
}

impl Linear {
    /// `sky` are the longitude and latitude axes (0-based), which CROTA turns. Errors say why no inverse exists.
    pub fn of(header: &Header, count: usize, sky: Option<(usize, usize)>) -> Result<Self, String> {
        let one = |stem: &str, axis: usize| header.float(&format!("{stem}{}", axis + 1));
        let two = |stem: &str, i: usize, j: usize| {
            let new = header.float(&format!("{stem}{}_{}", i + 1, j + 1));
            new.or_else(|| header.float(&format!("{stem}{:03}{:03}", i + 1, j + 1)))
        };
        let any = |stem: &str| (0..count).any(|i| (0..count).any(|j| two(stem, i, j).is_some()));
        let reference = (0..count).map(|axis| one("CRPIX", axis).unwrap_or(0.0)).collect();
        let step: Vec<f64> = (0..count).map(|axis| one("CDELT", axis).unwrap_or(1.0)).collect();
        let mut matrix = vec![0.0; count * count];
        let turned = sky.and_then(|(lon, lat)| {
            let angle = one("CROTA", lat).filter(|&angle| angle != 0.0).or_else(|| one("CROTA", lon));
            angle.filter(|&angle| angle != 0.0).map(|angle| (lon, lat, angle))
        });
        if any("PC") || !any("CD") {
            for i in 0..count {
                for j in 0..count {
                    let unit = if i == j { 1.0 } else { 0.0 };
                    matrix[i * count + j] = step[i] * two("PC", i, j).unwrap_or(unit);
                }
            }
            if !any("PC")
                && let Some((lon, lat, angle)) = turned
            {
                let (sine, cosine) = angle.to_radians().sin_cos();
                matrix[lon * count + lon] = step[lon] * cosine;
                matrix[lon * count + lat] = -step[lat] * sine;
                matrix[lat * count + lon] = step[lon] * sine;
                matrix[lat * count + lat] = step[lat] * cosine;
            }
        } else {
            for i in 0..count {
                // An axis that CD says nothing about, neither as row nor as column, is one pixel a step.
                let silent = (0..count).all(|j| two("CD", i, j).is_none() && two("CD", j, i).is_none());
                for j in 0..count {
                    let unit = if silent && i == j { 1.0 } else { 0.0 };
                    matrix[i * count + j] = two("CD", i, j).unwrap_or(unit);
                }
            }
        }
        let inverse = inverted(&matrix, count)
            .ok_or("the matrix of CDELT, PC or CD is singular: some axis has no extent")?;
        Ok(Self { reference, matrix, inverse })
    }

    pub fn intermediate_from_pixel(&self, pixel: &[f64]) -> Vec<f64> {
        let off: Vec<f64> = pixel.iter().zip(&self.reference).map(|(p, r)| p - r).collect();
        product(&self.matrix, &off)
    }

    pub fn pixel_from_intermediate(&self, intermediate: &[f64]) -> Vec<f64> {
        let off = product(&self.inverse, intermediate);
        off.iter().zip(&self.reference).map(|(o, r)| o + r).collect()
    }

    pub fn reference(&self, axis: usize) -> f64 {
        self.reference[axis]
    }

    /// Change of intermediate axis `i` per pixel of axis `j`.
    pub fn element(&self, i: usize, j: usize) -> f64 {
        self.matrix[i * self.reference.len() + j]
    }
}

fn product(matrix: &[f64], vector: &[f64]) -> Vec<f64> {
    matrix.chunks(vector.len().max(1)).map(|row| row.iter().zip(vector).map(|(m, v)| m * v).sum()).collect()
}

/// Gauss-Jordan with column pivots.
fn inverted(matrix: &[f64], count: usize) -> Option<Vec<f64>> {
    let mut left = matrix.to_vec();
    let mut right = vec![0.0; count * count];
    (0..count).for_each(|i| right[i * count + i] = 1.0);
    for column in 0..count {
        let at = |row: usize| left[row * count + column].abs();
        let pivot = (column..count).max_by(|&a, &b| at(a).total_cmp(&at(b)))?;
        if at(pivot) == 0.0 || !at(pivot).is_finite() {
            return None;
        }
        for j in 0..count {
            left.swap(column * count + j, pivot * count + j);
            right.swap(column * count + j, pivot * count + j);
        }
        let scale = left[column * count + column];
        for j in 0..count {
            left[column * count + j] /= scale;
            right[column * count + j] /= scale;
        }
        for row in (0..count).filter(|&row| row != column) {
            let factor = left[row * count + column];
            if factor != 0.0 {
                for j in 0..count {
                    left[row * count + j] -= factor * left[column * count + j];
                    right[row * count + j] -= factor * right[column * count + j];
                }
            }
        }
    }
    Some(right)
}
