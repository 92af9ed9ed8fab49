// The march through a cube, one ray for each pixel. `src/volume/march.rs` computes the same in Rust and is kept close, line by line.

const OPAQUE: f32 = 1.0 / 512.0;

const EMISSION: u32 = 0u;
const ABSORPTION: u32 = 1u;
const MAXIMUM: u32 = 2u;
const AVERAGE: u32 = 3u;
const INTEGRAL: u32 = 4u;
const TRANSFER: u32 = 5u;
const NO_RAYS: u32 = 6u;

// How many steps lie in this brick, at least one.
fn steps_to_leave(place: vec3f, stride: vec3f, brick: vec3f, bricks_in_box: vec3f) -> f32 {
    let edge = (brick + select(vec3f(0.0), vec3f(1.0), stride > vec3f(0.0))) / bricks_in_box;
    let apart = abs(stride) > vec3f(1e-12);
    let ahead = select(vec3f(1e30), (edge - place) / stride, apart);
    return max(1.0, ceil(min(ahead.x, min(ahead.y, ahead.z))));
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
    let length_of_step = length(path.stride * u.sides.xyz);
    let depth = u.up.w * length_of_step / u.right.w;
    let dimming = exp(-u.sides.w * length_of_step);
    let bricks_in_box = vec3f(u.shape.xyz) / f32(u.shape.w);
    let last_brick = vec3f(textureDimensions(bricks)) - 1.0;

    var sum = vec3f(0.0);
    var through = 1.0;
    var most = NOTHING;
    var total = 0.0;
    var count = 0.0;
    var step = 0.0;
    while step < path.steps && (mode != ABSORPTION || through >= OPAQUE) {
        let place = path.start + step * path.stride;
        let brick = clamp(floor(place * bricks_in_box), vec3f(0.0), last_brick);
        let bound = textureLoad(bricks, vec3i(brick), 0).r;
        let end = step + steps_to_leave(place, path.stride, brick, bricks_in_box);
        if (mode == MAXIMUM && bound <= most) || (mode != MAXIMUM && bound == 0.0) {
            step = end;
            continue;
        }
        let last = min(end, path.steps);
        for (; step < last; step += 1.0) {
            let value = value_at(path.start + step * path.stride);
            if has_blanks && value <= NOTHING {
                continue;
            }
            switch mode {
                case EMISSION, ABSORPTION: {
                    let seen = colour(value);
                    let kept = exp(-seen.a * depth);
                    sum += select(through * (1.0 - kept), seen.a * depth, mode == EMISSION) * seen.rgb;
                    through *= kept;
                }
                case MAXIMUM: { most = max(most, value); }
                case TRANSFER: {
                    total += through * (u.physical.x + u.physical.y * value) * (1.0 - dimming);
                    through *= dimming;
                    count += 1.0;
                }
                default: {
                    total += u.physical.x + u.physical.y * value;
                    count += 1.0;
                }
            }
        }
    }
    switch mode {
        case EMISSION, ABSORPTION: { return vec4f(sum, 1.0 - through) + through * behind; }
        case MAXIMUM: {
            if most <= NOTHING { return behind; }
            return over(colour(most), behind);
        }
        default: {
            if count == 0.0 { return behind; }
            var result = total;
            if mode == AVERAGE { result = total / count; }
            if mode == INTEGRAL { result = total * length_of_step; }
            return over(colour((result - u.physical.x) / u.physical.y), behind);
        }
    }
}

// The colour of a value hides all behind it; over a surface only by its opacity, for it would else hide them all.
fn over(value: vec4f, behind: vec4f) -> vec4f {
    let opacity = select(1.0, value.a, behind.a > 0.0);
    return vec4f(opacity * value.rgb, opacity) + (1.0 - opacity) * behind;
}
