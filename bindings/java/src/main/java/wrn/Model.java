// SPDX-License-Identifier: Apache-2.0
package wrn;

import com.sun.jna.Pointer;
import com.sun.jna.ptr.PointerByReference;
import java.awt.image.BufferedImage;
import java.lang.ref.Reference;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A network that is ready to run. It never changes; any number of threads may use it at the same time. */
public final class Model implements AutoCloseable {
    private final Handle handle;
    private final List<Object> hooks;
    private final ModelInfo info;

    private Model(Pointer pointer, List<Object> hooks) {
        handle = new Handle("model", pointer, Native::wrn_free, hooks);
        this.hooks = hooks;
        Native.ModelInfo c = new Native.ModelInfo();
        c.write();
        byte[] error = WrnException.room();
        WrnException.check(Native.wrn_model_get_info(pointer, c.getPointer(), error), error);
        c.read();
        info = ModelInfo.of(c);
    }

    /**
     * The version of the library that is running.
     *
     * @return such as "0.1.0"
     */
    public static String version() {
        int v = Native.wrn_version();
        return v / 10000 + "." + v / 100 % 100 + "." + v % 100;
    }

    /**
     * Loads a model with default options.
     *
     * @param file a {@code .wrn} or {@code .onnx} file; the format is told from the contents, not from the name
     * @return the model, to be closed
     */
    public static Model load(Path file) {
        return load(file, new LoadOptions());
    }

    /**
     * Loads a model.
     *
     * @param file a {@code .wrn} or {@code .onnx} file; the format is told from the contents, not from the name
     * @param options how
     * @return the model, to be closed
     */
    public static Model load(Path file, LoadOptions options) {
        byte[] path = Preprocessing.text(file.toString());
        return load(options, (o, model, error) -> Native.wrn_load(path, o, model, error));
    }

    /**
     * Loads a model from memory.
     *
     * @param bytes not used after the call; ONNX files must hold their weights themselves
     * @param options how
     * @return the model, to be closed
     */
    public static Model load(byte[] bytes, LoadOptions options) {
        Native.Size size = new Native.Size(bytes.length);
        return load(options, (o, model, error) -> Native.wrn_load_memory(bytes, size, o, model, error));
    }

    private interface Load {
        int call(Pointer options, PointerByReference model, byte[] error);
    }

    private static Model load(LoadOptions options, Load load) {
        LoadOptions.Prepared prepared = options.prepare();
        PointerByReference model = new PointerByReference();
        byte[] error = WrnException.room();
        try {
            WrnException.check(load.call(prepared.options().getPointer(), model, error), error);
        } finally {
            Reference.reachabilityFence(prepared);
        }
        return new Model(model.getValue(), prepared.hooks());
    }

    /** Frees the model, after the calls that other threads still make. Open sessions stay usable. */
    @Override
    public void close() {
        handle.close();
    }

    /**
     * Sizes, layout and memory, also of a closed model.
     *
     * @return what the model says about itself
     */
    public ModelInfo info() {
        return info;
    }

    /**
     * Runs the network on {@code input.length / info().inputSize()} images. The arrays are copied on their way; direct buffers
     * are not.
     *
     * @param input the images one after the other, each in the layout {@code info().inputLayout()}, normalized already
     * @param output receives {@code info().outputSize()} floats for each image
     */
    public void infer(float[] input, float[] output) {
        byte[] error = WrnException.room();
        Native.Size inputs = new Native.Size(input.length), outputs = new Native.Size(output.length);
        Pointer model = handle.acquire();
        try {
            WrnException.check(Native.wrn_infer(model, info.batch(input.length), input, inputs, output, outputs, error), error);
        } finally {
            handle.release();
        }
    }

    /**
     * {@link #infer(float[], float[])} without copying: from the buffers' positions to their limits, which do not change.
     *
     * @param input a direct buffer in native byte order
     * @param output a direct buffer in native byte order
     */
    public void infer(FloatBuffer input, FloatBuffer output) {
        byte[] error = WrnException.room();
        Native.Size inputs = new Native.Size(input.remaining()), outputs = new Native.Size(output.remaining());
        Pointer in = Buffers.address(input), out = Buffers.writable(output), model = handle.acquire();
        try {
            WrnException.check(Native.wrn_infer(model, info.batch(input.remaining()), in, inputs, out, outputs, error), error);
        } finally {
            handle.release();
            Reference.reachabilityFence(input);
            Reference.reachabilityFence(output);
        }
    }

    /**
     * Applies the preprocessing that the model carries, and runs the network.
     *
     * @param image of any type; transparency is ignored
     * @param k how many classes
     * @return the most probable classes, best first
     */
    public List<Prediction> classify(BufferedImage image, int k) {
        return classify(Pixels.of(image), k);
    }

