// SPDX-License-Identifier: Apache-2.0
package wrn;

import com.sun.jna.Native;
import com.sun.jna.Pointer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;

/** Where direct buffers lie. */
final class Buffers {
    private Buffers() {}

    static Pointer address(FloatBuffer buffer) {
        if (!buffer.isDirect() || buffer.order() != ByteOrder.nativeOrder())
            throw new IllegalArgumentException("a buffer is not direct, or not in native byte order");
        return Native.getDirectBufferPointer(buffer.slice()); // which lies at the position
    }

    static Pointer writable(FloatBuffer buffer) {
        if (buffer.isReadOnly()) throw new IllegalArgumentException("the output is a read-only buffer");
        return address(buffer);
    }
}
