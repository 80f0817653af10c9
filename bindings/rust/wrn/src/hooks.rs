// SPDX-License-Identifier: Apache-2.0
//! Closures as the library's hooks. A panic cannot pass through C: it is printed as usual, and ends the call as cancelled.
use crate::LogLevel;
use std::ffi::{c_char, c_void, CStr};
use std::panic::{catch_unwind, AssertUnwindSafe};
use wrn_sys as sys;

pub(crate) type Cancel = Box<dyn Fn() -> bool + Send + Sync>;
pub(crate) type Log = Box<dyn Fn(LogLevel, &str) + Send + Sync>;

/// What the hooks of a model point to; it must stay where it is until the model is freed.
#[derive(Default)]
pub(crate) struct Hooks {
    pub cancel: Option<Cancel>,
    pub log: Option<Log>,
}

impl Hooks {
    /// Puts the hooks into the options, which point to `self` from then on.
    pub fn install(&self, options: &mut sys::wrn_load_options) {
        if let Some(cancel) = &self.cancel {
            options.cancel = Some(call_cancel);
            options.cancel_user = cancel as *const Cancel as *mut c_void;
        }
        if let Some(log) = &self.log {
            options.log = Some(call_log);
            options.log_user = log as *const Log as *mut c_void;
        }
    }
}

unsafe extern "C" fn call_cancel(user: *mut c_void) -> i32 {
    let cancel = unsafe { &*(user as *const Cancel) };
    catch_unwind(AssertUnwindSafe(cancel)).unwrap_or(true).into()
}

unsafe extern "C" fn call_log(user: *mut c_void, level: i32, message: *const c_char) {
    let (log, message) = unsafe { (&*(user as *const Log), CStr::from_ptr(message)) };
    let level = match level {
        0 => LogLevel::Warning,
        1 => LogLevel::Information,
        _ => LogLevel::Detail,
    };
    // The load goes on: the line is the log's alone.
    let _ = catch_unwind(AssertUnwindSafe(|| log(level, &message.to_string_lossy())));
}
