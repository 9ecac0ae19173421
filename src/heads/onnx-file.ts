/**
 * Writes a linear head as an ONNX file: `features` [batch, frames, channels] -> MatMul, Add -> `scores`
 * [batch, frames, classes]. Field numbers are those of onnx.proto (ONNX IR version 8, opset 17, as the trunk).
 */
import type { LinearHead } from './linear-head';

const IR_VERSION = 8;
const OPSET = 17;
/** TensorProto.DataType.FLOAT. */
const FLOAT = 1;

/** The bytes of a ModelProto. */
export function onnxOf(head: LinearHead, name: string): Uint8Array {
  const { channels, classCount, weights, bias } = head;
  const graph = [
    message(1, node('MatMul', ['features', 'weights'], 'products')),
    message(1, node('Add', ['products', 'bias'], 'scores')),
    message(2, text(name)),
    message(5, tensor('weights', [channels, classCount], weights)),
    message(5, tensor('bias', [classCount], bias)),
    message(11, valueInfo('features', channels)),
    message(12, valueInfo('scores', classCount)),
  ];
  return Buffer.concat([
    integer(1, IR_VERSION),
    message(2, text('deeptone')),
    message(7, ...graph),
    message(8, message(1, text('')), integer(2, OPSET)),
  ]);
}

/** NodeProto. */
function node(operator: string, inputs: readonly string[], output: string): Uint8Array {
  return Buffer.concat([
    ...inputs.map((input) => message(1, text(input))),
    message(2, text(output)),
    message(4, text(operator)),
  ]);
}

/** TensorProto; raw data is little-endian. */
function tensor(name: string, dims: readonly number[], values: Float32Array): Uint8Array {
  const raw = Buffer.alloc(values.length * 4);
  for (const [i, value] of values.entries()) raw.writeFloatLE(value, i * 4);
  return Buffer.concat([
    ...dims.map((dim) => integer(1, dim)),
    integer(2, FLOAT),
    message(8, text(name)),
    message(9, raw),
  ]);
}

/** ValueInfoProto of a float tensor [batch, frames, width]. */
function valueInfo(name: string, width: number): Uint8Array {
  const shape = [
    message(1, message(2, text('batch'))),
    message(1, message(2, text('frames'))),
    message(1, integer(1, width)),
  ];
  const tensorType = message(1, integer(1, FLOAT), message(2, ...shape));
  return Buffer.concat([message(1, text(name)), message(2, tensorType)]);
}

/** A protobuf field of bytes: text, raw data or a message. */
function message(field: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const content = Buffer.concat(parts);
  return Buffer.concat([varint((field << 3) | 2), varint(content.length), content]);
}

/** A protobuf field of a number that is not negative. */
function integer(field: number, value: number): Uint8Array {
  return Buffer.concat([varint(field << 3), varint(value)]);
}

function text(value: string): Uint8Array {
  return Buffer.from(value, 'utf8');
}

/** Seven bits a byte, lowest first; the top bit says that more follow. */
function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return Uint8Array.from([...bytes, rest]);
}
