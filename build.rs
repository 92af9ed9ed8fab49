//! Writes libtorch's folder into the binary's search path, so that it starts from any shell.

fn main() {
    println!("cargo:rerun-if-env-changed=LIBTORCH");
    println!("cargo:rerun-if-changed=build.rs");
    let Some(root) = std::env::var_os("LIBTORCH") else {
        return;
    };
    let root = std::path::PathBuf::from(root);
    let root = root.canonicalize().unwrap_or(root);
    println!("cargo:rustc-link-arg=-Wl,-rpath,{}", root.join("lib").display());
    println!("cargo:rustc-env=AQUILA_LIBTORCH={}", root.display());
}
