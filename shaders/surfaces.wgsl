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
const TANGENTS: i32 = 8;
const OVERLAP: f32 = 1e-3;
const LEAST_WEIGHT: f32 = 2e-3;
const MOST_CELLS: i32 = 65536;
const ROUNDING: f32 = 1e-5;
const LEAST_OVERLAP: f32 = 1e-6;
const FLAT: f32 = 0.7;
// Of a ray that has met nothing yet.
const BEFORE: f32 = -1.0;

// Values and validity at the corners of a cell: those on its lower side in x and those on its upper, y faster than z.
struct Cell {
    lower: vec4f,
    upper: vec4f,
    lower_valid: vec4f,
    upper_valid: vec4f,
}

fn cell_at(low: vec3f) -> Cell {
    let last = vec3i(u.shape.xyz) - 1;
    let a = clamp(vec3i(low), vec3i(0), last);
    let b = clamp(vec3i(low) + 1, vec3i(0), last);
    let c0 = textureLoad(field, a, 0);
    let c1 = textureLoad(field, vec3i(b.x, a.yz), 0);
    let c2 = textureLoad(field, vec3i(a.x, b.y, a.z), 0);
    let c3 = textureLoad(field, vec3i(b.xy, a.z), 0);
    let c4 = textureLoad(field, vec3i(a.xy, b.z), 0);
    let c5 = textureLoad(field, vec3i(b.x, a.y, b.z), 0);
    let c6 = textureLoad(field, vec3i(a.x, b.yz), 0);
    let c7 = textureLoad(field, b, 0);
    var cell: Cell;
    cell.lower = vec4f(c0.r, c2.r, c4.r, c6.r);
    cell.upper = vec4f(c1.r, c3.r, c5.r, c7.r);
    cell.lower_valid = vec4f(1.0);
    cell.upper_valid = vec4f(1.0);
    if has_blanks {
        cell.lower_valid = vec4f(c0.g, c2.g, c4.g, c6.g);
        cell.upper_valid = vec4f(c1.g, c3.g, c5.g, c7.g);
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
    let shares = vec4f(1.0 - part.y, part.y, 1.0 - part.y, part.y) * vec4f(vec2f(1.0 - part.z), vec2f(part.z));
    let lower = shares * (1.0 - part.x) * cell.lower_valid;
    let upper = shares * part.x * cell.upper_valid;
    let sum = dot(lower, cell.lower) + dot(upper, cell.upper);
    return value_of(vec2f(sum, dot(lower + upper, vec4f(1.0))), has_blanks);
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
    var first = 0.0;
    var last = 0.0;
    var crossed = 0u;
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
        let range = range_of(cell);
        first = max(at - overlap, begin);
        last = min(next + overlap, end);
        let place = start + first * along - low;
        let across = along * (last - first);
        var rest = mask;
        while rest != 0u {
            let bit = rest & (~rest + 1u);
            let level = stops.surfaces[firstTrailingBit(rest)].w;
            rest ^= bit;
            if range.x < level && level <= range.y && crosses(cell, level, place, across) {
                crossed |= bit;
            }
        }
        if crossed != 0u {
            break;
        }
        at = next;
    }
    if crossed == 0u {
        return Hit(FAR, vec4f(0.0));
    }
    // Here and not within the walk: rays that are drawn together find theirs at different times.
    let low = floor(start + (at + overlap) * along);
    let cell = cell_at(low);
    var nearest = 2.0;
    var which = 0u;
    for (; crossed != 0u; crossed &= crossed - 1u) {
        let index = firstTrailingBit(crossed);
        let part = crossing(cell, stops.surfaces[index].w, start + first * along - low, along * (last - first));
        if part < nearest {
            nearest = part;
            which = index;
        }
    }
    let met = first + nearest * (last - first);
    let place = span.start + met * span.along;
    return Hit(met, vec4f(lit(place, span.direction, stops.surfaces[which]), stops.looks[which].x));
}

