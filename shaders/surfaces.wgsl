// Isosurfaces, what closes them where the clip box cuts them, and slices: what a ray meets next. `src/volume/surfaces/` computes the same in
// Rust and is kept close, line by line.

const MOST: u32 = 32u;

struct Stops {
    counts: vec4u,                  // surfaces, slices; 1 where cuts are closed
    surfaces: array<vec4f, MOST>,   // colour; w: level, stored
    points: array<vec4f, MOST>,     // of slices, place in the cube; w: thickness in longest sides
    covectors: array<vec4f, MOST>,  // w: samples across the slice
    across: array<vec4f, MOST>,     // w: opacity of the slice
    looks: array<vec4f, MOST>,      // of surfaces: opacity; 1 where they hold what lies above the level, else -1
}

@group(0) @binding(11) var<uniform> stops: Stops;
// One bit for each surface whose level lies within the brick.
@group(0) @binding(12) var levels: texture_3d<u32>;

const FAR: f32 = 1e30;
const AMBIENT: f32 = 0.3;
const GLEAM: f32 = 0.15;
const SHARPNESS: f32 = 32.0;
const BISECTIONS: i32 = 16;
const OVERLAP: f32 = 1e-3;
const LEAST_WEIGHT: f32 = 2e-3;
const MOST_CELLS: i32 = 65536;
const ROUNDING: f32 = 1e-5;
const LEAST_OVERLAP: f32 = 1e-6;
const FLAT: f32 = 0.7;
// Of a ray that has met nothing yet.
const BEFORE: f32 = -1.0;

// Values and validity at the corners of a cell, x fastest.
struct Cell {
    values: array<f32, 8>,
    valid: array<f32, 8>,
}

fn cell_at(low: vec3f) -> Cell {
    var cell: Cell;
    let last = vec3i(u.shape.xyz) - 1;
    for (var i = 0; i < 8; i++) {
        let corner = vec3i(low) + vec3i(i & 1, (i >> 1u) & 1, (i >> 2u) & 1);
        let texel = textureLoad(field, clamp(corner, vec3i(0), last), 0);
        cell.values[i] = texel.r;
        cell.valid[i] = select(1.0, texel.g, has_blanks);
    }
    return cell;
}

// As `value_at`, but by nothing that an adapter's sampler may round.
fn exact_value_at(place: vec3f) -> f32 {
    let shape = vec3f(u.shape.xyz);
    let at = clamp(place * shape - 0.5, vec3f(0.0), shape - 1.0);
    let low = floor(at);
    let part = at - low;
    let cell = cell_at(low);
    var sum = 0.0;
    var weight = 0.0;
    for (var i = 0; i < 8; i++) {
        let upper = vec3<bool>((i & 1) != 0, (i & 2) != 0, (i & 4) != 0);
        let shares = select(1.0 - part, part, upper);
        let share = shares.x * shares.y * shares.z * cell.valid[i];
        sum += share * cell.values[i];
        weight += share;
    }
    if weight <= 1e-4 {
        return NOTHING;
    }
    return sum / weight;
}

// Distances are counted from where the ray enters the clip box.
struct Hit {
    at: f32,
    colour: vec4f,
}

// The nearest stop from a distance on; at the beginning with the cut where the ray enters.
fn stop_from(span: Span, begin: f32) -> Hit {
    let leave = span.leave - span.enter;
    var nearest = Hit(FAR, vec4f(0.0));
    for (var index = 0u; index < stops.counts.y; index++) {
        let hit = slice_met(span, index, max(begin, -ROUNDING), nearest.at);
        if hit.at < nearest.at { nearest = hit; }
    }
    if stops.counts.x == 0u {
        return nearest;
    }
    if begin < 0.0 && nearest.at > ROUNDING {
        let cut = cut_met(span, 0.0);
        if cut.at < FAR { return cut; }
    }
    let hit = surface_met(span, max(begin, 0.0), min(nearest.at, leave));
    if hit.at < nearest.at { nearest = hit; }
    if nearest.at < FAR || begin >= leave {
        return nearest;
    }
    return cut_met(span, leave);
}

