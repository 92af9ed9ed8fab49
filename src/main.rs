//! The one binary: hands the command line to `aquila::cli` and its answer to the shell.

fn main() -> std::process::ExitCode {
    aquila::cli::main()
}
