// SPDX-License-Identifier: Apache-2.0
package wrn;

import static org.junit.Assert.assertArrayEquals;
import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertThrows;
import static org.junit.Assert.assertTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.Test;

/** Inference: sizes, buffers, threads, features, cancelling, and use after close. */
public class InferTest {
    private static FloatBuffer direct(int floats) {
        return ByteBuffer.allocateDirect(4 * floats).order(ByteOrder.nativeOrder()).asFloatBuffer();
    }

    @Test
    public void wrongSizesAreRefused() {
        try (Model m = TestFiles.model(); Session s = m.session()) {
            wrong("input_count is 3071", m, s, 3071, 10);
            wrong("input_count is 3073", m, s, 3073, 10);
            wrong("output_count is 19", m, s, 2 * 3072, 19);
            wrong("", m, s, 0, 10);
            wrong("", m, s, 3072, 0);
        }
    }

    private static void wrong(String text, Model m, Session s, int inputs, int outputs) {
        TestFiles.expect(Status.ARGUMENT, text, () -> m.infer(new float[inputs], new float[outputs]));
        TestFiles.expect(Status.ARGUMENT, text, () -> s.infer(new float[inputs], new float[outputs]));
        TestFiles.expect(Status.ARGUMENT, text, () -> m.infer(direct(inputs), direct(outputs)));
        TestFiles.expect(Status.ARGUMENT, text, () -> s.infer(direct(inputs), direct(outputs)));
    }

    @Test
    public void buffersGiveWhatArraysGive() {
        try (Model m = TestFiles.model(); Session s = m.session()) {
            float[] input = TestFiles.numbers(2 * 3072), want = new float[20], got = new float[20];
            m.infer(input, want);
            FloatBuffer in = direct(5 + input.length), out = direct(3 + 20);
            in.position(5);
            in.put(input).position(5);
            out.position(3);
            m.infer(in.asReadOnlyBuffer(), out);
            out.get(3, got);
            assertArrayEquals(want, got, 0);
            assertEquals(3, out.position());
            out.put(3, new float[20]);
            s.infer(in, out);
            out.get(3, got);
            assertArrayEquals(want, got, 0);
            TestFiles.refused("direct", () -> m.infer(FloatBuffer.wrap(input), out));
            TestFiles.refused("read-only", () -> m.infer(in, out.asReadOnlyBuffer()));
            FloatBuffer foreign = ByteBuffer.allocateDirect(80)
                    .order(ByteOrder.nativeOrder() == ByteOrder.BIG_ENDIAN ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN)
                    .asFloatBuffer();
            TestFiles.refused("order", () -> s.infer(in, foreign));
        }
    }

    @Test
    public void threadsGetTheSameBits() throws Exception {
        float[] input = TestFiles.numbers(3 * 3072), want = new float[30];
        try (Model m = TestFiles.model()) {
            m.infer(input, want);
            together(6, () -> {
                try (Session s = m.session()) {
                    for (int i = 0; i < 4; i++) {
                        float[] a = new float[30], b = new float[30];
                        m.infer(input, a);
                        s.infer(input, b);
                        assertArrayEquals(want, a, 0);
                        assertArrayEquals(want, b, 0);
                    }
                }
                return null;
            });
        }
    }

    @Test
    public void aSessionIsBusyForOthers() throws Exception {
        AtomicInteger done = new AtomicInteger(), busy = new AtomicInteger();
        float[] input = TestFiles.numbers(64 * 3072);
        try (Model m = TestFiles.model(); Session s = m.session()) {
            for (int tries = 0; tries < 200 && busy.get() == 0; tries++)
                together(2, () -> {
                    try {
                        s.infer(input, new float[640]);
                        done.incrementAndGet();
                    } catch (WrnException e) {
                        assertEquals(Status.BUSY, e.status());
                        busy.incrementAndGet();
                    }
                    return null;
                });
        }
        assertTrue(busy + " refused, " + done + " done", busy.get() > 0 && done.get() > 0);
    }

    private static void together(int threads, Callable<Void> work) throws Exception {
        ExecutorService pool = Executors.newFixedThreadPool(threads);
        try {
            List<Future<Void>> results = new ArrayList<>();
            for (int i = 0; i < threads; i++) results.add(pool.submit(work));
            for (Future<Void> result : results) result.get();
        } finally {
            pool.shutdown();
        }
    }

