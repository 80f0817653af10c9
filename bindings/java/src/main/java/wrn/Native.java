// SPDX-License-Identifier: Apache-2.0
package wrn;

import com.sun.jna.Callback;
import com.sun.jna.IntegerType;
import com.sun.jna.Pointer;
import com.sun.jna.Structure;
import com.sun.jna.Structure.FieldOrder;
import com.sun.jna.ptr.PointerByReference;

/** The functions and structures of wrn.h, which is their manual. */
final class Native {
    private Native() {}

    static {
        String file = System.getenv("WRN_LIBRARY");
        com.sun.jna.Native.register(Native.class, file == null || file.isEmpty() ? "wrn" : file);
    }

    static native int wrn_version();

    static native int wrn_load(byte[] path, Pointer options, PointerByReference model, byte[] error);

    static native int wrn_load_memory(byte[] data, Size size, Pointer options, PointerByReference model, byte[] error);

    static native void wrn_free(Pointer model);

    static native int wrn_infer(
            Pointer model, int batch, float[] input, Size inputCount, float[] output, Size outputCount, byte[] error);

    static native int wrn_infer(
            Pointer model, int batch, Pointer input, Size inputCount, Pointer output, Size outputCount, byte[] error);

    static native int wrn_classify(
            Pointer model, byte[] pixels, int width, int height, Size stride, int format, int k, Pointer top, byte[] error);

    static native int wrn_preprocess_image(
            Pointer model, byte[] pixels, int width, int height, Size stride, int format, float[] input, Size count, byte[] error);

    static native int wrn_probabilities(Pointer model, float[] output, Size count, float[] probabilities, byte[] error);

    static native int wrn_model_get_info(Pointer model, Pointer info, byte[] error);

    static native Pointer wrn_model_label(Pointer model, int index);

    static native Pointer wrn_model_property(Pointer model, Pointer key);

    static native Pointer wrn_model_property_key(Pointer model, int index);

    static native int wrn_model_get_preprocess(Pointer model, Pointer preprocess, byte[] error);

    static native int wrn_preprocess_preset(byte[] name, int height, int width, Pointer preprocess, byte[] error);

    static native int wrn_model_feature(Pointer model, int index, Pointer info, byte[] error);

    static native int wrn_session_create(Pointer model, PointerByReference session, byte[] error);

    static native void wrn_session_free(Pointer session);

    static native int wrn_session_infer(
            Pointer session, int batch, float[] input, Size inputCount, float[] output, Size outputCount, byte[] error);

    static native int wrn_session_infer(
            Pointer session, int batch, Pointer input, Size inputCount, Pointer output, Size outputCount, byte[] error);

    static native int wrn_session_infer_named(
            Pointer session, int batch, float[] input, Size inputCount, int count, Pointer names, Pointer outputs, Pointer counts,
            byte[] error);

    /** A size_t, and a ptrdiff_t that is not negative. */
    public static final class Size extends IntegerType {
        private static final long serialVersionUID = 1;

        /** Zero. */
        public Size() {
            this(0);
        }

        Size(long value) {
            super(com.sun.jna.Native.SIZE_T_SIZE, value, true);
        }
    }

    interface CancelHook extends Callback {
        int call(Pointer user);
    }

    interface LogHook extends Callback {
        void call(Pointer user, int level, Pointer message);
    }

    @FieldOrder({"label", "index", "probability", "score", "reserved"})
    public static final class Prediction extends Structure {
        public Pointer label;
        public int index;
        public float probability;
        public float score;
        public int reserved;
    }

    @FieldOrder({"structSize", "inputChannels", "inputHeight", "inputWidth", "inputLayout", "outputKind", "isa", "threads",
        "passBatch", "hasPreprocess", "hasGolden", "labelCount", "stepCount", "featureCount", "inputSize", "outputSize",
        "parameters", "macs", "modelBytes", "sessionBytes", "outputRank", "outputDims"})
    public static final class ModelInfo extends Structure {
        public int structSize;
        public int inputChannels, inputHeight, inputWidth, inputLayout, outputKind, isa, threads, passBatch, hasPreprocess;
        public int hasGolden, labelCount, stepCount, featureCount;
        public long inputSize, outputSize, parameters, macs, modelBytes, sessionBytes;
        public int outputRank;
        public int[] outputDims = new int[3];

        {
            structSize = size();
        }
    }

    @FieldOrder({"structSize", "resize", "filter", "resizeHeight", "resizeWidth", "cropHeight", "cropWidth", "channelOrder",
        "scaleTo", "mean", "std"})
    public static final class Preprocess extends Structure {
        public int structSize;
        public int resize, filter, resizeHeight, resizeWidth, cropHeight, cropWidth, channelOrder;
        public float scaleTo;
        public float[] mean = new float[4], std = new float[4];

        {
            structSize = size();
        }
    }

    @FieldOrder({"structSize", "channels", "height", "width", "name", "node", "size", "available", "reserved"})
    public static final class FeatureInfo extends Structure {
        public int structSize;
        public int channels, height, width;
        public Pointer name, node;
        public long size;
        public int available, reserved;

        {
            structSize = size();
        }
    }

    @FieldOrder({"structSize", "flags", "threads", "passBatch", "height", "width", "isa", "logLevel", "algorithm", "features",
        "preprocess", "memoryLimit", "allocUser", "alloc", "free", "parallelForUser", "parallelFor", "logUser", "log",
        "cancelUser", "cancel", "externalUser", "externalData", "accuracy"})
    public static final class LoadOptions extends Structure {
        public int structSize;
        public int flags, threads, passBatch, height, width, isa, logLevel;
        public Pointer algorithm, features, preprocess;
        public long memoryLimit;
        public Pointer allocUser, alloc, free, parallelForUser, parallelFor, logUser;
        public LogHook log;
        public Pointer cancelUser;
        public CancelHook cancel;
        public Pointer externalUser, externalData;
        public double accuracy;

        {
            structSize = size();
        }
    }
}
