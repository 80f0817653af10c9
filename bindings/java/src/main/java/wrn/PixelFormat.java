// SPDX-License-Identifier: Apache-2.0
package wrn;

/** The order of the bytes of a pixel, 8 bits a channel. */
public enum PixelFormat {
    /** Red, green, blue. */
    RGB(1, 3),
    /** Blue, green, red. */
    BGR(2, 3),
    /** Red, green, blue, and alpha, which is ignored. */
    RGBA(3, 4),
    /** Blue, green, red, and alpha, which is ignored. */
    BGRA(4, 4),
    /** One channel, which is replicated. */
    GREY(5, 1);

    final int code;
    final int channels;

    PixelFormat(int code, int channels) {
        this.code = code;
        this.channels = channels;
    }
}
