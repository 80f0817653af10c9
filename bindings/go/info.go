// SPDX-License-Identifier: Apache-2.0

package wrn

// #include <stdlib.h>
// #include "cgo_bridge.h"
import "C"

import (
	"context"
	"unsafe"
)

// Info is what a model says about itself.
type Info struct {
	InputChannels, InputHeight, InputWidth int
	InputLayout                            Layout
	InputSize                              int // floats per image
	OutputSize                             int // floats per image; the number of classes for a classifier
	OutputDims                             []int
	OutputKind                             OutputKind
	ISA                                    ISA    // in use
	Threads                                int    // that work at most on one call
	PassBatch                              int    // images worked on in one pass
	HasPreprocessing                       bool   // images can be classified
	HasGolden                              bool   // the file carries a golden input and output
	Parameters                             uint64 // trainable numbers
	MACs                                   uint64 // multiply-accumulates per image
	ModelBytes                             uint64 // memory held by the model
	SessionBytes                           uint64 // memory that each session adds
}

// Info tells sizes, layout and memory of the model, also of a closed one.
func (m *Model) Info() Info {
	info := m.info
	info.OutputDims = append([]int(nil), m.info.OutputDims...)
	return info
}

// readInfo cannot fail: the model was loaded just now.
func readInfo(model *C.wrn_model) Info {
	var c C.wrn_model_info
	c.struct_size = C.sizeof_wrn_model_info
	C.wrn_model_get_info(model, &c, nil)
	info := Info{
		InputChannels: int(c.input_channels), InputHeight: int(c.input_height), InputWidth: int(c.input_width),
		InputLayout: Layout(c.input_layout), InputSize: int(c.input_size), OutputSize: int(c.output_size),
		OutputKind: OutputKind(c.output_kind), ISA: ISA(c.isa), Threads: int(c.threads), PassBatch: int(c.pass_batch),
		HasPreprocessing: c.has_preprocess != 0, HasGolden: c.has_golden != 0, Parameters: uint64(c.parameters),
		MACs: uint64(c.macs), ModelBytes: uint64(c.model_bytes), SessionBytes: uint64(c.session_bytes),
	}
	for _, dim := range c.output_dims[:c.output_rank] {
		info.OutputDims = append(info.OutputDims, int(dim))
	}
	return info
}

// Labels are the names of the classes; nil if the model has none, or is closed.
func (m *Model) Labels() []string {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if m.c == nil {
		return nil
	}
	var labels []string
	for i := C.int32_t(0); ; i++ {
		label := C.wrn_model_label(m.c, i)
		if label == nil {
			return labels
		}
		labels = append(labels, C.GoString(label))
	}
}

// Properties are the texts that the model carries, such as "architecture", "license" and "accuracy"; nil if it is closed.
func (m *Model) Properties() map[string]string {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if m.c == nil {
		return nil
	}
	properties := map[string]string{}
	for i := C.int32_t(0); ; i++ {
		key := C.wrn_model_property_key(m.c, i)
		if key == nil {
			return properties
		}
		properties[C.GoString(key)] = C.GoString(C.wrn_model_property(m.c, key))
	}
}

// Feature is an intermediate tensor that can be asked for with [WithFeatures].
type Feature struct {
	Name                    string // "stage1", "stage2", …, "last" or "pool"
	Node                    string // the graph's name of the tensor
	Channels, Height, Width int
	Size                    int  // floats per image: channels * height * width, in that order
	Available               bool // WithFeatures named it
}

// Features lists the intermediate tensors; nil if the model is closed.
func (m *Model) Features() []Feature {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if m.c == nil {
		return nil
	}
	var features []Feature
	for i := C.int32_t(0); ; i++ {
		var c C.wrn_feature_info
		c.struct_size = C.sizeof_wrn_feature_info
		if C.wrn_model_feature(m.c, i, &c, nil) != C.WRN_OK {
			return features
		}
		features = append(features, Feature{
			Name: C.GoString(c.name), Node: C.GoString(c.node), Channels: int(c.channels), Height: int(c.height),
			Width: int(c.width), Size: int(c.size), Available: c.available != 0,
		})
	}
}

// Preprocessing is how pixels become the network's input: resize, centre crop, x = pixel / 255 * ScaleTo,
// x = (x - Mean[c]) / Std[c].
type Preprocessing struct {
	Resize                    Resize
	Filter                    Filter
	ResizeHeight, ResizeWidth int
	CropHeight, CropWidth     int         // 0: the model's input size
	ChannelOrder              PixelFormat // RGB, BGR or Grey
	ScaleTo                   float32
	Mean, Std                 [4]float32 // in ChannelOrder
}

// Preset is a common preprocessing for inputs of this size: "cifar", "svhn", "imagenet" or "imagenet-v2".
func Preset(name string, height, width int) (Preprocessing, error) {
	text := C.CString(name)
	defer C.free(unsafe.Pointer(text))
	var c C.wrn_preprocess
	var e C.wrn_error
	c.struct_size = C.sizeof_wrn_preprocess
	status := C.wrn_preprocess_preset(text, clamp(height), clamp(width), &c, &e)
	return preprocessingOf(&c), failure(context.Background(), status, &e)
}

// Preprocessing is what the model does to pixels; [ErrPreprocess] if it carries none.
func (m *Model) Preprocessing() (Preprocessing, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if m.c == nil {
		return Preprocessing{}, ErrClosed
	}
	var c C.wrn_preprocess
	var e C.wrn_error
	c.struct_size = C.sizeof_wrn_preprocess
	status := C.wrn_model_get_preprocess(m.c, &c, &e)
	return preprocessingOf(&c), failure(context.Background(), status, &e)
}

func preprocessingOf(c *C.wrn_preprocess) Preprocessing {
	p := Preprocessing{
		Resize: Resize(c.resize), Filter: Filter(c.filter), ResizeHeight: int(c.resize_height),
		ResizeWidth: int(c.resize_width), CropHeight: int(c.crop_height), CropWidth: int(c.crop_width),
		ChannelOrder: PixelFormat(c.channel_order), ScaleTo: float32(c.scale_to),
	}
	for i := range p.Mean {
		p.Mean[i], p.Std[i] = float32(c.mean[i]), float32(c.std[i])
	}
	return p
}

func (p *Preprocessing) toC() C.wrn_preprocess {
	c := C.wrn_preprocess{
		struct_size: C.sizeof_wrn_preprocess, resize: C.int32_t(p.Resize), filter: C.int32_t(p.Filter),
		resize_height: clamp(p.ResizeHeight), resize_width: clamp(p.ResizeWidth), crop_height: clamp(p.CropHeight),
		crop_width: clamp(p.CropWidth), channel_order: C.int32_t(p.ChannelOrder), scale_to: C.float(p.ScaleTo),
	}
	for i := range p.Mean {
		c.mean[i], c.std[i] = C.float(p.Mean[i]), C.float(p.Std[i])
	}
	return c
}
