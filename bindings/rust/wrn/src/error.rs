// SPDX-License-Identifier: Apache-2.0
use std::ffi::CStr;
use std::fmt;
use wrn_sys as sys;

/// What a call of this crate returns.
pub type Result<T> = std::result::Result<T, Error>;

/// The kind of a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Status {
    /// An argument or option is out of its range.
    Argument,
    /// An allocation failed.
    NoMemory,
    /// A file cannot be opened or read, or is not a regular file.
    Io,
    /// The bytes are no model file, or a damaged one.
    Format,
    /// Well-formed, but something that the library does not run.
    Unsupported,
    /// Beyond a documented cap or a limit the caller gave.
    Limit,
    /// Shapes that do not fit each other.
    Shape,
    /// NaN, infinity or negative variance in weights; a fold or an output that overflows.
    Numeric,
    /// A checksum in the file does not match its contents.
    Checksum,
    /// The golden input gave another output than the one recorded.
    Golden,
    /// The cancel hook asked to stop.
    Cancelled,
    /// The session is in use by another thread.
    Busy,
    /// No feature, property or preset of that name.
    NotFound,
    /// The model carries no preprocessing, so pixels cannot be used.
    Preprocess,
    /// A code of a newer library.
    Other(i32),
}

impl Status {
    fn from_code(code: sys::wrn_status) -> Self {
        match code {
            sys::WRN_E_ARG => Self::Argument,
            sys::WRN_E_NOMEM => Self::NoMemory,
            sys::WRN_E_IO => Self::Io,
            sys::WRN_E_FORMAT => Self::Format,
            sys::WRN_E_UNSUPPORTED => Self::Unsupported,
            sys::WRN_E_LIMIT => Self::Limit,
            sys::WRN_E_SHAPE => Self::Shape,
            sys::WRN_E_NUMERIC => Self::Numeric,
            sys::WRN_E_CHECKSUM => Self::Checksum,
            sys::WRN_E_GOLDEN => Self::Golden,
            sys::WRN_E_CANCELLED => Self::Cancelled,
            sys::WRN_E_BUSY => Self::Busy,
            sys::WRN_E_NOTFOUND => Self::NotFound,
            sys::WRN_E_PREPROCESS => Self::Preprocess,
            other => Self::Other(other),
        }
    }
}

/// A failure: what kind, and one line of text that names the file, node, tensor or option.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    status: Status,
    message: String,
}

impl Error {
    /// The kind of the failure.
    pub fn status(&self) -> Status {
        self.status
    }

    /// The library's text.
    pub fn message(&self) -> &str {
        &self.message
    }

    pub(crate) fn argument(message: impl Into<String>) -> Self {
        Self { status: Status::Argument, message: message.into() }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

/// Calls the library with an error to fill in.
pub(crate) fn check(call: impl FnOnce(*mut sys::wrn_error) -> sys::wrn_status) -> Result<()> {
    let mut error = sys::wrn_error::default();
    let status = call(&mut error);
    if status == sys::WRN_OK {
        return Ok(());
    }
    let message = unsafe { CStr::from_ptr(error.message.as_ptr()) };
    Err(Error { status: Status::from_code(status), message: message.to_string_lossy().into_owned() })
}
