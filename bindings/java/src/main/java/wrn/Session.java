// SPDX-License-Identifier: Apache-2.0
package wrn;

import com.sun.jna.Memory;
import com.sun.jna.Pointer;
import java.lang.ref.Reference;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.Map;

/**
 * Scratch memory of one's own: inference in it allocates nothing in the library. One call at a time; a second one at the same
 * time fails with {@link Status#BUSY}. It keeps what it needs of its model, also when that is closed.
 */
public final class Session implements AutoCloseable {
    private final Handle handle;
    private final ModelInfo info;

    Session(Pointer pointer, ModelInfo info, List<Object> hooks) {
        handle = new Handle("session", pointer, Native::wrn_session_free, hooks);
        this.info = info;
    }

    /** Frees the session, after a call that another thread still makes. */
    @Override
    public void close() {
        handle.close();
    }

    /**
     * {@link Model#infer(float[], float[])} in the session's memory.
     *
     * @param input the images one after the other
     * @param output receives {@code info().outputSize()} floats for each image
     */
    public void infer(float[] input, float[] output) {
        byte[] error = WrnException.room();
        Native.Size inputs = new Native.Size(input.length), outputs = new Native.Size(output.length);
        Pointer session = handle.acquire();
        try {
            WrnException.check(
                    Native.wrn_session_infer(session, info.batch(input.length), input, inputs, output, outputs, error), error);
        } finally {
            handle.release();
        }
    }

    /**
     * {@link Model#infer(FloatBuffer, FloatBuffer)} in the session's memory.
     *
     * @param input a direct buffer in native byte order
     * @param output a direct buffer in native byte order
     */
    public void infer(FloatBuffer input, FloatBuffer output) {
        byte[] error = WrnException.room();
        Native.Size inputs = new Native.Size(input.remaining()), outputs = new Native.Size(output.remaining());
        Pointer in = Buffers.address(input), out = Buffers.writable(output), session = handle.acquire();
        try {
            WrnException.check(
                    Native.wrn_session_infer(session, info.batch(input.remaining()), in, inputs, out, outputs, error), error);
        } finally {
            handle.release();
            Reference.reachabilityFence(input);
            Reference.reachabilityFence(output);
        }
    }

    /**
     * Several outputs at once.
     *
     * @param input the images one after the other
     * @param outputs by names of features that {@link LoadOptions#features} named, or "output" for the network's own; each
     *     array receives {@code Feature.size()} floats for each image
     */
    public void inferNamed(float[] input, Map<String, float[]> outputs) {
        byte[] error = WrnException.room();
        int count = outputs.size(), word = com.sun.jna.Native.POINTER_SIZE;
        Memory names = new Memory(Math.max(1, count) * word), addresses = new Memory(Math.max(1, count) * word);
        Memory counts = new Memory(Math.max(1, count) * word);
        Memory[] texts = new Memory[count], floats = new Memory[count];
        int i = 0;
        for (Map.Entry<String, float[]> output : outputs.entrySet()) {
            byte[] name = Preprocessing.text(output.getKey());
            int length = output.getValue().length;
            texts[i] = new Memory(name.length);
            texts[i].write(0, name, 0, name.length);
            floats[i] = new Memory(Math.max(1, 4L * length));
            names.setPointer((long) i * word, texts[i]);
            addresses.setPointer((long) i * word, floats[i]);
            if (word == 8) counts.setLong(8L * i, length);
            else counts.setInt(4L * i, length);
            i++;
        }
        Native.Size inputs = new Native.Size(input.length);
        Pointer session = handle.acquire();
        try {
            WrnException.check(
                    Native.wrn_session_infer_named(
                            session, info.batch(input.length), input, inputs, count, names, addresses, counts, error),
                    error);
        } finally {
            handle.release();
            Reference.reachabilityFence(texts);
        }
        i = 0;
        for (float[] output : outputs.values()) floats[i++].read(0, output, 0, output.length);
    }
}
