// SPDX-License-Identifier: Apache-2.0
package wrn;

/**
 * One class of an image.
 *
 * @param label the class number as text where the model has no labels
 * @param index the class, from 0
 * @param probability from 0 to 1
 * @param score the model's own output for the class: a logit, or a probability
 */
public record Prediction(String label, int index, float probability, float score) {}
