// From what the rays met to what is seen: the average of the passes on the background.

@group(0) @binding(10) var sum: texture_2d<f32>;

@fragment
fn resolve(@builtin(position) position: vec4f) -> @location(0) vec4f {
    let met = textureLoad(sum, vec2i(position.xy), 0);
    return vec4f(clamp(met.rgb + (1.0 - met.a) * u.background.rgb, vec3f(0.0), vec3f(1.0)), 1.0);
}
