// The march through a cube, one ray for each pixel. `src/volume/march.rs` computes the same in Rust and is kept close, line by line.

override source: u32 = 0u;
override absorber: u32 = 0u;
override second_has_blanks: bool = false;
// The running integral of the table is used between samples.
override integrated: bool = false;
// Surfaces or slices are met on the way.
override has_surfaces: bool = false;
// Samples lie on voxel centres along an axis (0 to 2) of a parallel beam; 3 where they do not.
override centred: u32 = 3u;
// The optical depth of a step is small, whatever the value.
override thin_steps: bool = false;

const OPAQUE: f32 = 1.0 / 512.0;
// The radiative transfer is a measurement: what is left out is below its rounding.
const DARK: f32 = 1e-5;
const CELLS: f32 = 1024.0;

const EMISSION: u32 = 0u;
const ABSORPTION: u32 = 1u;
const MAXIMUM: u32 = 2u;
const AVERAGE: u32 = 3u;
const INTEGRAL: u32 = 4u;
const TRANSFER: u32 = 5u;
const NO_RAYS: u32 = 6u;
const POLARIS: u32 = 7u;

const OF_CUBE: u32 = 0u;
const CONSTANT: u32 = 1u;
const OF_SECOND: u32 = 2u;

// Pixels along the side of the tile of noise.
const NOISE: u32 = 64u;

const POLARIS_STEPS: f32 = 200.0;
// So many samples are taken before it is asked whether to go on.
const TOGETHER: f32 = 4.0;

// The samples of a part of a ray: places of the cube at the first one and for each step.
struct Path {
    start: vec3f,
    stride: vec3f,
    steps: f32,
}

// Distances are counted from where the ray enters.
fn path_of(span: Span, begin: f32, until: f32, pixel: vec2f) -> Path {
    let from_place = span.start + begin * span.along;
    var path: Path;
    if centred < 3u {
        let axis = min(centred, 2u);
        let shape = vec3f(u.shape.xyz);
        let rate = abs(span.along[axis]) * shape[axis];
        let forward = span.along[axis] > 0.0;
        let place = from_place[axis] * shape[axis];
        let ahead = select(place, shape[axis] - place, forward);
        // Voxels before the one that holds the entry are behind; a centre just before it counts as met.
        let first = ceil(shape[axis] - ahead - 0.5 - 1e-3);
        let last = floor(shape[axis] - ahead + (until - begin) * rate - 0.5 + 1e-3);
        path.steps = max(last - first + 1.0, 0.0);
        path.start = (floor(clamp(from_place * shape, vec3f(0.0), shape - 1.0)) + 0.5) / shape;
        let centre = (first + 0.5) / shape[axis];
        path.start[axis] = select(1.0 - centre, centre, forward);
        path.stride = vec3f(0.0);
        path.stride[axis] = select(-1.0, 1.0, forward) / shape[axis];
        return path;
    }
    path.steps = clamp(ceil((until - begin) / u.forward.w), 1.0, MOST_STEPS);
    if mode == POLARIS {
        path.steps = POLARIS_STEPS;
    }
    let step = (until - begin) / path.steps;
    var offset = 0.5;
    if u.picture.z > 0u {
        offset = fract(textureLoad(noise, vec2u(pixel) % NOISE, 0).r + bitcast<f32>(u.picture.w));
    }
    path.start = from_place + offset * step * span.along;
    path.stride = span.along * step;
    return path;
}

// Colour and opacity of what lies between two samples.
fn seen_between(before: f32, value: f32, colours: Colours) -> vec4f {
    if !integrated {
        return colour(value, colours);
    }
    let one = min(u32(table_place(before, colours) * CELLS), u32(CELLS) - 1u);
    let other = min(u32(table_place(value, colours) * CELLS), u32(CELLS) - 1u);
    let first = min(one, other);
    let last = max(one, other) + 1u;
    let mean = (textureLoad(integrals, vec2u(last, 0u), 0) - textureLoad(integrals, vec2u(first, 0u), 0)) / f32(last - first);
    return vec4f(mean.rgb / max(mean.a, 1e-6), mean.a);
}

fn second_at(place: vec3f) -> f32 {
    return value_of(textureSampleLevel(second_field, between, place, 0.0).rg, second_has_blanks);
}

// What came from a ray so far.
struct Light {
    sum: vec3f,
    // What gas lets through, where it dims.
    through: f32,
    // What surfaces and the fog of blank voxels let through.
    veil: f32,
}

