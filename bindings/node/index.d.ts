// SPDX-License-Identifier: Apache-2.0

/** The version of the library that is running, such as '0.1.0'. */
export function version(): string;

export type ErrorCode =
  | 'WRN_E_ARG' | 'WRN_E_NOMEM' | 'WRN_E_IO' | 'WRN_E_FORMAT' | 'WRN_E_UNSUPPORTED' | 'WRN_E_LIMIT' | 'WRN_E_SHAPE'
  | 'WRN_E_NUMERIC' | 'WRN_E_CHECKSUM' | 'WRN_E_GOLDEN' | 'WRN_E_CANCELLED' | 'WRN_E_BUSY' | 'WRN_E_NOTFOUND'
  | 'WRN_E_PREPROCESS' | 'WRN_E_UNKNOWN';

/** What the library refused, with its one line of text. `cause` is what a hook threw, if one ended the call. */
export class WrnError extends Error {
  private constructor();
  readonly code: ErrorCode;
  readonly status: number;
}

export type PixelFormat = 'rgb' | 'bgr' | 'rgba' | 'bgra' | 'grey';

/** 8 bits a channel. An ImageData of a canvas is one. */
export interface Image {
  data: Uint8Array | Uint8ClampedArray;
  width: number;
  height: number;
  /** Where absent, by the size of data: grey, rgb or rgba. */
  format?: PixelFormat;
  /** Bytes from row to row, where they are not next to each other. */
  stride?: number;
}

/** How pixels become the network's input; wrn.h explains the members. Absent ones have the defaults of the comments. */
export interface Preprocess {
  resize?: 'none' | 'stretch' | 'shorter'; // 'none'
  filter?: 'nearest' | 'bilinear' | 'bicubic' | 'lanczos' | 'box'; // 'bilinear'
  resizeHeight?: number;
  resizeWidth?: number;
  cropHeight?: number; // the network's input size
  cropWidth?: number;
  channelOrder?: 'rgb' | 'bgr' | 'grey'; // 'rgb'
  scaleTo?: number; // 1
  mean?: readonly number[]; // 0
  std?: readonly number[]; // 1
}

/** A common preprocessing for inputs of this size. */
export function preset(name: 'cifar' | 'svhn' | 'imagenet' | 'imagenet-v2', height: number, width: number): Required<Preprocess>;

/** The members of wrn_load_options. */
export interface LoadOptions {
  /** 0: as many as the process may use; 1: the calling thread alone. */
  threads?: number;
  passBatch?: number;
  /** The input's height and width, where the file leaves them open. */
  size?: readonly [height: number, width: number];
  isa?: 'auto' | 'c' | 'avx2' | 'avx512' | 'neon';
  algorithm?: string;
  /** Names of feature maps to keep, for Session.inferNamed. */
  features?: readonly string[];
  preprocess?: Preprocess;
  memoryLimit?: number;
  accuracy?: number;
  mmap?: boolean;
  /** For bytes that nobody changes: weights are used where they lie. */
  inPlace?: boolean;
  verify?: boolean;
  measure?: boolean;
  bounds?: boolean;
  exact?: boolean;
  log?: (level: number, message: string) => void;
  /** 0 warnings, 1 information, 2 detail. */
  logLevel?: number;
  /** Asked on the main thread between the steps of the load and of every inference; true, or a throw, ends the call.
   * Each question of an asynchronous call waits for the event loop. */
  cancel?: () => boolean;
  /** ONNX external data by name, where the model comes from bytes. */
  externalData?: Readonly<Record<string, Uint8Array>> | ((name: string) => Uint8Array | undefined);
}

export interface Prediction {
  readonly label: string;
  readonly index: number;
  readonly probability: number;
  /** The model's own output for the class. */
  readonly score: number;
}

export interface ModelInfo {
  /** Of one image, in the order of inputLayout. */
  readonly inputShape: readonly [number, number, number];
  readonly inputLayout: 'NCHW' | 'NHWC';
  readonly outputShape: readonly number[];
  readonly outputKind: 'logits' | 'probabilities' | 'log_probabilities';
  readonly isa: 'c' | 'avx2' | 'avx512' | 'neon';
  readonly threads: number;
  readonly passBatch: number;
  readonly hasPreprocess: boolean;
  readonly hasGolden: boolean;
  readonly stepCount: number;
  readonly featureCount: number;
  /** Floats per image. */
  readonly inputSize: number;
  readonly outputSize: number;
  readonly parameters: number;
  /** Multiply-accumulates per image. */
  readonly macs: number;
  readonly modelBytes: number;
  /** Memory that each session adds. */
  readonly sessionBytes: number;
}

