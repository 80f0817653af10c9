// SPDX-License-Identifier: Apache-2.0
//! What the tests share.
#![allow(dead_code)] // each test program uses some of it
use std::path::{Path, PathBuf};
use wrn::{Builder, Error, Model, Status};

pub fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..").join(path)
}

pub fn model_file() -> PathBuf {
    repository("tests/models/wrn-16-2-cifar10.wrn")
}

/// The model on one thread, with further options.
pub fn model(more: impl FnOnce(Builder) -> Builder) -> Model {
    more(Model::builder().threads(1)).load(model_file()).unwrap()
}

/// The pixels of a PPM file, its width and height.
pub fn picture(name: &str) -> (Vec<u8>, u32, u32) {
    let bytes = std::fs::read(repository("examples/images").join(name)).unwrap();
    let header: Vec<&str> = std::str::from_utf8(&bytes[..13]).unwrap().split_ascii_whitespace().collect();
    assert_eq!(header, ["P6", "32", "32", "255"]);
    (bytes[13..].to_vec(), 32, 32)
}

/// An input that is not all the same.
pub fn numbers(n: usize) -> Vec<f32> {
    (0..n).map(|i| (i * 7919 % 1000) as f32 / 500.0 - 1.0).collect()
}

#[track_caller]
pub fn expect<T: std::fmt::Debug>(result: Result<T, Error>, status: Status, text: &str) {
    let error = result.unwrap_err();
    assert_eq!(error.status(), status, "{error}");
    assert!(error.to_string().contains(text), "{error}");
}