@fragment
fn march(@builtin(position) position: vec4f) -> @location(0) vec4f {
    let span = span_of(position.xy);
    let leave = span.leave - span.enter;
    var light = Light(vec3f(0.0), 1.0, 1.0);
    if !has_surfaces {
        if leave > 0.0 && mode != NO_RAYS {
            light = marched(light, path_of(span, 0.0, leave, position.xy), false);
        }
        return vec4f(light.sum, 1.0 - light.through * light.veil);
    }
    // From stop to stop, as far as anything is seen.
    var at = 0.0;
    var look_from = BEFORE;
    while at < leave {
        let hit = stop_from(span, look_from);
        let until = min(hit.at, leave);
        if until > at && mode != NO_RAYS {
            light = marched(light, path_of(span, at, until, position.xy), hit.at < FAR);
        }
        if hit.at >= FAR {
            break;
        }
        light.sum += light.veil * light.through * hit.colour.a * hit.colour.rgb;
        light.veil *= 1.0 - hit.colour.a;
        if light.veil * select(light.through, 1.0, mode == EMISSION) < OPAQUE {
            break;
        }
        at = hit.at;
        look_from = hit.at + overlap_of(span);
    }
    return vec4f(light.sum, 1.0 - light.through * light.veil);
}

// What a sample's part depends on, read once for each ray: a driver that draws on the processor would read it at every sample.
struct Rules {
    colours: Colours,
    radiation: vec4f,
    physical: vec4f,
    blank: vec3f,
    length_of_step: f32,
    // Optical depth of full opacity over a step; what a step lets through of blanks, and of a constant opacity.
    depth: f32,
    fog: f32,
    constant_kept: f32,
}

// What a ray has met on a part of its way.
struct Met {
    sum: vec3f,
    through: f32,
    veil: f32,
    most: f32,
    total: f32,
    count: f32,
    // The last value, for the mean between two.
    before: f32,
    // The last samples added something.
    shown: bool,
}

// What a step of this optical depth lets through.
fn kept_of(depth: f32) -> f32 {
    if !thin_steps {
        return exp2(depth * (-1.0 / log(2.0)));
    }
    // Exact to the last digits up to `uniforms::THIN`, and a third of the work where there is no instruction for it.
    return 1.0 - depth * (1.0 - depth * (1.0 / 2.0 - depth * (1.0 / 6.0 - depth * (1.0 / 24.0 - depth / 120.0))));
}

fn meet(met: ptr<function, Met>, value: f32, place: vec3f, rules: Rules) {
    if has_blanks && value <= NOTHING {
        let of_light = mode == EMISSION || mode == ABSORPTION;
        (*met).sum += (*met).veil * select(1.0, (*met).through, of_light) * (1.0 - rules.fog) * rules.blank;
        (*met).veil *= rules.fog;
        (*met).before = NOTHING;
        return;
    }
    switch mode {
        case EMISSION, ABSORPTION: {
            let before = (*met).before;
            let seen = seen_between(select(before, value, before <= NOTHING), value, rules.colours);
            (*met).before = value;
            (*met).shown |= seen.a > 0.0;
            let depth = seen.a * rules.depth;
            let kept = kept_of(depth);
            let part = select((*met).through * (1.0 - kept), depth, mode == EMISSION);
            (*met).sum += (*met).veil * part * seen.rgb;
            (*met).through *= kept;
        }
        case MAXIMUM: {
            (*met).shown |= value > (*met).most;
            (*met).most = max((*met).most, value);
        }
        case TRANSFER: {
            (*met).shown = true;
            var shines = rules.physical.x + value;
            var dims = shines;
            if source == OF_SECOND || absorber == OF_SECOND {
                let other = second_at(place);
                if second_has_blanks && other <= NOTHING {
                    return;
                }
                if source == OF_SECOND { shines = (rules.physical.z + other) * rules.physical.w; }
                if absorber == OF_SECOND { dims = rules.physical.z + other; }
            }
            if source == CONSTANT { shines = rules.radiation.w; }
            var kept = rules.constant_kept;
            if absorber != CONSTANT { kept = exp(-max(rules.radiation.y * dims, 0.0) * rules.length_of_step); }
            (*met).total += (*met).through * shines * (1.0 - kept);
            (*met).through *= kept;
            (*met).count += 1.0;
        }
        case POLARIS: {
            (*met).shown = true;
            let v = (rules.physical.x + value) * rules.physical.y;
            let kept = exp(-v * v * rules.length_of_step);
            (*met).total += (*met).through * 5.0 * (1.0 - kept);
            (*met).through *= kept;
        }
        default: {
            (*met).shown = true;
            (*met).total += rules.physical.x + value;
            (*met).count += 1.0;
        }
    }
}

