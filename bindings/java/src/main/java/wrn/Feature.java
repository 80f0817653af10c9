// SPDX-License-Identifier: Apache-2.0
package wrn;

/**
 * An intermediate tensor that can be asked for with {@link LoadOptions#features}.
 *
 * @param name "stage1", "stage2", …, "last" or "pool"
 * @param node the graph's name of the tensor
 * @param channels its channels
 * @param height its rows
 * @param width its columns
 * @param size floats per image: channels * height * width, in that order
 * @param available the load named it
 */
public record Feature(String name, String node, int channels, int height, int width, int size, boolean available) {}
