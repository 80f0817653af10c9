// SPDX-License-Identifier: Apache-2.0
// Compiled, not run: the types say what programs may do, and what not.
import { Model, Session, WrnError, convert, preset, version, type Prediction } from '..';

export async function uses(bytes: Uint8Array): Promise<string> {
  using model = await Model.load(bytes, { threads: 1, size: [32, 32], features: ['pool'], cancel: () => false });
  const top: Prediction[] = await model.classify({ data: new Uint8ClampedArray(12), width: 2, height: 2, format: 'rgb' }, 3);
  const out: Float32Array = model.inferSync(new Float32Array(model.info.inputSize));
  using session: Session = await model.createSession();
  const { pool, output } = await session.inferNamed(out, ['pool', 'output']);
  model.probabilities(output, pool);
  await convert('a.onnx', 'b.wrn', { weights: 'f16', labels: ['a'], preprocess: preset('cifar', 32, 32) });
  try {
    Model.loadSync('c.wrn').close();
  } catch (error) {
    if (error instanceof WrnError && error.code === 'WRN_E_IO') return error.message;
  }
  return version() + top[0].label;
}

export function misuses(model: Model): void {
  // @ts-expect-error: float64
  void model.infer(new Float64Array(1));
  // @ts-expect-error: no such format
  model.preprocess({ data: new Uint8Array(1), width: 1, height: 1, format: 'cmyk' });
  // @ts-expect-error: read-only
  model.info.threads = 2;
  // @ts-expect-error: made by Model.load
  new Model();
  // @ts-expect-error: no such option
  Model.loadSync('a.wrn', { thread: 1 });
}