// The innermost surface that is cut by the clip box at an end of the ray.
fn cut_met(span: Span, at: f32) -> Hit {
    var hit = Hit(FAR, vec4f(0.0));
    let place = span.start + at * span.along;
    let cuts_low = abs(place - u.clip_low.xyz) < vec3f(ROUNDING) & u.clip_low.xyz > vec3f(0.0);
    let cuts_high = abs(place - u.clip_high.xyz) < vec3f(ROUNDING) & u.clip_high.xyz < vec3f(1.0);
    if stops.counts.z == 0u || !any(cuts_low | cuts_high) {
        return hit;
    }
    let value = exact_value_at(place);
    if value <= NOTHING {
        return hit;
    }
    var innermost = -FAR;
    for (var index = 0u; index < stops.counts.x; index++) {
        let level = stops.surfaces[index].w;
        let side = stops.looks[index].y;
        if (value - level) * side >= 0.0 && level * side > innermost {
            innermost = level * side;
            hit = Hit(at, vec4f(FLAT * stops.surfaces[index].rgb, stops.looks[index].x));
        }
    }
    return hit;
}

// Cells are looked at so far beyond their sides, and a ray goes on so far behind a surface.
fn overlap_of(span: Span) -> f32 {
    let sizes = abs(span.along * vec3f(u.shape.xyz));
    return max(OVERLAP / max(sizes.x, max(sizes.y, sizes.z)), LEAST_OVERLAP);
}

fn slice_met(span: Span, index: u32, begin: f32, until: f32) -> Hit {
    var hit = Hit(FAR, vec4f(0.0));
    let covector = stops.covectors[index].xyz;
    let slope = dot(span.along, covector);
    if abs(slope) < 1e-6 {
        return hit;
    }
    let distance = dot(stops.points[index].xyz - span.start, covector) / slope;
    if distance < begin || distance > span.leave - span.enter + ROUNDING || distance >= until {
        return hit;
    }
    let place = span.start + distance * span.along;
    let thickness = stops.points[index].w;
    let samples = stops.covectors[index].w;
    var sum = 0.0;
    var count = 0.0;
    for (var sample = 0.0; sample < samples; sample += 1.0) {
        let apart = ((sample + 0.5) / samples - 0.5) * thickness;
        let at = place + apart * stops.across[index].xyz;
        if apart != 0.0 && (any(at < vec3f(0.0)) || any(at > vec3f(1.0))) {
            continue;
        }
        let value = exact_value_at(at);
        if value > NOTHING {
            sum += value;
            count += 1.0;
        }
    }
    if count > 0.0 {
        hit = Hit(max(distance, 0.0), vec4f(colour(sum / count, colours_of()).rgb, stops.across[index].w));
    }
    return hit;
}

fn surface_met(span: Span, begin: f32, end: f32) -> Hit {
    let shape = vec3f(u.shape.xyz);
    let start = span.start * shape - 0.5;
    let along = span.along * shape;
    let sizes = abs(along);
    let overlap = overlap_of(span);
    let moves = sizes > vec3f(1e-9);
    let inverse = select(vec3f(0.0), 1.0 / along, moves);
    let ahead = select(vec3f(0.0), vec3f(1.0), along > vec3f(0.0));
    let brick_side = f32(u.shape.w);
    let last_brick = vec3f(textureDimensions(levels)) - 1.0;
    var at = begin;
    var brick_end = -1.0;
    var mask = 0u;
    for (var turn = 0; turn < MOST_CELLS && at < end; turn++) {
        let here = start + (at + overlap) * along;
        if at + overlap >= brick_end {
            // Bricks begin half a voxel before the centre of their first voxel.
            let brick = clamp(floor((here + 0.5) / brick_side), vec3f(0.0), last_brick);
            mask = textureLoad(levels, vec3i(brick), 0).r;
            let edges = select(vec3f(FAR), ((brick + ahead) * brick_side - 0.5 - start) * inverse, moves);
            let edge = min(edges.x, min(edges.y, edges.z));
            brick_end = max(edge, at + overlap);
            if mask == 0u {
                at = brick_end;
                continue;
            }
        }
        let low = floor(here);
        let edges = select(vec3f(FAR), (low + ahead - start) * inverse, moves);
        let next = min(end, max(min(edges.x, min(edges.y, edges.z)), at + overlap));
        let cell = cell_at(low);
        let first = max(at - overlap, begin);
        let last = min(next + overlap, end);
        let place = start + first * along - low;
        let across = along * (last - first);
        var nearest = 2.0;
        var which = 0u;
        for (var index = 0u; index < stops.counts.x; index++) {
            if (mask >> index & 1u) == 0u {
                continue;
            }
            let part = crossing(cell, stops.surfaces[index].w, place, across);
            if part < nearest {
                nearest = part;
                which = index;
            }
        }
        if nearest <= 1.0 {
            let along_ray = first + nearest * (last - first);
            let met = span.start + along_ray * span.along;
            return Hit(along_ray, vec4f(lit(met, span.direction, stops.surfaces[which]), stops.looks[which].x));
        }
        at = next;
    }
    return Hit(FAR, vec4f(0.0));
}

