// SPDX-License-Identifier: Apache-2.0
package wrn;

import java.awt.image.BufferedImage;
import java.awt.image.DataBufferByte;
import java.awt.image.PixelInterleavedSampleModel;
import java.awt.image.Raster;

/**
 * The bytes of an image.
 *
 * @param data rows from the top, {@code stride} bytes apart
 * @param width pixels in a row
 * @param height rows
 * @param stride bytes from one row to the next
 * @param format the order of the bytes of a pixel
 */
public record Pixels(byte[] data, int width, int height, int stride, PixelFormat format) {
    /**
     * Sees to it that the pixels are all there, as the library knows no length.
     *
     * @throws IllegalArgumentException if {@code data} is shorter than {@code height} rows, or a row than {@code width} pixels
     */
    public Pixels {
        if (width < 1 || height < 1) throw new IllegalArgumentException("pixels: width or height is out of range");
        long row = (long) width * format.channels;
        if (stride < row) throw new IllegalArgumentException("pixels: the stride is shorter than a row");
        if ((height - 1L) * stride + row > data.length)
            throw new IllegalArgumentException("pixels: the data is shorter than height rows");
    }

    /**
     * Rows without gaps.
     *
     * @param data the bytes
     * @param width pixels in a row
     * @param height rows
     * @param format the order of the bytes of a pixel
     */
    public Pixels(byte[] data, int width, int height, PixelFormat format) {
        this(data, width, height, Math.multiplyExact(width, format.channels), format);
    }

    /**
     * The pixels of an image, without copying where Java keeps them as the library takes them (what {@code ImageIO} makes of
     * JPEG files, for example).
     *
     * @param image of any type; transparency is ignored
     * @return its pixels
     */
    public static Pixels of(BufferedImage image) {
        Raster raster = image.getRaster();
        PixelFormat format = switch (image.getType()) {
            case BufferedImage.TYPE_3BYTE_BGR -> PixelFormat.BGR;
            // As it is: getRGB would take grey for linear light, and brighten it.
            case BufferedImage.TYPE_BYTE_GRAY -> PixelFormat.GREY;
            default -> null;
        };
        int width = image.getWidth(), height = image.getHeight();
        if (format != null
                && raster.getParent() == null
                && raster.getDataBuffer() instanceof DataBufferByte bytes
                && bytes.getOffset() == 0
                && raster.getSampleModel() instanceof PixelInterleavedSampleModel model)
            return new Pixels(bytes.getData(), width, height, model.getScanlineStride(), format);
        if (format == PixelFormat.GREY) {
            byte[] data = (byte[]) raster.getDataElements(0, 0, width, height, null);
            return new Pixels(data, width, height, format);
        }
        int[] colours = image.getRGB(0, 0, width, height, null, 0, width);
        byte[] data = new byte[Math.multiplyExact(3, colours.length)];
        for (int i = 0; i < colours.length; i++) {
            data[3 * i] = (byte) (colours[i] >> 16);
            data[3 * i + 1] = (byte) (colours[i] >> 8);
            data[3 * i + 2] = (byte) colours[i];
        }
        return new Pixels(data, width, height, PixelFormat.RGB);
    }
}