// With what shines and dims along a part of a ray, before a stop or to the end.
fn marched(before_it: Light, path: Path, is_stopped: bool) -> Light {
    let start = path.start;
    let stride = path.stride;
    let steps = path.steps;
    let length_of_step = length(stride * u.sides.xyz);
    let rules = Rules(
        colours_of(),
        u.radiation,
        u.physical,
        u.blank.rgb,
        length_of_step,
        u.up.w * length_of_step,
        exp(-u.blank.w * length_of_step),
        exp(-u.radiation.x * length_of_step),
    );
    let bricks_in_box = vec3f(u.shape.xyz) / f32(u.shape.w);
    let brick_start = start * bricks_in_box;
    let brick_stride = stride * bricks_in_box;
    let last_brick = vec3f(textureDimensions(bricks)) - 1.0;
    let forward = select(vec3f(0.0), vec3f(1.0), brick_stride > vec3f(0.0));
    let moves = abs(brick_stride) > vec3f(1e-12);
    let inverse = select(vec3f(0.0), 1.0 / brick_stride, moves);
    let never = select(vec3f(1e30), vec3f(0.0), moves);
    let most_through = select(select(0.0, OPAQUE, mode == ABSORPTION), DARK, mode == TRANSFER);

    var met = Met(before_it.sum, before_it.through, before_it.veil, NOTHING, 0.0, 0.0, NOTHING, true);
    var step = 0.0;
    loop {
        // Leap over what shows nothing.
        var end = steps;
        loop {
            let at = brick_start + step * brick_stride;
            let brick = clamp(floor(at), vec3f(0.0), last_brick);
            let mark = textureLoad(bricks, vec3u(brick), 0).r;
            var nothing = mark > 0.0;
            // The far side of the bricks that show nothing, at least of this one.
            var leap = max(mark, 1.0);
            if mode == MAXIMUM {
                nothing = mark <= met.most;
                leap = 1.0;
            }
            let edge = brick + mix(vec3f(1.0 - leap), vec3f(leap), forward);
            let ahead = (edge - at) * inverse + never;
            end = min(step + max(1.0, ceil(min(ahead.x, min(ahead.y, ahead.z)))), steps);
            if !nothing || step >= steps {
                break;
            }
            step = end;
        }
        met.before = NOTHING;
        met.shown = true;
        loop {
            // Beyond the brick the next one is looked up only where nothing shows: lanes that stay together march together.
            if step >= steps || (step >= end && !met.shown) || met.veil * met.through < most_through {
                break;
            }
            // Four are fetched before the first is used: a driver that draws on the processor would wait for each.
            let place = start + step * stride;
            let first = value_at(place);
            let second = value_at(place + stride);
            let third = value_at(place + 2.0 * stride);
            let fourth = value_at(place + 3.0 * stride);
            met.shown = false;
            meet(&met, first, place, rules);
            if step + 1.0 < steps { meet(&met, second, place + stride, rules); }
            if step + 2.0 < steps { meet(&met, third, place + 2.0 * stride, rules); }
            if step + 3.0 < steps { meet(&met, fourth, place + 3.0 * stride, rules); }
            step += TOGETHER;
        }
        if step >= steps || met.veil * met.through < most_through {
            break;
        }
    }
    switch mode {
        case EMISSION, ABSORPTION: { return Light(met.sum, met.through, met.veil); }
        case POLARIS: {
            return Light(before_it.sum + before_it.veil * 1.5 * met.total * vec3f(83.0, 112.0, 193.0) / 255.0, 1.0, 0.0);
        }
        case MAXIMUM: {
            if met.most <= NOTHING { return Light(met.sum, 1.0, met.veil); }
            return laid(before_it, colour(met.most, rules.colours), is_stopped);
        }
        default: {
            if met.count == 0.0 { return Light(met.sum, 1.0, met.veil); }
            var result = met.total;
            if mode == AVERAGE { result = met.total / met.count; }
            if mode == INTEGRAL { result = met.total * length_of_step; }
            if mode == TRANSFER { result = met.total + met.through * rules.radiation.z; }
            return laid(before_it, colour(result - rules.physical.x, rules.colours), is_stopped);
        }
    }
}

// The colour of a value hides all behind it; before a stop only by its opacity, for it would else hide them all.
fn laid(light: Light, value: vec4f, is_stopped: bool) -> Light {
    let opacity = select(1.0, value.a, is_stopped);
    return Light(light.sum + light.veil * opacity * value.rgb, 1.0, light.veil * (1.0 - opacity));
}
