// SPDX-License-Identifier: Apache-2.0
use crate::model::text;
use crate::pixels::codes;
use crate::Model;
use std::ffi::{c_char, CStr, CString};
use wrn_sys as sys;

codes! {
    /// The order of an image's floats.
    Layout {
        /// Channels, rows, columns.
        Nchw = WRN_LAYOUT_NCHW,
        /// Rows, columns, channels.
        Nhwc = WRN_LAYOUT_NHWC,
    }
}

codes! {
    /// What the numbers are that the network puts out.
    OutputKind {
        /// Before a softmax.
        Logits = WRN_OUTPUT_LOGITS,
        /// After it.
        Probabilities = WRN_OUTPUT_PROBABILITIES,
        /// Their logarithms.
        LogProbabilities = WRN_OUTPUT_LOG_PROBABILITIES,
    }
}

codes! {
    /// An instruction set.
    Isa {
        /// The best that the CPU has.
        Auto = WRN_ISA_AUTO,
        /// The naive reference.
        C = WRN_ISA_C,
        /// AVX2 and FMA.
        Avx2 = WRN_ISA_AVX2,
        /// AVX-512 F, BW, DQ, VL.
        Avx512 = WRN_ISA_AVX512,
        /// aarch64, or armv7 with VFPv4.
        Neon = WRN_ISA_NEON,
    }
}

/// What a model says about itself.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Info {
    /// Channels of an input image.
    pub input_channels: usize,
    /// Its rows.
    pub input_height: usize,
    /// Its columns.
    pub input_width: usize,
    /// The order of its floats; `None`: one that this crate does not know.
    pub input_layout: Option<Layout>,
    /// Floats per image.
    pub input_size: usize,
    /// Floats per image; the number of classes for a classifier.
    pub output_size: usize,
    /// The output's dimensions, in the order of the floats.
    pub output_dims: Vec<usize>,
    /// What the output is; `None`: something that this crate does not know.
    pub output_kind: Option<OutputKind>,
    /// The instruction set in use; `None`: one that this crate does not know.
    pub isa: Option<Isa>,
    /// Threads that work at most on one call, the caller's included.
    pub threads: usize,
    /// Images worked on in one pass.
    pub pass_batch: usize,
    /// Images can be classified.
    pub has_preprocessing: bool,
    /// The file carries a golden input and output.
    pub has_golden: bool,
    /// Trainable numbers of the network.
    pub parameters: u64,
    /// Multiply-accumulates per image.
    pub macs: u64,
    /// Memory held by the model.
    pub model_bytes: u64,
    /// Memory that each session adds.
    pub session_bytes: u64,
}

impl Info {
    /// Cannot fail: `model` was loaded just now.
    pub(crate) unsafe fn read(model: *const sys::wrn_model) -> Self {
        let struct_size = std::mem::size_of::<sys::wrn_model_info>() as u32;
        let mut c = sys::wrn_model_info { struct_size, ..Default::default() };
        unsafe { sys::wrn_model_get_info(model, &mut c, std::ptr::null_mut()) };
        Self {
            input_channels: c.input_channels as usize,
            input_height: c.input_height as usize,
            input_width: c.input_width as usize,
            input_layout: Layout::from_code(c.input_layout),
            input_size: c.input_size as usize,
            output_size: c.output_size as usize,
            output_dims: c.output_dims.iter().take(c.output_rank as usize).map(|&n| n as usize).collect(),
            output_kind: OutputKind::from_code(c.output_kind),
            isa: Isa::from_code(c.isa),
            threads: c.threads as usize,
            pass_batch: c.pass_batch as usize,
            has_preprocessing: c.has_preprocess != 0,
            has_golden: c.has_golden != 0,
            parameters: c.parameters,
            macs: c.macs,
            model_bytes: c.model_bytes,
            session_bytes: c.session_bytes,
        }
    }

    /// The number of images in `input`. What is no whole number of images the library refuses, and says why.
    pub(crate) fn batch(&self, input: &[f32]) -> i32 {
        (input.len() / self.input_size.max(1)).max(1).try_into().unwrap_or(i32::MAX)
    }
}

/// An intermediate tensor that can be asked for with [`Builder::features`](crate::Builder::features).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Feature {
    /// "stage1", "stage2", …, "last" or "pool".
    pub name: String,
    /// The graph's name of the tensor.
    pub node: String,
    /// Its channels.
    pub channels: usize,
    /// Its rows.
    pub height: usize,
    /// Its columns.
    pub width: usize,
    /// Floats per image: channels * height * width, in that order.
    pub size: usize,
    /// The load named it.
    pub available: bool,
}

impl Model {
    /// The label of a class, if the model has labels.
    pub fn label(&self, index: usize) -> Option<&str> {
        let index = index.try_into().ok()?;
        unsafe { text(sys::wrn_model_label(self.raw(), index)) }
    }

    /// The labels of all classes; none if the model has no labels.
    pub fn labels(&self) -> impl Iterator<Item = &str> {
        (0..).map_while(|index| self.label(index))
    }

    /// A text that the model carries, such as "architecture", "license" or "accuracy".
    pub fn property(&self, key: &str) -> Option<&str> {
        let key = CString::new(key).ok()?;
        unsafe { text(sys::wrn_model_property(self.raw(), key.as_ptr())) }
    }

    /// All texts that the model carries, with their keys.
    pub fn properties(&self) -> impl Iterator<Item = (&str, &str)> {
        (0..).map_while(|index| {
            let key = unsafe { text(sys::wrn_model_property_key(self.raw(), index)) }?;
            Some((key, self.property(key)?))
        })
    }

    /// The intermediate tensors that can be asked for.
    pub fn features(&self) -> Vec<Feature> {
        let struct_size = std::mem::size_of::<sys::wrn_feature_info>() as u32;
        let feature = |index| {
            let mut c = sys::wrn_feature_info { struct_size, ..Default::default() };
            let status = unsafe { sys::wrn_model_feature(self.raw(), index, &mut c, std::ptr::null_mut()) };
            (status == sys::WRN_OK).then(|| Feature {
                name: unsafe { owned(c.name) },
                node: unsafe { owned(c.node) },
                channels: c.channels as usize,
                height: c.height as usize,
                width: c.width as usize,
                size: c.size as usize,
                available: c.available != 0,
            })
        };
        (0..).map_while(feature).collect()
    }
}

unsafe fn owned(raw: *const c_char) -> String {
    unsafe { CStr::from_ptr(raw) }.to_string_lossy().into_owned()
}
