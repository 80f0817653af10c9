// SPDX-License-Identifier: Apache-2.0
use crate::error::check;
use crate::{Error, Model, Result};
use std::ffi::CString;
use wrn_sys as sys;

macro_rules! codes {
    ($(#[$doc:meta])* $name:ident { $($(#[$item_doc:meta])* $item:ident = $code:ident,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum $name { $($(#[$item_doc])* $item,)* }

        impl $name {
            #[allow(dead_code)] // some are only read from the library, some only given to it
            pub(crate) fn code(self) -> i32 {
                match self { $(Self::$item => wrn_sys::$code,)* }
            }

            #[allow(dead_code)]
            pub(crate) fn from_code(code: i32) -> Option<Self> {
                match code { $(wrn_sys::$code => Some(Self::$item),)* _ => None }
            }
        }
    };
}
pub(crate) use codes;

codes! {
    /// The order of the bytes of a pixel, 8 bits a channel.
    PixelFormat {
        /// Red, green, blue.
        Rgb = WRN_PIXELS_RGB,
        /// Blue, green, red.
        Bgr = WRN_PIXELS_BGR,
        /// Red, green, blue, and alpha, which is ignored.
        Rgba = WRN_PIXELS_RGBA,
        /// Blue, green, red, and alpha, which is ignored.
        Bgra = WRN_PIXELS_BGRA,
        /// One channel, which is replicated.
        Grey = WRN_PIXELS_GREY,
    }
}

codes! {
    /// How an image of another size comes to the size of the crop.
    Resize {
        /// It must have the size already.
        None = WRN_RESIZE_NONE,
        /// Not keeping the aspect ratio.
        Stretch = WRN_RESIZE_STRETCH,
        /// The shorter side to `resize_height`, keeping the aspect ratio.
        Shorter = WRN_RESIZE_SHORTER,
    }
}

codes! {
    /// What pixels are resized with; all but `Nearest` antialias when they shrink.
    Filter {
        /// The nearest pixel.
        Nearest = WRN_FILTER_NEAREST,
        /// Triangle.
        Bilinear = WRN_FILTER_BILINEAR,
        /// Cubic convolution.
        Bicubic = WRN_FILTER_BICUBIC,
        /// Lanczos with three lobes.
        Lanczos = WRN_FILTER_LANCZOS,
        /// Mean of the pixels covered.
        Box = WRN_FILTER_BOX,
    }
}

/// The bytes of an image; nothing is copied.
#[derive(Clone, Copy, Debug)]
pub struct Pixels<'a> {
    /// Rows from the top, `stride` bytes apart.
    pub data: &'a [u8],
    /// Pixels in a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Bytes from one row to the next.
    pub stride: usize,
    /// Order of the bytes.
    pub format: PixelFormat,
}

/// Pixels as the library takes them, known to be all there.
pub(crate) struct Checked {
    pub data: *const u8,
    pub width: i32,
    pub height: i32,
    pub stride: isize,
    pub format: i32,
}

impl PixelFormat {
    fn channels(self) -> usize {
        match self {
            Self::Rgb | Self::Bgr => 3,
            Self::Rgba | Self::Bgra => 4,
            Self::Grey => 1,
        }
    }
}

impl<'a> Pixels<'a> {
    /// Rows without gaps.
    pub fn new(data: &'a [u8], width: u32, height: u32, format: PixelFormat) -> Self {
        Self { data, width, height, stride: (width as usize).saturating_mul(format.channels()), format }
    }

    /// RGB rows without gaps.
    pub fn rgb(data: &'a [u8], width: u32, height: u32) -> Self {
        Self::new(data, width, height, PixelFormat::Rgb)
    }

