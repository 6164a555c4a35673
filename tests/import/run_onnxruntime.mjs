// SPDX-License-Identifier: Apache-2.0
// usage: node run_onnxruntime.mjs FOLDER
// Runs every FOLDER/NAME.onnx in ONNX Runtime on NAME.numbers (fp32, images one after the other as
// the network reads them) and writes NAME.logits (fp32). The package onnxruntime-node is looked for
// as NODE_PATH says. Exit 77 where it is missing.
import {readdirSync, readFileSync, writeFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import {join} from 'node:path';

let runtime;
try {
  runtime = createRequire(import.meta.url)('onnxruntime-node');
} catch (error) {
  console.log(`no onnxruntime-node here: set NODE_PATH to a folder that holds npm's package`);
  process.exit(77);
}

// What a file means by its operators' definitions: the optimizer joins operators on codes in ways
// that change a code here and there.
const options = {graphOptimizationLevel: 'disabled', logSeverityLevel: 3, intraOpNumThreads: 1};
const folder = process.argv[2];
for (const file of readdirSync(folder).filter(name => name.endsWith('.onnx')).sort()) {
  const stem = join(folder, file.slice(0, -'.onnx'.length));
  const session = await runtime.InferenceSession.create(`${stem}.onnx`, options);
  const shape = session.inputMetadata[0].shape.slice(1);
  const bytes = readFileSync(`${stem}.numbers`);
  const numbers = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
  const size = shape.reduce((product, extent) => product * extent, 1);
  const found = [];
  for (let first = 0; first < numbers.length; first += size) {
    const image = new runtime.Tensor('float32', numbers.slice(first, first + size), [1, ...shape]);
    const outputs = await session.run({[session.inputNames[0]]: image});
    found.push(...outputs[session.outputNames[0]].data);
  }
  writeFileSync(`${stem}.logits`, Buffer.from(new Float32Array(found).buffer));
}
