// SPDX-License-Identifier: Apache-2.0

// Classify prints the most probable class of JPEG and PNG files.
//
//	go run ./examples/classify ../../models/cifar10.wrn ../../examples/images/*.jpg
package main

import (
	"fmt"
	"image"
	_ "image/jpeg"
	_ "image/png"
	"os"

	"libwrn/wrn"
)

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "usage: classify MODEL IMAGE...")
		os.Exit(1)
	}
	if err := classify(os.Args[1], os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func classify(model string, files []string) error {
	m, err := wrn.Load(model)
	if err != nil {
		return err
	}
	defer m.Close()
	for _, file := range files {
		img, err := open(file)
		if err != nil {
			return err
		}
		top, err := m.Classify(img, 1)
		if err != nil {
			return err
		}
		fmt.Printf("%s\t%s\t%.1f%%\n", file, top[0].Label, 100*top[0].Probability)
	}
	return nil
}

func open(file string) (image.Image, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	img, _, err := image.Decode(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return img, nil
}