// Whether `crossing` finds anything; mostly without looking for where.
fn crosses(cell: Cell, level: f32, place: vec3f, across: vec3f) -> bool {
    if !has_blanks || all(cell.lower_valid + cell.upper_valid > vec4f(1.5)) {
        let k = cubic(cell.lower - level, cell.upper - level, place, across);
        let is_below = k.x < 0.0;
        if is_below != (at_part(k, 1.0) < 0.0) {
            return true;
        }
        // Between the two control points of its Bézier curve and the ends a cubic stays.
        let one = k.x + k.y / 3.0;
        let other = one + (k.y + k.z) / 3.0;
        if is_below == (one < 0.0) && is_below == (other < 0.0) {
            return false;
        }
    }
    return crossing(cell, level, place, across) <= 1.0;
}

// The least and the greatest value at the corners that have one.
fn range_of(cell: Cell) -> vec2f {
    var least = min(cell.lower, cell.upper);
    var most = max(cell.lower, cell.upper);
    if has_blanks {
        let lower = cell.lower_valid > vec4f(0.0);
        let upper = cell.upper_valid > vec4f(0.0);
        least = min(select(vec4f(FAR), cell.lower, lower), select(vec4f(FAR), cell.upper, upper));
        most = max(select(vec4f(-FAR), cell.lower, lower), select(vec4f(-FAR), cell.upper, upper));
    }
    return vec2f(min(min(least.x, least.y), min(least.z, least.w)), max(max(most.x, most.y), max(most.z, most.w)));
}

// The part of the way at which the field first crosses the level; 2 where it does not.
fn crossing(cell: Cell, level: f32, place: vec3f, across: vec3f) -> f32 {
    let k = cubic(cell.lower_valid * (cell.lower - level), cell.upper_valid * (cell.upper - level), place, across);
    let root = sqrt(max(k.z * k.z - 3.0 * k.w * k.y, 0.0));
    let larger = -(k.z + select(root, -root, k.z < 0.0));
    let one = select(1.0, larger / (3.0 * k.w), abs(k.w) > 1e-20);
    let other = select(1.0, k.y / larger, abs(larger) > 1e-20);
    let nodes = vec3f(clamp(min(one, other), 0.0, 1.0), clamp(max(one, other), 0.0, 1.0), 1.0);
    var low = 0.0;
    var is_below = k.x < 0.0;
    for (var pair = 0; pair < 3; pair++) {
        let high = select(select(nodes.z, nodes.y, pair == 1), nodes.x, pair == 0);
        let is_next_below = at_part(k, high) < 0.0;
        if is_next_below != is_below {
            let met = root_between(k, low, high, is_below);
            if !has_blanks || at_part(cubic(cell.lower_valid, cell.upper_valid, place, across), met) > LEAST_WEIGHT {
                return met;
            }
        }
        low = high;
        is_below = is_next_below;
    }
    return 2.0;
}

// Where a cubic that only rises or only falls between two parts is zero: by tangents that are kept between the two.
fn root_between(k: vec4f, begin: f32, end: f32, is_below: bool) -> f32 {
    var low = begin;
    var high = end;
    var at = 0.5 * (low + high);
    for (var turn = 0; turn < TANGENTS; turn++) {
        let value = at_part(k, at);
        if (value < 0.0) == is_below { low = at; } else { high = at; }
        let next = at - value / ((3.0 * k.w * at + 2.0 * k.z) * at + k.y);
        at = select(0.5 * (low + high), next, next >= low && next <= high);
    }
    return at;
}

// Trilinear interpolation along a straight way through the cell, as the coefficients of a cubic.
fn cubic(lower: vec4f, upper: vec4f, place: vec3f, across: vec3f) -> vec4f {
    let apart = upper - lower;
    let fixed = lower + apart * place.x;
    let moving = apart * across.x;
    let apart_fixed = fixed.yw - fixed.xz;
    let apart_moving = moving.yw - moving.xz;
    let k0 = fixed.xz + apart_fixed * place.y;
    let k1 = moving.xz + apart_moving * place.y + apart_fixed * across.y;
    let k2 = apart_moving * across.y;
    let low = vec3f(k0.x, k1.x, k2.x);
    let rise = vec3f(k0.y, k1.y, k2.y) - low;
    return vec4f(low + rise * place.z, 0.0) + vec4f(0.0, rise * across.z);
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