// The part of the way at which the field first crosses the level; 2 where it does not.
fn crossing(cell: Cell, level: f32, place: vec3f, across: vec3f) -> f32 {
    var above: array<f32, 8>;
    var least = FAR;
    var most = -FAR;
    for (var i = 0; i < 8; i++) {
        above[i] = cell.valid[i] * (cell.values[i] - level);
        if cell.valid[i] > 0.0 {
            least = min(least, above[i]);
            most = max(most, above[i]);
        }
    }
    if !(least < 0.0 && most >= 0.0) {
        return 2.0;
    }
    let k = cubic(above, place, across);
    let root = sqrt(max(k.z * k.z - 3.0 * k.w * k.y, 0.0));
    let larger = -(k.z + select(root, -root, k.z < 0.0));
    let one = select(1.0, larger / (3.0 * k.w), abs(k.w) > 1e-20);
    let other = select(1.0, k.y / larger, abs(larger) > 1e-20);
    var nodes = array<f32, 4>(0.0, clamp(min(one, other), 0.0, 1.0), clamp(max(one, other), 0.0, 1.0), 1.0);
    for (var pair = 0; pair < 3; pair++) {
        var low = nodes[pair];
        var high = nodes[pair + 1];
        let below = at_part(k, low) < 0.0;
        if below == (at_part(k, high) < 0.0) {
            continue;
        }
        for (var turn = 0; turn < BISECTIONS; turn++) {
            let middle = 0.5 * (low + high);
            if (at_part(k, middle) < 0.0) == below { low = middle; } else { high = middle; }
        }
        let middle = 0.5 * (low + high);
        if !has_blanks || at_part(cubic(cell.valid, place, across), middle) > LEAST_WEIGHT {
            return middle;
        }
    }
    return 2.0;
}

// Trilinear interpolation along a straight way through the cell, as the coefficients of a cubic.
fn cubic(c: array<f32, 8>, place: vec3f, across: vec3f) -> vec4f {
    let low = square(line(c[0], c[1], place, across), line(c[2], c[3], place, across), place, across);
    let high = square(line(c[4], c[5], place, across), line(c[6], c[7], place, across), place, across);
    let apart = high - low;
    return vec4f(low + apart * place.z, 0.0) + vec4f(0.0, apart * across.z);
}

fn line(low: f32, high: f32, place: vec3f, across: vec3f) -> vec2f {
    return vec2f(low + (high - low) * place.x, (high - low) * across.x);
}

fn square(low: vec2f, high: vec2f, place: vec3f, across: vec3f) -> vec3f {
    let apart = high - low;
    return vec3f(low + apart * place.y, 0.0) + vec3f(0.0, apart * across.y);
}

fn at_part(k: vec4f, part: f32) -> f32 {
    return ((k.w * part + k.z) * part + k.y) * part + k.x;
}

fn lit(place: vec3f, direction: vec3f, surface: vec4f) -> vec3f {
    let shape = vec3f(u.shape.xyz);
    var slope = vec3f(0.0);
    for (var axis = 0; axis < 3; axis++) {
        var voxel = vec3f(0.0);
        voxel[axis] = 1.0 / shape[axis];
        let after = value_or(exact_value_at(place + voxel), surface.w);
        let before = value_or(exact_value_at(place - voxel), surface.w);
        slope[axis] = u.signs[axis] * (after - before) * shape[axis] / u.sides[axis];
    }
    let steepness = length(slope);
    let facing = select(1.0, abs(dot(slope / max(steepness, 1e-20), direction)), steepness > 1e-20);
    return surface.rgb * (AMBIENT + (1.0 - AMBIENT) * facing) + vec3f(GLEAM * pow(facing, SHARPNESS));
}

fn value_or(value: f32, level: f32) -> f32 {
    return select(value, level, value <= NOTHING);
}
