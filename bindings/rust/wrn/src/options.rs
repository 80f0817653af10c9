// SPDX-License-Identifier: Apache-2.0
use crate::error::check;
use crate::hooks::Hooks;
use crate::{Error, Isa, Model, Preprocessing, Result};
use std::ffi::{c_void, CString};
use std::path::Path;
use wrn_sys as sys;

/// How much a line about a load matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// Something is probably not as it was meant.
    Warning = 0,
    /// What was done.
    Information = 1,
    /// Everything.
    Detail = 2,
}

/// Options of a load; [`Model::builder`] makes one, `load` or `load_bytes` ends it.
#[must_use]
#[derive(Default)]
pub struct Builder {
    options: sys::wrn_load_options,
    algorithm: Option<String>,
    features: Vec<String>,
    preprocessing: Option<Preprocessing>,
    hooks: Hooks,
}

/// What the library's 32 bits cannot hold is out of range there too.
fn clamp(n: usize) -> i32 {
    n.try_into().unwrap_or(i32::MAX)
}

fn text(option: &str, value: &str) -> Result<CString> {
    CString::new(value).map_err(|_| Error::argument(format!("option {option} holds a zero byte")))
}

impl Builder {
    /// Threads that work on one call, the caller's included. 0, the default: as many as the process may use; 1: the caller's
    /// alone, right where many threads infer at once.
    pub fn threads(mut self, n: usize) -> Self {
        self.options.threads = clamp(n);
        self
    }

    /// Images worked on at once, which sets the memory of a session. 0, the default: chosen.
    pub fn pass_batch(mut self, n: usize) -> Self {
        self.options.pass_batch = clamp(n);
        self
    }

    /// Input size in pixels, where the file leaves it open.
    pub fn input_size(mut self, height: usize, width: usize) -> Self {
        self.options.height = clamp(height);
        self.options.width = clamp(width);
        self
    }

    /// The instruction set to use; [`Status::Unsupported`](crate::Status::Unsupported) if the CPU lacks it.
    pub fn isa(mut self, isa: Isa) -> Self {
        self.options.isa = isa.code();
        self
    }

    /// Convolutions use this algorithm wherever it is applicable, such as "direct".
    pub fn algorithm(mut self, name: impl Into<String>) -> Self {
        self.algorithm = Some(name.into());
        self
    }

    /// Intermediate feature maps to keep for [`Session::infer_named`](crate::Session::infer_named); see [`Model::features`].
    pub fn features<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> Self {
        self.features.extend(names.into_iter().map(Into::into));
        self
    }

    /// Replaces the preprocessing that the file carries.
    pub fn preprocessing(mut self, preprocessing: Preprocessing) -> Self {
        self.preprocessing = Some(preprocessing);
        self
    }

    /// Bytes for the model and one session together.
    pub fn memory_limit(mut self, bytes: u64) -> Self {
        self.options.memory_limit = bytes;
        self
    }

    /// The largest relative error of a convolution that an algorithm may have.
    pub fn accuracy(mut self, relative: f64) -> Self {
        self.options.accuracy = relative;
        self
    }

    /// Checks every checksum, and the golden input and output that the file carries.
    pub fn verify(self) -> Self {
        self.flag(sys::WRN_LOAD_VERIFY)
    }

    /// Chooses algorithms by this machine's measured speed; the last bits of results may then differ between loads.
    pub fn measure(self) -> Self {
        self.flag(sys::WRN_LOAD_MEASURE)
    }

    /// Allows only algorithms that multiply and add as the definition of a convolution says.
    pub fn exact(self) -> Self {
        self.flag(sys::WRN_LOAD_EXACT)
    }

    /// Maps a `.wrn` file instead of reading it.
    ///
    /// # Safety
    ///
    /// The file must not change as long as the model, a clone of it or a session of it is there.
    pub unsafe fn mmap(self) -> Self {
        self.flag(sys::WRN_LOAD_MMAP)
    }

    fn flag(mut self, flag: i32) -> Self {
        self.options.flags |= flag as u32;
        self
    }

    /// Asked between the steps of a load and of inference, on the calling thread; `true` ends the call with
    /// [`Status::Cancelled`](crate::Status::Cancelled).
    pub fn cancel(mut self, cancel: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        self.hooks.cancel = Some(Box::new(cancel));
        self
    }

    /// Gets lines about the load, up to this level.
    pub fn log(mut self, level: LogLevel, log: impl Fn(LogLevel, &str) + Send + Sync + 'static) -> Self {
        self.options.log_level = level as i32;
        self.hooks.log = Some(Box::new(log));
        self
    }

    /// Loads a `.wrn` or `.onnx` file; the format is told from the contents, not from the name.
    pub fn load(self, path: impl AsRef<Path>) -> Result<Model> {
        let path = path.as_ref().as_os_str().as_encoded_bytes();
        let path = CString::new(path).map_err(|_| Error::argument("argument path holds a zero byte"))?;
        self.finish(|options, model, error| unsafe { sys::wrn_load(path.as_ptr(), options, model, error) })
    }

    /// Loads from memory, which is not used after the call. ONNX files must hold their weights themselves.
    pub fn load_bytes(self, bytes: &[u8]) -> Result<Model> {
        let data = bytes.as_ptr() as *const c_void;
        self.finish(|options, model, error| unsafe { sys::wrn_load_memory(data, bytes.len(), options, model, error) })
    }

    fn finish(
        mut self,
        load: impl FnOnce(*const sys::wrn_load_options, *mut *mut sys::wrn_model, *mut sys::wrn_error) -> sys::wrn_status,
    ) -> Result<Model> {
        // Boxed, so that the addresses in the options hold as long as the model keeps the box.
        let hooks = Box::new(self.hooks);
        hooks.install(&mut self.options);
        let algorithm = self.algorithm.map(|name| text("algorithm", &name)).transpose()?;
        let features = text("features", &self.features.join(","))?;
        let preprocess = self.preprocessing.map(|p| p.to_c());
        self.options.struct_size = std::mem::size_of::<sys::wrn_load_options>() as u32;
        if let Some(name) = &algorithm {
            self.options.algorithm = name.as_ptr();
        }
        if !features.is_empty() {
            self.options.features = features.as_ptr();
        }
        if let Some(p) = &preprocess {
            self.options.preprocess = p;
        }
        let mut model = std::ptr::null_mut();
        check(|error| load(&self.options, &mut model, error))?;
        Ok(Model::from_raw(model, hooks))
    }
}