    /// The library knows no length: sees to it that nothing is read behind the slice.
    pub(crate) fn checked(&self) -> Result<Checked> {
        let row = (self.width as usize).saturating_mul(self.format.channels());
        if self.stride < row {
            return Err(Error::argument("pixels: the stride is shorter than a row"));
        }
        let before = (self.height.saturating_sub(1) as usize).checked_mul(self.stride);
        if before.and_then(|n| n.checked_add(row)).map_or(true, |needed| self.data.len() < needed) {
            return Err(Error::argument("pixels: the data is shorter than height rows"));
        }
        let number = |n: u32| i32::try_from(n).map_err(|_| Error::argument("pixels: width or height is out of range"));
        Ok(Checked {
            data: self.data.as_ptr(),
            width: number(self.width)?,
            height: number(self.height)?,
            stride: self.stride.try_into().map_err(|_| Error::argument("pixels: the stride is out of range"))?,
            format: self.format.code(),
        })
    }
}

/// How pixels become the network's input: resize, centre crop, `x = pixel / 255 * scale_to`, `x = (x - mean[c]) / std[c]`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Preprocessing {
    /// How an image is resized.
    pub resize: Resize,
    /// What with.
    pub filter: Filter,
    /// To how many pixels.
    pub resize_height: u32,
    /// To how many pixels.
    pub resize_width: u32,
    /// The network's input size; 0 takes it from the model.
    pub crop_height: u32,
    /// The network's input size; 0 takes it from the model.
    pub crop_width: u32,
    /// `Rgb` or `Bgr`; `Grey` for one channel.
    pub channel_order: PixelFormat,
    /// The value of a pixel of 255.
    pub scale_to: f32,
    /// On the scale of `scale_to`, in `channel_order`.
    pub mean: [f32; 4],
    /// In `channel_order`.
    pub std: [f32; 4],
}

impl Preprocessing {
    /// A common preprocessing for inputs of this size: "cifar", "svhn", "imagenet" or "imagenet-v2".
    pub fn preset(name: &str, height: u32, width: u32) -> Result<Self> {
        let name = CString::new(name).map_err(|_| Error::argument("argument name holds a zero byte"))?;
        let (height, width) = (height.try_into().unwrap_or(i32::MAX), width.try_into().unwrap_or(i32::MAX));
        Self::filled(|p, error| unsafe { sys::wrn_preprocess_preset(name.as_ptr(), height, width, p, error) })
    }

    fn filled(fill: impl FnOnce(*mut sys::wrn_preprocess, *mut sys::wrn_error) -> sys::wrn_status) -> Result<Self> {
        let mut c = sys::wrn_preprocess { struct_size: SIZE, ..Default::default() };
        check(|error| fill(&mut c, error))?;
        Ok(Self {
            resize: Resize::from_code(c.resize).ok_or_else(newer)?,
            filter: Filter::from_code(c.filter).ok_or_else(newer)?,
            resize_height: c.resize_height as u32,
            resize_width: c.resize_width as u32,
            crop_height: c.crop_height as u32,
            crop_width: c.crop_width as u32,
            channel_order: PixelFormat::from_code(c.channel_order).ok_or_else(newer)?,
            scale_to: c.scale_to,
            mean: c.mean,
            std: c.std,
        })
    }

    pub(crate) fn to_c(self) -> sys::wrn_preprocess {
        let number = |n: u32| n.try_into().unwrap_or(i32::MAX); // refused by the library
        sys::wrn_preprocess {
            struct_size: SIZE,
            resize: self.resize.code(),
            filter: self.filter.code(),
            resize_height: number(self.resize_height),
            resize_width: number(self.resize_width),
            crop_height: number(self.crop_height),
            crop_width: number(self.crop_width),
            channel_order: self.channel_order.code(),
            scale_to: self.scale_to,
            mean: self.mean,
            std: self.std,
        }
    }
}

const SIZE: u32 = std::mem::size_of::<sys::wrn_preprocess>() as u32;

fn newer() -> Error {
    Error::argument("the library is newer than this crate: unknown kind of preprocessing")
}

impl Model {
    /// What the model does to pixels; [`Status::Preprocess`](crate::Status::Preprocess) if it carries none.
    pub fn preprocessing(&self) -> Result<Preprocessing> {
        Preprocessing::filled(|p, error| unsafe { sys::wrn_model_get_preprocess(self.raw(), p, error) })
    }
}
