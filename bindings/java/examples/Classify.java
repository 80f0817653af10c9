// SPDX-License-Identifier: Apache-2.0
import java.awt.image.BufferedImage;
import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import javax.imageio.ImageIO;
import wrn.Model;
import wrn.Prediction;

/** Prints the most probable class of JPEG and PNG files. */
final class Classify {
    private Classify() {}

    public static void main(String[] arguments) throws IOException {
        if (arguments.length < 2) {
            System.err.println("usage: Classify MODEL IMAGE...");
            System.exit(1);
        }
        try (Model model = Model.load(Path.of(arguments[0]))) {
            for (int i = 1; i < arguments.length; i++) {
                BufferedImage image = ImageIO.read(new File(arguments[i]));
                if (image == null) throw new IOException(arguments[i] + ": no image that Java reads");
                Prediction best = model.classify(image, 1).get(0);
                System.out.printf("%s\t%s\t%.1f%%%n", arguments[i], best.label(), 100 * best.probability());
            }
        }
    }
}