    /**
     * Applies the preprocessing that the model carries, and runs the network.
     *
     * @param pixels an image
     * @param k how many classes
     * @return the most probable classes, best first
     */
    public List<Prediction> classify(Pixels pixels, int k) {
        byte[] error = WrnException.room();
        Native.Prediction first = new Native.Prediction();
        // The library refuses a k that is out of range, and writes nothing then.
        Native.Prediction[] top = (Native.Prediction[]) first.toArray(Math.max(1, Math.min(k, info.outputSize())));
        List<Prediction> predictions = new ArrayList<>(top.length);
        Pointer model = handle.acquire();
        try {
            WrnException.check(
                    Native.wrn_classify(
                            model, pixels.data(), pixels.width(), pixels.height(), new Native.Size(pixels.stride()),
                            pixels.format().code, k, first.getPointer(), error),
                    error);
            for (Native.Prediction p : top) {
                p.read();
                predictions.add(new Prediction(string(p.label), p.index, p.probability, p.score));
            }
        } finally {
            handle.release();
        }
        return predictions;
    }

    /**
     * The preprocessing alone, for {@link #infer(float[], float[])}: several images make a batch.
     *
     * @param pixels an image, such as {@code Pixels.of(bufferedImage)}
     * @param input receives {@code info().inputSize()} floats
     */
    public void preprocess(Pixels pixels, float[] input) {
        byte[] error = WrnException.room();
        Pointer model = handle.acquire();
        try {
            WrnException.check(
                    Native.wrn_preprocess_image(
                            model, pixels.data(), pixels.width(), pixels.height(), new Native.Size(pixels.stride()),
                            pixels.format().code, input, new Native.Size(input.length), error),
                    error);
        } finally {
            handle.release();
        }
    }

    /**
     * From one image's outputs to probabilities: the softmax of logits, for example.
     *
     * @param output {@code info().outputSize()} floats
     * @return as many probabilities
     */
    public float[] probabilities(float[] output) {
        byte[] error = WrnException.room();
        float[] probabilities = new float[output.length];
        Pointer model = handle.acquire();
        try {
            WrnException.check(
                    Native.wrn_probabilities(model, output, new Native.Size(output.length), probabilities, error), error);
        } finally {
            handle.release();
        }
        return probabilities;
    }

    /**
     * Allocates a session.
     *
     * @return the session, to be closed
     */
    public Session session() {
        byte[] error = WrnException.room();
        PointerByReference session = new PointerByReference();
        Pointer model = handle.acquire();
        try {
            WrnException.check(Native.wrn_session_create(model, session, error), error);
        } finally {
            handle.release();
        }
        return new Session(session.getValue(), info, hooks);
    }

    /**
     * The names of the classes.
     *
     * @return empty if the model has none
     */
    public List<String> labels() {
        List<String> labels = new ArrayList<>();
        Pointer model = handle.acquire();
        try {
            for (int i = 0; ; i++) {
                Pointer label = Native.wrn_model_label(model, i);
                if (label == null) return labels;
                labels.add(string(label));
            }
        } finally {
            handle.release();
        }
    }

    /**
     * The texts that the model carries, such as "architecture", "license" and "accuracy".
     *
     * @return values by keys
     */
    public Map<String, String> properties() {
        Map<String, String> properties = new LinkedHashMap<>();
        Pointer model = handle.acquire();
        try {
            for (int i = 0; ; i++) {
                Pointer key = Native.wrn_model_property_key(model, i);
                if (key == null) return properties;
                properties.put(string(key), string(Native.wrn_model_property(model, key)));
            }
        } finally {
            handle.release();
        }
    }

    /**
     * The intermediate tensors that {@link LoadOptions#features} can name.
     *
     * @return in the order of the network
     */
    public List<Feature> features() {
        List<Feature> features = new ArrayList<>();
        Native.FeatureInfo c = new Native.FeatureInfo();
        c.write();
        Pointer model = handle.acquire();
        try {
            for (int i = 0; Native.wrn_model_feature(model, i, c.getPointer(), null) == 0; i++) {
                c.read();
                features.add(new Feature(
                        string(c.name), string(c.node), c.channels, c.height, c.width, Math.toIntExact(c.size), c.available != 0));
            }
        } finally {
            handle.release();
        }
        return features;
    }

    /**
     * What the model does to pixels; fails with {@link Status#PREPROCESS} if it carries nothing of the kind.
     *
     * @return the preprocessing
     */
    public Preprocessing preprocessing() {
        byte[] error = WrnException.room();
        Native.Preprocess p = new Native.Preprocess();
        p.write();
        Pointer model = handle.acquire();
        try {
            WrnException.check(Native.wrn_model_get_preprocess(model, p.getPointer(), error), error);
        } finally {
            handle.release();
        }
        p.read();
        return Preprocessing.of(p);
    }

    private static String string(Pointer p) {
        return p.getString(0, "UTF-8");
    }
}
