// What the shaders of a cube have in common: the scene, the cube, rays, values, colours. `src/volume/march.rs` computes the same in Rust.

struct Uniforms {
    eye: vec4f,          // w: 1 for orthographic
    forward: vec4f,      // w: length of a step
    right: vec4f,        // w: shortest side of a voxel
    up: vec4f,           // w: optical depth of full opacity over that side
    sides: vec4f,
    signs: vec4f,        // which way the axes of the cube run
    clip_low: vec4f,
    clip_high: vec4f,
    window: vec4f,       // low, one over width, in stored values; opacity at the low end
    physical: vec4f,     // offset over scale of the cube, scale; offset over scale of the second cube, its scale over the cube's
    radiation: vec4f,    // constant opacity for the longest side, opacity for each unit of a cube's; background and constant source over scale
    blank: vec4f,        // colour of blank voxels; w: their optical depth for the longest side
    background: vec4f,
    shape: vec4u,        // voxels along x, y, z; side of a brick
    picture: vec4u,      // width, height, number of the pass
    hinges: vec4f,       // where the opacity bends, and by how much; its value at 0 is window.z
    slopes: vec4f,
}

@group(0) @binding(0) var<uniform> u: Uniforms;
@group(0) @binding(1) var field: texture_3d<f32>;
@group(0) @binding(2) var between: sampler;
@group(0) @binding(3) var table: texture_2d<f32>;
// How many bricks away the nearest is that shows anything; in the maximum mode the greatest stored value in a brick.
@group(0) @binding(4) var bricks: texture_3d<f32>;
@group(0) @binding(7) var second_field: texture_3d<f32>;
@group(0) @binding(8) var integrals: texture_2d<f32>;
@group(0) @binding(9) var noise: texture_2d<f32>;

// Known when the pipeline is made: a driver that draws on the processor would else compute every mode at every sample.
override mode: u32 = 1u;
override stretch: u32 = 0u;
override has_blanks: bool = false;
// So many hinges add up to the opacity, and the table has the colours alone; 0 where the table has both.
override hinges: u32 = 0u;

const ENTRIES: f32 = 4096.0;
const MOST_STEPS: f32 = 16384.0;
// Below all stored values: no value.
const NOTHING: f32 = -1e30;

@vertex
fn corner(@builtin(vertex_index) index: u32) -> @builtin(position) vec4f {
    // One triangle that covers the picture.
    return vec4f(f32(i32(index & 1u) * 4 - 1), f32(i32(index >> 1u) * 4 - 1), 0.0, 1.0);
}

// The part of a ray within the clip box: place of the cube (0 to 1) where it enters, and for each longest side along the ray.
struct Span {
    start: vec3f,
    along: vec3f,
    // From the ray's origin, in longest sides; it leaves before it enters where it misses the box.
    enter: f32,
    leave: f32,
    direction: vec3f,
}

fn span_of(pixel: vec2f) -> Span {
    let size = vec2f(u.picture.xy);
    let place = vec2f(2.0 * pixel.x / size.x - 1.0, 1.0 - 2.0 * pixel.y / size.y);
    let sideways = place.x * u.right.xyz + place.y * u.up.xyz;
    var origin = u.eye.xyz;
    var span: Span;
    span.direction = u.forward.xyz;
    if u.eye.w > 0.5 {
        origin += sideways;
    } else {
        span.direction = normalize(span.direction + sideways);
    }
    let signs = u.signs.xyz;
    let at = 0.5 + signs * origin / u.sides.xyz;
    span.along = signs * span.direction / u.sides.xyz;
    span.enter = 0.0;
    span.leave = 1e30;
    for (var axis = 0; axis < 3; axis++) {
        if abs(span.along[axis]) < 1e-12 {
            if at[axis] < u.clip_low[axis] || at[axis] > u.clip_high[axis] {
                span.leave = -1.0;
                return span;
            }
            continue;
        }
        let a = (u.clip_low[axis] - at[axis]) / span.along[axis];
        let b = (u.clip_high[axis] - at[axis]) / span.along[axis];
        span.enter = max(span.enter, min(a, b));
        span.leave = min(span.leave, max(a, b));
    }
    span.start = at + span.enter * span.along;
    return span;
}

// The stored value, or NOTHING where all neighbours are blank: both value and validity are interpolated.
fn value_of(texel: vec2f, may_be_blank: bool) -> f32 {
    if !may_be_blank {
        return texel.r;
    }
    if texel.g <= 1e-4 {
        return NOTHING;
    }
    return texel.r / texel.g;
}

fn value_at(place: vec3f) -> f32 {
    return value_of(textureSampleLevel(field, between, place, 0.0).rg, has_blanks);
}

// What looks up a value's colour needs, read once for each ray: a driver that draws on the processor reads a uniform wherever it stands.
struct Colours {
    low: f32,
    inverse: f32,
    start: f32,
    at: vec4f,
    slope: vec4f,
}

fn colours_of() -> Colours {
    return Colours(u.window.x, u.window.y, u.window.z, u.hinges, u.slopes);
}

// Where a stored value lies along the table of colours: evenly, or along a root where the stretch is steep at its beginning.
fn table_place(stored: f32, colours: Colours) -> f32 {
    let x = clamp((stored - colours.low) * colours.inverse, 0.0, 1.0);
    if stretch == 0u {
        return x;
    }
    return sqrt(x);
}

fn colour(stored: f32, colours: Colours) -> vec4f {
    let x = table_place(stored, colours);
    let entry = textureLoad(table, vec2u(u32(x * (ENTRIES - 1.0) + 0.5), 0u), 0);
    if hinges == 0u {
        return entry;
    }
    var opacity = colours.start + colours.slope.x * max(x - colours.at.x, 0.0);
    if hinges > 1u { opacity += colours.slope.y * max(x - colours.at.y, 0.0); }
    if hinges > 2u { opacity += colours.slope.z * max(x - colours.at.z, 0.0); }
    if hinges > 3u { opacity += colours.slope.w * max(x - colours.at.w, 0.0); }
    return vec4f(entry.rgb, opacity);
}
