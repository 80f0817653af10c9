// SPDX-License-Identifier: Apache-2.0
// Classifies cv::Mat images as they are, without copying a pixel: grey, BGR and BGRA, and regions of larger images.
//
//     c++ opencv_mat.cpp -o opencv_mat $(pkg-config --cflags --libs libwrn opencv4)
//     ./opencv_mat model.wrn picture.jpg
#include <wrn.h>

#include <cstdio>
#include <opencv2/imgcodecs.hpp>
#include <stdexcept>

static wrn_prediction classify(wrn_model *model, const cv::Mat &image)
{
    static const int32_t formats[] = { 0, WRN_PIXELS_GREY, 0, WRN_PIXELS_BGR, WRN_PIXELS_BGRA };
    if (image.depth() != CV_8U || image.channels() > 4 || formats[image.channels()] == 0)
        throw std::runtime_error("the image has no 8-bit channels, or not 1, 3 or 4 of them");
    wrn_prediction top;
    wrn_error error;
    // A region's rows are those of the whole image: `step` bytes apart.
    if (wrn_classify(model, image.data, image.cols, image.rows, static_cast<ptrdiff_t>(image.step[0]), formats[image.channels()], 1,
                     &top, &error) != WRN_OK)
        throw std::runtime_error(error.message);
    return top;
}

int main(int argc, char **argv)
{
    if (argc != 3) return std::fprintf(stderr, "usage: opencv_mat MODEL IMAGE\n"), 1;
    wrn_model *model;
    wrn_error error;
    if (wrn_load(argv[1], nullptr, &model, &error) != WRN_OK) return std::fprintf(stderr, "%s\n", error.message), 1;
    int status = 0;
    try {
        cv::Mat image = cv::imread(argv[2], cv::IMREAD_UNCHANGED);
        if (image.empty()) throw std::runtime_error("OpenCV cannot read the image");
        wrn_prediction whole = classify(model, image);
        wrn_prediction middle = classify(model, image(cv::Rect(image.cols / 8, image.rows / 8, image.cols * 3 / 4, image.rows * 3 / 4)));
        std::printf("%5.1f%%  %s\n%5.1f%%  %s in the middle\n", 100 * whole.probability, whole.label, 100 * middle.probability, middle.label);
    } catch (const std::exception &failure) {
        status = (std::fprintf(stderr, "%s\n", failure.what()), 1);
    }
    wrn_free(model);
    return status;
}
