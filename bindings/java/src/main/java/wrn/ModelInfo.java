// SPDX-License-Identifier: Apache-2.0
package wrn;

import java.util.List;
import java.util.stream.IntStream;

/**
 * What a model says about itself. An enumeration is null where a newer library says something that is not in it.
 *
 * @param inputChannels channels of an input image
 * @param inputHeight its rows
 * @param inputWidth its columns
 * @param inputLayout the order of its floats
 * @param inputSize floats per image
 * @param outputSize floats per image; the number of classes for a classifier
 * @param outputDims the output's dimensions, in the order of the floats
 * @param outputKind what the output is
 * @param isa the instruction set in use
 * @param threads threads that work at most on one call, the caller's included
 * @param passBatch images worked on in one pass
 * @param hasPreprocessing images can be classified
 * @param hasGolden the file carries a golden input and output
 * @param parameters trainable numbers of the network
 * @param macs multiply-accumulates per image
 * @param modelBytes memory held by the model
 * @param sessionBytes memory that each session adds
 */
public record ModelInfo(
        int inputChannels, int inputHeight, int inputWidth, Layout inputLayout, int inputSize, int outputSize,
        List<Integer> outputDims, OutputKind outputKind, Isa isa, int threads, int passBatch, boolean hasPreprocessing,
        boolean hasGolden, long parameters, long macs, long modelBytes, long sessionBytes) {

    /** The order of an image's floats, in the order of the library's numbers. */
    public enum Layout {
        /** Channels, rows, columns. */
        NCHW,
        /** Rows, columns, channels. */
        NHWC
    }

    /** What the numbers are that the network puts out, in the order of the library's numbers. */
    public enum OutputKind {
        /** Before a softmax. */
        LOGITS,
        /** After it. */
        PROBABILITIES,
        /** Their logarithms. */
        LOG_PROBABILITIES
    }

    /** An instruction set, in the order of the library's numbers. */
    public enum Isa {
        /** The best that the CPU has. */
        AUTO,
        /** The naive reference. */
        C,
        /** AVX2 and FMA. */
        AVX2,
        /** AVX-512 F, BW, DQ, VL. */
        AVX512,
        /** aarch64, or armv7 with VFPv4. */
        NEON
    }

    static ModelInfo of(Native.ModelInfo c) {
        return new ModelInfo(
                c.inputChannels, c.inputHeight, c.inputWidth, known(Layout.values(), c.inputLayout), Math.toIntExact(c.inputSize),
                Math.toIntExact(c.outputSize), IntStream.of(c.outputDims).limit(c.outputRank).boxed().toList(),
                known(OutputKind.values(), c.outputKind), known(Isa.values(), c.isa), c.threads, c.passBatch, c.hasPreprocess != 0,
                c.hasGolden != 0, c.parameters, c.macs, c.modelBytes, c.sessionBytes);
    }

    private static <E> E known(E[] values, int code) {
        return code >= 0 && code < values.length ? values[code] : null;
    }

    /** The number of images in {@code count} floats. What is no whole number of images the library refuses, and says why. */
    int batch(int count) {
        return Math.max(1, count / Math.max(1, inputSize));
    }
}