    @Test
    public void featuresComeWithTheOutput() {
        Session s;
        Map<String, float[]> named = new LinkedHashMap<>();
        try (Model m = Model.load(TestFiles.MODEL, new LoadOptions().threads(1).features("pool", "stage1"))) {
            for (Feature f : m.features()) {
                assertEquals(f.channels() * f.height() * f.width(), f.size());
                assertEquals(f.name().equals("pool") || f.name().equals("stage1"), f.available());
                if (f.available()) named.put(f.name(), new float[2 * f.size()]);
            }
            s = m.session();
        } // the session goes on
        named.put("output", new float[20]);
        assertEquals(3, named.size());
        float[] input = TestFiles.numbers(2 * 3072), want = new float[20];
        try (s) {
            s.infer(input, want);
            s.inferNamed(input, named);
            assertArrayEquals(want, named.get("output"), 0);
            for (float[] values : named.values()) assertTrue(values[0] != 0 || values[values.length - 1] != 0);
            TestFiles.expect(Status.NOT_FOUND, "stage2", () -> s.inferNamed(input, Map.of("stage2", want)));
            TestFiles.expect(Status.ARGUMENT, "", () -> s.inferNamed(input, Map.of("pool", want)));
            TestFiles.expect(Status.ARGUMENT, "", () -> s.inferNamed(input, Map.of()));
        }
    }

    @Test
    public void hooksCancel() {
        TestFiles.expect(Status.CANCELLED, "cancelled", () -> Model.load(TestFiles.MODEL, new LoadOptions().cancel(() -> true)));
        AtomicInteger left = new AtomicInteger(-1);
        float[] input = TestFiles.numbers(3072), output = new float[10];
        LoadOptions options = new LoadOptions().threads(1).cancel(() -> {
            if (left.get() == 100) throw new IllegalStateException("on purpose");
            return left.getAndDecrement() == 0;
        });
        try (Model m = Model.load(TestFiles.MODEL, options); Session s = m.session()) {
            System.gc(); // the hook must stay
            left.set(3);
            TestFiles.expect(Status.CANCELLED, "cancelled", () -> m.infer(input, output));
            left.set(100);
            TestFiles.expect(Status.CANCELLED, "cancelled", () -> s.infer(input, output));
            left.set(-1);
            m.infer(input, output);
            s.infer(input, output);
        }
    }

    @Test
    public void whatIsClosedSaysSo() {
        Model m = TestFiles.model();
        Session s = m.session();
        float[] input = TestFiles.numbers(3072), output = new float[10];
        m.close();
        m.close();
        s.infer(input, output); // a session keeps its model
        s.close();
        s.close();
        assertThrows(IllegalStateException.class, () -> m.infer(input, output));
        assertThrows(IllegalStateException.class, () -> s.infer(input, output));
        assertThrows(IllegalStateException.class, () -> s.inferNamed(input, Map.of("output", output)));
        assertThrows(IllegalStateException.class, () -> m.infer(direct(3072), direct(10)));
        assertThrows(IllegalStateException.class, m::session);
        assertThrows(IllegalStateException.class, m::labels);
        assertThrows(IllegalStateException.class, m::properties);
        assertThrows(IllegalStateException.class, m::features);
        assertThrows(IllegalStateException.class, m::preprocessing);
        assertThrows(IllegalStateException.class, () -> m.probabilities(output));
        assertThrows(IllegalStateException.class, () -> m.classify(TestFiles.picture("cat.jpg"), 1));
        assertEquals(10, m.info().outputSize());
    }

    /** Close while others infer: each call ends well or says that the model is closed. */
    @Test
    public void closeWaitsForCalls() throws Exception {
        Model m = TestFiles.model();
        float[] input = TestFiles.numbers(3072);
        AtomicInteger calls = new AtomicInteger();
        together(4, () -> {
            try {
                while (true) {
                    m.infer(input, new float[10]);
                    if (calls.incrementAndGet() > 20) m.close();
                }
            } catch (IllegalStateException e) {
                return null;
            }
        });
        assertTrue(calls.get() > 20);
    }
}
