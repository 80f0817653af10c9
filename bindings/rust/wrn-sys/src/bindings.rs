// SPDX-License-Identifier: Apache-2.0
// Written by bindgen 0.72.1 from include/wrn.h; see regenerate.sh.

pub const WRN_VERSION_MAJOR: i32 = 0;
pub const WRN_VERSION_MINOR: i32 = 1;
pub const WRN_VERSION_PATCH: i32 = 0;
pub const WRN_OK: i32 = 0;
pub const WRN_E_ARG: i32 = 1;
pub const WRN_E_NOMEM: i32 = 2;
pub const WRN_E_IO: i32 = 3;
pub const WRN_E_FORMAT: i32 = 4;
pub const WRN_E_UNSUPPORTED: i32 = 5;
pub const WRN_E_LIMIT: i32 = 6;
pub const WRN_E_SHAPE: i32 = 7;
pub const WRN_E_NUMERIC: i32 = 8;
pub const WRN_E_CHECKSUM: i32 = 9;
pub const WRN_E_GOLDEN: i32 = 10;
pub const WRN_E_CANCELLED: i32 = 11;
pub const WRN_E_BUSY: i32 = 12;
pub const WRN_E_NOTFOUND: i32 = 13;
pub const WRN_E_PREPROCESS: i32 = 14;
pub const WRN_PIXELS_RGB: i32 = 1;
pub const WRN_PIXELS_BGR: i32 = 2;
pub const WRN_PIXELS_RGBA: i32 = 3;
pub const WRN_PIXELS_BGRA: i32 = 4;
pub const WRN_PIXELS_GREY: i32 = 5;
pub const WRN_LAYOUT_NCHW: i32 = 0;
pub const WRN_LAYOUT_NHWC: i32 = 1;
pub const WRN_OUTPUT_LOGITS: i32 = 0;
pub const WRN_OUTPUT_PROBABILITIES: i32 = 1;
pub const WRN_OUTPUT_LOG_PROBABILITIES: i32 = 2;
pub const WRN_ISA_AUTO: i32 = 0;
pub const WRN_ISA_C: i32 = 1;
pub const WRN_ISA_AVX2: i32 = 2;
pub const WRN_ISA_AVX512: i32 = 3;
pub const WRN_ISA_NEON: i32 = 4;
pub const WRN_RESIZE_NONE: i32 = 0;
pub const WRN_RESIZE_STRETCH: i32 = 1;
pub const WRN_RESIZE_SHORTER: i32 = 2;
pub const WRN_FILTER_NEAREST: i32 = 0;
pub const WRN_FILTER_BILINEAR: i32 = 1;
pub const WRN_FILTER_BICUBIC: i32 = 2;
pub const WRN_FILTER_LANCZOS: i32 = 3;
pub const WRN_FILTER_BOX: i32 = 4;
pub const WRN_LOAD_MMAP: i32 = 1;
pub const WRN_LOAD_IN_PLACE: i32 = 2;
pub const WRN_LOAD_VERIFY: i32 = 4;
pub const WRN_LOAD_MEASURE: i32 = 8;
pub const WRN_LOAD_BOUNDS: i32 = 16;
pub const WRN_LOAD_EXACT: i32 = 32;
pub const WRN_FORMAT_AUTO: i32 = 0;
pub const WRN_FORMAT_WRN: i32 = 1;
pub const WRN_FORMAT_ONNX: i32 = 2;
pub const WRN_DTYPE_KEEP: i32 = 0;
pub const WRN_DTYPE_F32: i32 = 1;
pub const WRN_DTYPE_F16: i32 = 2;
extern "C" {
    pub fn wrn_version() -> u32;
}
pub type wrn_status = i32;
extern "C" {
    pub fn wrn_status_name(status: wrn_status) -> *const ::core::ffi::c_char;
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct wrn_error {
    pub status: wrn_status,
    pub message: [::core::ffi::c_char; 508usize],
}
impl Default for wrn_error {
    fn default() -> Self {
        let mut s = ::core::mem::MaybeUninit::<Self>::uninit();
        unsafe {
            ::core::ptr::write_bytes(s.as_mut_ptr(), 0, 1);
            s.assume_init()
        }
    }
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct wrn_model {
    _unused: [u8; 0],
}
extern "C" {
    pub fn wrn_load(
        path: *const ::core::ffi::c_char,
        options: *const wrn_load_options,
        model: *mut *mut wrn_model,
        error: *mut wrn_error,
    ) -> wrn_status;
}
extern "C" {
    pub fn wrn_load_memory(
        data: *const ::core::ffi::c_void,
        size: usize,
        options: *const wrn_load_options,
        model: *mut *mut wrn_model,
        error: *mut wrn_error,
    ) -> wrn_status;
}
extern "C" {
    pub fn wrn_retain(model: *mut wrn_model) -> *mut wrn_model;
}
extern "C" {
    pub fn wrn_free(model: *mut wrn_model);
}
extern "C" {
    pub fn wrn_infer(
        model: *mut wrn_model,
        batch: i32,
        input: *const f32,
        input_count: usize,
        output: *mut f32,
        output_count: usize,
        error: *mut wrn_error,
    ) -> wrn_status;
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct wrn_prediction {
    pub label: *const ::core::ffi::c_char,
    pub index: i32,
    pub probability: f32,
    pub score: f32,
    pub reserved: i32,
}
impl Default for wrn_prediction {
    fn default() -> Self {
        let mut s = ::core::mem::MaybeUninit::<Self>::uninit();
        unsafe {
            ::core::ptr::write_bytes(s.as_mut_ptr(), 0, 1);
            s.assume_init()
        }
    }
}
extern "C" {
    pub fn wrn_classify(
        model: *mut wrn_model,
        pixels: *const u8,
        width: i32,
        height: i32,
        stride: isize,
        pixel_format: i32,
        k: i32,
        top: *mut wrn_prediction,
        error: *mut wrn_error,
    ) -> wrn_status;
}
extern "C" {
    pub fn wrn_preprocess_image(
        model: *const wrn_model,
        pixels: *const u8,
        width: i32,
        height: i32,
        stride: isize,
        pixel_format: i32,
        input: *mut f32,
        input_count: usize,
        error: *mut wrn_error,
    ) -> wrn_status;
}
extern "C" {
    pub fn wrn_probabilities(
        model: *const wrn_model,
        output: *const f32,
        count: usize,
        probabilities: *mut f32,
        error: *mut wrn_error,
    ) -> wrn_status;
}
#[repr(C)]
#[derive(Debug, Default, Copy, Clone)]
pub struct wrn_model_info {
    pub struct_size: u32,
    pub input_channels: i32,
    pub input_height: i32,
    pub input_width: i32,
    pub input_layout: i32,
    pub output_kind: i32,
    pub isa: i32,
    pub threads: i32,
    pub pass_batch: i32,
    pub has_preprocess: i32,
    pub has_golden: i32,
    pub label_count: i32,
    pub step_count: i32,
    pub feature_count: i32,
    pub input_size: u64,
    pub output_size: u64,
    pub parameters: u64,
    pub macs: u64,
    pub model_bytes: u64,
    pub session_bytes: u64,
    pub output_rank: i32,
    pub output_dims: [i32; 3usize],
}
extern "C" {
    pub fn wrn_model_get_info(model: *const wrn_model, info: *mut wrn_model_info, error: *mut wrn_error) -> wrn_status;
}
extern "C" {
    pub fn wrn_model_label(model: *const wrn_model, index: i32) -> *const ::core::ffi::c_char;
}
extern "C" {
    pub fn wrn_model_property(model: *const wrn_model, key: *const ::core::ffi::c_char) -> *const ::core::ffi::c_char;
}
extern "C" {
    pub fn wrn_model_property_key(model: *const wrn_model, index: i32) -> *const ::core::ffi::c_char;
}
#[repr(C)]
#[derive(Debug, Default, Copy, Clone)]
pub struct wrn_preprocess {
    pub struct_size: u32,
    pub resize: i32,
    pub filter: i32,
    pub resize_height: i32,
    pub resize_width: i32,
    pub crop_height: i32,
    pub crop_width: i32,
    pub channel_order: i32,
    pub scale_to: f32,
    pub mean: [f32; 4usize],
    pub std: [f32; 4usize],
}
extern "C" {
    pub fn wrn_model_get_preprocess(
        model: *const wrn_model,
        preprocess: *mut wrn_preprocess,
        error: *mut wrn_error,
    ) -> wrn_status;
}
extern "C" {
    pub fn wrn_preprocess_preset(
        name: *const ::core::ffi::c_char,
        height: i32,
        width: i32,
        preprocess: *mut wrn_preprocess,
        error: *mut wrn_error,
    ) -> wrn_status;
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct wrn_feature_info {
    pub struct_size: u32,
    pub channels: i32,
    pub height: i32,
    pub width: i32,
    pub name: *const ::core::ffi::c_char,
    pub node: *const ::core::ffi::c_char,
    pub size: u64,
    pub available: i32,
    pub reserved: i32,
}
impl Default for wrn_feature_info {
    fn default() -> Self {
        let mut s = ::core::mem::MaybeUninit::<Self>::uninit();
        unsafe {
            ::core::ptr::write_bytes(s.as_mut_ptr(), 0, 1);
            s.assume_init()
        }
    }
}
extern "C" {
    pub fn wrn_model_feature(
        model: *const wrn_model,
        index: i32,
        info: *mut wrn_feature_info,
        error: *mut wrn_error,
    ) -> wrn_status;
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct wrn_step_info {
    pub struct_size: u32,
    pub channels_in: i32,
    pub channels_out: i32,
    pub height_out: i32,
    pub width_out: i32,
    pub in_file: i32,
    pub op: *const ::core::ffi::c_char,
    pub name: *const ::core::ffi::c_char,
    pub algorithm: *const ::core::ffi::c_char,
    pub kernel: *const ::core::ffi::c_char,
    pub refused: *const ::core::ffi::c_char,
    pub macs: u64,
    pub weight_bytes: u64,
    pub activation_bytes: u64,
    pub scratch_bytes: u64,
    pub predicted_seconds: f64,
    pub predicted_error: f64,
    pub arithmetic: f64,
    pub arithmetic_seconds: f64,
    pub activation_seconds: f64,
    pub weight_seconds: f64,
    pub loss: *const ::core::ffi::c_char,
}
impl Default for wrn_step_info {
    fn default() -> Self {
        let mut s = ::core::mem::MaybeUninit::<Self>::uninit();
        unsafe {
            ::core::ptr::write_bytes(s.as_mut_ptr(), 0, 1);
            s.assume_init()
        }
    }
}
extern "C" {
    pub fn wrn_model_step(model: *const wrn_model, index: i32, info: *mut wrn_step_info, error: *mut wrn_error) -> wrn_status;
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct wrn_load_options {
    pub struct_size: u32,
    pub flags: u32,
    pub threads: i32,
    pub pass_batch: i32,
    pub height: i32,
    pub width: i32,
    pub isa: i32,
    pub log_level: i32,
    pub algorithm: *const ::core::ffi::c_char,
    pub features: *const ::core::ffi::c_char,
    pub preprocess: *const wrn_preprocess,
    pub memory_limit: u64,
    pub alloc_user: *mut ::core::ffi::c_void,
    pub alloc: ::core::option::Option<
        unsafe extern "C" fn(alloc_user: *mut ::core::ffi::c_void, size: usize, alignment: usize) -> *mut ::core::ffi::c_void,
    >,
    pub free:
        ::core::option::Option<unsafe extern "C" fn(alloc_user: *mut ::core::ffi::c_void, memory: *mut ::core::ffi::c_void)>,
    pub parallel_for_user: *mut ::core::ffi::c_void,
    pub parallel_for: ::core::option::Option<
        unsafe extern "C" fn(
            parallel_for_user: *mut ::core::ffi::c_void,
            task: ::core::option::Option<unsafe extern "C" fn(arg: *mut ::core::ffi::c_void, index: usize)>,
            arg: *mut ::core::ffi::c_void,
            count: usize,
        ),
    >,
    pub log_user: *mut ::core::ffi::c_void,
    pub log: ::core::option::Option<
        unsafe extern "C" fn(log_user: *mut ::core::ffi::c_void, level: i32, message: *const ::core::ffi::c_char),
    >,
    pub cancel_user: *mut ::core::ffi::c_void,
    pub cancel: ::core::option::Option<unsafe extern "C" fn(cancel_user: *mut ::core::ffi::c_void) -> i32>,
    pub external_user: *mut ::core::ffi::c_void,
    pub external_data: ::core::option::Option<
        unsafe extern "C" fn(
            external_user: *mut ::core::ffi::c_void,
            name: *const ::core::ffi::c_char,
            data: *mut *const ::core::ffi::c_void,
            size: *mut usize,
        ) -> i32,
    >,
    pub accuracy: f64,
}
impl Default for wrn_load_options {
    fn default() -> Self {
        let mut s = ::core::mem::MaybeUninit::<Self>::uninit();
        unsafe {
            ::core::ptr::write_bytes(s.as_mut_ptr(), 0, 1);
            s.assume_init()
        }
    }
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct wrn_session {
    _unused: [u8; 0],
}
extern "C" {
    pub fn wrn_session_create(model: *mut wrn_model, session: *mut *mut wrn_session, error: *mut wrn_error) -> wrn_status;
}
extern "C" {
    pub fn wrn_session_free(session: *mut wrn_session);
}
extern "C" {
    pub fn wrn_session_infer(
        session: *mut wrn_session,
        batch: i32,
        input: *const f32,
        input_count: usize,
        output: *mut f32,
        output_count: usize,
        error: *mut wrn_error,
    ) -> wrn_status;
}
extern "C" {
    pub fn wrn_session_infer_named(
        session: *mut wrn_session,
        batch: i32,
        input: *const f32,
        input_count: usize,
        output_count: i32,
        names: *const *const ::core::ffi::c_char,
        outputs: *const *mut f32,
        counts: *const usize,
        error: *mut wrn_error,
    ) -> wrn_status;
}
extern "C" {
    pub fn wrn_session_profile(session: *mut wrn_session, enable: i32, error: *mut wrn_error) -> wrn_status;
}
extern "C" {
    pub fn wrn_session_step_seconds(session: *const wrn_session, step: i32) -> f64;
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct wrn_convert_options {
    pub struct_size: u32,
    pub format: i32,
    pub weights: i32,
    pub height: i32,
    pub width: i32,
    pub label_count: i32,
    pub labels: *const *const ::core::ffi::c_char,
    pub preprocess: *const wrn_preprocess,
    pub property_count: i32,
    pub golden_batch: i32,
    pub property_keys: *const *const ::core::ffi::c_char,
    pub property_values: *const *const ::core::ffi::c_char,
    pub golden_input: *const f32,
    pub golden_output: *const f32,
    pub golden_tolerance: f64,
    pub pack: *const ::core::ffi::c_char,
}
impl Default for wrn_convert_options {
    fn default() -> Self {
        let mut s = ::core::mem::MaybeUninit::<Self>::uninit();
        unsafe {
            ::core::ptr::write_bytes(s.as_mut_ptr(), 0, 1);
            s.assume_init()
        }
    }
}
extern "C" {
    pub fn wrn_convert(
        input: *const ::core::ffi::c_char,
        output: *const ::core::ffi::c_char,
        options: *const wrn_convert_options,
        error: *mut wrn_error,
    ) -> wrn_status;
}
