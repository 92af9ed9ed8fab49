//! The running mean of a curve over a window of the x axis, with the least and the greatest value in the window.

/// Points (x, y, least, greatest), x ascending, each replaced by what lies in the window of this width around it: the mean of y over
/// the x axis (each point weighs as far as it reaches to its neighbours, so that more points in one place do not count more), and the
/// envelope. Towards both ends the window narrows and stays centred, so that the curve is not pulled sideways.
pub fn smoothed(points: &[[f64; 4]], width: f64) -> Vec<[f64; 4]> {
    let (Some(first), Some(last)) = (points.first(), points.last()) else { return Vec::new() };
    let reach = |at: usize| {
        // At an end as far outwards as inwards, so that a straight line stays straight.
        let left = (at > 0).then(|| points[at][0] - points[at - 1][0]);
        let right = points.get(at + 1).map(|point| point[0] - points[at][0]);
        let (left, right) = (left.or(right).unwrap_or(0.0), right.or(left).unwrap_or(0.0));
        (0.5 * (left + right)).max(f64::MIN_POSITIVE)
    };
    let (mut from, mut to) = (0, 0);
    let mean = |at: usize| {
        let x = points[at][0];
        let half = (0.5 * width).min(x - first[0]).min(last[0] - x);
        // The slack is for x values that are sums, such as times.
        let half = half * (1.0 + 1e-9);
        while x - points[from][0] > half && from < at {
            from += 1;
        }
        while from > 0 && x - points[from - 1][0] <= half {
            from -= 1;
        }
        to = to.max(at);
        while points.get(to + 1).is_some_and(|point| point[0] - x <= half) {
            to += 1;
        }
        while to > at && points[to][0] - x > half {
            to -= 1;
        }
        let inside = &points[from..=to];
        let weights: f64 = (from..=to).map(reach).sum();
        let sum: f64 = (from..=to).map(|other| reach(other) * points[other][1]).sum();
        let low = inside.iter().map(|point| point[2]).fold(f64::INFINITY, f64::min);
        let high = inside.iter().map(|point| point[3]).fold(f64::NEG_INFINITY, f64::max);
        [x, sum / weights, low, high]
    };
    (0..points.len()).map(mean).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(x: impl Iterator<Item = f64>, y: fn(f64) -> f64) -> Vec<[f64; 4]> {
        x.map(|x| [x, y(x), y(x), y(x)]).collect()
    }

    #[test]
    fn a_straight_line_stays_where_it_is_to_its_ends() {
        let line = points((0..50).map(f64::from), |x| 3.0 - 0.1 * x);
        for (before, after) in line.iter().zip(smoothed(&line, 7.0)) {
            assert!((before[1] - after[1]).abs() < 1e-12, "{before:?} {after:?}");
        }
    }

    #[test]
    fn the_window_is_of_the_axis_and_not_of_the_samples() {
        // The same step function, sampled ten times as often in its second half.
        let step = |x: f64| if x < 10.0 { 0.0 } else { 1.0 };
        let even = points((0..=20).map(f64::from), step);
        let dense = points((0..=10).map(f64::from).chain((1..=100).map(|i| 10.0 + 0.1 * f64::from(i))), step);
        let at = |curve: &[[f64; 4]]| {
            let smooth = smoothed(curve, 6.0);
            smooth.iter().find(|point| point[0] == 10.0).map(|point| point[1]).expect("sampled there")
        };
        assert!((at(&even) - 4.0 / 7.0).abs() < 0.05, "{}", at(&even));
        assert!((at(&even) - at(&dense)).abs() < 0.06, "{} {}", at(&even), at(&dense));
    }

    #[test]
    fn the_envelope_keeps_a_spike_that_the_mean_hides() {
        let mut curve = points((0..100).map(f64::from), |_| 1.0);
        curve[50] = [50.0, 40.0, 0.5, 60.0];
        let smooth = smoothed(&curve, 10.0);
        assert_eq!((smooth[47][2], smooth[47][3]), (0.5, 60.0));
        assert!(smooth[47][1] > 1.0 && smooth[47][1] < 6.0);
        assert_eq!(smooth[40][3], 1.0);
        assert!(smoothed(&[], 3.0).is_empty());
    }
}
