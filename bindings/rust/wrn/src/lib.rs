// SPDX-License-Identifier: Apache-2.0
//! Wide Residual Networks on the CPU, with libwrn.
//!
//! ```no_run
//! # fn main() -> Result<(), wrn::Error> {
//! # let (pixels, width, height) = (vec![0u8; 3 * 32 * 32], 32, 32);
//! let model = wrn::Model::load("cifar10.wrn")?;
//! for class in model.classify(wrn::Pixels::rgb(&pixels, width, height), 5)? {
//!     println!("{:5.1}%  {}", 100.0 * class.probability, class.label);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! A [`Model`] never changes: share it between threads by reference, or clone it, which copies nothing. A [`Session`] is
//! scratch memory of one's own; its methods take `&mut self`, so that it cannot be busy. Slices are passed to the library as
//! they are, without copying.
mod error;
mod hooks;
mod info;
mod model;
mod options;
mod pixels;
mod session;

pub use error::{Error, Result, Status};
pub use info::{Feature, Info, Isa, Layout, OutputKind};
pub use model::{Model, Prediction};
pub use options::{Builder, LogLevel};
pub use pixels::{Filter, PixelFormat, Pixels, Preprocessing, Resize};
pub use session::Session;

/// The version of the library that is running: major, minor, patch.
pub fn version() -> (u32, u32, u32) {
    let v = unsafe { wrn_sys::wrn_version() };
    (v / 10000, v / 100 % 100, v % 100)
}
