/* SPDX-License-Identifier: Apache-2.0 */
/* The same in C++17: what fails throws, what is owned is given back.
 *     classify_cpp models/cifar10.wrn examples/images/cat.ppm */
#include <wrn.hpp>

#include <cstdio>
#include <cstdlib>
#include <memory>

#include "read_ppm.h"

int main(int argc, char **argv)
{
    struct picture picture = read_ppm(argc == 3 ? argv[2] : "usage: classify_cpp MODEL IMAGE.ppm");
    const std::unique_ptr<uint8_t, void (*)(void *)> owner(picture.pixels, std::free);
    if (!owner) return 1;
    try {
        const wrn::model model = wrn::load(argv[1], wrn::load_options().threads(1));
        for (const wrn_prediction &p : model.classify({ picture.pixels, picture.width, picture.height }, 3))
            std::printf("%5.1f%%  %s\n", 100 * p.probability, p.label);
    } catch (const wrn::error &e) {
        std::fprintf(stderr, "%s: %s\n", e.name(), e.what());
        return 1;
    }
}
