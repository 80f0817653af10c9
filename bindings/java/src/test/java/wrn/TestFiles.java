// SPDX-License-Identifier: Apache-2.0
package wrn;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertThrows;
import static org.junit.Assert.assertTrue;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import javax.imageio.ImageIO;
import org.junit.function.ThrowingRunnable;

/** What the tests share. The working directory is the binding's. */
final class TestFiles {
    static final Path REPOSITORY = Path.of("../..");
    static final Path MODEL = REPOSITORY.resolve("tests/models/wrn-16-2-cifar10.wrn");

    private TestFiles() {}

    static Model model() {
        return Model.load(MODEL, new LoadOptions().threads(1));
    }

    static BufferedImage picture(String name) {
        try {
            return ImageIO.read(REPOSITORY.resolve("examples/images").resolve(name).toFile());
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /** An input that is not all the same. */
    static float[] numbers(int n) {
        float[] s = new float[n];
        for (int i = 0; i < n; i++) s[i] = (long) i * 7919 % 1000 / 500f - 1;
        return s;
    }

    static void expect(Status status, String text, ThrowingRunnable call) {
        WrnException e = assertThrows(WrnException.class, call);
        assertEquals(e.getMessage(), status, e.status());
        assertTrue(e.getMessage(), e.getMessage().contains(text));
    }

    static void refused(String text, ThrowingRunnable call) {
        IllegalArgumentException e = assertThrows(IllegalArgumentException.class, call);
        assertTrue(e.getMessage(), e.getMessage().contains(text));
    }
}
