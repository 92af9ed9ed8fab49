//! Columns from left to right. Wires over several columns keep a lane free between the blocks they pass.

use super::{GAP, Net, layers};

/// Long wires of more lanes than this altogether get none: a layout must not take longer than its document is large.
const MAX_LANES: usize = 20_000;
const SWEEPS: usize = 12;
const LANE_HEIGHT: f32 = 12.0;

/// Pieces and lanes; a lane is a piece without width.
struct Grid {
    height: Vec<f32>,
    behind: Vec<Vec<usize>>,
    ahead: Vec<Vec<usize>>,
    columns: Vec<Vec<usize>>,
    y: Vec<f32>,
}

pub(super) fn places(net: &Net) -> Vec<[f32; 2]> {
    let (behind, ahead) = net.neighbours();
    let (layer, _) = layers(&behind, &ahead);
    let mut grid = Grid::new(net, &ahead, &layer);
    for sweep in 0..SWEEPS {
        grid.sort_columns(sweep % 2 == 0);
    }
    grid.stack();
    for sweep in 0..SWEEPS {
        grid.straighten(sweep % 2 == 0);
    }
    let count = net.sizes.len();
    let mut x = 0.0;
    let mut places = vec![[0.0; 2]; count];
    for column in &grid.columns {
        let width = column.iter().filter(|&&p| p < count).map(|&p| net.sizes[p][0]).fold(0.0, f32::max);
        for &piece in column.iter().filter(|&&piece| piece < count) {
            places[piece] = [x + 0.5 * (width - net.sizes[piece][0]), grid.y[piece]];
        }
        x += width + GAP[0];
    }
    places
}

impl Grid {
    fn new(net: &Net, ahead: &[Vec<usize>], layer: &[usize]) -> Self {
        let count = net.sizes.len();
        let depth = layer.iter().max().map_or(0, |last| last + 1);
        let mut grid = Self {
            height: net.sizes.iter().map(|size| size[1]).collect(),
            behind: vec![Vec::new(); count],
            ahead: vec![Vec::new(); count],
            columns: vec![Vec::new(); depth],
            y: Vec::new(),
        };
        for (piece, &column) in layer.iter().enumerate() {
            grid.columns[column].push(piece);
        }
        let lanes: usize = ahead
            .iter()
            .enumerate()
            .flat_map(|(from, targets)| targets.iter().map(move |&to| (from, to)))
            .map(|(from, to)| layer[to].saturating_sub(layer[from] + 1))
            .sum();
        for (from, targets) in ahead.iter().enumerate() {
            for &to in targets {
                let mut last = from;
                if lanes <= MAX_LANES {
                    for column in layer[from] + 1..layer[to] {
                        let lane = grid.height.len();
                        grid.height.push(LANE_HEIGHT);
                        grid.behind.push(Vec::new());
                        grid.ahead.push(Vec::new());
                        grid.columns[column].push(lane);
                        grid.join(last, lane);
                        last = lane;
                    }
                }
                grid.join(last, to);
            }
        }
        grid.y = vec![0.0; grid.height.len()];
        grid
    }

    fn join(&mut self, from: usize, to: usize) {
        self.ahead[from].push(to);
        self.behind[to].push(from);
    }

    /// Orders each column by the mean place of the neighbours in the column before (or after).
    fn sort_columns(&mut self, forward: bool) {
        let mut place = vec![0.0_f32; self.height.len()];
        let count = self.columns.len();
        for step in 0..count {
            let column = if forward { step } else { count - 1 - step };
            let mut pieces = std::mem::take(&mut self.columns[column]);
            for (index, &piece) in pieces.iter().enumerate() {
                let neighbours = if forward { &self.behind[piece] } else { &self.ahead[piece] };
                let sum: f32 = neighbours.iter().map(|&other| place[other]).sum();
                let own = index as f32 / pieces.len() as f32;
                place[piece] = if neighbours.is_empty() { own } else { sum / neighbours.len() as f32 };
            }
            pieces.sort_by(|&a, &b| place[a].total_cmp(&place[b]));
            let length = pieces.len() as f32;
            for (index, &piece) in pieces.iter().enumerate() {
                place[piece] = (index as f32 + 0.5) / length;
            }
            self.columns[column] = pieces;
        }
    }

    fn stack(&mut self) {
        for column in &self.columns {
            let mut y = 0.0;
            for &piece in column {
                self.y[piece] = y;
                y += self.height[piece] + GAP[1];
            }
            // Columns are centred on one line.
            for &piece in column {
                self.y[piece] -= 0.5 * (y - GAP[1]);
            }
        }
    }

    /// Moves each piece towards the middle of its neighbours, without changing the order in its column.
    fn straighten(&mut self, forward: bool) {
        let middle = |grid: &Self, piece: usize| grid.y[piece] + 0.5 * grid.height[piece];
        let count = self.columns.len();
        for step in 0..count {
            let column = if forward { step } else { count - 1 - step };
            let pieces = std::mem::take(&mut self.columns[column]);
            let wanted: Vec<f32> = pieces
                .iter()
                .map(|&piece| {
                    let neighbours = if forward { &self.behind[piece] } else { &self.ahead[piece] };
                    if neighbours.is_empty() {
                        return self.y[piece];
                    }
                    let sum: f32 = neighbours.iter().map(|&other| middle(self, other)).sum();
                    sum / neighbours.len() as f32 - 0.5 * self.height[piece]
                })
                .collect();
            // The mean of the lowest and the highest places that keep distances: neither end is favoured.
            let (mut low, mut high) = (wanted.clone(), wanted);
            for i in 1..pieces.len() {
                low[i] = low[i].max(low[i - 1] + self.height[pieces[i - 1]] + GAP[1]);
            }
            for i in (1..pieces.len()).rev() {
                high[i - 1] = high[i - 1].min(high[i] - self.height[pieces[i - 1]] - GAP[1]);
            }
            for (i, &piece) in pieces.iter().enumerate() {
                self.y[piece] = 0.5 * (low[i] + high[i]);
            }
            self.columns[column] = pieces;
        }
    }
}
