//! The U of an encoder–decoder: nested skips are its rungs. Each level is a row; the way down is on the left, the way up on the right.

use super::{GAP, Net, layers};

/// How far each level moves inwards.
const INWARDS: f32 = 40.0;
/// Fewer rungs make no U.
const LEAST_RUNGS: usize = 2;

/// `None` where the net is no encoder–decoder.
pub(super) fn places(net: &Net) -> Option<Vec<[f32; 2]>> {
    let (behind, ahead) = net.neighbours();
    let (layer, order) = layers(&behind, &ahead);
    let path = longest_path(&behind, &layer, &order)?;
    let mut on_path = vec![None; net.sizes.len()];
    path.iter().enumerate().for_each(|(step, &piece)| on_path[piece] = Some(step));
    let skips: Vec<(usize, usize)> = net
        .links
        .iter()
        .filter_map(|&(from, to)| Some((on_path[from]?, on_path[to]?)))
        .filter(|(from, to)| to > &(from + 1))
        .collect();
    let rungs = rungs(&skips, path.len())?;
    let mut places = spine(net, &path, &rungs);
    hang_beside(net, &behind, &ahead, &order, &mut places);
    places.into_iter().collect()
}

/// The pieces on a longest way through the net, from its start.
fn longest_path(behind: &[Vec<usize>], layer: &[usize], order: &[usize]) -> Option<Vec<usize>> {
    // The true depth, since `layer` moves starts towards what they feed.
    let mut depth = vec![0; behind.len()];
    for &piece in order {
        depth[piece] = behind[piece].iter().map(|&from| depth[from] + 1).max().unwrap_or(0);
    }
    let mut at = (0..layer.len()).max_by_key(|&piece| (depth[piece], std::cmp::Reverse(piece)))?;
    let mut path = vec![at];
    while let Some(&from) = behind[at].iter().find(|&&from| depth[from] + 1 == depth[at]) {
        path.push(from);
        at = from;
    }
    path.reverse();
    Some(path)
}

/// The skips over the deepest point of the path, the outermost first, where they are nested and most skips over it are.
fn rungs(skips: &[(usize, usize)], length: usize) -> Option<Vec<(usize, usize)>> {
    let mut change = vec![0_i64; length + 1];
    for &(from, to) in skips {
        change[from + 1] += 1;
        change[to] -= 1;
    }
    let mut open = 0;
    let depths = change.iter().map(|step| {
        open += step;
        open
    });
    let deepest = depths.enumerate().max_by_key(|&(step, open)| (open, std::cmp::Reverse(step)))?.0;
    let mut over: Vec<(usize, usize)> =
        skips.iter().copied().filter(|&(from, to)| from < deepest && deepest < to).collect();
    // Of several wires from one piece (to a gate and past it) the shortest is the rung; then of several to one, likewise.
    over.sort_unstable();
    over.dedup_by_key(|(from, _)| *from);
    let distinct = over.len();
    let mut rungs: Vec<(usize, usize)> = Vec::new();
    for (from, to) in over {
        if rungs.last().is_none_or(|&(_, outer)| to < outer) {
            rungs.push((from, to));
        }
    }
    (rungs.len() >= LEAST_RUNGS && 5 * rungs.len() >= 4 * distinct).then_some(rungs)
}

/// Places of the pieces on the path: down on the left, up on the right.
fn spine(net: &Net, path: &[usize], rungs: &[(usize, usize)]) -> Vec<Option<[f32; 2]>> {
    let level_of = |step: usize| rungs.iter().filter(|&&(from, to)| from < step && step < to).count();
    let levels: Vec<usize> = (0..path.len()).map(level_of).collect();
    let mut row = vec![0.0_f32; rungs.len() + 1];
    for (&piece, &level) in path.iter().zip(&levels) {
        row[level] = row[level].max(net.sizes[piece][1]);
    }
    let mut top = vec![0.0; row.len()];
    for level in 1..row.len() {
        top[level] = top[level - 1] + row[level - 1] + GAP[1];
    }
    let mut places = vec![None; net.sizes.len()];
    let mut x = 0.0;
    for (step, (&piece, &level)) in path.iter().zip(&levels).enumerate() {
        if step > 0 {
            let before = net.sizes[path[step - 1]][0];
            // Straight on along a row; a step inwards to the next; and more to and from the lowest, where the U turns.
            x += if levels[step - 1] == level {
                before + GAP[0]
            } else if level == rungs.len() || levels[step - 1] == rungs.len() {
                (0.5 * (before + GAP[0])).max(INWARDS)
            } else {
                INWARDS
            };
        }
        places[piece] = Some([x, top[level]]);
    }
    places
}

/// Pieces off the path stand before what they feed (else behind what feeds them), as far down as is free.
fn hang_beside(
    net: &Net,
    behind: &[Vec<usize>],
    ahead: &[Vec<usize>],
    order: &[usize],
    places: &mut [Option<[f32; 2]>],
) {
    let forth: Vec<usize> = order.iter().copied().filter(|&piece| places[piece].is_none()).collect();
    for &piece in forth.iter().rev() {
        let [width, height] = net.sizes[piece];
        let feeds =
            ahead[piece].iter().filter_map(|&to| places[to]).reduce(|a, b| if a[0] <= b[0] { a } else { b });
        let fed = behind[piece].iter().filter_map(|&from| Some((places[from]?, net.sizes[from][0]))).next();
        let [x, mut y] = match (feeds, fed) {
            (Some(at), _) => [at[0] - width - GAP[0], at[1]],
            (None, Some((at, width))) => [at[0] + width + GAP[0], at[1]],
            (None, None) => [0.0, -height - GAP[1]],
        };
        let mut taken: Vec<(f32, f32)> = places
            .iter()
            .zip(&net.sizes)
            .filter_map(|(at, size)| Some(((*at)?, size)))
            .filter(|(at, size)| at[0] < x + width + 8.0 && x < at[0] + size[0] + 8.0)
            .map(|(at, size)| (at[1], at[1] + size[1]))
            .collect();
        taken.sort_by(|a, b| a.0.total_cmp(&b.0));
        for (from, to) in taken {
            if from < y + height + 0.5 * GAP[1] && y < to + 0.5 * GAP[1] {
                y = to + GAP[1];
            }
        }
        places[piece] = Some([x, y]);
    }
}
