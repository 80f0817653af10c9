// SPDX-License-Identifier: Apache-2.0
//! Loading, options, and what a model says about itself.
mod common;
use common::{expect, model, model_file, numbers};
use std::sync::{Arc, Mutex};
use wrn::{LogLevel, Model, OutputKind, PixelFormat, Preprocessing, Status};

#[test]
fn version_is_the_crate_s() {
    let (major, minor, patch) = wrn::version();
    assert_eq!(format!("{major}.{minor}.{patch}"), env!("CARGO_PKG_VERSION"));
}

#[test]
fn a_model_tells_about_itself() {
    let m = model(|b| b);
    let info = m.info();
    assert_eq!((info.input_channels, info.input_height, info.input_width, info.input_size), (3, 32, 32, 3072));
    assert_eq!((info.output_size, &info.output_dims[..], info.output_kind), (10, &[10][..], Some(OutputKind::Logits)));
    assert_eq!((info.threads, info.has_preprocessing, info.has_golden), (1, true, true));
    assert!(info.parameters > 690_000 && info.model_bytes > 0 && info.session_bytes > 0);
    assert_eq!(m.labels().count(), 10);
    assert_eq!((m.label(3), m.label(10), m.label(usize::MAX)), (Some("cat"), None, None));
    assert_eq!((m.property("architecture"), m.property("nothing"), m.property("a\0")), (Some("WRN-16-2"), None, None));
    assert!(m.properties().any(|pair| pair == ("format", "wrn")));
    let preprocessing = m.preprocessing().unwrap();
    assert_eq!((preprocessing.crop_height, preprocessing.channel_order), (32, PixelFormat::Rgb));
}

#[test]
fn errors_name_what_is_wrong() {
    expect(Model::load("no/such.wrn"), Status::Io, "no/such.wrn");
    expect(Model::load("a\0b"), Status::Argument, "path");
    expect(Model::load_bytes(b"not a model"), Status::Format, "");
    expect(Model::load_bytes(b""), Status::Format, "");
    let load = |b: wrn::Builder| b.load(model_file());
    expect(load(Model::builder().threads(usize::MAX)), Status::Argument, "threads");
    expect(load(Model::builder().algorithm("magic")), Status::Argument, "magic");
    expect(load(Model::builder().algorithm("a\0b")), Status::Argument, "algorithm");
    expect(load(Model::builder().features(["stage9"])), Status::NotFound, "stage9");
    expect(load(Model::builder().memory_limit(1000)), Status::Limit, "memory");
    expect(Preprocessing::preset("nothing", 32, 32), Status::NotFound, "nothing");
    let boxed: Box<dyn std::error::Error + Send + Sync> = Model::load("no/such.wrn").unwrap_err().into();
    assert!(boxed.to_string().contains("no/such.wrn"));
}

#[test]
fn options_are_passed_on() {
    let mut preprocessing = Preprocessing::preset("cifar", 32, 32).unwrap();
    preprocessing.mean = [0.5, 0.25, 0.125, 0.0];
    let bytes = std::fs::read(model_file()).unwrap();
    let from_memory =
        Model::builder().threads(2).pass_batch(4).exact().verify().preprocessing(preprocessing).load_bytes(&bytes).unwrap();
    drop(bytes);
    assert_eq!(from_memory.preprocessing().unwrap(), preprocessing);
    assert_eq!((from_memory.info().threads, from_memory.info().pass_batch), (2, 4));

    let mapped = unsafe { Model::builder().threads(1).pass_batch(4).exact().mmap() }.load(model_file()).unwrap();
    let input = numbers(3072);
    let (mut a, mut b) = ([0.0; 10], [0.0; 10]);
    from_memory.infer(&input, &mut a).unwrap();
    mapped.infer(&input, &mut b).unwrap();
    assert_eq!(a, b);
}

#[test]
fn a_load_is_logged() {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let heard = lines.clone();
    model(|b| b.measure().log(LogLevel::Detail, move |level, line| heard.lock().unwrap().push((level, line.to_owned()))));
    let lines = lines.lock().unwrap();
    assert!(lines.iter().any(|(level, line)| *level == LogLevel::Detail && line.starts_with("measured: ")), "{lines:?}");
}
