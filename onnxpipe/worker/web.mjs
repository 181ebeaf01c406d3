// What runs a model in a browser, or in node with the same WebAssembly: asks for the next request, answers it.

const VIEWS = {
  float32: Float32Array, float64: Float64Array, int8: Int8Array, uint8: Uint8Array, int16: Int16Array,
  uint16: Uint16Array, int32: Int32Array, uint32: Uint32Array, int64: BigInt64Array, uint64: BigUint64Array,
  bool: Uint8Array,
};
const sessions = new Map();

function bytes(text) {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}

function text(view) {
  const raw = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  let out = "";
  for (let i = 0; i < raw.length; i += 0x8000) out += String.fromCharCode(...raw.subarray(i, i + 0x8000));
  return btoa(out);
}

function tensor(ort, { type, dims, data }) {
  if (type === "string") return new ort.Tensor("string", data, dims);
  if (!(type in VIEWS)) throw new Error(`onnxruntime-web has no tensors of ${type}`);
  const raw = bytes(data);
  return new ort.Tensor(type, new VIEWS[type](raw.buffer, 0, raw.byteLength / VIEWS[type].BYTES_PER_ELEMENT), dims);
}

function plain(tensor) {
  const data = tensor.type === "string" ? tensor.data : text(tensor.data);
  return { type: tensor.type, dims: tensor.dims, data };
}

async function answer(ort, request) {
  if (request.model) {
    const options = { executionProviders: ["wasm"], logSeverityLevel: 4 };
    sessions.set(request.session, await ort.InferenceSession.create(bytes(request.model), options));
    return {};
  }
  const feeds = {};
  for (const [name, held] of Object.entries(request.feeds)) feeds[name] = tensor(ort, held);
  const found = await sessions.get(request.session).run(feeds, request.names);
  return { answers: Object.fromEntries(request.names.map((name) => [name, plain(found[name])])) };
}

export async function serve(ort, home) {
  ort.env.wasm.numThreads = 1;
  ort.env.logLevel = "fatal";
  for (;;) {
    const request = await (await fetch(home + "next")).json();
    let reply;
    try {
      reply = await answer(ort, request);
    } catch (error) {
      reply = { error: String(error.message || error) };
    }
    await fetch(home + "answer", { method: "POST", body: JSON.stringify(reply) });
  }
}

if (typeof process !== "undefined" && process.argv[2]) {
  serve(await import(process.argv[3]), process.argv[2]).catch((error) => {
    console.error(error);
    process.exit(1);
  });
}
