// SPDX-License-Identifier: Apache-2.0
package wrn;

import static org.junit.Assert.assertArrayEquals;
import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;

import java.awt.image.BufferedImage;
import java.util.List;
import org.junit.Test;

/** From images to predictions. */
public class ImageTest {
    @Test
    public void imagesAreClassified() {
        try (Model m = TestFiles.model()) {
            BufferedImage dog = TestFiles.picture("dog.jpg");
            List<Prediction> top = m.classify(dog, 3);
            Prediction best = top.get(0);
            assertEquals(3, top.size());
            assertEquals("dog", best.label());
            assertEquals("dog", m.labels().get(best.index()));
            assertTrue(best.probability() > 0.9 && best.probability() >= top.get(1).probability());

            float[] input = new float[3072], output = new float[10];
            m.preprocess(Pixels.of(dog), input);
            m.infer(input, output);
            assertEquals(best.score(), output[best.index()], 0);
            assertEquals(best.probability(), m.probabilities(output)[best.index()], 0);
            TestFiles.expect(Status.ARGUMENT, "k is 0", () -> m.classify(dog, 0));
            TestFiles.expect(Status.ARGUMENT, "k is 11", () -> m.classify(dog, 11));
            TestFiles.expect(Status.ARGUMENT, "input_count is 3071", () -> m.preprocess(Pixels.of(dog), new float[3071]));
            TestFiles.expect(Status.ARGUMENT, "count is 9", () -> m.probabilities(new float[9]));
        }
    }

    /** All ways to hold the same picture give the same. */
    @Test
    public void imageTypesAgree() {
        try (Model m = TestFiles.model()) {
            BufferedImage source = TestFiles.picture("chelsea.png");
            float[] want = new float[3072], got = new float[3072];
            m.preprocess(Pixels.of(source), want);
            for (int type : new int[] {
                BufferedImage.TYPE_3BYTE_BGR, BufferedImage.TYPE_INT_RGB, BufferedImage.TYPE_INT_ARGB, BufferedImage.TYPE_4BYTE_ABGR
            }) {
                BufferedImage copy = new BufferedImage(source.getWidth() + 7, source.getHeight() + 5, type);
                copy.createGraphics().drawImage(source, 4, 3, null);
                m.preprocess(Pixels.of(copy.getSubimage(4, 3, source.getWidth(), source.getHeight())), got);
                assertArrayEquals("type " + type, want, got, 0);
            }
        }
    }

    @Test
    public void greyStaysAsItIs() {
        BufferedImage grey = new BufferedImage(6, 4, BufferedImage.TYPE_BYTE_GRAY);
        byte[] data = Pixels.of(grey).data();
        for (int i = 0; i < data.length; i++) data[i] = (byte) (10 * i);
        Pixels whole = Pixels.of(grey), part = Pixels.of(grey.getSubimage(1, 2, 3, 2));
        assertEquals(PixelFormat.GREY, whole.format());
        assertArrayEquals(new byte[] {(byte) 130, (byte) 140, (byte) 150, (byte) 190, (byte) 200, (byte) 210}, part.data());
    }

    @Test
    public void pixelsAreChecked() {
        byte[] data = new byte[3 * 32 * 32];
        TestFiles.refused("shorter than height rows", () -> new Pixels(data, 32, 33, PixelFormat.RGB));
        TestFiles.refused("shorter than height rows", () -> new Pixels(data, 32, 32, PixelFormat.RGBA));
        TestFiles.refused("shorter than height rows", () -> new Pixels(data, 32, Integer.MAX_VALUE, Integer.MAX_VALUE, PixelFormat.RGB));
        TestFiles.refused("stride", () -> new Pixels(data, 32, 32, 95, PixelFormat.RGB));
        TestFiles.refused("out of range", () -> new Pixels(data, 0, 32, PixelFormat.RGB));
        TestFiles.refused("out of range", () -> new Pixels(data, 32, -1, PixelFormat.RGB));
    }
}
