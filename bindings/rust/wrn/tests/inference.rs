// SPDX-License-Identifier: Apache-2.0
//! Inference, images, features, threads and hooks.
mod common;
use common::{expect, model, model_file, numbers, picture};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Arc;
use wrn::{Model, PixelFormat, Pixels, Session, Status};

#[test]
fn images_are_classified() {
    let m = model(|b| b);
    for name in ["cat", "dog"] {
        let (pixels, width, height) = picture(&format!("{name}.ppm"));
        let top = m.classify(Pixels::rgb(&pixels, width, height), 3).unwrap();
        assert_eq!((top.len(), top[0].label, Some(top[0].label)), (3, name, m.label(top[0].index)));
        assert!(
            top[0].probability > 0.9 && top[0].probability >= top[1].probability && top[1].probability >= top[2].probability
        );

        let (mut input, mut output, mut probabilities) = (vec![0.0; 3072], [0.0; 10], [0.0; 10]);
        m.preprocess(Pixels::rgb(&pixels, width, height), &mut input).unwrap();
        m.infer(&input, &mut output).unwrap();
        m.probabilities(&output, &mut probabilities).unwrap();
        assert_eq!((output[top[0].index], probabilities[top[0].index]), (top[0].score, top[0].probability));
    }
}

#[test]
fn pixel_formats_and_strides_agree() {
    let m = model(|b| b);
    let (rgb, width, height) = picture("cat.ppm");
    let mut wide = Vec::new(); // BGRA, rows 5 bytes longer than they need
    for row in rgb.chunks(3 * width as usize) {
        wide.extend(row.chunks(3).flat_map(|p| [p[2], p[1], p[0], 7]));
        wide.extend([9; 5]);
    }
    wide.truncate(wide.len() - 5); // nothing is behind the last row
    let bgra = Pixels { data: &wide, width, height, stride: 4 * 32 + 5, format: PixelFormat::Bgra };
    let (mut a, mut b) = (vec![0.0; 3072], vec![0.0; 3072]);
    m.preprocess(Pixels::rgb(&rgb, width, height), &mut a).unwrap();
    m.preprocess(bgra, &mut b).unwrap();
    assert_eq!(a, b);

    let short = |p: Pixels<'_>, text: &str| expect(m.classify(p, 1), Status::Argument, text);
    short(Pixels { data: &wide[1..], ..bgra }, "shorter than height rows");
    short(Pixels { stride: 127, ..bgra }, "stride");
    short(Pixels { height: u32::MAX, stride: usize::MAX, ..bgra }, "shorter than height rows");
    short(Pixels { height: 0, ..bgra }, "");
    short(Pixels { width: 0, ..bgra }, "");
    expect(m.classify(bgra, 0), Status::Argument, "k is 0");
    expect(m.classify(bgra, 11), Status::Argument, "k is 11");
}

#[test]
fn wrong_sizes_are_refused() {
    let m = model(|b| b);
    let mut s = m.session().unwrap();
    let mut both = |input: &[f32], output: &mut [f32], text: &str| {
        expect(m.infer(input, output), Status::Argument, text);
        expect(s.infer(input, output), Status::Argument, text);
    };
    both(&numbers(3071), &mut [0.0; 10], "input_count is 3071");
    both(&numbers(3073), &mut [0.0; 10], "input_count is 3073");
    both(&numbers(2 * 3072), &mut [0.0; 19], "output_count is 19");
    both(&numbers(3072), &mut [], "output_count is 0");
    both(&[], &mut [0.0; 10], "input_count is 0");
    expect(m.probabilities(&[0.0; 10], &mut [0.0; 9]), Status::Argument, "probabilities");
    expect(m.probabilities(&[0.0; 9], &mut [0.0; 10]), Status::Argument, "count is 9");
}

#[test]
fn features_come_with_the_output() {
    let m = model(|b| b.features(["pool", "stage1"]));
    let size = |name| {
        let f = m.features().into_iter().find(|f| f.name == name).unwrap();
        assert!(f.available && f.size == f.channels * f.height * f.width);
        f.size
    };
    let mut s = m.session().unwrap();
    let input = numbers(2 * 3072);
    let (mut pool, mut stage, mut named, mut output) =
        (vec![-1.0; 2 * size("pool")], vec![-1.0; 2 * size("stage1")], [0.0; 20], [0.0; 20]);
    s.infer_named(&input, &mut [("pool", &mut pool), ("output", &mut named), ("stage1", &mut stage)]).unwrap();
    s.infer(&input, &mut output).unwrap();
    assert_eq!(named, output);
    assert!(!pool.contains(&-1.0) && !stage.contains(&-1.0));
    expect(s.infer_named(&input, &mut [("stage2", &mut pool)]), Status::NotFound, "stage2");
    expect(s.infer_named(&input, &mut [("pool", &mut output)]), Status::Argument, "");
    expect(s.infer_named(&input, &mut []), Status::Argument, "");
    expect(s.infer_named(&input, &mut [("a\0", &mut pool)]), Status::Argument, "zero byte");
}

#[test]
fn threads_get_the_same_bits() {
    let m = model(|b| b);
    let input = numbers(3 * 3072);
    let mut want = [0.0; 30];
    m.infer(&input, &mut want).unwrap();
    let sessions: Vec<Session> = (0..4).map(|_| m.session().unwrap()).collect();
    std::thread::scope(|scope| {
        for mut session in sessions {
            let (m, input) = (&m, &input);
            scope.spawn(move || {
                for _ in 0..4 {
                    let (mut a, mut b) = ([0.0; 30], [0.0; 30]);
                    m.infer(input, &mut a).unwrap();
                    session.infer(input, &mut b).unwrap();
                    assert_eq!((a, b), (want, want));
                }
            });
        }
    });
}

#[test]
fn a_session_outlives_its_model() {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    let m = model(|b| {
        b.cancel(move || {
            count.fetch_add(1, Ordering::Relaxed);
            false
        })
    });
    let mut session = m.session().unwrap();
    drop(m);
    let before = asked.load(Ordering::Relaxed);
    let mut output = [0.0; 10];
    std::thread::spawn(move || session.infer(&numbers(3072), &mut output)).join().unwrap().unwrap();
    assert!(asked.load(Ordering::Relaxed) > before);
    assert_eq!(Arc::strong_count(&asked), 1); // the hook is gone with the session
}

#[test]
fn hooks_cancel() {
    expect(Model::builder().cancel(|| true).load(model_file()), Status::Cancelled, "cancelled");
    expect(Model::builder().cancel(|| panic!("on purpose")).load(model_file()), Status::Cancelled, "cancelled");
    let left = Arc::new(AtomicUsize::new(usize::MAX));
    let hook = left.clone();
    let m = model(|b| b.cancel(move || hook.fetch_sub(1, Ordering::Relaxed) == 0));
    let mut output = [0.0; 10];
    left.store(3, Ordering::Relaxed);
    expect(m.infer(&numbers(3072), &mut output), Status::Cancelled, "cancelled");
    m.infer(&numbers(3072), &mut output).unwrap();
}

#[test]
fn types_go_where_the_thread_rules_let_them() {
    fn shared<T: Send + Sync>() {}
    fn moved<T: Send>() {}
    shared::<Model>();
    shared::<wrn::Error>();
    moved::<Session>();
}
