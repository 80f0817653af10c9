// SPDX-License-Identifier: Apache-2.0
/**
 * Wide Residual Networks on the CPU, with libwrn.
 *
 * <pre>{@code
 * try (Model model = Model.load(Path.of("cifar10.wrn"))) {
 *     for (Prediction p : model.classify(ImageIO.read(file), 5))
 *         System.out.printf("%5.1f%%  %s%n", 100 * p.probability(), p.label());
 * }
 * }</pre>
 *
 * <p>A {@link wrn.Model} never changes and may be used by any number of threads at the same time. A {@link wrn.Session} is
 * scratch memory of one's own: one call at a time. Failures are {@link wrn.WrnException}s with the library's text; using what
 * is closed is an {@link java.lang.IllegalStateException}.
 *
 * <p>The library is the file that the environment variable {@code WRN_LIBRARY} names, else {@code libwrn} in the folders of the
 * system property {@code jna.library.path}, or where the system looks for libraries.
 */
package wrn;
