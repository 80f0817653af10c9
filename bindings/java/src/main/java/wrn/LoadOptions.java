// SPDX-License-Identifier: Apache-2.0
package wrn;

import com.sun.jna.Memory;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.BooleanSupplier;

/** Options of {@link Model#load}. Each method changes this object and returns it. */
public final class LoadOptions {
    private int flags, threads, passBatch, height, width;
    private ModelInfo.Isa isa = ModelInfo.Isa.AUTO;
    private String algorithm;
    private final List<String> features = new ArrayList<>();
    private Preprocessing preprocessing;
    private long memoryLimit;
    private double accuracy;
    private LogLevel logLevel = LogLevel.WARNING;
    private BiConsumer<LogLevel, String> log;
    private BooleanSupplier cancel;

    /** The defaults. */
    public LoadOptions() {}

    /** How much a line about a load matters, in the order of the library's numbers. */
    public enum LogLevel {
        /** Something is probably not as it was meant. */
        WARNING,
        /** What was done. */
        INFORMATION,
        /** Everything. */
        DETAIL
    }

    /**
     * Threads that work on one call, the caller's included.
     *
     * @param n 0: as many as the process may use; 1: the caller's alone, right where many threads infer at once
     * @return this
     */
    public LoadOptions threads(int n) {
        threads = n;
        return this;
    }

    /**
     * Images worked on at once, which sets the memory of a session.
     *
     * @param n 0: chosen
     * @return this
     */
    public LoadOptions passBatch(int n) {
        passBatch = n;
        return this;
    }

    /**
     * Input size, where the file leaves it open.
     *
     * @param height in pixels
     * @param width in pixels
     * @return this
     */
    public LoadOptions inputSize(int height, int width) {
        this.height = height;
        this.width = width;
        return this;
    }

    /**
     * The instruction set to use.
     *
     * @param isa one that the CPU has, else the load fails with {@link Status#UNSUPPORTED}
     * @return this
     */
    public LoadOptions isa(ModelInfo.Isa isa) {
        this.isa = isa;
        return this;
    }

    /**
     * Convolutions use this algorithm wherever it is applicable.
     *
     * @param name such as "direct"
     * @return this
     */
    public LoadOptions algorithm(String name) {
        algorithm = name;
        return this;
    }

    /**
     * Intermediate feature maps to keep for {@link Session#inferNamed}.
     *
     * @param names of {@link Model#features}
     * @return this
     */
    public LoadOptions features(String... names) {
        features.addAll(List.of(names));
        return this;
    }

    /**
     * Replaces the preprocessing that the file carries.
     *
     * @param preprocessing the new one
     * @return this
     */
    public LoadOptions preprocessing(Preprocessing preprocessing) {
        this.preprocessing = preprocessing;
        return this;
    }

    /**
     * Limits the memory of the model and one session together.
     *
     * @param bytes 0: no limit
     * @return this
     */
    public LoadOptions memoryLimit(long bytes) {
        memoryLimit = bytes;
        return this;
    }

    /**
     * The largest relative error of a convolution that an algorithm may have.
     *
     * @param relative 0: the library's default
     * @return this
     */
    public LoadOptions accuracy(double relative) {
        accuracy = relative;
        return this;
    }

    /**
     * Maps a {@code .wrn} file instead of reading it; it must not change while the model is in use.
     *
     * @return this
     */
    public LoadOptions mmap() {
        return flag(1);
    }

    /**
     * Checks every checksum, and the golden input and output that the file carries.
     *
     * @return this
     */
    public LoadOptions verify() {
        return flag(4);
    }

    /**
     * Chooses algorithms by this machine's measured speed; the last bits of results may then differ between loads.
     *
     * @return this
     */
    public LoadOptions measure() {
        return flag(8);
    }

    /**
     * Allows only algorithms that multiply and add as the definition of a convolution says.
     *
     * @return this
     */
    public LoadOptions exact() {
        return flag(32);
    }

    private LoadOptions flag(int flag) {
        flags |= flag;
        return this;
    }

    /**
     * Asked between the steps of a load and of inference, on the calling thread; true ends the call with
     * {@link Status#CANCELLED}, and so does an exception. Such as {@code () -> Thread.currentThread().isInterrupted()}.
     *
     * @param cancel called by several threads at once; must not close what asks it
     * @return this
     */
    public LoadOptions cancel(BooleanSupplier cancel) {
        this.cancel = cancel;
        return this;
    }

    /**
     * Gets lines about the load.
     *
     * @param level the highest to pass on
     * @param log called by the thread that loads
     * @return this
     */
    public LoadOptions log(LogLevel level, BiConsumer<LogLevel, String> log) {
        logLevel = level;
        this.log = log;
        return this;
    }

    /** The structure, and what it points to, for the time of a load; the hooks are needed as long as the model. */
    record Prepared(Native.LoadOptions options, List<Object> kept, List<Object> hooks) {}

    Prepared prepare() {
        Native.LoadOptions o = new Native.LoadOptions();
        List<Object> kept = new ArrayList<>(), hooks = new ArrayList<>();
        o.flags = flags;
        o.threads = threads;
        o.passBatch = passBatch;
        o.height = height;
        o.width = width;
        o.isa = isa.ordinal();
        o.logLevel = logLevel.ordinal();
        o.memoryLimit = memoryLimit;
        o.accuracy = accuracy;
        if (algorithm != null) o.algorithm = keep(algorithm, kept);
        if (!features.isEmpty()) o.features = keep(String.join(",", features), kept);
        if (preprocessing != null) {
            Native.Preprocess p = preprocessing.toNative();
            kept.add(p);
            o.preprocess = p.getPointer();
        }
        if (log != null) {
            BiConsumer<LogLevel, String> to = log;
            LogLevel[] levels = LogLevel.values();
            o.log = (user, level, message) ->
                    to.accept(levels[Math.max(0, Math.min(level, levels.length - 1))], message.getString(0, "UTF-8"));
            hooks.add(o.log);
        }
        if (cancel != null) {
            BooleanSupplier ask = cancel;
            o.cancel = user -> {
                try {
                    return ask.getAsBoolean() ? 1 : 0;
                } catch (RuntimeException e) { // an exception cannot pass through C
                    return 1;
                }
            };
            hooks.add(o.cancel);
        }
        o.write();
        return new Prepared(o, kept, hooks);
    }

    private static Memory keep(String s, List<Object> kept) {
        byte[] bytes = Preprocessing.text(s);
        Memory memory = new Memory(bytes.length);
        memory.write(0, bytes, 0, bytes.length);
        kept.add(memory);
        return memory;
    }
}
