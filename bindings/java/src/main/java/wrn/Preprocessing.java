// SPDX-License-Identifier: Apache-2.0
package wrn;

import java.nio.charset.StandardCharsets;

/**
 * How pixels become the network's input: resize, centre crop, {@code x = pixel / 255 * scaleTo},
 * {@code x = (x - mean[c]) / std[c]}.
 *
 * @param resize how an image comes to another size
 * @param filter what with
 * @param resizeHeight to how many pixels
 * @param resizeWidth to how many pixels
 * @param cropHeight the network's input size; 0 takes it from the model
 * @param cropWidth the network's input size; 0 takes it from the model
 * @param channelOrder RGB or BGR; GREY for one channel
 * @param scaleTo the value of a pixel of 255
 * @param mean four numbers, on the scale of {@code scaleTo}, in {@code channelOrder}
 * @param std four numbers, in {@code channelOrder}
 */
public record Preprocessing(
        Resize resize, Filter filter, int resizeHeight, int resizeWidth, int cropHeight, int cropWidth,
        PixelFormat channelOrder, float scaleTo, float[] mean, float[] std) {

    /** How an image of another size comes to the size of the crop. The order is that of the library's numbers. */
    public enum Resize {
        /** It must have the size already. */
        NONE,
        /** Not keeping the aspect ratio. */
        STRETCH,
        /** The shorter side to {@code resizeHeight}, keeping the aspect ratio. */
        SHORTER
    }

    /** What pixels are resized with; all but NEAREST antialias when they shrink. The order is that of the library's numbers. */
    public enum Filter {
        /** The nearest pixel. */
        NEAREST,
        /** Triangle. */
        BILINEAR,
        /** Cubic convolution. */
        BICUBIC,
        /** Lanczos with three lobes. */
        LANCZOS,
        /** Mean of the pixels covered. */
        BOX
    }

    /**
     * A common preprocessing.
     *
     * @param name "cifar", "svhn", "imagenet" or "imagenet-v2"
     * @param height the network's input size
     * @param width the network's input size
     * @return the preprocessing
     */
    public static Preprocessing preset(String name, int height, int width) {
        Native.Preprocess p = new Native.Preprocess();
        p.write();
        byte[] error = WrnException.room();
        WrnException.check(Native.wrn_preprocess_preset(text(name), height, width, p.getPointer(), error), error);
        p.read();
        return of(p);
    }

    static Preprocessing of(Native.Preprocess p) {
        return new Preprocessing(
                Resize.values()[p.resize], Filter.values()[p.filter], p.resizeHeight, p.resizeWidth, p.cropHeight, p.cropWidth,
                PixelFormat.values()[p.channelOrder - 1], p.scaleTo, p.mean, p.std);
    }

    Native.Preprocess toNative() {
        Native.Preprocess p = new Native.Preprocess();
        p.resize = resize.ordinal();
        p.filter = filter.ordinal();
        p.resizeHeight = resizeHeight;
        p.resizeWidth = resizeWidth;
        p.cropHeight = cropHeight;
        p.cropWidth = cropWidth;
        p.channelOrder = channelOrder.code;
        p.scaleTo = scaleTo;
        p.mean = mean.clone();
        p.std = std.clone();
        p.write();
        return p;
    }

    /** NUL-terminated UTF-8. */
    static byte[] text(String s) {
        if (s.indexOf('\0') >= 0) throw new IllegalArgumentException("a text holds a zero character");
        return (s + '\0').getBytes(StandardCharsets.UTF_8);
    }
}
