// What the shaders of a cube have in common: the scene, the cube, rays, values, colours. `src/volume/march.rs` computes the same in Rust.

struct Uniforms {
    eye: vec4f,          // w: 1 for orthographic
    forward: vec4f,      // w: length of a step
    right: vec4f,        // w: shortest side of a voxel
    up: vec4f,           // w: optical depth of full opacity over that side
    sides: vec4f,        // w: opacity of the transfer mode for the longest side
    signs: vec4f,        // which way the axes of the cube run
    clip_low: vec4f,
    clip_high: vec4f,
    window: vec4f,       // low, one over width, parameter of the stretch; stored values
    physical: vec4f,     // offset and scale over the scale of the picture's values: see `gpu.rs`
    background: vec4f,
    shape: vec4u,        // voxels along x, y, z; side of a brick
    picture: vec4u,      // width, height, number of the pass
}

@group(0) @binding(0) var<uniform> u: Uniforms;
@group(0) @binding(1) var field: texture_3d<f32>;
@group(0) @binding(2) var between: sampler;
@group(0) @binding(3) var table: texture_2d<f32>;
// 0 where a brick shows nothing; in the maximum mode the greatest stored value in it.
@group(0) @binding(4) var bricks: texture_3d<f32>;
// What surfaces and slices show, premultiplied, and how far along the ray, in longest sides.
@group(0) @binding(5) var surface_colour: texture_2d<f32>;
@group(0) @binding(6) var surface_distance: texture_2d<f32>;
@group(0) @binding(7) var second_field: texture_3d<f32>;
@group(0) @binding(8) var integrals: texture_2d<f32>;
@group(0) @binding(9) var noise: texture_2d<f32>;

// Known when the pipeline is made: a driver that draws on the processor would else compute every mode at every sample.
override mode: u32 = 1u;
override stretch: u32 = 0u;
override has_blanks: bool = false;
override has_surfaces: bool = false;

const TABLE: f32 = 1024.0;
const MOST_STEPS: f32 = 16384.0;
// Below all stored values: no value.
const NOTHING: f32 = -1e30;

@vertex
fn corner(@builtin(vertex_index) index: u32) -> @builtin(position) vec4f {
    // One triangle that covers the picture.
    return vec4f(f32(i32(index & 1u) * 4 - 1), f32(i32(index >> 1u) * 4 - 1), 0.0, 1.0);
}

struct Path {
    start: vec3f,
    stride: vec3f,
    steps: f32,
    met: bool,
}

fn path_of(pixel: vec2f) -> Path {
    let size = vec2f(u.picture.xy);
    let place = vec2f(2.0 * pixel.x / size.x - 1.0, 1.0 - 2.0 * pixel.y / size.y);
    let sideways = place.x * u.right.xyz + place.y * u.up.xyz;
    var origin = u.eye.xyz;
    var direction = u.forward.xyz;
    if u.eye.w > 0.5 {
        origin += sideways;
    } else {
        direction = normalize(direction + sideways);
    }
    let signs = u.signs.xyz;
    let at = 0.5 + signs * origin / u.sides.xyz;
    let along = signs * direction / u.sides.xyz;
    var enter = 0.0;
    var leave = 1e30;
    var path: Path;
    path.met = false;
    for (var axis = 0; axis < 3; axis++) {
        if abs(along[axis]) < 1e-12 {
            if at[axis] < u.clip_low[axis] || at[axis] > u.clip_high[axis] {
                return path;
            }
            continue;
        }
        let a = (u.clip_low[axis] - at[axis]) / along[axis];
        let b = (u.clip_high[axis] - at[axis]) / along[axis];
        enter = max(enter, min(a, b));
        leave = min(leave, max(a, b));
    }
    if leave <= enter {
        return path;
    }
    if has_surfaces {
        leave = min(leave, textureLoad(surface_distance, vec2i(pixel), 0).r);
        if leave <= enter {
            return path;
        }
    }
    path.steps = clamp(ceil((leave - enter) / u.forward.w), 1.0, MOST_STEPS);
    let step = (leave - enter) / path.steps;
    path.start = at + (enter + 0.5 * step) * along;
    path.stride = along * step;
    path.met = true;
    return path;
}

// The stored value, or NOTHING where all neighbours are blank.
fn value_at(place: vec3f) -> f32 {
    let texel = textureSampleLevel(field, between, place, 0.0);
    if !has_blanks {
        return texel.r;
    }
    if texel.g <= 1e-4 {
        return NOTHING;
    }
    return texel.r / texel.g;
}

fn stretched(stored: f32) -> f32 {
    let x = clamp((stored - u.window.x) * u.window.y, 0.0, 1.0);
    switch stretch {
        case 1u: { return sqrt(x); }
        case 2u: { return log(1.0 + 1000.0 * x) / log(1001.0); }
        case 3u: { return asinh(x / u.window.z) / asinh(1.0 / u.window.z); }
        case 4u: { return pow(x, u.window.z); }
        default: { return x; }
    }
}

fn colour(stored: f32) -> vec4f {
    let place = (stretched(stored) * (TABLE - 1.0) + 0.5) / TABLE;
    return textureSampleLevel(table, between, vec2f(place, 0.5), 0.0);
}
