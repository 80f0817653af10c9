// SPDX-License-Identifier: Apache-2.0
//! Finds libwrn: built here (feature `vendored`), in the folder WRN_LIB_DIR, or by pkg-config.
use std::{env, path::Path, process::Command};

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    for name in ["WRN_LIB_DIR", "PKG_CONFIG", "PKG_CONFIG_PATH"] {
        println!("cargo:rerun-if-env-changed={name}");
    }
    if env::var_os("CARGO_FEATURE_VENDORED").is_some() {
        vendored();
    } else if let Ok(folder) = env::var("WRN_LIB_DIR") {
        println!("cargo:rustc-link-search=native={folder}");
        println!("cargo:rustc-link-lib=dylib=wrn");
    } else {
        link(&pkg_config(&["--libs"], None), false);
    }
}

/// Builds the library with CMake and installs it below OUT_DIR; what else it needs is told by its libwrn.pc.
fn vendored() {
    let source = Path::new(&env::var("CARGO_MANIFEST_DIR").unwrap()).join("../../..");
    let out = env::var("OUT_DIR").unwrap();
    let (build, prefix) = (format!("{out}/build"), format!("{out}/prefix"));
    for folder in ["lib", "importers", "include", "cmake", "pkgconfig", "CMakeLists.txt"] {
        println!("cargo:rerun-if-changed={}", source.join(folder).display());
    }
    let mut configure = Command::new("cmake");
    configure.arg("-S").arg(&source).args(["-B", &build, "-DCMAKE_BUILD_TYPE=Release", "-DCMAKE_INSTALL_LIBDIR=lib"]);
    configure.arg(format!("-DCMAKE_INSTALL_PREFIX={prefix}"));
    for off in ["TOOLS", "TRAINER", "TESTS", "BENCH"] {
        configure.arg(format!("-DWRN_{off}=OFF"));
    }
    run(&mut configure);
    let jobs = env::var("NUM_JOBS").unwrap_or_else(|_| "1".into());
    run(Command::new("cmake").args(["--build", &build, "--parallel", &jobs]));
    run(Command::new("cmake").args(["--install", &build]));
    link(&pkg_config(&["--libs", "--static"], Some(&format!("{prefix}/lib/pkgconfig"))), true);
}

fn pkg_config(arguments: &[&str], first: Option<&str>) -> String {
    let mut command = Command::new(env::var("PKG_CONFIG").unwrap_or_else(|_| "pkg-config".into()));
    if let Some(folder) = first {
        let others = env::var("PKG_CONFIG_PATH").unwrap_or_default();
        command.env("PKG_CONFIG_PATH", format!("{folder}:{others}"));
    }
    run(command.args(arguments).args(["--", "libwrn"]))
}

/// Passes on what pkg-config printed. `own`: libwrn itself is linked statically.
fn link(flags: &str, own: bool) {
    for flag in flags.split_whitespace() {
        if let Some(folder) = flag.strip_prefix("-L") {
            println!("cargo:rustc-link-search=native={folder}");
        } else if flag == "-lwrn" && own {
            println!("cargo:rustc-link-lib=static=wrn");
        } else if let Some(library) = flag.strip_prefix("-l") {
            println!("cargo:rustc-link-lib=dylib={library}");
        }
    }
}

/// The command's output; the build fails with its errors.
fn run(command: &mut Command) -> String {
    match command.output() {
        Ok(done) if done.status.success() => String::from_utf8_lossy(&done.stdout).into_owned(),
        Ok(done) => panic!("{command:?}:\n{}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr)),
        Err(error) => panic!("{command:?}: {error}; libwrn is looked for in WRN_LIB_DIR, else by pkg-config"),
    }
}
