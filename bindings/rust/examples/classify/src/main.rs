// SPDX-License-Identifier: Apache-2.0
//! Prints the most probable class of JPEG and PNG files.
//!
//!     cargo run -- ../../../../models/cifar10.wrn ../../../../examples/images/*.jpg
use std::{env, error::Error, process::ExitCode};

fn classify(model: &str, files: &[String]) -> Result<(), Box<dyn Error>> {
    let model = wrn::Model::load(model)?;
    for file in files {
        let image = image::open(file).map_err(|error| format!("{file}: {error}"))?.into_rgb8();
        let top = model.classify(wrn::Pixels::rgb(image.as_raw(), image.width(), image.height()), 1)?;
        println!("{file}\t{}\t{:.1}%", top[0].label, 100.0 * top[0].probability);
    }
    Ok(())
}

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let result = match arguments.split_first() {
        Some((model, files)) if !files.is_empty() => classify(model, files),
        _ => Err("usage: classify MODEL IMAGE...".into()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
