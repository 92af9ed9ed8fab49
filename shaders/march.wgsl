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

const POLARIS_STEPS: f32 = 200.0;

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
        let tile = textureDimensions(noise);
        offset = fract(textureLoad(noise, vec2u(pixel) % tile, 0).r + bitcast<f32>(u.picture.w));
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
    let texel = textureSampleLevel(second_field, between, place, 0.0);
    if !second_has_blanks {
        return texel.r;
    }
    if texel.g <= 1e-4 {
        return NOTHING;
    }
    return texel.r / texel.g;
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

// With what shines and dims along a part of a ray, before a stop or to the end.
fn marched(before_it: Light, path: Path, is_stopped: bool) -> Light {
    // All that stays the same is read here: a driver that draws on the processor would read it at every sample.
    let start = path.start;
    let stride = path.stride;
    let steps = path.steps;
    let length_of_step = length(stride * u.sides.xyz);
    let depth = u.up.w * length_of_step;
    let dims_by = -depth / log(2.0);
    let fog = exp(-u.blank.w * length_of_step);
    let blank = u.blank.rgb;
    let physical = u.physical;
    let colours = colours_of();
    let radiation = u.radiation;
    let constant_kept = exp(-radiation.x * length_of_step);
    let bricks_in_box = vec3f(u.shape.xyz) / f32(u.shape.w);
    let brick_start = start * bricks_in_box;
    let brick_stride = stride * bricks_in_box;
    let last_brick = vec3f(textureDimensions(bricks)) - 1.0;
    let forward = select(vec3f(0.0), vec3f(1.0), brick_stride > vec3f(0.0));
    let moves = abs(brick_stride) > vec3f(1e-12);
    let inverse = select(vec3f(0.0), 1.0 / brick_stride, moves);
    let never = select(vec3f(1e30), vec3f(0.0), moves);
    let most_through = select(select(0.0, OPAQUE, mode == ABSORPTION), DARK, mode == TRANSFER);

    var sum = before_it.sum;
    var through = before_it.through;
    var veil = before_it.veil;
    var most = NOTHING;
    var total = 0.0;
    var count = 0.0;
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
                nothing = mark <= most;
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
        var before = NOTHING;
        var shown = true;
        loop {
            // Beyond the brick the next one is looked up only where nothing shows: lanes that stay together march together.
            if step >= steps || (step >= end && !shown) || veil * through < most_through {
                break;
            }
            let place = start + step * stride;
            step += 1.0;
            let value = value_at(place);
            if has_blanks && value <= NOTHING {
                sum += veil * select(1.0, through, mode == EMISSION || mode == ABSORPTION) * (1.0 - fog) * blank;
                veil *= fog;
                before = NOTHING;
                shown = false;
                continue;
            }
            switch mode {
                case EMISSION, ABSORPTION: {
                    let seen = seen_between(select(before, value, before <= NOTHING), value, colours);
                    before = value;
                    shown = seen.a > 0.0;
                    let kept = exp2(seen.a * dims_by);
                    sum += veil * select(through * (1.0 - kept), seen.a * depth, mode == EMISSION) * seen.rgb;
                    through *= kept;
                }
                case MAXIMUM: {
                    shown = value > most;
                    most = max(most, value);
                }
                case TRANSFER: {
                    var shines = physical.x + value;
                    var dims = shines;
                    if source == OF_SECOND || absorber == OF_SECOND {
                        let other = second_at(place);
                        if second_has_blanks && other <= NOTHING {
                            continue;
                        }
                        if source == OF_SECOND { shines = (physical.z + other) * physical.w; }
                        if absorber == OF_SECOND { dims = physical.z + other; }
                    }
                    if source == CONSTANT { shines = radiation.w; }
                    var kept = constant_kept;
                    if absorber != CONSTANT { kept = exp(-max(radiation.y * dims, 0.0) * length_of_step); }
                    total += through * shines * (1.0 - kept);
                    through *= kept;
                    count += 1.0;
                }
                case POLARIS: {
                    let v = (physical.x + value) * physical.y;
                    let kept = exp(-v * v * length_of_step);
                    total += through * 5.0 * (1.0 - kept);
                    through *= kept;
                }
                default: {
                    total += physical.x + value;
                    count += 1.0;
                }
            }
        }
        if step >= steps || veil * through < most_through {
            break;
        }
    }
    switch mode {
        case EMISSION, ABSORPTION: { return Light(sum, through, veil); }
        case POLARIS: {
            return Light(before_it.sum + before_it.veil * 1.5 * total * vec3f(83.0, 112.0, 193.0) / 255.0, 1.0, 0.0);
        }
        case MAXIMUM: {
            if most <= NOTHING { return Light(sum, 1.0, veil); }
            return laid(before_it, colour(most, colours), is_stopped);
        }
        default: {
            if count == 0.0 { return Light(sum, 1.0, veil); }
            var result = total;
            if mode == AVERAGE { result = total / count; }
            if mode == INTEGRAL { result = total * length_of_step; }
            if mode == TRANSFER { result = total + through * radiation.z; }
            return laid(before_it, colour(result - physical.x, colours), is_stopped);
        }
    }
}

// The colour of a value hides all behind it; before a stop only by its opacity, for it would else hide them all.
fn laid(light: Light, value: vec4f, is_stopped: bool) -> Light {
    let opacity = select(1.0, value.a, is_stopped);
    return Light(light.sum + light.veil * opacity * value.rgb, 1.0, light.veil * (1.0 - opacity));
}