/** An intermediate tensor, channels * height * width floats per image. */
export interface FeatureInfo {
  readonly name: string;
  readonly node: string;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly size: number;
  /** 1 where LoadOptions.features named it. */
  readonly available: number;
}

/** One step of the plan; wrn.h explains the members. */
export interface StepInfo {
  readonly op: string;
  readonly name: string;
  readonly algorithm: string;
  readonly kernel: string;
  readonly refused: string;
  readonly loss: string;
  readonly channelsIn: number;
  readonly channelsOut: number;
  readonly heightOut: number;
  readonly widthOut: number;
  readonly inFile: number;
  readonly macs: number;
  readonly weightBytes: number;
  readonly activationBytes: number;
  readonly scratchBytes: number;
  readonly predictedSeconds: number;
  readonly predictedError: number;
  readonly arithmetic: number;
  readonly arithmeticSeconds: number;
  readonly activationSeconds: number;
  readonly weightSeconds: number;
}

/**
 * A network that was loaded: immutable, and calls may overlap. Methods that return promises work on another thread;
 * their arrays must not change until the promise is settled. Methods ending in Sync work at once.
 */
export class Model {
  private constructor();
  /** From a .wrn or .onnx file, or the bytes of one. */
  static load(source: string | Uint8Array, options?: LoadOptions): Promise<Model>;
  static loadSync(source: string | Uint8Array, options?: LoadOptions): Model;

  readonly info: ModelInfo;
  /** One for each class, or none. */
  readonly labels: readonly string[];
  readonly properties: Readonly<Record<string, string>>;
  /** What the file carries, or null. */
  readonly preprocessing: Readonly<Required<Preprocess>> | null;
  readonly features: readonly FeatureInfo[];
  readonly steps: readonly StepInfo[];

  /** Normalized images, info.inputSize floats each, to info.outputSize floats each: in `out`, or in a new array. */
  infer(input: Float32Array, out?: Float32Array): Promise<Float32Array>;
  inferSync(input: Float32Array, out?: Float32Array): Float32Array;

  /** The k (5) most probable classes, all where there are fewer, best first. */
  classify(image: Image, k?: number): Promise<Prediction[]>;
  classifySync(image: Image, k?: number): Prediction[];

  /** The preprocessing of classify alone: one image of infer's input. */
  preprocess(image: Image, out?: Float32Array): Float32Array;

  /** From infer's outputs to probabilities; `out` may be `outputs`. */
  probabilities(outputs: Float32Array, out?: Float32Array): Float32Array;

  createSession(): Promise<Session>;
  createSessionSync(): Session;

  /** Frees the memory as soon as no call and no session uses it. May be repeated. */
  close(): void;
  [Symbol.dispose](): void;
}

/** Memory of one's own for inference. Serves one call at a time: a second one fails with WRN_E_BUSY. */
export class Session {
  private constructor();
  infer(input: Float32Array, out?: Float32Array): Promise<Float32Array>;
  inferSync(input: Float32Array, out?: Float32Array): Float32Array;

  /** Several outputs of one run: features that LoadOptions.features named, and 'output'. `out` may hold some arrays. */
  inferNamed<Name extends string>(
    input: Float32Array, names: readonly Name[], out?: Partial<Record<Name, Float32Array>>,
  ): Promise<Record<Name, Float32Array>>;
  inferNamedSync<Name extends string>(
    input: Float32Array, names: readonly Name[], out?: Partial<Record<Name, Float32Array>>,
  ): Record<Name, Float32Array>;

  /** Later calls measure each of Model.steps. */
  profile(enable?: boolean): void;
  /** Wall time of each step, summed over the calls since profile(). */
  readonly stepSeconds: number[];

  close(): void;
  [Symbol.dispose](): void;
}

/** The members of wrn_convert_options. */
export interface ConvertOptions {
  /** 'auto': by the target's name. */
  format?: 'auto' | 'wrn' | 'onnx';
  weights?: 'keep' | 'f32' | 'f16';
  size?: readonly [height: number, width: number];
  labels?: readonly string[];
  preprocess?: Preprocess;
  /** Adds or replaces; null removes. */
  properties?: Readonly<Record<string, string | null>>;
  golden?: readonly [inputs: Float32Array, outputs: Float32Array];
  goldenTolerance?: number;
  /** Packs weights ahead of time, such as 'auto'. */
  pack?: string;
}

/** Reads `source` (.onnx or .wrn) and writes `target`, whole or not at all. */
export function convert(source: string, target: string, options?: ConvertOptions): Promise<void>;
export function convertSync(source: string, target: string, options?: ConvertOptions): void;
