// SPDX-License-Identifier: Apache-2.0
use crate::error::check;
use crate::{Error, Model, Result};
use std::ffi::CString;
use wrn_sys as sys;

/// Scratch memory of one's own: inference in it allocates nothing in the library. It may be given to another thread; one call
/// at a time is what `&mut self` sees to.
pub struct Session {
    raw: *mut sys::wrn_session,
    model: Model, // its hooks must be there as long as the session
}

// The header: a session serves one call at a time, from any thread.
unsafe impl Send for Session {}

impl Drop for Session {
    fn drop(&mut self) {
        unsafe { sys::wrn_session_free(self.raw) }
    }
}

impl Session {
    pub(crate) fn new(model: &Model) -> Result<Self> {
        let mut raw = std::ptr::null_mut();
        check(|error| unsafe { sys::wrn_session_create(model.raw(), &mut raw, error) })?;
        Ok(Self { raw, model: model.clone() })
    }

    /// The session's model.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// [`Model::infer`] in the session's memory.
    pub fn infer(&mut self, input: &[f32], output: &mut [f32]) -> Result<()> {
        let batch = self.model.info().batch(input);
        let (out, out_count) = (output.as_mut_ptr(), output.len());
        check(|error| unsafe { sys::wrn_session_infer(self.raw, batch, input.as_ptr(), input.len(), out, out_count, error) })
    }

    /// [`Session::infer`] for several outputs at once: features that [`Builder::features`](crate::Builder::features) named, or
    /// "output" for the network's own. Each slice receives `Feature::size` floats for each image.
    pub fn infer_named(&mut self, input: &[f32], outputs: &mut [(&str, &mut [f32])]) -> Result<()> {
        let names = outputs
            .iter()
            .map(|(name, _)| CString::new(*name).map_err(|_| Error::argument("a feature's name holds a zero byte")))
            .collect::<Result<Vec<_>>>()?;
        let names: Vec<_> = names.iter().map(|name| name.as_ptr()).collect();
        let counts: Vec<_> = outputs.iter().map(|(_, output)| output.len()).collect();
        let slices: Vec<_> = outputs.iter_mut().map(|(_, output)| output.as_mut_ptr()).collect();
        let count = i32::try_from(names.len()).map_err(|_| Error::argument("too many outputs"))?;
        let batch = self.model.info().batch(input);
        check(|error| unsafe {
            sys::wrn_session_infer_named(
                self.raw,
                batch,
                input.as_ptr(),
                input.len(),
                count,
                names.as_ptr(),
                slices.as_ptr(),
                counts.as_ptr(),
                error,
            )
        })
    }
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").field("model", &self.model).finish_non_exhaustive()
    }
}
