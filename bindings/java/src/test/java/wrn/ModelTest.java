// SPDX-License-Identifier: Apache-2.0
package wrn;

import static org.junit.Assert.assertArrayEquals;
import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.Test;

/** Loading, options, and what a model says about itself. */
public class ModelTest {
    @Test
    public void version() {
        assertTrue(Model.version(), Model.version().matches("\\d+\\.\\d+\\.\\d+"));
    }

    @Test
    public void aModelTellsAboutItself() {
        try (Model m = TestFiles.model()) {
            ModelInfo info = m.info();
            assertEquals(List.of(3, 32, 32, 3072), List.of(info.inputChannels(), info.inputHeight(), info.inputWidth(), info.inputSize()));
            assertEquals(List.of(10), info.outputDims());
            assertEquals(10, info.outputSize());
            assertEquals(ModelInfo.OutputKind.LOGITS, info.outputKind());
            assertEquals(ModelInfo.Layout.NCHW, info.inputLayout());
            assertEquals(1, info.threads());
            assertTrue(info.hasPreprocessing() && info.hasGolden() && info.isa() != ModelInfo.Isa.AUTO);
            assertTrue(info.parameters() > 690_000 && info.modelBytes() > 0 && info.sessionBytes() > 0 && info.macs() > 100_000_000);
            assertEquals(10, m.labels().size());
            assertEquals("cat", m.labels().get(3));
            assertEquals("WRN-16-2", m.properties().get("architecture"));
            assertEquals("wrn", m.properties().get("format"));
            assertEquals(32, m.preprocessing().cropHeight());
            assertEquals(PixelFormat.RGB, m.preprocessing().channelOrder());
        }
    }

    @Test
    public void errorsNameWhatIsWrong() {
        TestFiles.expect(Status.IO, "no/such.wrn", () -> Model.load(Path.of("no/such.wrn")));
        TestFiles.expect(Status.FORMAT, "", () -> Model.load("not a model".getBytes(), new LoadOptions()));
        TestFiles.expect(Status.FORMAT, "", () -> Model.load(new byte[0], new LoadOptions()));
        load(Status.ARGUMENT, "threads", new LoadOptions().threads(-1));
        load(Status.ARGUMENT, "magic", new LoadOptions().algorithm("magic"));
        load(Status.NOT_FOUND, "stage9", new LoadOptions().features("stage9"));
        load(Status.LIMIT, "memory", new LoadOptions().memoryLimit(1000));
        TestFiles.expect(Status.NOT_FOUND, "nothing", () -> Preprocessing.preset("nothing", 32, 32));
        TestFiles.refused("zero character", () -> Preprocessing.preset("a\0b", 32, 32));
        assertEquals(Status.UNKNOWN, Status.of(99));
        assertEquals(Status.PREPROCESS, Status.of(14));
    }

    private static void load(Status status, String text, LoadOptions options) {
        TestFiles.expect(status, text, () -> Model.load(TestFiles.MODEL, options));
    }

    @Test
    public void optionsArePassedOn() throws IOException {
        Preprocessing cifar = Preprocessing.preset("cifar", 32, 32);
        Preprocessing other = new Preprocessing(
                cifar.resize(), Preprocessing.Filter.BICUBIC, cifar.resizeHeight(), cifar.resizeWidth(), cifar.cropHeight(),
                cifar.cropWidth(), PixelFormat.BGR, cifar.scaleTo(), new float[] {1, 2, 3, 0}, cifar.std());
        LoadOptions options = new LoadOptions().threads(2).passBatch(4).exact().verify().preprocessing(other).accuracy(1e-5);
        try (Model a = Model.load(Files.readAllBytes(TestFiles.MODEL), options);
                Model b = Model.load(TestFiles.MODEL, new LoadOptions().threads(1).passBatch(4).exact().mmap())) {
            Preprocessing set = a.preprocessing();
            assertEquals(Preprocessing.Filter.BICUBIC, set.filter());
            assertEquals(PixelFormat.BGR, set.channelOrder());
            assertArrayEquals(new float[] {1, 2, 3, 0}, set.mean(), 0);
            assertArrayEquals(cifar.std(), set.std(), 0);
            assertEquals(2, a.info().threads());
            assertEquals(4, a.info().passBatch());
            float[] input = TestFiles.numbers(3072), x = new float[10], y = new float[10];
            a.infer(input, x);
            b.infer(input, y);
            assertArrayEquals(x, y, 0);
        }
    }

    @Test
    public void aLoadIsLogged() {
        List<String> lines = new ArrayList<>();
        LoadOptions options = new LoadOptions().measure().log(LoadOptions.LogLevel.DETAIL, (level, line) -> lines.add(level + " " + line));
        Model.load(TestFiles.MODEL, options).close();
        assertTrue(lines.toString(), lines.stream().anyMatch(line -> line.startsWith("DETAIL measured: ")));
    }
}
