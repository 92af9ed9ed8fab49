// The march through a cube, one ray for each pixel. `src/volume/march.rs` computes the same in Rust and is kept close, line by line.

override source: u32 = 0u;
override absorber: u32 = 0u;
override second_has_blanks: bool = false;
// The running integral of the table is used between samples.
override integrated: bool = false;
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

// The samples of a ray: places of the cube at the first one and for each step.
struct Path {
    start: vec3f,
    stride: vec3f,
    steps: f32,
    met: bool,
}

fn path_of(pixel: vec2f) -> Path {
    let span = span_of(pixel);
    var leave = span.leave;
    if has_surfaces {
        leave = min(leave, textureLoad(surface_distance, vec2i(pixel), 0).r);
    }
    var path: Path;
    path.met = leave > span.enter;
    if centred < 3u {
        let axis = min(centred, 2u);
        let shape = vec3f(u.shape.xyz);
        let rate = abs(span.along[axis]) * shape[axis];
        let forward = span.along[axis] > 0.0;
        let place = span.start[axis] * shape[axis];
        let ahead = select(place, shape[axis] - place, forward);
        // Voxels before the one that holds the entry are behind; a centre just before it counts as met.
        let first = ceil(shape[axis] - ahead - 0.5 - 1e-3);
        let last = floor(shape[axis] - ahead + (leave - span.enter) * rate - 0.5 + 1e-3);
        path.steps = max(last - first + 1.0, 0.0);
        path.start = (floor(clamp(span.start * shape, vec3f(0.0), shape - 1.0)) + 0.5) / shape;
        let centre = (first + 0.5) / shape[axis];
        path.start[axis] = select(1.0 - centre, centre, forward);
        path.stride = vec3f(0.0);
        path.stride[axis] = select(-1.0, 1.0, forward) / shape[axis];
        path.met = path.met && path.steps > 0.0;
        return path;
    }
    path.steps = clamp(ceil((leave - span.enter) / u.forward.w), 1.0, MOST_STEPS);
    if mode == POLARIS {
        path.steps = POLARIS_STEPS;
    }
    let step = (leave - span.enter) / path.steps;
    var offset = 0.5;
    if u.picture.z > 0u {
        let tile = textureDimensions(noise);
        offset = fract(textureLoad(noise, vec2u(pixel) % tile, 0).r + bitcast<f32>(u.picture.w));
    }
    path.start = span.start + offset * step * span.along;
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

@fragment
fn march(@builtin(position) position: vec4f) -> @location(0) vec4f {
    let path = path_of(position.xy);
    var behind = vec4f(0.0);
    if has_surfaces {
        behind = textureLoad(surface_colour, vec2i(position.xy), 0);
    }
    if !path.met || mode == NO_RAYS {
        return behind;
    }
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

    var sum = vec3f(0.0);
    var through = 1.0;
    // What the fog of blank voxels lets through.
    var veil = 1.0;
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
    let clear = veil * select(1.0, through, mode == EMISSION || mode == ABSORPTION);
    let fogged = vec4f(sum, 1.0 - clear) + clear * behind;
    switch mode {
        case EMISSION, ABSORPTION: { return fogged; }
        case POLARIS: { return vec4f(1.5 * total * vec3f(83.0, 112.0, 193.0) / 255.0, 1.0); }
        case MAXIMUM: {
            if most <= NOTHING { return fogged; }
            return over(colour(most, colours), behind);
        }
        default: {
            if count == 0.0 { return fogged; }
            var result = total;
            if mode == AVERAGE { result = total / count; }
            if mode == INTEGRAL { result = total * length_of_step; }
            if mode == TRANSFER { result = total + through * radiation.z; }
            return over(colour(result - physical.x, colours), behind);
        }
    }
}

// The colour of a value hides all behind it; over a surface only by its opacity, for it would else hide them all.
fn over(value: vec4f, behind: vec4f) -> vec4f {
    let opacity = select(1.0, value.a, behind.a > 0.0);
    return vec4f(opacity * value.rgb, opacity) + (1.0 - opacity) * behind;
}
