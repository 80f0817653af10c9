// SPDX-License-Identifier: Apache-2.0
use crate::error::check;
use crate::hooks::Hooks;
use crate::{Builder, Error, Info, Pixels, Result, Session};
use std::ffi::CStr;
use std::path::Path;
use std::sync::Arc;
use wrn_sys as sys;

/// A network that is ready to run. It never changes; any number of threads may use it at the same time.
#[derive(Clone)]
pub struct Model(Arc<Inner>);

struct Inner {
    raw: *mut sys::wrn_model,
    info: Info,
    _hooks: Box<Hooks>, // the library calls them as long as there is the model
}

// The header: "wrn_model is immutable: any number of threads may use one at the same time." The hooks are Send and Sync.
unsafe impl Send for Inner {}
unsafe impl Sync for Inner {}

impl Drop for Inner {
    fn drop(&mut self) {
        unsafe { sys::wrn_free(self.raw) }
    }
}

/// One class of an image.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prediction<'m> {
    /// The class number as text where the model has no labels.
    pub label: &'m str,
    /// The class, from 0.
    pub index: usize,
    /// From 0 to 1.
    pub probability: f32,
    /// The model's own output for the class: a logit, or a probability.
    pub score: f32,
}

/// A string that lives as long as `'m`. The library says UTF-8, and checks it where files are read.
pub(crate) unsafe fn text<'m>(raw: *const std::ffi::c_char) -> Option<&'m str> {
    if raw.is_null() {
        return None;
    }
    Some(unsafe { CStr::from_ptr(raw) }.to_str().unwrap_or("(not UTF-8)"))
}

impl Model {
    /// Loads a `.wrn` or `.onnx` file with default options.
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        Self::builder().load(path)
    }

    /// Loads from memory with default options; the bytes are not used after the call.
    pub fn load_bytes(bytes: &[u8]) -> Result<Self> {
        Self::builder().load_bytes(bytes)
    }

    /// Options of a load.
    pub fn builder() -> Builder {
        Builder::default()
    }

    pub(crate) fn from_raw(raw: *mut sys::wrn_model, hooks: Box<Hooks>) -> Self {
        let info = unsafe { Info::read(raw) };
        Self(Arc::new(Inner { raw, info, _hooks: hooks }))
    }

    pub(crate) fn raw(&self) -> *mut sys::wrn_model {
        self.0.raw
    }

    /// Sizes, layout and memory.
    pub fn info(&self) -> &Info {
        &self.0.info
    }

    /// Runs the network on `input.len() / info().input_size` images, one after the other, each in the layout
    /// `info().input_layout` and normalized already. `output` receives `info().output_size` floats for each image.
    pub fn infer(&self, input: &[f32], output: &mut [f32]) -> Result<()> {
        let batch = self.0.info.batch(input);
        check(|error| unsafe {
            sys::wrn_infer(self.raw(), batch, input.as_ptr(), input.len(), output.as_mut_ptr(), output.len(), error)
        })
    }

    /// Applies the preprocessing that the model carries, runs the network, and returns the `k` most probable classes, best
    /// first.
    pub fn classify(&self, pixels: Pixels<'_>, k: usize) -> Result<Vec<Prediction<'_>>> {
        let p = pixels.checked()?;
        let mut top = vec![sys::wrn_prediction::default(); k.min(self.0.info.output_size)];
        // The library refuses a k that is out of range, and writes nothing then.
        let asked = k.try_into().unwrap_or(i32::MAX);
        check(|error| unsafe {
            sys::wrn_classify(self.raw(), p.data, p.width, p.height, p.stride, p.format, asked, top.as_mut_ptr(), error)
        })?;
        let prediction = |t: sys::wrn_prediction| Prediction {
            label: unsafe { text(t.label) }.unwrap_or(""),
            index: t.index as usize,
            probability: t.probability,
            score: t.score,
        };
        Ok(top.into_iter().map(prediction).collect())
    }

    /// Writes the `info().input_size` floats of an image to `input`, for [`Model::infer`]: several images make a batch.
    pub fn preprocess(&self, pixels: Pixels<'_>, input: &mut [f32]) -> Result<()> {
        let p = pixels.checked()?;
        check(|error| unsafe {
            let (data, count) = (input.as_mut_ptr(), input.len());
            sys::wrn_preprocess_image(self.raw(), p.data, p.width, p.height, p.stride, p.format, data, count, error)
        })
    }

    /// Turns one image's outputs into probabilities: the softmax of logits, for example.
    pub fn probabilities(&self, output: &[f32], probabilities: &mut [f32]) -> Result<()> {
        if probabilities.len() < output.len() {
            return Err(Error::argument("probabilities is shorter than output"));
        }
        check(|error| unsafe {
            sys::wrn_probabilities(self.raw(), output.as_ptr(), output.len(), probabilities.as_mut_ptr(), error)
        })
    }

    /// Allocates a session.
    pub fn session(&self) -> Result<Session> {
        Session::new(self)
    }
}

impl std::fmt::Debug for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Model").field("info", self.info()).finish_non_exhaustive()
    }
}
